"""Tells the other services what a unit is now: topic `units`, compacted by its code."""

from datetime import datetime

from services.router.domain.units.known import KnownUnit
from services.router.telling import SOURCE
from shared.contracts import topics
from shared.contracts.ids import fact_id
from shared.runtime import outbox


def declared(known: KnownUnit, now: datetime, traceparent: str | None = None) -> outbox.Outgoing:
    """The event of a unit as it stands after its last change."""
    return outbox.outgoing(
        known.declared(),
        topic=topics.UNITS.name,
        source=SOURCE,
        event_id=fact_id(known.aggregate_id, known.seq),
        subject=known.unit.code,
        time=now,
        traceparent=traceparent,
    )
