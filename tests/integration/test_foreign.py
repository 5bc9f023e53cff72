"""What is another's stays another's: ids swapped with a right of one's own open nothing."""

import re
import uuid
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from shared.web.identity import issue_token
from tests.support.intake import Intake
from tests.support.residents import Phone, jpeg, phone
from tests.support.serving import SECRET

HERE = {"region": "159902001001", "address": "河湾锦苑3号楼"}
STREET = ("street_officer", "S-159902001")
ELSEWHERE = ("street_officer", "S-159902002")
SECRET_WORDS = "只有我自己知道的一件事情"


async def ask(
    intake: Intake,
    method: str,
    path: str,
    *,
    role: str = "operator",
    unit: str | None = None,
    name: str = "甲",
    **request: Any,
) -> httpx.Response:
    token = issue_token(SECRET, role=role, unit=unit, name=name)
    headers = {"Authorization": f"Bearer {token}"}
    return await intake.http.request(method, f"{intake.url}{path}", headers=headers, **request)


async def made(intake: Intake, path: str, **request: Any) -> dict[str, Any]:
    """What a POST makes."""
    answer = await ask(intake, "POST", path, **request)
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


async def test_a_session_opens_no_ticket_but_its_own(intake: Intake) -> None:
    """With a valid session, ids of another's ticket in cookie, link and form are refused."""
    async with phone(intake.url) as mine, phone(intake.url) as other:
        number = await mine.reported(text=SECRET_WORDS)
        await other.reported(text="楼上的水漏下来了")
        before = await state_of(intake, number)
        await forged_cookies(intake, mine, other, number)
        await forged_links(intake, mine, other, number)
        for path in ("/r/urges", "/r/withdrawals", "/r/agreements", "/r/links", "/r/leavings"):
            assert (await other.post(path, number=number)).status_code == 403, path
        for path in ("/r/reopenings", "/r/appeals"):
            answer = await other.post(path, number=number, reason="再来一次")
            assert answer.status_code == 403, path
        assert await state_of(intake, number) == before
        assert SECRET_WORDS in await mine.page(f"/r/t/{number}")


async def state_of(intake: Intake, number: str) -> list[tuple[Any, ...]]:
    """What stands of a ticket and of whoever holds links to it."""
    rows = await intake.rows(
        "select t.state, t.seq, (select count(*) from history h where h.aggregate_id = t.ticket_id)"
        " from ticket t where number = $1",
        number,
    )
    return [tuple(row) for row in rows]


async def forged_cookies(intake: Intake, mine: Phone, other: Phone, number: str) -> None:
    """Each letter of the cookie changed, and its parts put together with those of another."""
    path = f"{intake.url}/r/t/{number}"
    good = mine.http.cookies["shaodao_resident"]
    bad = other.http.cookies["shaodao_resident"]
    half = len(good) // 2
    forged = {good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :] for at in range(half)}
    forged |= {good[:half] + bad[half:], bad[:half] + good[half:], good[:-4], "", bad}
    async with httpx.AsyncClient(trust_env=False) as nobody:
        for cookie in forged - {good}:
            answer = await nobody.get(path, headers={"Cookie": f"shaodao_resident={cookie}"})
            assert answer.status_code == 403, cookie
            assert SECRET_WORDS not in answer.text
        answer = await nobody.get(path, headers={"Cookie": f"shaodao_resident={good}"})
        assert answer.status_code == 200


async def forged_links(intake: Intake, mine: Phone, other: Phone, number: str) -> None:
    """A link with another ticket's id under one's own signature opens nothing."""
    shown = await mine.page(f"/r/t/{number}/receipt")
    found = re.search(r"/t/([A-Za-z0-9_-]{30,})", shown)
    assert found is not None
    token = found.group(1)
    own = re.search(r"/r/t/(\d{19})", await other.page("/r/mine"))
    assert own is not None
    theirs = re.search(r"/t/([A-Za-z0-9_-]{30,})", await other.page(f"/r/t/{own.group(1)}/receipt"))
    assert theirs is not None
    for forged in (token[:22] + theirs.group(1)[22:], token[:-1], token[:-2] + "AA"):
        if forged != token:
            answer = await other.http.get(f"/t/{forged}")
            assert (answer.status_code, answer.headers.get("location")) == (404, None)


