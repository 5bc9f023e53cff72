"""What ours wrote, kept so that a floor can write the same: rows of tables, events of Kafka."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from shared.runtime import outbox
from tests.bench.ground import SQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of one table; each record has the values of `columns` in that order."""

    columns: tuple[str, ...]
    records: list[tuple[Any, ...]]

    def values(self, record: tuple[Any, ...]) -> dict[str, Any]:
        """A record by the names of its columns."""
        return dict(zip(self.columns, record, strict=True))


async def rows_of(connection: "asyncpg.Connection[Any]", table: str) -> Rows:
    """Every row of a table, without what the database makes up by itself."""
    columns = await connection.fetchval(SQL.columns, table)
    select = await connection.fetchval(SQL.select_statement, table, columns)
    return Rows(columns=tuple(columns), records=[tuple(r) for r in await connection.fetch(select)])


async def count(connection: "asyncpg.Connection[Any]", tables: Iterable[str]) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table: await connection.fetchval(await connection.fetchval(SQL.count_statement, table))
        for table in tables
    }


def outbox_rows(records: Sequence[ConsumerRecord], *, prefix: str) -> Rows:
    """The outbox rows that these records were sent from, in order."""
    return Rows(
        columns=outbox.COLUMNS,
        records=[_outbox_row(record, prefix=prefix) for record in records],
    )


def _outbox_row(record: ConsumerRecord, *, prefix: str) -> tuple[Any, ...]:
    event = json.loads(record.value)
    trace = event.get("traceparent")
    return (
        UUID(event["id"]),
        record.topic.removeprefix(prefix),
        record.key.decode(),
        event["type"],
        record.value.decode(),
        json.dumps({"traceparent": trace}) if trace else None,
        datetime.fromtimestamp(record.timestamp / 1000, UTC),
    )
