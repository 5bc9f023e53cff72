"""Adds an assisting unit to a whistle that is under way, on a dispatcher's word."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import Len, MaxLen

from services.router.conclude import conclude
from services.router.domain.assisting import add_assisting
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Assisting:
    """The unit that is to assist, and what it is asked to do."""

    unit: Annotated[str, Len(1, 64)]
    task: Annotated[str, MaxLen(500)] | None = None


async def assist(
    connection: Connection,
    whistle_id: UUID,
    assisting: Assisting,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """Call the unit; raises NotFoundError, ConflictError or InvalidError that says why not."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    content, matter = (await store.contents(connection, [whistle_id]))[whistle_id]
    outcome = add_assisting(
        whistle,
        assisting.unit,
        task=assisting.task,
        matter=matter,
        content=content,
        actor=actor,
        promises=book.promises,
        at=now,
    )
    return await conclude(connection, book, outcome, traceparent)
