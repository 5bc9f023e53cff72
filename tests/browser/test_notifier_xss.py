"""Signs in every field that somebody writes come out as text on the notifier's pages.

Facts are told by Kafka, questions, answers and rulings by HTTP; then real Chromium opens every
page. A dialog, a console error or a break of the page's policy fails the test when it ends.
"""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from playwright.async_api import expect

from shared.contracts import envelope
from shared.contracts.parts import Place
from shared.contracts.units import UnitDeclared
from tests.support.browser import Window
from tests.support.markup import EVIL, SCRIPT, SHORT, WORDS, plain, text_only
from tests.support.notifier import MONDAY, OTHER, Matter, Notifier
from tests.support.waiting import eventually
from tests.unit.notifier.samples import local


class Signs(Matter):
    """A matter whose every word is made of signs."""

    def registered(self) -> Any:
        place = Place(region=self.region, address=EVIL, compound=SHORT)
        return replace(Matter.registered(self), summary=WORDS, place=place)

    def blown(self) -> Any:
        return replace(Matter.blown(self), summary=WORDS, trace=(EVIL,))


EVILS = (
    Signs(place=50, title=EVIL[:200], at=local("2026-09-01 08:00"), unit=OTHER),
    Signs(place=51, title=f"二{EVIL}"[:200], at=local("2026-09-02 08:00"), unit=OTHER),
)


async def said(
    notifier: Notifier, role: str, path: str, unit: str | None = None, **body: Any
) -> Any:
    answer = await notifier.call("POST", path, role=role, unit=unit, name=SHORT, json=body)
    assert answer.status_code in (200, 201), f"{path}: {answer.text}"
    return answer.json()


async def renamed(notifier: Notifier) -> None:
    """The unit's name is made of signs, too; and a record on Kafka that nobody can read."""
    declared = UnitDeclared(
        code=OTHER,
        name=SHORT,
        parent="C-RXZX",
        level="district",
        kind="bureau",
        function_codes=(),
        region="159902",
        can_whistle=False,
        duty_24h=False,
        active=True,
        reachable=True,
    )
    value = envelope.write(
        event_id=uuid4(), source="/test", subject=OTHER, time=MONDAY, data=declared
    )
    await notifier.producer.send_and_wait(f"{notifier.prefix}units", value.encode(), key=b"u")
    broken = f'{{"broken": "{SCRIPT}"'.encode()
    await notifier.producer.send_and_wait(f"{notifier.prefix}tickets", broken, key=SHORT.encode())


async def lived(notifier: Notifier) -> None:
    await renamed(notifier)
    await notifier.tells(*EVILS)
    await notifier.fired()
    who = {"name": SHORT, "contact": {"sms": "13900001111"}}
    shifts = [{"post": "liaison", "unit": OTHER, "who": who}]
    shift = (await said(notifier, "supervisor", "/rota/shifts", shifts=shifts))["shift_ids"][0]
    await said(
        notifier,
        "supervisor",
        f"/rota/shifts/{shift}/substitutes",
        who={"name": f"替{SHORT}"[:40], "contact": {"sms": "13900002222"}},
        starts_at="2026-09-14T08:00:00+08:00",
        ends_at="2026-09-16T08:00:00+08:00",
        reason=EVIL[:200],
    )
    for each in EVILS:
        asked = await said(
            notifier, "leader", "/supervisions", whistle_id=str(each.whistle_id), words=WORDS
        )
        if each is EVILS[0]:
            answers = f"/supervisions/{asked['supervision_id']}/answers"
            await said(notifier, "liaison", answers, OTHER, words=WORDS)

    async def followed() -> list[Any]:
        known = "select 1 from figure_ticket where ticket_id = $1 and number || day is not null"
        return await notifier.rows(known, EVILS[0].ticket_id)

    await eventually(followed)
    await said(
        notifier,
        "supervisor",
        "/exclusions",
        ticket_id=str(EVILS[0].ticket_id),
        reason="malicious",
        words=WORDS,
    )
    window = {"from_at": "2026-09-13T08:00:00+08:00", "to_at": "2026-09-13T09:00:00+08:00"}
    await said(notifier, "supervisor", "/outages", **window, reason=EVIL[:200])


async def test_signs_in_every_field_are_text(notifier: Notifier, notifier_page: Window) -> None:
    await lived(notifier)
    page = await notifier_page("supervisor", name=SHORT)
    for path in ("/board/list?what=late", "/board/supervisions"):
        await plain(page, path, shows=SCRIPT)
    for each in EVILS:
        await plain(page, f"/promises/{each.ticket_id}", shows=SCRIPT)
    await plain(page, f"/promises/{EVILS[1].whistle_id}", shows=None)

    async def named() -> bool:
        await plain(page, "/board", shows=None)
        return SHORT in await page.locator("#board").inner_text()

    await eventually(named, every=0.5)
    await page.get_by_text("常用筛选").click()
    await page.locator("#view-name").fill(SHORT[:40])
    await page.keyboard.press("Enter")
    await expect(page.locator(".b-view a")).to_have_text(SHORT[:40])
    await text_only(page)
    for query in ("what=open", f"what=late&unit={SHORT}", f"what={SHORT}", "what=suspended"):
        await plain(page, f"/board/list?{query}", shows=None)
    await plain(page, f"/board?unit={SHORT}&region={SHORT}&kind={SHORT}", shows=None)
    await plain(page, "/ops/audit", shows=None)
    await plain(page, "/brief", shows=None)
    await plain(page, f"/brief?day={SHORT}", shows=None)

    leader = await notifier_page("leader", name=SHORT, mobile=True)
    await plain(leader, "/board/m", shows=SCRIPT)
    await leader.locator(".b-m-matter").first.get_by_role("button", name="批示").tap()
    await expect(leader.locator("#instruct-about")).to_contain_text(SHORT)
    await text_only(leader)
    unit = await notifier_page("liaison", OTHER, name=SHORT)
    for path in ("/board", "/board/list?what=late", "/board/supervisions"):
        await plain(unit, path)
    ops = await notifier_page("ops", name=SHORT)
    await plain(ops, "/ops/dead-letters")
    await plain(ops, "/ops/parked", shows=None)
