"""Supervision on real PostgreSQL: asked, raised, answered, ended, told on Kafka's outbox."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest
from pydantic_core import from_json

from services.notifier import supervise
from services.notifier.app import MIGRATIONS
from services.notifier.channels import load_wording
from services.notifier.fact_log import FactLog
from services.notifier.store import deadlines as deadline_store
from services.notifier.store import supervisions as store
from services.notifier.store.deadlines import Filter
from services.notifier.store.supervisions import SupervisionFilter
from services.notifier.supervise import Asking
from services.notifier.track import track
from services.notifier.watch import fire_due
from shared.contracts import tickets, whistles
from shared.contracts.parts import Actor, DeadlineKind, Relation, Role
from shared.contracts.values import Urgency
from shared.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from tests.integration.test_notifier_tables import incoming
from tests.unit.notifier import samples
from tests.unit.notifier.samples import ESCALATION, TICKET, UNIT, WHISTLE, local

START = local("2026-09-10 09:00")
WORDING = load_wording()
LEADER = Actor(role=Role.LEADER, name="王建国")
LIAISON = Actor(role=Role.LIAISON, unit=UNIT, name="李敏")
OTHER = "C-GR"


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=2, max_size=4) as pool:
        yield pool


async def hear(pool, *facts) -> None:
    events = [incoming(data, at) for data, at in facts]
    async with pool.acquire() as connection, connection.transaction():
        await FactLog().write(connection, events, START)
        changes = await track(connection, events, escalation=ESCALATION)
        await supervise.follow(connection, changes, escalation=ESCALATION)


async def watch(pool, now) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await fire_due(connection, now, escalation=ESCALATION, wording=WORDING)


async def ask(pool, asking, *, by=LEADER, now=START):
    async with pool.acquire() as connection, connection.transaction():
        return await supervise.ask(
            connection,
            asking,
            by=by,
            now=now,
            escalation=ESCALATION,
            wording=WORDING,
            traceparent=None,
        )


async def answer(
    pool, supervision_id, words="已约居民，周五完工。", *, by=LIAISON, now=START, centre=False
):
    async with pool.acquire() as connection, connection.transaction():
        return await supervise.answer(
            connection,
            supervision_id,
            words,
            by=by,
            of_the_centre=centre,
            now=now,
            escalation=ESCALATION,
        )


async def said(pool, type_):
    rows = await pool.fetch(
        "select payload, aggregatetype as topic from outbox where type = $1 order by id", type_
    )
    return [(row["topic"], from_json(row["payload"])["data"]) for row in rows]


async def listed(pool, now=START, **wanted):
    return await store.listed(pool, SupervisionFilter(**wanted), now)


async def promises(pool):
    found = await deadline_store.listed(pool, Filter(whistle_id=WHISTLE))
    return [d for d in found if d.kind is DeadlineKind.SUPERVISION]


async def test_a_leaders_instruction_reaches_the_lead_and_is_answered(pool):
    assisting = samples.an_assignment(START, assignment_id=uuid4(), unit="A-FIRST")
    parts = (
        samples.replace(assisting, relation=Relation.ASSISTING),
        samples.an_assignment(START),
    )
    await hear(pool, (samples.registered(START), START))
    await hear(pool, (samples.blown(START, assignments=parts), START))
    made = await ask(pool, Asking(ticket_id=TICKET, words=" 请三天内解决 "))
    assert (made.unit, made.level, made.words) == (UNIT, 5, "请三天内解决")
    (promise,) = await promises(pool)
    assert (promise.deadline_id, promise.due) == (made.deadline_id, made.answer_by)
    ((topic, fact),) = await said(pool, "shaodao.deadline.supervised.v1")
    assert (topic, fact["level"], fact["source"]) == ("deadlines", 5, "leader")
    assert fact["supervision_id"] == str(made.supervision_id)
    ((topic, notice),) = await said(pool, "shaodao.notice.supervised.v1")
    assert topic == f"bureau.{UNIT}.notices"
    assert "请三天内解决" in notice["zh"]
    at = START + timedelta(hours=3)
    kept = await answer(pool, made.supervision_id, now=at)
    assert kept.late is False
    (promise,) = await promises(pool)
    assert (promise.state, promise.met_at) == ("met", at)
    ((_, fact),) = await said(pool, "shaodao.deadline.supervision_answered.v1")
    assert (fact["words"], fact["late"], fact["unit"]) == ("已约居民，周五完工。", False, UNIT)
    with pytest.raises(ConflictError):
        await answer(pool, made.supervision_id, now=at)
    what = await pool.fetch(
        "select what, role from history where aggregate_id = $1 order by seq", made.supervision_id
    )
    assert [(row["what"], row["role"]) for row in what] == [
        ("asked", "leader"),
        ("answered", "liaison"),
    ]


async def test_only_the_unit_that_was_asked_answers(pool):
    await hear(pool, (samples.blown(START), START))
    made = await ask(pool, Asking(whistle_id=WHISTLE, words="请答复"))
    for by in (Actor(role=Role.LIAISON, unit=OTHER), Actor(role=Role.SUPERVISOR)):
        with pytest.raises(ForbiddenError):
            await answer(pool, made.supervision_id, by=by, centre=True)
    with pytest.raises(NotFoundError):
        await answer(pool, uuid4())


async def test_what_cannot_be_asked(pool):
    await hear(pool, (samples.blown(START), START))
    for asking, error in (
        (Asking(words="请答复"), InvalidError),
        (Asking(words="请答复", ticket_id=TICKET, whistle_id=WHISTLE), InvalidError),
        (Asking(words="  ", whistle_id=WHISTLE), InvalidError),
        (Asking(words="请答复", whistle_id=WHISTLE, unit=OTHER), InvalidError),
        (Asking(words="请答复", whistle_id=uuid4()), NotFoundError),
    ):
        with pytest.raises(error):
            await ask(pool, asking)
    assert await listed(pool) == []


async def test_a_ticket_that_no_unit_has_is_answered_by_the_centre(pool):
    await hear(pool, (samples.registered(START), START))
    made = await ask(pool, Asking(ticket_id=TICKET, words="为何还没有派单？"))
    assert made.unit is None
    assert await said(pool, "shaodao.notice.supervised.v1") == []
    dispatcher = Actor(role=Role.DISPATCHER)
    with pytest.raises(ForbiddenError):
        await answer(pool, made.supervision_id, by=LIAISON)
    done = await answer(pool, made.supervision_id, by=dispatcher, centre=True)
    assert done.answered_by.role is Role.DISPATCHER


async def test_the_ladder_asks_and_rises_and_ends_with_the_whistle(pool):
    await hear(pool, (samples.blown(START, urgency=Urgency.CRITICAL), START))
    (due,) = [
        d.due.by
        for d in await deadline_store.listed(pool, Filter(whistle_id=WHISTLE))
        if d.kind is DeadlineKind.ACKNOWLEDGE
    ]
    await watch(pool, due)
    assert await listed(pool) == []
    await watch(pool, due + timedelta(minutes=15))
    (first,) = await listed(pool)
    assert (first.level, first.unit, first.asked_by.role) == (2, UNIT, Role.SYSTEM)
    await watch(pool, due + timedelta(minutes=60))
    (raised,) = await listed(pool)
    assert (raised.supervision_id, raised.level) == (first.supervision_id, 4)
    assert raised.answer_by == first.answer_by
    levels = [fact["level"] for _, fact in await said(pool, "shaodao.deadline.supervised.v1")]
    assert levels == [2, 4]
    at = due + timedelta(minutes=70)
    await hear(pool, (samples.whistle_fact(whistles.Closed), at))
    (ended,) = await listed(pool)
    assert (ended.state, ended.ended_at) == ("ended", at)
    with pytest.raises(ConflictError):
        await answer(pool, ended.supervision_id)
    assert [d.state for d in await promises(pool)] == ["cancelled"]


async def test_a_second_matter_of_the_ladder_asks_anew_after_an_answer(pool):
    await hear(pool, (samples.blown(START, urgency=Urgency.CRITICAL), START))
    (due,) = [
        d.due.by
        for d in await deadline_store.listed(pool, Filter(whistle_id=WHISTLE))
        if d.kind is DeadlineKind.ACKNOWLEDGE
    ]
    await watch(pool, due + timedelta(minutes=15))
    (first,) = await listed(pool)
    await answer(pool, first.supervision_id, now=due + timedelta(minutes=20))
    await watch(pool, due + timedelta(minutes=30))
    assert [each.level for each in await listed(pool)] == [3, 2]


async def test_what_is_listed(pool):
    await hear(pool, (samples.blown(START), START))
    made = await ask(pool, Asking(whistle_id=WHISTLE, words="请答复"))
    later = START + timedelta(hours=25)
    assert await listed(pool, unit=OTHER) == []
    assert [e.supervision_id for e in await listed(pool, ticket_id=TICKET)] == [made.supervision_id]
    assert await listed(pool, state="late") == []
    assert len(await listed(pool, later, state="late")) == 1
    assert len(await listed(pool, later, state="open", unit=UNIT)) == 1
    await answer(pool, made.supervision_id, now=later)
    assert (await listed(pool, later, state="answered"))[0].late
    assert await listed(pool, later, state="open") == []


async def test_a_ticket_that_ends_undispatched_wants_no_answer(pool):
    await hear(pool, (samples.registered(START), START))
    await ask(pool, Asking(ticket_id=TICKET, words="为何还没有派单？"))
    withdrawn = tickets.Withdrawn(seq=2, actor=samples.ACTOR, ticket_id=TICKET, ex_officio=False)
    await hear(pool, (withdrawn, START + timedelta(hours=1)))
    assert [each.state for each in await listed(pool)] == ["ended"]
