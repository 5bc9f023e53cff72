"""A record of Kafka as a service sees it: read into an event of the contract, or unreadable."""

from datetime import UTC, datetime
from typing import Any, Protocol

from shared.contracts.envelope import MalformedEventError, Reader
from shared.records import record
from shared.runtime.clock import Clock, wall_now
from shared.runtime.fetching import Unparsed
from shared.runtime.tracing import judged


class Record(Protocol):
    """What is used of a consumer's record."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


@record
class Incoming:
    """One event heard; `topic` is without prefix, `received_at` is domain time."""

    topic: str
    partition: int
    offset: int
    received_at: datetime
    event_id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Any
    traceparent: str | None
    value: bytes


@record
class Unreadable:
    """One record that is no event of the contract; it becomes a dead letter."""

    topic: str
    partition: int
    offset: int
    received_at: datetime
    broker_time: datetime
    key: bytes | None
    value: bytes | None
    error: MalformedEventError


def broker_time(record: Record) -> datetime:
    """The broker's timestamp as wall time; records without a sane one count as received now."""
    try:
        return datetime.fromtimestamp(record.timestamp / 1000, UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        return wall_now()


def read(
    record: Record, *, topic: str, reader: Reader, clock: Clock, sampling: int | None = None
) -> Incoming | Unreadable | None:
    """Read one record; None when its type is not of this contract (a newer one, passed over).

    By the clock as it was last read: whoever reads many looks at it once before. `sampling`: of an
    outsider's records, how many of 2**64 traces are sampled here, whatever their sender says.
    """
    at = broker_time(record)
    received_at = clock.as_read(at)
    try:
        if isinstance(record, Unparsed):
            raise MalformedEventError("unparsable", record.why)
        event = reader.read(record.value)
    except MalformedEventError as error:
        return Unreadable(
            topic=topic,
            partition=record.partition,
            offset=record.offset,
            received_at=received_at,
            broker_time=at,
            key=record.key,
            value=record.value,
            error=error,
        )
    if event is None or record.value is None:
        return None
    return Incoming(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        received_at=received_at,
        event_id=event.event_id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=event.time,
        data=event.data,
        traceparent=(
            event.traceparent if sampling is None else judged(event.traceparent, bound=sampling)
        ),
        value=record.value,
    )
