"""Script, markup and template signs in every field come out as text on every page that shows them.

Everything is said by HTTP as programs and browsers would; then real Chromium opens every page. A
dialog, a console error or a break of the page's policy fails the test when it ends.
"""

import json
import uuid
from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from services.intake.domain.links import signing_key
from services.intake.domain.rate_link import RateGrant, rate_token
from shared.contracts import whistles
from shared.contracts.parts import AssignmentState, Result
from shared.contracts.reports import FactsTrue
from shared.web.identity import issue_token
from tests.support.browser import Window
from tests.support.intake import Intake, utc_now
from tests.support.markup import EVIL, SCRIPT, SHORT, WORDS, plain, text_only
from tests.support.played_router import blown
from tests.support.residents import jpeg, phone
from tests.support.serving import SECRET

PHONE = "13900006677"
HERE = {"region": "159902001001", "address": f"河湾锦苑3号楼{SHORT}"}


async def say(
    intake: Intake, method: str, path: str, body: Any = None, *, role: str = "shift_lead"
) -> Any:
    """What a route answers to a body, of the account that the browser signs in with, too."""
    unit = {"supervisor": "C-RXZX", "liaison": "C-CGJ"}.get(role)
    login = f"{role}-{unit}".lower() if unit else role
    token = issue_token(SECRET, role=role, unit=unit, name=login)
    headers = {"Authorization": f"Bearer {token}"}
    answer = await intake.http.request(
        method, f"{intake.url}/api/v1{path}", headers=headers, json=body
    )
    assert answer.status_code < 300, f"{method} {path}: {answer.text}"
    return answer.json() if answer.content else None


async def register(intake: Intake, **fields: Any) -> str:
    asked = {
        "channel": "hotline",
        "description": WORDS,
        "title": EVIL[:200],
        "place": HERE,
        "category": "0205",
        "reporter": {"name": SHORT, "phone": PHONE},
        **fields,
    }
    ticket_id: str = (await say(intake, "POST", "/tickets", asked))["ticket_id"]
    return ticket_id


async def ended(intake: Intake) -> list[str]:
    """Tickets on which everything was said that can be."""
    asked = await register(intake)
    await say(intake, "POST", f"/tickets/{asked}/supplements", {"text": WORDS})
    await say(intake, "POST", f"/tickets/{asked}/info-requests", {"missing": [EVIL, SHORT]})
    await say(intake, "POST", f"/tickets/{asked}/supplies", {"text": WORDS})
    linked = await register(intake)
    await say(intake, "POST", f"/tickets/{asked}/links", {"to": linked})
    lists = await say(intake, "GET", "/settlements")
    said: list[tuple[str, dict[str, Any]]] = [
        ("answers", {"text": WORDS}),
        ("transfers", {"to": lists["transfer"][0]["code"], "note": EVIL}),
        ("voids", {"reason": lists["void"][0]["code"], "note": EVIL}),
    ]
    tickets = [asked, linked]
    for what, body in said:
        tickets.append(await register(intake, type="consult"))
        await say(intake, "POST", f"/tickets/{tickets[-1]}/{what}", body)
    rejected = await register(intake)
    body = {"reason": lists["reject"][0]["code"], "note": EVIL}
    await say(intake, "POST", f"/tickets/{rejected}/rejections", body)
    await say(intake, "POST", f"/tickets/{rejected}/appeals", {"reason": EVIL})
    return [*tickets, rejected]


async def resolved(intake: Intake) -> str:
    """A ticket whose unit answered in signs, waiting for its callback."""
    ticket_id, whistle = await blown(
        intake,
        description=WORDS,
        title=EVIL[:200],
        place=HERE,
        reporter={"name": SHORT, "phone": PHONE},
    )
    await whistle.acknowledge()
    await whistle.say(
        whistles.Resolved(
            **whistle._of_lead(AssignmentState.DONE, late=False),
            final=True,
            review="none",
            result=Result.SOLVED,
            facts_true=FactsTrue.YES,
            public_reply=EVIL,
            measures=EVIL,
        )
    )
    await intake.ticket_in(ticket_id, "callback")
    return ticket_id