async def test_a_photo_link_is_for_one_picture_until_its_end(intake: Intake) -> None:
    photos = []
    for colour in ("red", "green"):
        files = {"file": ("p.jpg", jpeg(colour), "image/jpeg")}
        photos.append(await made(intake, "/api/v1/photos", unit="C-RXZX", files=files))
    one, two = photos

    async def status(path: str) -> int:
        return (await intake.http.get(f"{intake.url}{path}")).status_code

    parts = urlsplit(one["thumb"])
    assert await status(one["thumb"]) == 200
    values = {name: each[0] for name, each in parse_qs(parts.query).items()}
    for change in (
        {"size": "full"},
        {"exp": str(int(values["exp"]) + 300)},
        {"exp": "0"},
        {"sig": values["sig"][:-1] + ("0" if values["sig"][-1] != "0" else "1")},
        {"sig": ""},
        {"sig": parse_qs(urlsplit(two["thumb"]).query)["sig"][0]},
    ):
        assert await status(f"{parts.path}?{urlencode(values | change)}") == 404, change
    assert await status(f"/photos/{two['photo_id']}?{parts.query}") == 404
    # waiting for its ticket, it is its uploader's unit's alone, to look at and to delete
    address = f"/api/v1/photos/{one['photo_id']}"
    assert (await ask(intake, "GET", f"{address}/file", unit="C-RXZX")).status_code == 200
    for who in (
        {"name": "甲", "unit": "C-CGJ"},
        {"name": "甲"},
        {"role": "street_officer", "unit": "S-159902001"},
        {"role": "handler", "unit": "C-RXZX"},
    ):
        assert (await ask(intake, "GET", f"{address}/file", **who)).status_code == 404
    answer = await ask(intake, "DELETE", address, unit="C-CGJ")
    assert answer.status_code == 404
    assert await status(one["thumb"]) == 200


async def test_a_draft_is_its_operators(intake: Intake) -> None:
    """Nobody reads, overwrites, deletes or submits it; a call of another number opens it not."""
    path = f"/api/v1/drafts/{uuid.uuid4()}"
    form = {"description": SECRET_WORDS, "phone": "13900001111"}
    assert (await ask(intake, "PUT", path, json={"version": 0, "form": form})).status_code == 200
    call = {"type": "call.ringing", "call_id": "c-2", "phone": "13900002222", "operator": "乙"}
    await made(intake, "/api/v1/calls", role="system", json=call)
    for who in ({"name": "乙"}, {"name": "班长", "role": "shift_lead"}):
        for query in ("", "?call_id=c-2", "?call_id=none"):
            answer = await ask(intake, "GET", f"{path}{query}", **who)
            assert (answer.status_code, SECRET_WORDS in answer.text) == (404, False)
        changed = {"version": 1, "form": {"description": "改了"}}
        assert (await ask(intake, "PUT", path, json=changed, **who)).status_code == 409
        await ask(intake, "DELETE", path, **who)
        assert (await ask(intake, "GET", "/api/v1/drafts", **who)).json() == {"items": []}
        assert SECRET_WORDS not in (await ask(intake, "GET", "/desk/drafts", **who)).text
        ticket = {
            "channel": "hotline",
            "description": "楼下的路灯已经三天不亮了，请尽快来修。",
            "place": {"region": "159902001001"},
        }
        answer = await ask(
            intake, "POST", f"{path}/submissions", json={"version": 1, "ticket": ticket}, **who
        )
        assert answer.status_code in (404, 409), answer.text
    kept = await ask(intake, "GET", path)
    assert (kept.status_code, kept.json()["form"]["description"]) == (200, SECRET_WORDS)
    assert not await intake.rows("select from ticket")


async def test_a_call_is_its_desks(intake: Intake) -> None:
    call = {"type": "call.ringing", "call_id": "c-1", "phone": "13900001111", "operator": "甲"}
    await made(intake, "/api/v1/calls", role="system", json=call)
    assert (await ask(intake, "GET", "/api/v1/calls/c-1")).status_code == 200
    for path in ("/api/v1/calls/c-1", "/desk/caller?call_id=c-1"):
        answer = await ask(intake, "GET", path, name="乙")
        assert (answer.status_code, "13900001111" in answer.text) == (404, False)


