"""The auditor on real PostgreSQL: it agrees with the engine, and finds every planted fault."""

from datetime import timedelta
from types import SimpleNamespace

import asyncpg
import pytest

from services.notifier import audit as verb
from services.notifier.app import MIGRATIONS
from services.notifier.domain.audit.found import MismatchKind
from services.notifier.domain.audit.rungs import Book
from services.notifier.fact_log import FactLog
from services.notifier.store import audit as store
from services.notifier.track import track
from services.notifier.watch import fire_due
from shared.contracts.ids import deadline_id
from shared.contracts.parts import DeadlineKind
from tests.integration.test_notifier_tables import WORDING, incoming
from tests.support.stack import owner_dsn
from tests.unit.notifier import samples
from tests.unit.notifier.samples import CALENDAR, ESCALATION, HOUR, LIMITS, PART, WHISTLE, local

K = DeadlineKind
START = local("2026-09-10 09:00")
SETTLE = timedelta(seconds=30)
BOOK = Book(limits=LIMITS, calendar=CALENDAR)
ACKNOWLEDGE = deadline_id(PART, K.ACKNOWLEDGE, 1)


class Clock:
    """Domain time that stands where the test puts it; wall time is the same."""

    def __init__(self) -> None:
        self.at = START

    def now(self):
        return self.at

    def domain_at(self, wall):
        return self.at - max(timedelta(), verb.wall_now() - wall)

    def wall_at(self, moment):
        return moment


class Notifier:
    """The notifier's verbs by hand: facts heard, the watch, the auditor."""

    def __init__(self, pool) -> None:
        self.pool = pool
        self.clock = Clock()
        self.runtime = SimpleNamespace(pool=pool, clock=self.clock)

    async def hear(self, *facts, heard_at=None) -> None:
        events = [incoming(data, at) for data, at in facts]
        heard_at = heard_at or max(at for _, at in facts)
        self.clock.at = max(self.clock.at, heard_at)
        async with self.pool.acquire() as connection, connection.transaction():
            await FactLog().write(connection, events, heard_at)
            await track(connection, events, escalation=ESCALATION)

    async def watch(self, until) -> None:
        """Each rung at its own moment."""
        while True:
            at = await self.pool.fetchval("select min(fire_at) from deadline")
            if at is None or at > until:
                break
            await self._fire(max(at, self.clock.at))
        self.clock.at = max(self.clock.at, until)

    async def _fire(self, now) -> None:
        async with self.pool.acquire() as connection, connection.transaction():
            await fire_due(connection, now, escalation=ESCALATION, wording=WORDING)

    async def audit(self, *, whole=True):
        report = await verb.audit(self.runtime, BOOK, settle=SETTLE, whole=whole)
        assert report is not None
        return report

    async def found(self) -> set[tuple[str, str]]:
        async with self.pool.acquire() as connection:
            kept = await store.mismatches(
                connection, states=["open"], kind=None, before=2**62, limit=500
            )
        return {(each.kind.value, each.what) for each in kept}


@pytest.fixture
async def notifier(database):
    async with asyncpg.create_pool(
        owner_dsn(await database(MIGRATIONS)),  # who may tamper
        min_size=2,
        max_size=5,
        server_settings={"timezone": "UTC"},
    ) as pool:
        yield Notifier(pool)


async def a_life(notifier: Notifier) -> None:
    """One ticket whose unit acknowledges late and is otherwise silent."""
    await notifier.hear((samples.registered(START), START), (samples.blown(START), START))
    await notifier.watch(START + 5 * HOUR)
    late = START + 5 * HOUR
    await notifier.hear((samples.acknowledged(late), late))
    await notifier.watch(START + timedelta(days=20))


FAULTS = {
    "a state flipped": (
        "update deadline set state = 'cancelled', ended_at = due_by, fire_at = null, "
        "next_rung = null, late = false where kind = 'resolve'",
        {("wrong_state", "state")},
    ),
    "a promise deleted": (
        "delete from deadline where kind = 'contact'",
        {("missing_deadline", "contact")},
    ),
    "another due time": (
        "update deadline set due_by = due_by + interval '1 hour' where kind = 'contact'",
        {("wrong_due", "due")},
    ),
    "a promise nobody made": (
        "insert into deadline select (jsonb_populate_record(d, jsonb_build_object("
        "'deadline_id', gen_random_uuid()))).* from deadline d where kind = 'deemed'",
        {("extra_deadline", "deemed")},
    ),
    "a time of history moved": (
        "update history set at = at + interval '1 minute' where what = 'missed' "
        "and aggregate_id = (select deadline_id from deadline where kind = 'acknowledge')",
        {("wrong_time", "due"), ("broken_history_hash", "chain")},
    ),
    "a step of history lost": (
        "delete from history where what = 'climbed' and after like '%district_leader%'",
        {("missing_rung", "district_leader"), ("broken_history_hash", "chain")},
    ),
    "a rung doubled": (
        "insert into history select aggregate_id, seq + 100, at, what, role, unit, actor_name, "
        "on_behalf_of, before, after, policy, previous_hash, hash from history "
        "where what = 'missed' and aggregate_id = "
        "(select deadline_id from deadline where kind = 'acknowledge')",
        {("extra_rung", "due #104"), ("broken_history_hash", "chain")},
    ),
    "fired late": (
        "update history set after = jsonb_set(after::jsonb, '{fired_at}', to_jsonb("
        "to_char(at + interval '5 minutes', 'YYYY-MM-DD\"T\"HH24:MI:SSOF')))::text "
        "where what = 'warned' and after like '%yellow%' and aggregate_id = "
        "(select deadline_id from deadline where kind = 'acknowledge')",
        {("late_fired", "yellow"), ("broken_history_hash", "chain")},
    ),
}


