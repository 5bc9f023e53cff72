"""Reads the histories of a service again and recomputes every hash: whatever was changed is found.

Each row's hash covers the row before it and its aggregate, and the aggregate keeps its last hash:
a row that was changed, removed or moved breaks its chain, a cut tail no longer ends in that hash.
Some aggregates at a time, each lot in a short snapshot of its own, so that a long audit neither
fills the memory nor holds back the vacuum of a service at work.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID

import asyncpg

from shared.runtime.database import Connection, queries
from shared.runtime.history import FIRST_HASH, row_hash

SQL = queries(Path(__file__).parent / "sql" / "chains.sql")
FORGOTTEN: Final = "forgotten"
"""The last row of an aggregate that was removed because its term was over."""
AT_ONCE: Final = 1000  # aggregates whose chains are held in memory
MOST_SHOWN: Final = 1000  # faults that are kept one by one; the rest is counted


class FaultKind(StrEnum):
    CHANGED = "changed"  # 内容与哈希不符
    GAP = "gap"  # 缺行
    UNLINKED = "unlinked"  # 与上一行不相接
    TAIL = "tail"  # 末行与对象不符
    NO_AGGREGATE = "no_aggregate"  # 对象已不存在
    NO_HISTORY = "no_history"  # 没有历史


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What an aggregate's own row says of its history: how many rows, and the last one's hash."""

    aggregate_id: UUID
    what: str  # the table
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """The last row of a chain as it was found."""

    aggregate_id: UUID
    seq: int
    at: datetime
    what: str
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One place at which a chain does not hold; `what` is the table where that is known."""

    aggregate_id: UUID
    what: str | None
    seq: int
    kind: FaultKind


@dataclass(slots=True, kw_only=True)
class Report:
    """What was read of one service, and what does not hold."""

    aggregates: int = 0
    rows: int = 0
    found: int = 0
    faults: list[Fault] = field(default_factory=list)  # the first of them

    def add(self, faults: Sequence[Fault]) -> None:
        self.found += len(faults)
        self.faults += faults[: MOST_SHOWN - len(self.faults)]


class Owners(Protocol):
    """A service's own side: which of its rows have a history (its module `store.chains`)."""

    async def heads(self, connection: Connection, ids: Sequence[UUID]) -> list[Head]:
        """The aggregates of these ids that are there."""

    async def without_history(self, connection: Connection, *, limit: int) -> list[Head]:
        """Aggregates of which there is no row of history at all."""

    async def let_go(self, connection: Connection, tails: Sequence[Tail]) -> set[UUID]:
        """Which of these, whose aggregates are gone, were removed as they should be."""


async def verify(
    connection: "asyncpg.Connection[Any]", owners: Owners, *, since: datetime | None = None
) -> Report:
    """Recompute all chains, or those that got a row since then (domain time)."""
    report, after = Report(), UUID(int=0)
    while True:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            found = await connection.fetch(SQL.aggregates_after, after, since, AT_ONCE)
            ids = [row["aggregate_id"] for row in found]
            if ids:
                await _look(connection, owners, ids, report)
        if len(ids) < AT_ONCE:
            break
        after = ids[-1]
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        bare = await owners.without_history(connection, limit=MOST_SHOWN)
    report.add([_fault(head, FaultKind.NO_HISTORY) for head in bare])
    return report


async def _look(
    connection: Connection, owners: Owners, ids: Sequence[UUID], report: Report
) -> None:
    rows = await connection.fetch(SQL.rows_of, ids)
    heads = {head.aggregate_id: head for head in await owners.heads(connection, ids)}
    faults: list[Fault] = []
    tails: dict[UUID, Tail] = {}
    for tail, broken in chains(rows):
        tails[tail.aggregate_id] = tail
        faults += broken
    gone = [tail for aggregate_id, tail in tails.items() if aggregate_id not in heads]
    let_go = await owners.let_go(connection, gone) if gone else set()
    for aggregate_id, tail in tails.items():
        head = heads.get(aggregate_id)
        if head is None:
            if aggregate_id not in let_go:
                faults.append(_fault(tail, FaultKind.NO_AGGREGATE))
        elif (head.seq, head.hash) != (tail.seq, tail.hash):
            faults.append(_fault(head, FaultKind.TAIL))
    report.aggregates += len(tails)
    report.rows += len(rows)
    report.add([_named(each, heads) for each in faults])


def chains(rows: Sequence[Any]) -> Iterator[tuple[Tail, list[Fault]]]:
    """Each chain's last row and where it is broken; rows in the order of aggregate and seq."""
    tail: Tail | None = None
    faults: list[Fault] = []
    for aggregate_id, seq, at, what, *rest, previous_hash, digest in rows:
        if tail is not None and tail.aggregate_id != aggregate_id:
            yield tail, faults
            tail, faults = None, []
        last_seq, last_hash = (0, FIRST_HASH) if tail is None else (tail.seq, tail.hash)
        kind = None
        if row_hash(previous_hash, (aggregate_id, seq, at.isoformat(), what, *rest)) != digest:
            kind = FaultKind.CHANGED
        elif seq != last_seq + 1:
            kind = FaultKind.GAP
        elif previous_hash != last_hash:
            kind = FaultKind.UNLINKED
        if kind is not None:
            faults.append(Fault(aggregate_id=aggregate_id, what=None, seq=seq, kind=kind))
        tail = Tail(aggregate_id=aggregate_id, seq=seq, at=at, what=what, hash=digest)
    if tail is not None:
        yield tail, faults


def _fault(of: Head | Tail, kind: FaultKind) -> Fault:
    what = of.what if isinstance(of, Head) else None
    return Fault(aggregate_id=of.aggregate_id, what=what, seq=of.seq, kind=kind)


def _named(fault: Fault, heads: dict[UUID, Head]) -> Fault:
    head = heads.get(fault.aggregate_id)
    if head is None or fault.what is not None:
        return fault
    return Fault(aggregate_id=fault.aggregate_id, what=head.what, seq=fault.seq, kind=fault.kind)
