"""Takes a community's whistle over for its street, or a whistle back."""

from datetime import datetime
from uuid import UUID

from services.router.conclude import conclude
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint import taking_over
from services.router.domain.joint.taking_over import Because
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def take_over(
    connection: Connection,
    whistle_id: UUID,
    because: Because,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The street convenes from now on; raises the ShaodaoError that says why it may not."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = taking_over.take_over(whistle, because, actor=actor, promises=book.promises)
    return await conclude(connection, book, outcome, traceparent)


async def withdraw(
    connection: Connection,
    whistle_id: UUID,
    because: Because,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The whistle ends; raises the ShaodaoError that says why it stays."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = taking_over.withdraw(whistle, because, actor=actor, promises=book.promises)
    return await conclude(connection, book, outcome, traceparent)