async def test_the_engine_is_found_right_and_every_planted_fault_is_found(notifier):
    await a_life(notifier)
    report = await notifier.audit()
    assert (report.open, report.counts["subjects"]) == ({}, 2)
    assert (report.counts["deadlines"], report.counts["unknown"]) == (7, 0)  # one is supervised
    await notifier.pool.execute("create table d as table deadline; create table h as table history")
    for fault, (statement, expected) in FAULTS.items():
        await tamper(notifier.pool, statement)
        found = await notifier.audit()
        assert await notifier.found() == expected, fault
        assert found.counts["found"] == len(expected), fault
        again = await notifier.audit()
        assert (again.counts["found"], again.counts["settled"]) == (0, 0), fault
        await tamper(
            notifier.pool,
            "delete from deadline; insert into deadline table d; "
            "delete from history; insert into history table h",
        )
        settled = await notifier.audit()
        assert (settled.open, settled.counts["settled"]) == ({}, len(expected)), fault


async def tamper(pool, statement: str) -> None:
    """Change the tables behind the engine's back."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("alter table history disable trigger user")
        await connection.execute(statement)
        await connection.execute("alter table history enable trigger user")


async def test_a_rung_skipped_in_the_database_is_missed_by_the_next_small_run(notifier):
    await notifier.hear((samples.registered(START), START), (samples.blown(START), START))
    assert (await notifier.audit()).open == {}  # from here on only what is touched or falls due
    await tamper(
        notifier.pool,
        "update deadline set fired = '{yellow}', next_rung = 'red', "
        "fire_at = fire_at + interval '72 minutes' where kind = 'acknowledge'",
    )
    await notifier.watch(START + 3 * HOUR)
    report = await notifier.audit(whole=False)
    assert report.counts["subjects"] <= 2
    assert await notifier.found() == {("missing_rung", "yellow")}
    async with notifier.pool.acquire() as connection:
        [kept] = await store.mismatches(
            connection, states=["open"], kind=MismatchKind.MISSING_RUNG, before=2**62, limit=9
        )
    assert (kept.subject, kept.deadline_id, kept.found) == (WHISTLE, ACKNOWLEDGE, "-")


async def test_what_was_mended_is_settled_by_the_next_small_run(notifier):
    await notifier.hear((samples.registered(START), START), (samples.blown(START), START))
    notifier.clock.at = START + timedelta(minutes=10)  # neither heard of lately nor due soon
    shift = (
        "update deadline set fire_at = fire_at {} interval '7 minutes' where kind = 'acknowledge'"
    )
    await tamper(notifier.pool, shift.format("+"))
    assert (await notifier.audit()).open == {MismatchKind.WRONG_NEXT: 1}
    assert (await notifier.audit(whole=False)).open == {MismatchKind.WRONG_NEXT: 1}
    await tamper(notifier.pool, shift.format("-"))
    report = await notifier.audit(whole=False)
    assert (report.open, report.counts["settled"]) == ({}, 1)


async def test_one_copy_audits_at_a_time(notifier):
    async with notifier.pool.acquire() as other:
        assert await store.try_lock(other)
        assert await verb.audit(notifier.runtime, BOOK, settle=SETTLE) is None
        await store.unlock(other)
    await notifier.audit()


async def test_what_is_heard_while_nobody_watched_is_judged_from_the_end_of_the_silence(notifier):
    await notifier.hear((samples.registered(START), START), (samples.blown(START), START))
    back = START + 3 * HOUR  # the yellow warning fell due within
    async with notifier.pool.acquire() as connection, connection.transaction():
        await store.pulse(connection, START + HOUR, longest=12)
        await store.pulse(connection, back, longest=12)
    await notifier.hear((samples.acknowledged(back), back))  # before the watch came
    assert (await notifier.audit()).open == {}
    await notifier.pool.execute("delete from audit_gap")
    assert (await notifier.audit()).open == {MismatchKind.MISSING_RUNG: 1}


@pytest.mark.parametrize("step", ["link", "orphans"])
async def test_what_is_blown_while_a_run_goes_on_is_no_mismatch(notifier, monkeypatch, step):
    await notifier.hear((samples.registered(START), START))
    real, blown = getattr(store, step), []

    async def and_blown(*given, **named):
        if step == "link":
            await real(*given, **named)
        if not blown:
            blown.append(samples.blown(START))
            await notifier.hear((blown[0], START))
        return None if step == "link" else await real(*given, **named)

    monkeypatch.setattr(store, step, and_blown)
    assert (await notifier.audit()).open == {}
    assert (await notifier.audit(whole=False)).open == {}
    assert blown