async def at_the_desk(intake: Intake, owner: str) -> dict[str, str]:
    """A draft, notes and a mark of the caller, an article, a phrase and a view."""
    draft_id = str(uuid.uuid4())
    typed = ("name", "title", "address", "urgency_reason", "occurred_at", "article", "category")
    form = {name: SHORT for name in typed} | {
        "description": WORDS,
        "reply": WORDS,
        "phone": PHONE,
        "line": SHORT,
        "type": SHORT,
        "photos": [SHORT],
    }
    await say(intake, "PUT", f"/drafts/{draft_id}", {"version": 0, "form": form})
    await say(intake, "POST", "/caller-notes", {"phone": PHONE, "text": EVIL[:200]})
    await say(intake, "POST", "/harassment-marks", {"phone": PHONE, "reason": EVIL[:200]})
    await say(intake, "PUT", "/desk/extension", {"extension": SHORT})
    article = {
        "title": f"路灯{SHORT}",
        "body": WORDS,
        "keywords": ["<i onclick=x>"],
        "owner_unit": "C-CGJ",
        "expires_on": (utc_now() + timedelta(days=99)).date().isoformat(),
        "remark": EVIL[:200],
    }
    made = await say(intake, "POST", "/knowledge", article)
    article_id: str = made["article_id"]
    await say(
        intake,
        "POST",
        f"/knowledge/{article_id}/approvals",
        {"revision": 1},
        role="supervisor",
    )
    phrase = {"use": "description", "title": SHORT, "body": WORDS}
    await say(intake, "POST", "/phrases", phrase)
    await say(intake, "POST", "/views", {"name": SHORT, "query": f"q={SHORT}", "shared": True})
    return {"draft": draft_id, "article": article_id, "owner": owner}


