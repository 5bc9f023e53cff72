"""A person dispatches: held tickets whistle the units that a dispatcher chose, one or many."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import Ge, Le, Len, MaxLen

from services.router import metrics
from services.router.dispatch import last_demand, opened
from services.router.domain.book import Book
from services.router.domain.calling import Call
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.jurisdiction import breach
from services.router.domain.matter import Content, Ticket
from services.router.domain.routing.answer import Found, Summons
from services.router.domain.routing.beside import complete
from services.router.domain.routing.trace import line
from services.router.domain.whistle import Whistle
from services.router.store import queue
from services.router.store import whistles as store
from shared.contracts.parts import Actor, WhistleState
from shared.contracts.values import Relation
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatching:
    """A dispatcher's decision on a held ticket; `version` is the one that was looked at.

    `reason`: why this unit, where the supervisor convened; it stands in the trace.
    """

    lead: Annotated[str, Len(1, 64)]
    assisting: Annotated[tuple[Annotated[str, Len(1, 64)], ...], MaxLen(20)] = ()
    category: Annotated[str, MaxLen(16)] | None = None
    version: Annotated[int, Ge(0), Le(2**31 - 1)] | None = None
    reason: Annotated[str, MaxLen(500)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a decision leads to before it is carried out: the units called, and why."""

    ticket: Ticket
    whistle: Whistle
    content: Content
    found: Found


async def dispatch_held(
    connection: Connection,
    ticket_id: UUID,
    dispatching: Dispatching,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """Whistle the units a person chose for a held ticket.

    Raises NotFoundError, ConflictError when it is not held any more or was changed since `version`
    (with who did what), InvalidError naming the wrong unit; the hard guard holds for a person too.
    """
    book = await store.of_tickets(connection, [ticket_id], Promises(city, now), new_whistles=0)
    contents = await contents_of(connection, book)
    try:
        decided = decide(book, contents, ticket_id, dispatching, actor=actor)
    except ConflictError as conflict:
        raise await told(connection, book, ticket_id, dispatching, conflict) from None
    whistle = carry_out(book, decided, actor=actor, traceparent=traceparent)
    await store.save(connection, book)
    metrics.count(book)
    return whistle


async def contents_of(connection: Connection, book: Book) -> dict[UUID, Content]:
    """The words of the whistles that were read."""
    found = await store.contents(connection, list(book.whistles))
    return {whistle_id: content for whistle_id, (content, _) in found.items()}


def decide(
    book: Book,
    contents: Mapping[UUID, Content],
    ticket_id: UUID,
    dispatching: Dispatching,
    *,
    actor: Actor,
) -> Decided:
    """What the decision would lead to; raises as `dispatch_held` does, and changes nothing."""
    ticket, whistle = book.tickets.get(ticket_id), last_demand(book, ticket_id)
    if ticket is None or whistle is None:
        raise NotFoundError("没有这张待派工单", "no such ticket waits for dispatch")
    if whistle.state is not WhistleState.HELD:
        raise ConflictError(
            "工单已派出或已结束",
            "the ticket is not held any more",
            code="wrong_state",
            state=whistle.state,
            version=whistle.seq,
        )
    if dispatching.version is not None and dispatching.version != whistle.seq:
        raise ConflictError(
            "工单已有变化，请核对后再派",
            "the ticket has changed since it was looked at",
            code="out_of_date",
            state=whistle.state,
            version=whistle.seq,
        )
    category = dispatching.category or ticket.matter.category
    _check(book.city, dispatching, category)
    ticket = ticket.in_category(category)
    content = contents[whistle.whistle_id]
    summonses = [Summons(unit=dispatching.lead, relation=Relation.LEAD)]
    summonses += [Summons(unit=u, relation=Relation.ASSISTING) for u in dispatching.assisting]
    found = complete(
        book.city,
        summonses,
        place=ticket.matter.place,
        urgency=ticket.matter.urgency,
        now=book.now,
        trace=(*content.why, *_ruled(dispatching), f"12:{actor.role.value}→{dispatching.lead}"),
    )
    return Decided(ticket=ticket, whistle=whistle, content=content, found=found)


def carry_out(book: Book, decided: Decided, *, actor: Actor, traceparent: str | None) -> Whistle:
    """Call the units; the whistle after it."""
    book.put_ticket(decided.ticket)
    call = Call(actor=actor, blown_by=book.by_city, trace=decided.found.trace)
    outcome = opened(
        book,
        decided.whistle,
        decided.ticket,
        decided.found.summonses,
        call,
        decided.content,
        traceparent,
    )
    return outcome.whistle


async def told(
    connection: Connection,
    book: Book,
    ticket_id: UUID,
    dispatching: Dispatching,
    conflict: ConflictError,
) -> ConflictError:
    """The same refusal, with who did what since the version that was looked at."""
    whistle = last_demand(book, ticket_id)
    if whistle is None or dispatching.version is None:
        return conflict
    changes = await queue.changes_since(
        connection, whistle.whistle_id, dispatching.version, whistle.state
    )
    return ConflictError(
        conflict.zh,
        str(conflict),
        code=conflict.code,
        state=conflict.state,
        version=conflict.version,
        changes=changes,
    )


def _ruled(dispatching: Dispatching) -> tuple[str, ...]:
    words = " ".join((dispatching.reason or "").split())
    return (line("ruled", word=words),) if words else ()


def _check(city: City, dispatching: Dispatching, category: str | None) -> None:
    errors = []
    if dispatching.category and dispatching.category not in city.catalogue.categories:
        errors.append(_wrong("category", f"没有类别 {category}", f"no category {category}"))
    named = (dispatching.lead, *dispatching.assisting)
    for index, unit in enumerate(named):
        field = "lead" if index == 0 else f"assisting.{index - 1}"
        if unit not in city.catalogue.units:
            errors.append(_wrong(field, f"没有单位 {unit}", f"there is no unit {unit}"))
        elif unit in named[:index]:
            errors.append(_wrong(field, f"{unit} 重复", f"{unit} is named twice"))
    if not errors and (found := breach(city, category, dispatching.lead)):
        errors.append(_wrong("lead", found.zh, found.en))
    if errors:
        raise InvalidError(*errors)


def _wrong(field: str, zh: str, en: str) -> FieldError:
    return FieldError(field=field, zh=zh, en=en)
