"""The chains of a million rows are verified in bounded memory, and one changed row is found."""

import resource
import sys
import time
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from deploy.cli.chains import verified
from services.intake.app import MIGRATIONS
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, Role
from shared.runtime import history
from shared.runtime.chains import FORGOTTEN, FaultKind
from tests.integration.test_audit import START, tamper
from tests.support.stack import owner_dsn

AGGREGATES, ROWS = 100_000, 10
BATCH = 1_000
MOST_MEGABYTES = 150  # that a verification may add to the process
OPERATOR = Actor(role=Role.OPERATOR, unit="C-RXZX", name="王")
AFTER = '{"state":"processing","round":1,"urgency":"normal","whistle_id":null}'


@pytest.mark.proof
@pytest.mark.timeout(1200)
async def test_a_million_rows_are_verified_in_the_memory_of_a_batch(database, record_property):
    dsn = await database(MIGRATIONS)
    async with asyncpg.create_pool(owner_dsn(dsn), min_size=1, max_size=1) as pool:
        ids = [new_id(START + timedelta(seconds=n)) for n in range(AGGREGATES)]
        for first in range(0, AGGREGATES, BATCH):
            async with pool.acquire() as connection:
                await history.add(connection, _chains(ids[first : first + BATCH]))
        await pool.execute("vacuum analyze history")
        before, begun = _peak(), time.monotonic()
        report = await verified("intake", dsn)
        seconds, grown = time.monotonic() - begun, _peak() - before
        assert (report.found, report.aggregates, report.rows) == (0, AGGREGATES, 1_000_000)
        told = {"rows_per_second": round(report.rows / seconds), "peak_growth_mb": round(grown)}
        sys.stdout.write(f"{told} in {seconds:.1f} s\n")
        for name, value in told.items():
            record_property(name, value)
        assert grown < MOST_MEGABYTES
        one = ids[AGGREGATES // 2]
        changed = "update history set what = 'x' where seq = 5 and aggregate_id = "
        await tamper(pool, f"{changed}'{one}'")
        (fault,) = (await verified("intake", dsn)).faults
        assert (fault.aggregate_id, fault.seq, fault.kind) == (one, 5, FaultKind.CHANGED)


def _chains(ids: list[UUID]) -> list[history.Entry]:
    """Ten rows each, the last of which lets the ticket go: there are no tickets here."""
    entries = []
    for aggregate_id in ids:
        last = history.FIRST_HASH
        for seq in range(1, ROWS + 1):
            entry = history.entry(
                aggregate_id,
                seq=seq,
                at=START + timedelta(minutes=seq),
                what="move" if seq < ROWS else FORGOTTEN,
                actor=OPERATOR,
                before=AFTER,
                after=AFTER,
                policy="2026-1",
                previous_hash=last,
            )
            entries.append(entry)
            last = entry.hash
    return entries


def _peak() -> float:
    """Peak memory of this process so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
