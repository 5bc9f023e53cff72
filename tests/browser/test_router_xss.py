"""Signs in every field of a whistle come out as text on the router's pages for those who read them.

Tickets, reports and rulings are said by HTTP as programs would; then real Chromium opens every
page. A dialog, a console error or a break of the page's policy fails the test when it ends.
"""

from typing import Any

import httpx
from playwright.async_api import Page, expect

from shared.contracts.parts import Place
from shared.contracts.values import Urgency
from tests.support.browser import Window
from tests.support.markup import EVIL, SCRIPT, SHORT, WORDS, plain, text_only
from tests.support.router import Router
from tests.unit.router.samples import COMMUNITY, STREET

LEAD, OTHER = "BH-CGJ", "BH-SCJ"
HERE = Place(region=COMMUNITY, address=f"河湾路{SHORT}", compound=SHORT)
HANDLER = {"handler": {"name": SHORT, "post": SHORT}}
RESOLVED = {
    "result": "cannot",
    "facts_true": "yes",
    "contacted_how": "phone",
    "measures": WORDS,
    "public_reply": WORDS,
    "internal_reply": WORDS,
    "follow_up": WORDS,
    "evidence": [{"kind": SHORT, "taken_at": "2026-09-14T09:00:00+08:00", "sha256": "a" * 64}],
}


async def say(
    router: Router, whistle_id: str, what: str, role: str, by: str, **body: Any
) -> httpx.Response:
    """A command or report about a whistle, by somebody whose name is made of signs."""
    answer = await router.call(
        "POST", f"/whistles/{whistle_id}/{what}", role=role, unit=by, name=SHORT, json=body
    )
    assert answer.status_code < 300, f"{what} {body.get('type')}: {answer.text}"
    return answer


async def report(router: Router, whistle_id: str, *said: dict[str, Any], by: str = LEAD) -> None:
    for data in said:
        await say(router, whistle_id, "reports", "liaison", by, **HANDLER, **data)


async def whistled(router: Router, **fields: Any) -> str:
    """A ticket in signs whose lead has acknowledged."""
    return await router.blown(
        await router.registers(title=EVIL[:200], summary=WORDS, place=HERE, **fields)
    )


async def lived(router: Router) -> list[str]:
    """Whistles on which everything was said that can be, each with something to be ruled on."""
    renamed = await router.call(
        "PATCH", f"/units/{OTHER}", role="ops", name=SHORT, json={"name": SHORT}
    )
    assert renamed.status_code == 200, renamed.text
    taken = {"type": "acknowledged"}
    returned, extended, paused, resolved = [
        await whistled(router, urgency=urgency)
        for urgency in (Urgency.NORMAL, Urgency.NORMAL, Urgency.NORMAL, Urgency.URGENT)
    ]
    back = {"type": "return_requested", "reason": "not_duty", "clause": EVIL}
    await report(router, returned, taken, {**back, "suggested_unit": OTHER})
    ruling = {"unit": LEAD, "decision": "refused", "reason": WORDS}
    await say(router, returned, "rulings", "reviewer", "C-RXZX", **ruling)
    await report(router, returned, {"type": "disputed", "reason": WORDS})
    helps = {"type": "assisting_requested", "unit": "BH-ZJJ", "task": EVIL}
    over = {"type": "handed_over", "to": {"name": SHORT, "post": SHORT}, "note": EVIL}
    work = {"type": "progressed", "text": WORDS}
    more = {"type": "extension_requested", "amount": 2, "unit": "WD", "reason": WORDS}
    await report(router, extended, taken, helps, over, work, more)
    stop = {"type": "suspension_requested", "code": "funds", "reason": WORDS, "plan": WORDS}
    await report(router, paused, taken, work, stop)
    parts = (await router.whistle(resolved))["whistle"]["assignments"]
    for unit in [part["unit"] for part in parts if part["relation"] == "assisting"]:
        await report(router, resolved, taken, {"type": "resolved", **RESOLVED}, by=unit)
    arrived = {"type": "arrived", "mode": "on_site", "head_count": 2}
    done = {**RESOLVED, "type": "resolved", "public_reply": f"{EVIL}再次说明"}
    await report(router, resolved, taken, arrived, done)
    return [returned, extended, paused, resolved]