async def test_signs_in_every_field_are_text_at_the_desk(new_page: Window, intake: Intake) -> None:
    tickets = await ended(intake)
    tickets.append(await resolved(intake))
    made = await at_the_desk(intake, "shift_lead")
    page = await new_page("shift_lead", name=SHORT)
    for ticket_id in tickets:
        await say_contact(intake, ticket_id)
        await plain(page, f"/desk/tickets/{ticket_id}", shows=SCRIPT)
    await plain(page, "/desk/tickets")
    await plain(page, f"/desk/tickets?q={SHORT}")
    await plain(page, "/desk/mine", shows=None)
    await plain(page, "/desk/drafts")
    await plain(page, "/desk/marks", shows=SCRIPT)
    await plain(page, "/knowledge")
    await plain(page, f"/knowledge?q={SHORT}")
    await plain(page, f"/knowledge/{made['article']}", shows=SCRIPT)
    await plain(page, f"/knowledge/{made['article']}/edit")
    await plain(page, "/desk/phrases")
    await plain(page, "/home")
    await plain(page, f"/desk?draft={made['draft']}", shows=None)
    await expect(page.get_by_label("诉求内容")).to_have_value(WORDS)
    await text_only(page)
    await rings(intake, page)
    answer = await page.request.get("/desk/tickets.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]


async def say_contact(intake: Intake, ticket_id: str) -> None:
    """Somebody looks at the person's contact, for a purpose in signs."""
    token = issue_token(SECRET, role="operator", name=SHORT)
    answer = await intake.http.post(
        f"{intake.url}/desk/tickets/{ticket_id}/contact",
        headers={"Authorization": f"Bearer {token}"},
        json={"purpose": EVIL[:200]},
    )
    assert answer.status_code == 200, answer.text


async def rings(intake: Intake, page: Page) -> None:
    """A call of the number comes up with tickets, notes, mark and draft; panels open."""
    await plain(page, "/desk", shows=None)
    await expect(page.get_by_text("话务已连接")).to_be_visible()
    call = {
        "type": "call.ringing",
        "call_id": SHORT,
        "phone": PHONE,
        "operator": "shift_lead",
        "line": SHORT,
    }
    await say(intake, "POST", "/calls", call, role="system")
    await expect(page.get_by_label("联系电话")).to_have_value(PHONE)
    await expect(page.locator("body")).to_contain_text(SCRIPT)
    await text_only(page)
    await page.get_by_label("诉求内容").fill(WORDS)
    await page.get_by_label("地点", exact=True).fill(SHORT)
    await expect(page.get_by_text("草稿已保存")).to_be_visible()
    for key, name in (("F4", "知识库"), ("F8", "常用语")):
        await page.keyboard.press(key)
        await expect(page.get_by_role("dialog", name=name)).to_be_visible()
        await page.get_by_role("searchbox", name=name).fill("路灯" if key == "F4" else SHORT)
        await expect(page.locator(".found li").first).to_be_visible()
        await text_only(page)
        await page.keyboard.press("Escape")
    await page.keyboard.press("F10")
    await expect(page.get_by_role("dialog", name="读给来电人")).to_be_visible()
    await text_only(page)


async def test_signs_in_every_field_are_text_for_residents_and_raters(
    new_page: Window, intake: Intake
) -> None:
    ticket_id = await resolved(intake)
    clerk = await new_page("callback_clerk", name=SHORT)
    await plain(clerk, "/callbacks")
    await clerk.keyboard.press("n")
    await expect(clerk.get_by_text(PHONE)).to_be_visible()
    await text_only(clerk)
    token = rate_token(signing_key(SECRET), RateGrant(ticket_id=uuid.UUID(ticket_id), round=1))
    page = await new_page(mobile=True)
    await plain(page, f"/e/{token}?answer=satisfied", shows=None)
    await residents(intake, page)
    await campaigns(intake, new_page)
    for path in ("/r/t/{}", "/t/{}", "/q/{}", "/e/{}", "/r?label={}", "/login?next=/{}", "/{}"):
        await plain(page, path.format(SHORT), shows=None)
    for path in ("/login?next=javascript:window.__x=1", "/login?next=//elsewhere.example/"):
        await plain(page, path, shows=None)


async def residents(intake: Intake, page: Page) -> None:
    """A report from a phone, its way, receipt and who looked at it."""
    async with phone(intake.url) as mine:
        sent = await mine.http.post(
            "/r/photos",
            files={"file": (f"{SHORT}.svg", b"<svg onload=window.__x=1>", "image/svg+xml")},
            headers={"X-CSRF-Token": await mine.csrf()},
        )
        assert sent.status_code == 422, sent.text
        photo = await mine.http.post(
            "/r/photos",
            files={"file": (f"{SHORT}.jpg", jpeg(), "text/html")},
            headers={"X-CSRF-Token": await mine.csrf()},
        )
        assert photo.status_code == 201, photo.text
        number = await mine.reported(
            text=WORDS, address=f"河湾锦苑{SHORT}", name=SHORT, photo=photo.json()["photo_id"]
        )
        added = await mine.post("/r/supplements", number=number, text=WORDS)
        assert added.status_code == 303, added.text
        cookies = [
            {"name": each.name, "value": str(each.value), "url": intake.url}
            for each in mine.http.cookies.jar
        ]
    rows = await intake.rows("select ticket_id from ticket where number = $1", number)
    found = await intake.rows("select 1 from ticket where ticket_id = $1", rows[0]["ticket_id"])
    assert found
    await say_contact(intake, str(rows[0]["ticket_id"]))
    await page.context.add_cookies(cookies)  # type: ignore[arg-type]
    await plain(page, f"/r/t/{number}", shows=SCRIPT)
    await plain(page, f"/r/t/{number}/receipt", shows=None)
    await plain(page, f"/r/t/{number}/looks", shows=SCRIPT)
    await plain(page, "/r/mine", shows=None)
    await plain(page, "/r", shows=None)


async def campaigns(intake: Intake, new_page: Window) -> None:
    """A campaign's list, results, and what its codes ask."""
    body = {
        "title": EVIL[:100],
        "subject_kind": "event",
        "subject": SHORT,
        "ends_at": (utc_now() + timedelta(days=9)).isoformat(),
        "codes": 1,
    }
    made = await say(intake, "POST", "/ratings/campaigns", body, role="supervisor")
    page = await new_page("supervisor", "C-RXZX", name=SHORT)
    await plain(page, "/ratings", shows=SCRIPT)
    await plain(page, f"/ratings/{made['campaign']['campaign_id']}")
    await plain(page, f"/q/{made['codes'][0]}", shows=None)


async def test_the_look_notices_what_is_not_text(browser: Browser) -> None:
    page = await browser.new_page()
    try:
        await page.set_content(f"<p>{EVIL}</p>")
        with pytest.raises(AssertionError):
            await text_only(page, shows=None)
        assert await page.evaluate("window.__x") == 1  # where no policy holds, it runs
    finally:
        await page.close()


async def test_answers_of_programs_are_never_a_page(intake: Intake) -> None:
    """What a browser is led to open is JSON, and says so, with sniffing forbidden."""
    await register(intake)
    async with httpx.AsyncClient(base_url=intake.url, trust_env=False) as http:
        token = issue_token(SECRET, role="shift_lead", name=SHORT)
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}
        for path in (
            "/api/v1/tickets",
            f"/api/v1/search?q={SHORT}",
            f"/api/v1/calls/{SHORT}",
            f"/api/v1/tickets/{SHORT}",
            f"/map/locate?q={SHORT}",
            f"/map/locate?lat={SHORT}",
            f"/open311/v2/requests/{SHORT}.json",
            f"/open311/v2/requests/{SHORT}.xml",
            f"/open311/v2/services.json?jurisdiction_id={SHORT}",
            f"/static/{SHORT}.js",
        ):
            answer = await http.get(path, headers=headers)
            kind = answer.headers["content-type"]
            assert kind.startswith(("application/json", "text/xml")) or "text/html" in kind, path
            assert answer.headers["x-content-type-options"] == "nosniff", path
            if "text/html" in kind:
                assert SHORT not in answer.text, path
            if kind.startswith("application/json"):
                json.loads(answer.text)
