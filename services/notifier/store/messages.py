"""What people are to be told: written in bulk, claimed a person at a time, settled once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.notifier.domain.telling.message import (
    Message,
    MessageState,
    Occasion,
    Settled,
    Subject,
    Waiting,
    Way,
)
from services.notifier.domain.telling.posts import Post, Seat
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency
from shared.runtime.database import Connection, is_duplicate, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "messages.sql")
COLUMNS = (
    *("message_id", "person_id", "post", "seat_post", "seat_place", "occasion", "about", "number"),
    *("unit", "urgency", "kind", "rung", "level", "due_by", "deadline_id", "term", "count", "at"),
    *("way", "state", "send_at", "repeats", "told"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A person who is being told; nobody else tells them before this transaction ends."""

    person_id: UUID
    name: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFor:
    """What is held for one person."""

    person_id: UUID
    name: str
    unit: str | None
    region: str | None
    n: int
    oldest: datetime

    @property
    def place(self) -> tuple[datetime, UUID]:
        """Where their list goes on after them."""
        return self.oldest, self.person_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held in all."""

    n: int
    receivers: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A message as it is shown."""

    message: Message
    name: str
    told_at: datetime | None
    bundle_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which messages are asked for; `after` is the place of the last row of the page before."""

    unit: str | None = None
    state: MessageState | None = None
    person_id: UUID | None = None
    about: UUID | None = None
    after: tuple[datetime, UUID] | None = None
    limit: int = 100


async def write(connection: Connection, messages: Sequence[Message]) -> None:
    """Put messages down; those written before are passed over."""
    if messages:
        await connection.execute(SQL.write_messages, *zip(*map(_row, messages), strict=True))


async def write_fresh(connection: Connection, messages: Sequence[Message]) -> None:
    """Put messages down that are new by all means, as those of rungs: twice as quick.

    Should one be there all the same, it is passed over, and nothing of the batch is lost.
    """
    if not messages:
        return
    try:
        async with connection.transaction():
            await connection.copy_records_to_table(
                "message", records=[(*_row(each), 0) for each in messages], columns=COLUMNS
            )
    except Exception as error:
        if not is_duplicate(error):
            raise
        await write(connection, messages)


async def next_send_at(connection: Connection) -> datetime | None:
    """When the next message goes out."""
    at: datetime | None = await connection.fetchval(SQL.next_send_at)
    return at


async def claim(connection: Connection, now: datetime, *, limit: int) -> list[Receiver]:
    """Up to `limit` persons with something due, locked, who has waited longest first."""
    return [
        Receiver(person_id=row["person_id"], name=row["name"], channels=tuple(row["channels"]))
        for row in await connection.fetch(SQL.claim_receivers, now, limit)
    ]


async def waiting_of(
    connection: Connection, person_ids: Sequence[UUID], *, most: int
) -> dict[UUID, list[Waiting]]:
    """What waits for each of these persons, at most so much, the oldest first."""
    result: dict[UUID, list[Waiting]] = {each: [] for each in person_ids}
    for row in await connection.fetch(SQL.waiting_of, person_ids, most):
        each = Waiting(message=_message(row), moot=row["moot"], acknowledged=row["acknowledged"])
        result[row["person_id"]].append(each)
    return result


async def settle(connection: Connection, settled: Iterable[Settled]) -> None:
    """Write down how messages went."""
    rows = [
        (
            *(m.message_id, m.person_id, m.seat.post, m.seat.place, m.state, m.way, m.send_at),
            *(m.repeats, m.told, each.told_at, each.bundle_id),
        )
        for each in settled
        for m in (each.message,)
    ]
    if rows:
        await connection.execute(SQL.settle_messages, *zip(*rows, strict=True))


async def categories_of(connection: Connection, abouts: Iterable[UUID]) -> dict[UUID, str]:
    """The category codes of these whistles and tickets, where they may be told."""
    rows = await connection.fetch(SQL.told_of, sorted(set(abouts)))
    return {row["about"]: row["category"] for row in rows}


async def count_due(
    connection: Connection, person_ids: Sequence[UUID], now: datetime
) -> dict[UUID, int]:
    """How much is due for each of these persons."""
    rows = await connection.fetch(SQL.count_due, person_ids, now)
    return {row["person_id"]: row["n"] for row in rows}


async def tell_rest(
    connection: Connection, person_id: UUID, *, now: datetime, bundle_id: UUID
) -> None:
    """All that is still due for a person was told in this bundle, by its number alone."""
    await connection.execute(SQL.tell_rest, person_id, now, bundle_id)


async def hold_waiting(connection: Connection, *, until: datetime, young: datetime) -> int:
    """Hold what was to go out by then, but critical matters that fired since `young`."""
    tag: str = await connection.execute(SQL.hold_waiting, until, young)
    return int(tag.rpartition(" ")[2])


async def held(connection: Connection, *, limit: int) -> list[Message]:
    """What is held, locked."""
    return [_message(row) for row in await connection.fetch(SQL.held_messages, limit)]


async def held_in_all(connection: Connection) -> Held:
    return Held(**await connection.fetchrow(SQL.held_summary))


async def held_by_person(
    connection: Connection, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[HeldFor]:
    """For whom something is held, the oldest first."""
    rows = await connection.fetch(SQL.held_by_person, *(after or (None, None)), limit)
    return [HeldFor(**row) for row in rows]


async def count_waiting(connection: Connection) -> dict[Way, tuple[int, datetime]]:
    """How much waits, and the oldest, by the way it goes."""
    rows = await connection.fetch(SQL.count_waiting)
    return {Way(row["way"]): (row["n"], row["oldest"]) for row in rows}


async def listed(connection: Connection, wanted: Filter) -> list[Listed]:
    """The messages asked for, the latest first."""
    rows = await connection.fetch(
        SQL.list_messages,
        *(wanted.unit, wanted.state, wanted.person_id, wanted.about),
        *(wanted.after or (None, None)),
        wanted.limit,
    )
    return [
        Listed(
            message=_message(row),
            name=row["name"],
            told_at=row["told_at"],
            bundle_id=row["bundle_id"],
        )
        for row in rows
    ]


async def forget(connection: Connection, *, before: datetime, most: int) -> int:
    """Remove what was told or came to nothing before then, at most so much; how much it was."""
    tag: str = await connection.execute(SQL.forget_messages, before, most)
    return int(tag.rpartition(" ")[2])


def _row(message: Message) -> tuple[Any, ...]:
    m, s = message, message.subject
    return (
        *(m.message_id, m.person_id, m.post, m.seat.post, m.seat.place, s.occasion, s.about),
        *(s.number, s.unit, s.urgency, s.kind, s.rung, s.level, s.due_by, s.deadline_id, s.term),
        *(s.count, s.at, m.way, m.state, m.send_at, m.repeats),
    )


def _message(row: Any) -> Message:
    return Message(
        message_id=row["message_id"],
        person_id=row["person_id"],
        post=Post(row["post"]),
        seat=Seat(Post(row["seat_post"]), row["seat_place"]),
        subject=Subject(
            about=row["about"],
            number=row["number"],
            unit=row["unit"],
            urgency=Urgency(row["urgency"]),
            occasion=Occasion(row["occasion"]),
            at=row["at"],
            level=row["level"],
            kind=None if row["kind"] is None else DeadlineKind(row["kind"]),
            rung=row["rung"],
            due_by=row["due_by"],
            deadline_id=row["deadline_id"],
            term=row["term"],
            count=row["count"],
        ),
        way=Way(row["way"]),
        state=MessageState(row["state"]),
        send_at=row["send_at"],
        repeats=row["repeats"],
        told=row["told"],
    )
