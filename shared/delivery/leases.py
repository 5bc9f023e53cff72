"""The deliveries of a database: leased to who sends them, settled once, listed and forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json

from shared.delivery.outgoing import SQL, Channel
from shared.runtime.database import Connection

NEWEST: Final = UUID(int=2**128 - 1)  # above every delivery_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message under way; `fence` tells this lease from any other one of it."""

    delivery_id: UUID
    channel: Channel
    destination: str
    recipient: str
    template: str
    values: Mapping[str, Any]
    about: UUID | None
    attempts: int
    fence: int
    expires_at: datetime | None
    created_at: datetime
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try: when, what the other side answered, how long it took."""

    at: datetime
    status: int | None
    ms: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A delivery with its tries, for those who look after the destination."""

    delivery_id: UUID
    template: str
    values: Mapping[str, Any]
    about: UUID | None
    state: str
    attempts: int
    last_error: str | None
    created_at: datetime
    queued_at: datetime
    done_at: datetime | None
    next_at: datetime
    tries: tuple[Attempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Logged):
    """One of the whole log: by which channel, to whom by reference, never by phone."""

    channel: Channel
    recipient: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What waits in one channel, at most 10,000 counted."""

    channel: Channel
    waiting: int
    oldest: datetime | None

    def age(self, now: datetime) -> float:
        """Seconds since the oldest was queued; 0 if none waits."""
        return max(0.0, (now - self.oldest).total_seconds()) if self.oldest else 0.0


async def destinations_due(connection: Connection, now: datetime) -> list[str]:
    """The destinations with something to send now."""
    return [row["destination"] for row in await connection.fetch(SQL.destinations_due, now)]


async def claim(
    connection: Connection, destination: str, *, now: datetime, until: datetime, most: int
) -> list[Delivery]:
    """Lease at most so many; nobody else gets them before `until`."""
    rows = await connection.fetch(SQL.claim, destination, now, most, until)
    return [
        Delivery(**{**row, "channel": Channel(row["channel"]), "values": from_json(row["values"])})
        for row in rows
    ]


async def settle(
    connection: Connection,
    delivery: Delivery,
    *,
    state: str,
    at: datetime,
    ms: int,
    next_at: datetime,
    status: int | None,
    error: str | None,
) -> bool:
    """Write down how a try ended; False when the lease had passed to another meanwhile."""
    done_at = None if state == "queued" else at
    settled = await connection.fetchval(
        SQL.settle,
        *(delivery.delivery_id, delivery.fence, state, next_at, error, done_at, at, status, ms),
    )
    return settled is not None


async def waiting(connection: Connection) -> list[Waiting]:
    """How much waits in each channel, and since when."""
    rows = await connection.fetch(SQL.oldest_waiting, list(Channel))
    return [
        Waiting(channel=Channel(row["channel"]), waiting=row["waiting"], oldest=row["oldest"])
        for row in rows
    ]


async def forget(connection: Connection, *, before: datetime, most: int) -> int:
    """Remove what ended before then, at most so many; how many there were."""
    removed: str = await connection.execute(SQL.forget, before, most)
    return int(removed.rpartition(" ")[2])


async def listed(
    connection: Connection,
    recipient: str,
    *,
    below: UUID | None = None,
    state: str | None = None,
    limit: int,
) -> list[Logged]:
    """The deliveries of one webhook with their tries, newest first."""
    rows = await connection.fetch(SQL.of_recipient, recipient, below or NEWEST, state, limit)
    tries = await _tries(connection, rows)
    return [
        Logged(**{**row, "values": from_json(row["values"])}, tries=tries[row["delivery_id"]])
        for row in rows
    ]


async def logged(
    connection: Connection,
    *,
    below: UUID | None,
    channel: Channel | None,
    state: str | None,
    about: UUID | None,
    limit: int,
) -> list[Sent]:
    """The deliveries of all channels with their tries, newest first."""
    rows = await connection.fetch(SQL.logged, below or NEWEST, channel, state, about, limit)
    tries = await _tries(connection, rows)
    return [
        Sent(
            **{**row, "values": from_json(row["values"]), "channel": Channel(row["channel"])},
            tries=tries[row["delivery_id"]],
        )
        for row in rows
    ]


async def _tries(connection: Connection, rows: Sequence[Any]) -> dict[UUID, tuple[Attempt, ...]]:
    tries: dict[UUID, list[Attempt]] = {row["delivery_id"]: [] for row in rows}
    for row in await connection.fetch(SQL.attempts_of, list(tries)):
        attempt = Attempt(at=row["at"], status=row["status"], ms=row["ms"], error=row["error"])
        tries[row["delivery_id"]].append(attempt)
    return {delivery_id: tuple(each) for delivery_id, each in tries.items()}


async def any_again(connection: Connection, delivery_id: UUID, *, wall: datetime) -> bool:
    """Queue a delivery of whatever channel anew; False when there is none, or it is under way."""
    return await connection.fetchval(SQL.any_again, delivery_id, wall) is not None


async def send_again(
    connection: Connection, recipient: str, delivery_id: UUID, *, wall: datetime
) -> bool:
    """Queue a delivery of this webhook anew, under its old key; False when there is none."""
    return await connection.fetchval(SQL.send_again, recipient, delivery_id, wall) is not None


async def cancel_waiting(
    connection: Connection, recipient: str, *, why: str, wall: datetime
) -> None:
    """Give up what still waits for a webhook that is no more."""
    await connection.execute(SQL.cancel_waiting, recipient, why, wall)


async def is_known(connection: Connection, delivery_id: UUID) -> bool:
    """Whether there is, or was until lately, such a delivery."""
    return bool(await connection.fetchval(SQL.is_known, delivery_id))
