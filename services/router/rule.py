"""Carries out what was decided on a unit's return or its wish for more time."""

from datetime import datetime
from uuid import UUID

from services.router.conclude import conclude
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.rulings import ruling as domain
from services.router.domain.rulings.extension import Extension, decide_extension
from services.router.domain.rulings.ruling import Ruling
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def rule(
    connection: Connection,
    whistle_id: UUID,
    ruling: Ruling,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
    final: bool = False,
) -> Whistle:
    """Rule on a return, or adjudicate it (`final`); raises the ShaodaoError that says why not."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    await store.load_precedents(connection, book, [whistle_id])
    content, matter = (await store.contents(connection, [whistle_id]))[whistle_id]
    decide = domain.adjudicate if final else domain.rule_on_return
    outcome = decide(
        whistle,
        ruling,
        matter=matter,
        content=content,
        actor=actor,
        promises=book.promises,
        precedent=book.precedent(whistle_id),
    )
    return await conclude(connection, book, outcome, traceparent)


async def extend(
    connection: Connection,
    whistle_id: UUID,
    extension: Extension,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """Decide on a unit's extension; raises the ShaodaoError that says why it cannot be."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = decide_extension(whistle, extension, actor=actor, promises=book.promises)
    return await conclude(connection, book, outcome, traceparent)
