"""Reads the fact log again, in the order of hearing, up to where nothing can still appear.

A fact's place is given when it is written, not when its transaction commits: a lower place may
become visible after a higher one. So a reader goes only as far as the last place that was given
before some moment at which every transaction that was then running has ended.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from shared.contracts.envelope import Reader
from shared.contracts.topics import DEADLINES, RATINGS, TICKETS, UNITS, WHISTLES
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "fact_reading.sql")
_READERS = {
    topic.name: Reader(topic.events) for topic in (TICKETS, WHISTLES, RATINGS, UNITS, DEADLINES)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedFact:
    """One fact as it stands in the log; `data` is an instance of its contract."""

    place: int
    subject: str
    seq: int | None
    at: datetime
    data: Any


@dataclass(frozen=True, slots=True)
class _Mark:
    """The last place given at a moment, and a transaction above all that were given an id then."""

    place: int
    next: str


class Settling:
    """Knows up to which place the log is settled; one a follower, asked outside a write."""

    def __init__(self) -> None:
        self._settled = 0
        self._mark: _Mark | None = None

    async def settled(self, connection: Connection) -> int:
        """The place up to which no fact can appear any more.

        Each statement must see its own snapshot (read committed), and nothing be written before
        in this transaction.
        """
        if self._mark is None:
            place = await connection.fetchval(SQL.last_place)
            if place <= self._settled:
                return self._settled
            self._mark = _Mark(place, await connection.fetchval(SQL.own_transaction))
        if await connection.fetchval(SQL.have_ended, self._mark.next):
            self._settled, self._mark = self._mark.place, None
        return self._settled


async def facts_after(
    connection: Connection, place: int, *, until: int, types: Collection[str], limit: int
) -> list[LoggedFact]:
    """The facts of these types after `place` and up to `until`, in the order of hearing."""
    if place >= until:
        return []
    rows = await connection.fetch(SQL.facts_after, place, until, sorted(types), limit)
    return [_fact(row) for row in rows]


async def facts_of(
    connection: Connection, subjects: Sequence[str], *, until: int, types: Collection[str]
) -> list[LoggedFact]:
    """All facts of these subjects up to that place, by subject and `seq`."""
    rows = await connection.fetch(SQL.facts_of_subjects, subjects, until, sorted(types))
    return [_fact(row) for row in rows]


def _fact(row: Any) -> LoggedFact:
    envelope = _READERS[row["topic"]].read(row["event"].encode())
    if envelope is None:
        raise ValueError(f"the log holds a {row['type']} on {row['topic']}, which nobody says")
    return LoggedFact(
        place=row["place"],
        subject=row["subject"],
        seq=row["seq"],
        at=row["at"],
        data=envelope.data,
    )
