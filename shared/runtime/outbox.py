"""The outbox: events to be said, written in the transaction of the change they tell of.

Lock the aggregate's row before writing here, so that ids follow the order of facts.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from shared.contracts import envelope
from shared.records import record
from shared.runtime.clock import wall_now

COLUMNS = (
    "event_id",
    "aggregatetype",
    "aggregateid",
    "type",
    "payload",
    "headers",
    "created_at",
)


@record
class Outgoing:
    """One event to be sent: `topic` is without prefix, `payload` the whole envelope."""

    event_id: UUID
    topic: str
    key: str
    type: str
    payload: str
    traceparent: str | None


def outgoing(
    data: Any,
    *,
    topic: str,
    source: str,
    event_id: UUID,
    subject: str,
    time: datetime,
    traceparent: str | None = None,
) -> Outgoing:
    """Wrap an instance of a contract class for sending; the subject is the Kafka key."""
    return Outgoing(
        event_id=event_id,
        topic=topic,
        key=subject,
        type=data.TYPE,
        payload=envelope.write(
            event_id=event_id,
            source=source,
            subject=subject,
            time=time,
            data=data,
            traceparent=traceparent,
        ),
        traceparent=traceparent,
    )


async def put(connection: "asyncpg.Connection[Any]", rows: Sequence[Outgoing]) -> None:
    """Write the rows, in order, within the caller's transaction."""
    if not rows:
        return
    created_at = wall_now()
    await connection.copy_records_to_table(
        "outbox",
        columns=COLUMNS,
        records=[
            (
                row.event_id,
                row.topic,
                row.key,
                row.type,
                row.payload,
                f'{{"traceparent":"{row.traceparent}"}}' if row.traceparent else None,
                created_at,
            )
            for row in rows
        ],
    )
