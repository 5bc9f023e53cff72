"""Registering over HTTP: once each, every wrong field named, nobody's data on Kafka."""

import asyncio
from typing import Any

from deploy.local.ports import free_base
from services.intake.domain.number import is_ticket_number
from tests.support.intake import STREET_LAMP, Intake, served, settings


async def test_a_request_becomes_a_ticket_with_its_promises(intake: Intake) -> None:
    receipt = await intake.registered()
    assert set(receipt) == {
        "ticket_id", "number", "state", "version", "registered_at", "urgency", "dispatch_by",
    }  # fmt: skip
    assert (receipt["state"], receipt["version"], receipt["urgency"]) == ("registered", 1, "normal")
    assert is_ticket_number(receipt["number"])
    ticket = await intake.ticket(receipt["ticket_id"])
    assert [line["what"] for line in ticket["timeline"]] == ["registered"]
    promises = {each["kind"]: each for each in ticket["promises"]}
    assert {kind: each["state"] for kind, each in promises.items()} == {
        "dispatch": "running",
        "citizen": "running",
    }
    assert promises["dispatch"]["due"] == receipt["dispatch_by"]
    fact = await intake.says("registered", receipt["ticket_id"])
    assert (fact["number"], fact["seq"], fact["category"]) == (receipt["number"], 1, "0205")
    assert fact["contactable"] is True


async def test_the_same_key_or_source_is_the_same_ticket(intake: Intake) -> None:
    source = {"system": "replay", "number": "m24"}
    first = await intake.submit(key="k-1", source=source)
    assert first.status_code == 201
    for key in ("k-1", "k-2", None):
        again = await intake.submit(key=key, source=source)
        assert (again.status_code, again.content) == (200, first.content)
    # k-2 was learnt by the repeat
    assert (await intake.submit(key="k-2", source=source)).json() == first.json()
    for key, fields in (
        ("k-1", {}),
        ("k-1", {"source": source, "description": "另外一件事情，完全不同的内容"}),
        (None, {"source": source, "description": "另外一件事情，完全不同的内容"}),
        ("k-1", {"source": {"system": "replay", "number": "m25"}}),
    ):
        refused = await intake.submit(key=key, **fields)
        assert (refused.status_code, refused.json()["code"]) == (409, "key_reused")
    # a refused request leaves no claim behind
    assert (await intake.submit(source={"system": "replay", "number": "m25"})).status_code == 201
    found = await intake.call("GET", "", params={"source_system": "replay", "source_number": "m24"})
    assert [each["ticket_id"] for each in found.json()["items"]] == [first.json()["ticket_id"]]


async def test_many_at_once_on_two_copies_make_one_ticket_each(
    intake: Intake, kafka: str, prefix: str
) -> None:
    made = settings(intake.dsn, kafka, prefix, free_base())
    async with served(made) as other:
        urls = (intake.url, other)

        async def submit(copy: int, number: int) -> Any:
            source = {"system": "load", "number": str(number)}
            one = Intake(**{**vars(intake), "url": urls[copy]})
            return await one.submit(key=f"load-{number}", source=source)

        answers = await asyncio.gather(
            *(submit(turn % 2, number) for turn in range(4) for number in range(50))
        )
    by_number: dict[str, set[str]] = {}
    for answer, number in zip(answers, [n for _ in range(4) for n in range(50)], strict=True):
        assert answer.status_code in (200, 201), answer.text
        by_number.setdefault(str(number), set()).add(answer.text)
    assert all(len(texts) == 1 for texts in by_number.values())
    assert sum(answer.status_code == 201 for answer in answers) == 50
    assert (await intake.rows("select count(*) from ticket"))[0]["count"] == 50
    numbers = await intake.rows("select number from ticket")
    assert len({row["number"] for row in numbers}) == 50


async def test_every_wrong_field_is_named_at_once(intake: Intake) -> None:
    wrong = {
        "channel": "hotline",
        "description": "太短",
        "category": "9999",
        "type": "complaint",
        "place": {"region": "159999999", "lat": 91, "lon": 10},
        "occurred_at": "2026-09-14T09:00:00",
        "reporter": {"name": "赵", "phone": "电话"},
        "source": {"system": "replay"},
        "colour": "red",
    }
    answer = await intake.call("POST", "", json=wrong)
    assert answer.status_code == 422
    body = answer.json()
    assert body["code"] == "invalid"
    assert {each["field"] for each in body["errors"]} == {
        "description", "category", "type", "place.region", "place.lat", "occurred_at",
        "reporter.phone", "source.number", "colour",
    }  # fmt: skip
    assert all(each["zh"] and each["en"] for each in body["errors"])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"place": {}}, "place"),
    ({"place": {"lat": 41.6}}, "place.lon"),
    ({"place": {"region": "15"}}, "place.region"),
    ({"description": "路灯坏了"}, "description"),
    ({"channel": "qr_code", "description": "坏"}, "description"),
    ({"description": "长" * 10_001}, "description"),
    ({"description": "含有空字符\u0000的文字内容"}, "description"),
    ({"urgency": "now"}, "urgency"),
    ({"reporter": {"id_number": "123"}}, "reporter.id_number"),
    ({"choice": "mayor"}, "choice"),
]