async def test_views_and_phrases_are_their_owners(intake: Intake) -> None:
    """Shared or not, nobody else changes or deletes them; unshared they are not seen."""
    for shared in (False, True):
        name = f"{SECRET_WORDS}{shared}"
        view = await made(
            intake, "/api/v1/views", json={"name": name, "query": "", "shared": shared}
        )
        phrase = await made(
            intake,
            "/api/v1/phrases",
            json={"use": "answer", "title": name, "body": name, "shared": shared},
        )
        for who in ({"name": "乙"}, {"name": "班长", "role": "shift_lead"}):
            own = f"/api/v1/views/{view['view_id']}"
            answer = await ask(intake, "PATCH", own, json={"shared": not shared}, **who)
            assert answer.status_code == 404
            assert (await ask(intake, "DELETE", own, **who)).status_code == 404
            own = f"/api/v1/phrases/{phrase['phrase_id']}"
            body = {"use": "answer", "title": "改了", "body": "改了一条"}
            assert (await ask(intake, "PUT", own, json=body, **who)).status_code in (404, 409)
            assert (await ask(intake, "DELETE", own, **who)).status_code == 404
            for path in ("/api/v1/views", "/api/v1/phrases", "/desk/phrases", "/desk/tickets"):
                seen = (await ask(intake, "GET", path, **who)).text
                assert shared or name not in seen, path
        mine = await ask(intake, "GET", "/api/v1/phrases")
        assert name in mine.text


async def test_a_street_sees_nothing_of_another(intake: Intake) -> None:
    here = await intake.registered(place=HERE, title=SECRET_WORDS)
    there = await intake.registered(place={"region": "159902002001"})
    ticket_id, number = here["ticket_id"], here["number"]
    linked = await ask(
        intake, "POST", f"/api/v1/tickets/{there['ticket_id']}/links", json={"to": ticket_id}
    )
    assert linked.status_code == 200, linked.text
    paths = (
        f"/api/v1/tickets/{ticket_id}",
        f"/api/v1/tickets/{ticket_id}/relations",
        f"/desk/tickets/{ticket_id}",
        f"/desk/t/{number}",
        f"/desk/find?number={number}",
    )
    for path in paths:
        role, unit = ELSEWHERE
        answer = await ask(intake, "GET", path, role=role, unit=unit)
        assert (answer.status_code, SECRET_WORDS in answer.text) == (404, False), path
        role, unit = STREET
        answer = await ask(intake, "GET", path, role=role, unit=unit)
        assert answer.status_code in (200, 303), path
    role, unit = ELSEWHERE
    for path in (
        f"/api/v1/tickets/{there['ticket_id']}/relations",
        f"/desk/tickets/{there['ticket_id']}",
        "/api/v1/tickets",
        "/api/v1/tickets?source_number=1",
        f"/api/v1/search?q={number}",
        "/api/v1/search?region=159902001",
        "/desk/tickets",
        "/desk/tickets.csv",
    ):
        answer = await ask(intake, "GET", path, role=role, unit=unit)
        assert answer.status_code == 200, (path, answer.text)
        assert SECRET_WORDS not in answer.text, path
        assert ticket_id not in answer.text, path


async def test_a_key_sees_its_own_system_and_nothing_of_ops(intake: Intake) -> None:
    keys = {}
    for system in ("cg", "scj"):
        ops = {"role": "ops", "name": "运维"}
        await made(intake, "/api/v1/sources", json={"system": system, "name": system}, **ops)
        keys[system] = (await made(intake, f"/api/v1/sources/{system}/keys", json={}, **ops))["key"]
    receipt = await intake.registered(source={"system": "cg", "number": "CG-1"})

    async def by_key(path: str) -> httpx.Response:
        return await intake.http.get(f"{intake.url}{path}", headers={"X-API-Key": keys["scj"]})

    assert (await by_key(f"/api/v1/tickets/{receipt['ticket_id']}")).status_code == 404
    for query in ("", "?source_system=cg", "?source_number=CG-1", "?source_system=cg&state=held"):
        answer = await by_key(f"/api/v1/tickets{query}")
        assert receipt["ticket_id"] not in answer.text
    for path in ("/api/v1/sources/cg/deliveries", "/api/v1/sources/cg", "/api/v1/sources/scj/keys"):
        assert (await by_key(path)).status_code == 401, path
    call = {"type": "call.ringing", "call_id": "x", "operator": "甲"}
    answer = await intake.http.post(
        f"{intake.url}/api/v1/calls", headers={"X-API-Key": keys["scj"]}, json=call
    )
    assert answer.status_code == 403


async def test_a_unit_that_is_not_called_learns_nothing_of_the_person(intake: Intake) -> None:
    receipt = await intake.registered(place=HERE)
    path = f"/api/v1/tickets/{receipt['ticket_id']}/disclosures"
    for unit in ("BH-CGJ", None, "S-159902001"):
        answer = await ask(
            intake, "POST", path, role="handler", unit=unit, json={"purpose": "联系反映人"}
        )
        assert answer.status_code in (403, 404), answer.text
        assert "13900001111" not in answer.text
    assert not await intake.rows("select from disclosure")
