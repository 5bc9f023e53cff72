"""Who is called on a real PostgreSQL: by a person, by a street, when time runs out; who sees it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.router import blow, by_hand, deem, look, rule, waiting
from services.router.app import MIGRATIONS
from services.router.by_hand import Dispatching
from services.router.domain.joint.blowing import Blow, Called
from services.router.domain.rulings.ruling import ReturnDecision, Ruling
from services.router.look import Sight
from services.router.store.queue import Wanted
from shared.contracts import deadlines
from shared.contracts.parts import Actor, DeadlineKind, Place, Role
from shared.contracts.values import Due, Relation, Urgency, WhistleKind
from shared.errors import ConflictError, InvalidError, NotFoundError
from shared.runtime.incoming import Incoming
from tests.support.router_desk import (
    DISPATCHER,
    LEAD,
    Desk,
    ack,
    desk_on,
    incoming,
    resolved,
    returning,
)
from tests.unit.router.samples import COMMUNITY, MONDAY, STREET


@pytest.fixture
async def desk(database) -> AsyncIterator[Desk]:
    async with desk_on(await database(MIGRATIONS)) as made:
        yield made


async def test_held_dispatched_by_a_person_within_the_hard_guard(desk: Desk):
    (ticket_id,) = await desk.registers(category="2602")
    async with desk.pool.acquire() as connection:
        page = await waiting.held(connection, Wanted(), now=MONDAY, cursor=None, limit=10)
    assert [item.ticket_id for item in page.items] == [ticket_id]
    assert page.items[0].candidates[0].unit == "U-TX1"
    send = by_hand.dispatch_held
    with pytest.raises(InvalidError):
        await desk.does(send, ticket_id, Dispatching(lead=STREET), actor=DISPATCHER)
    with pytest.raises(InvalidError):
        await desk.does(
            send, ticket_id, Dispatching(lead="U-TX2", assisting=("NO", "U-TX2")), actor=DISPATCHER
        )
    with pytest.raises(NotFoundError):
        await desk.does(send, uuid4(), Dispatching(lead="U-TX2"), actor=DISPATCHER)
    whistle = await desk.does(send, ticket_id, Dispatching(lead="U-TX2"), actor=DISPATCHER)
    assert whistle.dispatcher_name == "派单员一"
    assert (await desk.types("whistles")) == ["held", "blown"]
    with pytest.raises(ConflictError):
        await desk.does(send, ticket_id, Dispatching(lead="U-TX1"), actor=DISPATCHER)
    await desk.reports(("U-TX2", returning(whistle.whistle_id)))
    by_same = Actor(role=Role.REVIEWER, name="派单员一")
    kept = Ruling(unit="U-TX2", decision=ReturnDecision.REFUSED, reason="属本单位")
    with pytest.raises(Exception, match="dispatcher"):
        await desk.does(rule.rule, whistle.whistle_id, kept, actor=by_same)


async def test_the_held_list_has_pages(desk: Desk):
    ids = await desk.registers(5, category=None)
    seen: list[UUID] = []
    cursor = None
    async with desk.pool.acquire() as connection:
        for _ in range(3):
            page = await waiting.held(connection, Wanted(), now=MONDAY, cursor=cursor, limit=2)
            seen += [item.ticket_id for item in page.items]
            cursor = page.next
    assert sorted(seen) == sorted(ids)
    assert cursor is None


STREET_BLOW = Blow(
    kind=WhistleKind.JOINT_ENFORCEMENT,
    title="早市占道联合整治",
    summary="河湾路早市占道，须多部门到场会商。",
    place=Place(region=COMMUNITY, address="河湾路"),
    units=(
        Called(unit=LEAD, relation=Relation.LEAD, task="清理占道摊点"),
        Called(unit="BH-SCJ", relation=Relation.ASSISTING),
    ),
    own_effort="已三次上门劝导",
)
OFFICER = Actor(role=Role.STREET_OFFICER, unit=STREET, name="街道值班")


async def test_a_street_blows_once_for_one_key_even_at_the_same_time(desk: Desk):
    async def send(blow_: Blow = STREET_BLOW, key: str = "k-1") -> blow.Blown:
        return await desk.does(blow.blow, blow_, actor=OFFICER, key=key)

    answers = await asyncio.gather(send(), send(), send())
    assert len({answer.whistle.whistle_id for answer in answers}) == 1
    assert sorted(answer.new for answer in answers) == [False, False, True]
    with pytest.raises(ConflictError):
        await send(replace(STREET_BLOW, title="另一件事"))
    assert (await send(key="k-2")).new
    assert (await desk.types("whistles")) == ["blown", "blown"]
    (row, _) = await desk.rows("select blower, demand_ticket from whistle order by whistle_id")
    assert (row["blower"], row["demand_ticket"]) == (STREET, None)


async def test_a_streets_joint_whistle_waits_for_acceptance_when_done(desk: Desk):
    blown = await desk.does(blow.blow, STREET_BLOW, actor=OFFICER, key=None)
    whistle_id = blown.whistle.whistle_id
    for unit in ("BH-SCJ", LEAD):
        await desk.reports((unit, ack(whistle_id)), (unit, resolved(whistle_id)))
    (row,) = await desk.rows("select state from whistle where whistle_id = $1", whistle_id)
    assert row["state"] == "awaiting_acceptance"


async def test_who_sees_which_whistle(desk: Desk):
    (ticket_id,) = await desk.registers()
    whistle_id = await desk.whistle(ticket_id)
    sees = {
        Sight(): True,
        Sight(unit=LEAD): True,
        Sight(unit=STREET, region="159902001"): True,
        Sight(unit=f"Q-{COMMUNITY}", region=COMMUNITY): True,
        Sight(unit="BH-ZJJ"): False,
        Sight(unit="S-159902002", region="159902002"): False,
    }
    async with desk.pool.acquire() as connection:
        for sight, may in sees.items():
            page = await look.listed(
                connection,
                ticket_id=ticket_id,
                unit=None,
                state=None,
                sight=sight,
                now=MONDAY,
                cursor=None,
                limit=10,
            )
            assert bool(page.items) == may, sight
            if may:
                await look.detail(connection, whistle_id, sight=sight, now=MONDAY)
            else:
                with pytest.raises(NotFoundError):
                    await look.detail(connection, whistle_id, sight=sight, now=MONDAY)


def missed(kind: DeadlineKind, **about: Any) -> Incoming:
    due = Due(by=MONDAY, rule="8wh", started_at=MONDAY, calendar="cn", policy="p")
    fact = deadlines.Missed(
        seq=1,
        actor=Actor(role=Role.SYSTEM),
        deadline_id=uuid4(),
        kind=kind,
        round=1,
        due=due,
        **about,
    )
    return incoming(fact, topic="deadlines", at=MONDAY + timedelta(hours=9))


async def test_silence_is_deemed_and_overdue_urgent_tickets_are_dispatched(desk: Desk):
    (quiet,) = await desk.registers()
    (urgent,) = await desk.registers(category="2602", urgency=Urgency.URGENT)
    (normal,) = await desk.registers(category=None)
    whistle_id = await desk.whistle(quiet)
    (row,) = await desk.rows(
        "select assignment_id from assignment where whistle_id = $1 and unit = $2", whistle_id, LEAD
    )
    events = [
        missed(
            DeadlineKind.DEEMED,
            whistle_id=whistle_id,
            assignment_id=row["assignment_id"],
            unit=LEAD,
        ),
        missed(DeadlineKind.DEEMED, whistle_id=uuid4(), assignment_id=uuid4()),
        missed(DeadlineKind.RESOLVE, whistle_id=whistle_id),
        missed(DeadlineKind.DISPATCH, ticket_id=urgent),
        missed(DeadlineKind.DISPATCH, ticket_id=normal),
        missed(DeadlineKind.DISPATCH, ticket_id=uuid4()),
    ]
    async with desk.transaction() as connection:
        await deem.heed_deadlines(connection, events, city=desk.city, now=MONDAY)
    assert (await desk.types("whistles"))[-3:] == [
        "deemed_acknowledged",
        "blown",
        "held_handed_over",
    ]
    provisional, alarm = (each["data"] for each in (await desk.said("whistles"))[-2:])
    assert provisional["provisional"] is True
    assert provisional["assignments"][0]["unit"] == "U-TX1"
    assert (alarm["ticket_ids"], alarm["to_role"]) == ([str(normal)], "shift_lead")
    states = {r["demand_ticket"]: r["state"] for r in await desk.rows("select * from whistle")}
    assert states == {quiet: "open", urgent: "open", normal: "held"}
