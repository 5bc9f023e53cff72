"""What the router wrote for each record it heard, so that the floor can write the same.

A `Script` is everything the floor does for one incoming record: rows to copy, rows to update,
events to send. It is found by the record's topic (without prefix) and key.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
from aiokafka import ConsumerRecord

from shared.contracts.topics import TICKETS, UNIT_REPORTS, WHISTLES, unit_of, unit_topic
from shared.runtime.outbox import COLUMNS
from tests.bench.ground import SQL
from tests.bench.recording import Rows, outbox_rows, rows_of

Address = tuple[str, bytes]
ACKNOWLEDGED = "acknowledged"
COPIED = ("ticket", "whistle", "whistle_ticket", "assignment", "history")
"""The tables that are added to, in an order that their references allow; the outbox comes last."""


@dataclass(slots=True)
class Script:
    """What is written and said for one record."""

    copied: dict[str, list[tuple[Any, ...]]] = field(default_factory=dict)
    whistle: tuple[UUID, int, bytes] | None = None  # id, seq, history_hash
    assignment: tuple[Any, ...] | None = None  # id, state, acknowledged_at
    said: list[tuple[Any, ...]] = field(default_factory=list)  # rows of the outbox

    def copy(self, table: str, record: tuple[Any, ...]) -> None:
        """Note a row to be added."""
        self.copied.setdefault(table, []).append(record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The scripts of a whole run."""

    columns: dict[str, tuple[str, ...]]
    scripts: dict[Address, Script]

    @property
    def events(self) -> int:
        """How many events are said in all."""
        return sum(len(script.said) for script in self.scripts.values())


async def record_dispatches(
    connection: "asyncpg.Connection[Any]", said: Sequence[ConsumerRecord], *, prefix: str
) -> Recording:
    """What dispatching wrote, by the ticket: its database was empty before."""
    tables = {table: await rows_of(connection, table) for table in COPIED}
    whistle_id, ticket_id = _places(tables["whistle"], "whistle_id", "demand_ticket")
    owners = {row[whistle_id]: row[ticket_id] for row in tables["whistle"].records}
    owners |= {owner: owner for owner in owners.values()}
    scripts: defaultdict[Address, Script] = defaultdict(Script)
    for table, rows in tables.items():
        (place,) = _places(rows, _OWNER.get(table, "whistle_id"))
        for row in rows.records:
            if row[place] in owners:  # a unit's history is not a whistle's
                scripts[_ticket(owners[row[place]])].copy(table, row)
    for row in outbox_rows(said, prefix=prefix).records:
        scripts[_ticket(owners[UUID(row[_KEY])])].said.append(row)
    return Recording(columns=_columns(tables), scripts=dict(scripts))


_OWNER = {"ticket": "ticket_id", "history": "aggregate_id"}
_TOPIC, _KEY, _PAYLOAD = map(COLUMNS.index, ("aggregatetype", "aggregateid", "payload"))


def _ticket(ticket_id: UUID) -> Address:
    return TICKETS.name, str(ticket_id).encode()


def _report(whistle_id: UUID | str, unit: str) -> Address:
    return unit_topic(UNIT_REPORTS, unit), str(whistle_id).encode()


async def record_acknowledgements(
    connection: "asyncpg.Connection[Any]", said: Sequence[ConsumerRecord], *, prefix: str
) -> Recording:
    """What judging the acknowledgements wrote, by the report."""
    history = await rows_of(connection, "history")
    scripts: defaultdict[Address, Script] = defaultdict(Script)
    for record in history.records:
        row = history.values(record)
        if row["what"] == ACKNOWLEDGED:
            script = scripts[_report(row["aggregate_id"], row["unit"])]
            script.copy("history", record)
            script.whistle = (row["aggregate_id"], row["seq"], row["hash"])
    for row in await connection.fetch(SQL.acknowledged):
        address = _report(row["whistle_id"], row["unit"])
        scripts[address].assignment = tuple(row)[2:]
    for outgoing in outbox_rows(said, prefix=prefix).records:
        scripts[_report(outgoing[_KEY], _unit(outgoing))].said.append(outgoing)
    return Recording(columns=_columns({"history": history}), scripts=dict(scripts))


def _unit(outgoing: tuple[Any, ...]) -> str:
    """Whose report an event answers."""
    if outgoing[_TOPIC] == WHISTLES.name:
        return str(json.loads(outgoing[_PAYLOAD])["data"]["unit"])
    return unit_of(outgoing[_TOPIC])


def _places(rows: Rows, *columns: str) -> list[int]:
    return [rows.columns.index(column) for column in columns]


def _columns(tables: dict[str, Rows]) -> dict[str, tuple[str, ...]]:
    return {table: rows.columns for table, rows in tables.items()} | {"outbox": COLUMNS}


def last_of_each(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """The last row of each id, in the order of ids: a batch may change one row twice."""
    return [row for _, row in sorted({row[0]: row for row in rows}.items())]
