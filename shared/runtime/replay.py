"""Delivering again what was parked or dead: to this service, inside its own transaction."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from shared.contracts.envelope import MalformedEventError
from shared.runtime import dead_letters, inbox, parking
from shared.runtime.batch import Lane
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection, is_transient
from shared.runtime.incoming import Incoming, Unreadable, read
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

log = logger(__name__)
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Kept:
    """A record as it was kept, in the shape of a consumer's."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


def _lane_of(runtime: "Runtime", topic: str) -> Lane:
    for subscription in runtime.groups:
        try:
            subscription.lane.reader(topic)
        except KeyError:
            continue
        return subscription.lane
    raise LookupError(f"nothing here listens to {topic}")


def _read(runtime: "Runtime", lane: Lane, kept: _Kept, received_at: datetime | None) -> Incoming:
    item = read(kept, topic=kept.topic, reader=lane.reader(kept.topic), clock=runtime.clock)
    if isinstance(item, Unreadable):
        raise item.error
    if item is None:
        raise MalformedEventError("unknown_type", "this service does not know its type")
    if received_at is None:
        return item
    return _at(item, received_at)


def _at(item: Incoming, received_at: datetime) -> Incoming:
    fields: dict[str, Any] = {name: getattr(item, name) for name in item.__slots__}
    return Incoming(**{**fields, "received_at": received_at})


async def retry_parked(runtime: "Runtime") -> None:
    """Try parked events again, the first of each subject, as their time comes."""
    while True:
        try:
            async with runtime.transaction() as connection:
                parked = await parking.claim(connection)
                if parked is not None:
                    await _again(runtime, connection, parked)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("retry_parked", error=repr(error))
            parked = None
        if parked is None:
            await asyncio.sleep(LOOK_SECONDS)


async def _again(runtime: "Runtime", connection: Connection, parked: parking.Parked) -> str | None:
    """Handle a parked event; returns the error when it failed again."""
    lane = _lane_of(runtime, parked.topic)
    kept = _Kept(parked.topic, parked.partition, parked.offset, 0, None, parked.value)
    try:
        async with connection.transaction():
            event = _read(runtime, lane, kept, parked.received_at)
            await lane.handle(connection, [event], runtime.clock.now())
    except Exception as error:
        if is_transient(error):
            raise
        log.exception("parked_failed", parked_id=parked.parked_id, attempts=parked.attempts + 1)
        await parking.failed(connection, parked, error=repr(error))
        return repr(error)
    await parking.done(connection, parked)
    return None


async def replay(runtime: "Runtime", *, kind: str, dead_letter_id: int) -> str | None:
    """Deliver one parked or dead event again; returns None when handled, else why not.

    Raises LookupError when there is none with that id that waits.
    """
    async with runtime.transaction() as connection:
        if kind == "parked":
            parked = await parking.claim_one(connection, dead_letter_id)
            if parked is None:
                raise LookupError("not parked, or an earlier event of its subject waits")
            return await _again(runtime, connection, parked)
        row = await connection.fetchrow(dead_letters.SQL.dead_letter_by_id, dead_letter_id)
        if row is None:
            raise LookupError("no such dead letter waits")
        return await _replay_dead(runtime, connection, row)


async def _replay_dead(runtime: "Runtime", connection: Connection, row: Any) -> str | None:
    try:
        async with connection.transaction():
            if row["direction"] == "out":
                return "an outgoing event is said again by its command, not by a replay"
            lane = _lane_of(runtime, row["topic"])
            stamp = int(row["kafka_timestamp"].timestamp() * 1000)
            place = (row["topic"], row["kafka_partition"], row["kafka_offset"])
            event = _read(runtime, lane, _Kept(*place, stamp, row["key"], row["value"]), None)
            for fresh in await inbox.remember(connection, [event]):
                await lane.handle(connection, [fresh], runtime.clock.now())
    except Exception as error:
        if is_transient(error):
            raise
        return repr(error)
    await connection.execute(
        dead_letters.SQL.dead_letter_replayed, row["dead_letter_id"], wall_now()
    )
    return None
