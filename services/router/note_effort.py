"""Notes what a community did itself, after its emergency whistle."""

from datetime import datetime
from uuid import UUID

from services.router.convene import whole, written
from services.router.domain.city import City
from services.router.domain.joint import own_effort
from services.router.domain.joint.own_effort import OwnEffort
from services.router.domain.whistle import Whistle
from services.router.store import joint as joint_store
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def note_effort(
    connection: Connection,
    whistle_id: UUID,
    effort: OwnEffort,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The note stands with the whistle; after a day it is marked late. Raises ShaodaoError."""
    book, whistle = await whole(connection, whistle_id, city, now)
    content, _ = (await store.contents(connection, [whistle_id]))[whistle_id]
    outcome, words = own_effort.note(
        whistle,
        content,
        effort,
        blown_at=await joint_store.blown_at(connection, whistle_id),
        actor=actor,
        promises=book.promises,
    )
    after = await written(connection, book, outcome, traceparent)
    await joint_store.rewrite(connection, whistle_id, words)
    return after
