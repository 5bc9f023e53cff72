"""Carries out the supervisor's word on a pause: granted, refused, gone on with, or ended."""

from datetime import datetime
from uuid import UUID

from services.router.conclude import conclude
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.rulings.suspension import (
    Resumption,
    Suspension,
    decide_suspension,
    resume,
)
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def decide(
    connection: Connection,
    whistle_id: UUID,
    suspension: Suspension,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """Decide on a unit's pause; raises the ShaodaoError that says why it cannot be."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = decide_suspension(whistle, suspension, actor=actor, promises=book.promises)
    return await conclude(connection, book, outcome, traceparent)


async def go_on(
    connection: Connection,
    whistle_id: UUID,
    resumption: Resumption,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """End a unit's pause; raises the ShaodaoError that says why it cannot be."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = resume(whistle, resumption, actor=actor, promises=book.promises)
    return await conclude(connection, book, outcome, traceparent)
