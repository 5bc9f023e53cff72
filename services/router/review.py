"""Carries out a reviewer's word on a resolution: passed on to the citizen, or back to work."""

from datetime import datetime
from uuid import UUID

from services.router.conclude import conclude
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.rulings import reviewing
from services.router.domain.rulings.reviewing import Review
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def review(
    connection: Connection,
    whistle_id: UUID,
    decided: Review,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """Pass or reject; raises the ShaodaoError that says why it cannot be."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = reviewing.review(whistle, decided, actor=actor, at=now, city=city)
    return await conclude(connection, book, outcome, traceparent)
