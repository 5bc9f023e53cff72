"""A person dispatches: the held ticket whistles the units that a dispatcher chose."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import Len, MaxLen

from services.router.dispatch import last_demand, opened
from services.router.domain.calling import Call
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.jurisdiction import breach
from services.router.domain.responsibility import Summons, complete
from services.router.domain.whistle import Whistle
from services.router.store import whistles as store
from shared.contracts.parts import Actor, WhistleState
from shared.contracts.values import Relation
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatching:
    """A dispatcher's decision on a held ticket."""

    lead: Annotated[str, Len(1, 64)]
    assisting: Annotated[tuple[Annotated[str, Len(1, 64)], ...], MaxLen(20)] = ()
    category: Annotated[str, MaxLen(16)] | None = None


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

    Raises NotFoundError, ConflictError when it is not held any more, InvalidError naming the
    wrong unit; the hard guard holds for a person too.
    """
    book = await store.of_tickets(connection, [ticket_id], Promises(city, now), new_whistles=0)
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
    category = dispatching.category or ticket.matter.category
    _check(city, dispatching, category)
    ticket = ticket.in_category(category)
    book.put_ticket(ticket)
    summonses = [Summons(unit=dispatching.lead, relation=Relation.LEAD)]
    summonses += [Summons(unit=u, relation=Relation.ASSISTING) for u in dispatching.assisting]
    content = (await store.contents(connection, [whistle.whistle_id]))[whistle.whistle_id][0]
    matter = ticket.matter
    found = complete(
        city,
        summonses,
        place=matter.place,
        urgency=matter.urgency,
        now=now,
        trace=(*content.why, f"12:{actor.role.value}→{dispatching.lead}"),
    )
    call = Call(actor=actor, blown_by=book.by_city, trace=found.trace)
    outcome = opened(book, whistle, ticket, found.summonses, call, content, traceparent)
    await store.save(connection, book)
    return outcome.whistle


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
