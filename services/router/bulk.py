"""Dispatches many held tickets at once, or tells beforehand what would be called and why.

Each ticket stands on its own: one that cannot be dispatched does not stop the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import Len

from services.router import by_hand, metrics
from services.router.by_hand import Dispatching
from services.router.domain.book import Book
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.routing.answer import Summons
from services.router.store import whistles as store
from shared.contracts.parts import Actor
from shared.errors import Change, ConflictError, FieldError, InvalidError, ShaodaoError
from shared.runtime.database import Connection

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkItem(Dispatching):
    """One ticket's decision among many."""

    ticket_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """Decisions on many tickets; `preview` changes nothing."""

    items: Annotated[tuple[BulkItem, ...], Len(1, MOST)]
    preview: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAnswer:
    """What became, or would become, of one ticket.

    `version` is the one that was looked at: sent back with the dispatch, it tells whether the
    preview still holds. `changes` are what others did meanwhile.
    """

    ticket_id: UUID
    ok: bool
    version: int | None = None
    whistle_id: UUID | None = None
    number: str | None = None
    summonses: tuple[Summons, ...] = ()
    trace: tuple[str, ...] = ()
    code: str | None = None
    errors: tuple[FieldError, ...] = ()
    changes: tuple[Change, ...] = ()


async def dispatch_many(
    connection: Connection,
    bulk: Bulk,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> list[BulkAnswer]:
    """An answer for each of the tickets, in their order."""
    ids = [each.ticket_id for each in bulk.items]
    book = await store.of_tickets(connection, ids, Promises(city, now), new_whistles=0)
    contents = await by_hand.contents_of(connection, book)
    answers = []
    for each in bulk.items:
        try:
            decided = by_hand.decide(book, contents, each.ticket_id, each, actor=actor)
        except ShaodaoError as error:
            answers.append(await _refused(connection, book, each, error))
            continue
        # A preview carries it out in memory as well, so that a ticket named twice is told.
        by_hand.carry_out(book, decided, actor=actor, traceparent=traceparent)
        answers.append(_decided(each, decided))
    if not bulk.preview:
        await store.save(connection, book)
        metrics.count(book)
    return answers


def _decided(each: BulkItem, decided: by_hand.Decided) -> BulkAnswer:
    whistle = decided.whistle
    return BulkAnswer(
        ticket_id=each.ticket_id,
        ok=True,
        version=whistle.seq,
        whistle_id=whistle.whistle_id,
        number=whistle.number,
        summonses=decided.found.summonses,
        trace=decided.found.trace,
    )


async def _refused(
    connection: Connection, book: Book, each: BulkItem, error: ShaodaoError
) -> BulkAnswer:
    version, changes = None, ()
    if isinstance(error, ConflictError):
        error = await by_hand.told(connection, book, each.ticket_id, each, error)
        version, changes = error.version, error.changes  # type: ignore[assignment]
    errors: Sequence[FieldError] = (
        error.errors
        if isinstance(error, InvalidError)
        else (FieldError(field="ticket_id", zh=error.zh, en=str(error)),)
    )
    return BulkAnswer(
        ticket_id=each.ticket_id,
        ok=False,
        version=version,
        code=error.code,
        errors=tuple(errors),
        changes=changes,
    )
