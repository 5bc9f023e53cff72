"""The floor of `deadlines_4000`: one statement that claims and changes, COPY of what ours wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg
from aiokafka import ConsumerRecord

from tests.bench.ground import SQL
from tests.bench.recording import Rows, outbox_rows, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a run of ours wrote when its promises were missed."""

    due_at: datetime
    next_rung: str | None
    fire_at: datetime | None
    history: Rows
    outbox: Rows


async def recorded(
    connection: "asyncpg.Connection[Any]", said: Sequence[ConsumerRecord], *, prefix: str
) -> Recorded:
    """Read it from the database of that run and what it said on Kafka."""
    one = await connection.fetchrow(SQL.one_missed)
    rows = await rows_of(connection, "history")
    last = [r for r in rows.records if rows.values(r)["at"] >= one["due_by"]]
    return Recorded(
        due_at=one["due_by"],
        next_rung=one["next_rung"],
        fire_at=one["fire_at"],
        history=Rows(columns=rows.columns, records=last),
        outbox=outbox_rows(said, prefix=prefix),
    )


async def claim_and_copy(connection: "asyncpg.Connection[Any]", known: Recorded) -> int:
    """Do the same in one transaction; returns how many promises were changed."""
    async with connection.transaction():
        done = await connection.execute(
            SQL.claim_and_miss, known.due_at, known.next_rung, known.fire_at
        )
        for table, rows in (("history", known.history), ("outbox", known.outbox)):
            await connection.copy_records_to_table(
                table, records=rows.records, columns=rows.columns
            )
    return int(done.split()[1])
