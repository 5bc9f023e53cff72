"""The audit at a million promises: how long all take, how long what was touched, in what memory."""

import resource
import sys
import time
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import asyncpg
import pytest

from services.notifier import audit as verb
from services.notifier.app import MIGRATIONS
from services.notifier.domain.audit.found import MismatchKind
from services.notifier.fact_log import FactLog
from services.notifier.track import track
from shared.contracts.ids import new_id
from tests.integration.test_audit import BOOK, SETTLE, START, Clock
from tests.integration.test_notifier_tables import incoming
from tests.support.stack import owner_dsn
from tests.unit.notifier import samples
from tests.unit.notifier.samples import ESCALATION

TICKETS = 166_700  # each with six promises, its whistle's included
BATCH = 500
MOST_MEGABYTES = 300  # that an audit may add to the process
MOST_SECONDS_TOUCHED = 30  # on a busy machine of two cores
TOUCHED = 1_000
MINUTE = timedelta(minutes=1)


@pytest.mark.proof
@pytest.mark.timeout(3600)
async def test_a_million_promises_are_audited_in_the_memory_of_a_batch(database, record_property):
    async with asyncpg.create_pool(
        owner_dsn(await database(MIGRATIONS)),
        min_size=2,
        max_size=5,
        server_settings={"timezone": "UTC"},
    ) as pool:
        clock = Clock()
        await many(pool)
        await pool.execute("vacuum analyze")
        number = await pool.fetchval("select count(*) from deadline")
        runtime = SimpleNamespace(pool=pool, clock=clock)
        before = peak()
        whole = await run(runtime, whole=True)
        grown = peak() - before
        assert (whole.open, whole.counts["deadlines"]) == ({}, number)
        assert number >= 1_000_000
        clock.at = START + 30 * MINUTE  # nothing falls due before
        await acknowledge(pool, clock.at)
        touched = await run(runtime, whole=False)
        told = {
            "promises": number,
            "facts": whole.counts["facts"],
            "whole_seconds": round(whole.seconds, 1),
            "promises_per_second": round(number / whole.seconds),
            "touched_subjects": touched.counts["subjects"],
            "touched_seconds": round(touched.seconds, 2),
            "peak_growth_mb": round(grown),
        }
        sys.stdout.write(f"{told}\n")
        record_property("audit_million", told)
        assert touched.open == {MismatchKind.WRONG_STATE: 1, MismatchKind.WRONG_NEXT: 1}
        assert touched.counts["subjects"] < 3 * TOUCHED
        assert touched.seconds < MOST_SECONDS_TOUCHED
        assert grown < MOST_MEGABYTES


async def acknowledge(pool, at) -> None:
    """Some units acknowledge; one of their promises is tampered with."""
    parts = await pool.fetch(
        "select whistle_id, assignment_id, ticket_id from deadline where kind = 'contact' limit $1",
        TOUCHED,
    )
    events = []
    for row in parts:
        fact = samples.acknowledged(at)
        about = {"whistle_id": row["whistle_id"], "assignment_id": row["assignment_id"]}
        fact = replace(fact, ticket_ids=(row["ticket_id"],), **about)
        events.append(incoming(fact, at))
    async with pool.acquire() as connection, connection.transaction():
        await FactLog().write(connection, events, at)
        await track(connection, events, escalation=ESCALATION)
        await connection.execute(
            "update deadline set state = 'cancelled', ended_at = due_by, fire_at = null, "
            "next_rung = null where whistle_id = $1 and kind = 'resolve'",
            parts[0]["whistle_id"],
        )


def peak() -> float:
    """The most memory this process ever had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def run(runtime, *, whole: bool) -> verb.Report:
    report = await verb.audit(runtime, BOOK, settle=SETTLE, whole=whole)
    assert report is not None
    return report


async def many(pool) -> None:
    """Registered and whistled at one instant, by the notifier's own verbs."""
    log, begun = FactLog(), time.monotonic()
    for start in range(0, TICKETS, BATCH):
        events = []
        for place in range(start, min(start + BATCH, TICKETS)):
            at = START + timedelta(milliseconds=place // 1000)
            ticket_id, whistle_id, part = new_id(at), new_id(at), new_id(at)
            assignment = samples.an_assignment(START, assignment_id=part)
            events.append(incoming(samples.registered(START, ticket_id=ticket_id), START))
            events.append(
                incoming(
                    samples.blown(
                        START,
                        whistle_id=whistle_id,
                        ticket_ids=(ticket_id,),
                        assignments=(assignment,),
                    ),
                    START,
                )
            )
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute("set local synchronous_commit = off")
            await log.write(connection, events, START)
            await track(connection, events, escalation=ESCALATION)
            await connection.execute("truncate outbox")
    sys.stdout.write(f"made in {time.monotonic() - begun:.0f} s\n")