async def joint(router: Router) -> str:
    """A community's joint whistle in signs, conferred by its street."""
    body = {
        "kind": "joint_enforcement",
        "title": EVIL[:200],
        "summary": WORDS,
        "own_effort": WORDS,
        "why_beyond": WORDS,
        "place": {"region": COMMUNITY, "address": f"河湾路{SHORT}"},
        "muster": {"at": "2026-09-15T09:00:00+08:00", "place": SHORT},
        "on_behalf_of": SHORT,
        "units": [
            {"unit": LEAD, "relation": "lead", "task": WORDS, "clause": EVIL[:200]},
            {"unit": OTHER, "relation": "assisting", "task": WORDS},
        ],
    }
    answer = await router.call(
        "POST", "/whistles", role="street_officer", unit=STREET, name=SHORT, json=body
    )
    assert answer.status_code == 201, answer.text
    whistle_id = str(answer.json()["whistle_id"])
    decisions = [{"unit": LEAD, "action": WORDS}]
    agreed = {"words": WORDS, "decisions": decisions}
    await say(router, whistle_id, "consultations", "street_officer", STREET, **agreed)
    return whistle_id


async def opened(page: Page, address: str, *, count: int) -> None:
    """A desk's queue with signs in it, and each of its cases beside it."""
    await plain(page, address, shows=None)
    await expect(page.locator(".queue-row")).to_have_count(count)
    for index in range(count):
        row = page.locator(".queue-row").nth(index)
        key = await row.get_attribute("data-key")
        await page.goto(f"{address}?open={key}")
        await expect(page.locator(".case h2")).to_be_visible()
        await text_only(page, shows=SCRIPT)


async def test_signs_in_every_field_are_text_for_units(router: Router, router_page: Window) -> None:
    whistles = [*(await lived(router)), await joint(router)]
    page = await router_page("liaison", LEAD, name=SHORT)
    await plain(page, "/workbench")
    await plain(page, f"/workbench?q={SHORT}&handler={SHORT}", shows=None)
    for whistle_id in whistles:
        await plain(page, f"/workbench/{whistle_id}", shows=SCRIPT)
        await plain(page, f"/workbench/{whistle_id}/since?seq=0")
    await plain(page, "/workbench/figures?figure=open", shows=None)
    street = await router_page("street_officer", STREET, name=SHORT)
    await plain(street, "/workbench/m", shows=None)
    await plain(street, "/console", shows=SHORT)
    for whistle_id in whistles:
        await plain(street, f"/console/{whistle_id}", shows=SCRIPT)
        await plain(street, f"/console/{whistle_id}/since?seq=0", shows=None)
    await plain(street, "/console/blow", shows=None)
    await expect(street.get_by_role("button", name="清空")).to_be_visible()
    await text_only(street, shows=None)


async def test_signs_in_every_field_are_text_for_those_who_decide(
    router: Router, router_page: Window
) -> None:
    await lived(router)
    page = await router_page("supervisor", "C-RXZX", name=SHORT)
    await opened(page, "/reviews", count=4)
    held = await router.registers(
        title=EVIL[:200], summary=WORDS, place=HERE, category=None, number="15992026091400000026"
    )
    await router.hears("whistle.held", ticket_ids=[held])
    handing = {"to_role": "supervisor", "to_name": SHORT, "note": WORDS}
    handed = await router.call(
        "POST", f"/held/{held}/hand-overs", role="dispatcher", name=SHORT, json=handing
    )
    assert handed.status_code == 201, handed.text
    await opened(page, "/dispatch", count=1)
    dispatching = {"lead": LEAD, "assisting": [], "reason": WORDS[:500]}
    sent = await router.call(
        "POST", f"/held/{held}/dispatch", role="supervisor", name=SHORT, json=dispatching
    )
    assert sent.status_code == 201, sent.text
    await plain(page, f"/dispatch/{held}", shows=None)
    for path in (
        "/contracts",
        f"/contracts/schemas/{SHORT}",
        f"/reviews?kind={SHORT}",
        f"/{SHORT}",
    ):
        await plain(page, path, shows=None)