async def test_each_wrong_field_is_named(intake: Intake) -> None:
    for fields, field in WRONG:
        answer = await intake.submit(**fields)
        assert answer.status_code == 422, answer.text
        assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert (await intake.submit(key="k" * 201)).status_code == 422
    assert await intake.rows("select 1 from ticket") == []


async def test_what_is_no_json_and_what_is_too_large_is_refused(intake: Intake) -> None:
    broken = await intake.call("POST", "", content=b"{")
    assert (broken.status_code, broken.json()["code"]) == (422, "invalid")
    large = await intake.submit(description="长" * 2_000_000)
    assert (large.status_code, large.json()["code"]) == (413, "too_large")


async def test_short_texts_do_outside_the_desk_and_no_location_is_a_place(intake: Intake) -> None:
    answer = await intake.submit(
        channel="qr_code", description="灯坏", place={"no_location": True}, category=None
    )
    assert answer.status_code == 201, answer.text
    fact = await intake.says("registered", answer.json()["ticket_id"])
    assert (fact["category"], fact["type"], fact["place"]["no_location"]) == (
        None,
        "complain",
        True,
    )


PRIVATE = ("13987654321", "150802199001011234", "蒙L12345", "2单元501", "赵小明")


async def test_personal_data_stays_in_the_vault(intake: Intake) -> None:
    words = (
        "我是赵小明，住河湾锦苑3号楼2单元501，身份证150802199001011234，车牌蒙L12345，"
        "电话13987654321，暖气一直不热，请转告供热公司。"
    )
    receipt = await intake.registered(
        description=words,
        place={"address": "河湾锦苑3号楼2单元501"},
        reporter={"name": "赵小明", "phone": "139 8765 4321"},
    )
    ticket_id = receipt["ticket_id"]
    await intake.says("registered", ticket_id)
    event = next(e for e in intake.said if e["subject"] == ticket_id)
    assert event["data"]["place"] == {
        "region": "159902001001003",  # the compound's grid
        "address": "河湾锦苑3号楼",
        "lat": None,
        "lon": None,
        "compound": "河湾锦苑",
        "property_unit": "P-01",
        "no_location": False,
    }
    assert "〔电话〕" in event["data"]["summary"]
    everything = str(event) + str(await intake.ticket(ticket_id))
    for table in ("ticket", "timeline", "history", "promise", "outbox", "claim", "vault"):
        everything += str(await intake.rows(f"select * from {table}"))  # noqa: S608
    for private in PRIVATE:
        assert private not in everything


async def test_a_tip_off_is_confidential_unless_its_caller_agrees(intake: Intake) -> None:
    place = {"address": "河湾锦苑3号楼2单元501", "lat": 41.6046, "lon": 108.3122}
    hidden = await intake.registered(type="tip_off", place=place)
    fact = await intake.says("registered", hidden["ticket_id"])
    assert (fact["confidential"], fact["contactable"]) == (True, False)
    assert fact["place"]["region"] == "159902001001"
    assert [fact["place"][name] for name in ("address", "lat", "lon", "compound")] == [None] * 4
    agreed = await intake.registered(
        type="tip_off",
        place=place,
        reporter={**STREET_LAMP["reporter"], "agrees_to_contact": True},  # type: ignore[dict-item]
    )
    fact = await intake.says("registered", agreed["ticket_id"])
    assert (fact["confidential"], fact["contactable"]) == (False, True)


async def test_who_may_register_and_who_may_see(intake: Intake) -> None:
    assert (await intake.http.post(f"{intake.url}/api/v1/tickets", json={})).status_code == 401
    assert (await intake.call("POST", "", role="liaison", json={})).status_code == 403
    ticket_id = (await intake.registered())["ticket_id"]
    near, far = "Q-159902001001", "Q-159921101001"
    seen = await intake.call("GET", f"/{ticket_id}", role="community_worker", unit=near)
    unseen = await intake.call("GET", f"/{ticket_id}", role="community_worker", unit=far)
    assert (seen.status_code, unseen.status_code) == (200, 404)
    listed = await intake.call("GET", "", role="community_worker", unit=far)
    assert listed.json()["items"] == []
    assert (await intake.call("GET", "", role="grid_worker")).status_code == 403


async def test_lists_are_paged_newest_first(intake: Intake) -> None:
    made = [(await intake.registered())["ticket_id"] for _ in range(5)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": 2, "state": "registered", **({"cursor": cursor} if cursor else {})}
        page = (await intake.call("GET", "", params=params)).json()
        seen += [each["ticket_id"] for each in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]
