"""Carries out what a reviewer decided: on a return, or on an extension."""

from datetime import datetime
from uuid import UUID

from services.router import metrics
from services.router.domain.book import Book
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.extension import Extension, decide_extension
from services.router.domain.ruling import Ruling, rule_on_return
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.errors import NotFoundError
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
) -> Whistle:
    """Rule on a unit's return; raises the ShaodaoError that says why it cannot be."""
    book, whistle = await _read(connection, whistle_id, city, now)
    await store.load_precedents(connection, book, [whistle_id])
    content, matter = (await store.contents(connection, [whistle_id]))[whistle_id]
    outcome = rule_on_return(
        whistle,
        ruling,
        matter=matter,
        content=content,
        actor=actor,
        promises=book.promises,
        precedent=book.precedent(whistle_id),
    )
    book.put(outcome, traceparent)
    await store.save(connection, book)
    metrics.count(book)
    return outcome.whistle


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
    book, whistle = await _read(connection, whistle_id, city, now)
    outcome = decide_extension(whistle, extension, actor=actor, promises=book.promises)
    book.put(outcome, traceparent)
    await store.save(connection, book)
    metrics.count(book)
    return outcome.whistle


async def _read(
    connection: Connection, whistle_id: UUID, city: City, now: datetime
) -> tuple[Book, Whistle]:
    book = await store.of_whistles(connection, [whistle_id], Promises(city, now))
    whistle = book.whistles.get(whistle_id)
    if whistle is None:
        raise NotFoundError("没有这张哨单", "there is no such whistle")
    return book, whistle
