"""Whether a street or community may blow this whistle, and whom it calls (DOMAIN §4).

Every fault of the request is found at once and named by its field.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import Len, MaxLen

from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint import own_region
from services.router.domain.jurisdiction import breach_of_any
from services.router.domain.matter import Matter, Ticket, TicketState
from services.router.domain.routing.answer import Summons
from shared.catalogue.model import Unit, UnitKind
from shared.catalogue.rights import blowing, may
from shared.catalogue.terms import Term
from shared.contracts.parts import Attachment, Muster, Place, Role
from shared.contracts.values import Due, Relation, TicketType, Urgency, WhistleKind
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.records import record

URGENCIES = {WhistleKind.EMERGENCY: Urgency.CRITICAL}
"""The urgency of a kind where the blower names none; the others are normal."""


@record
class Called:
    """One unit of the request, and what it is asked to do."""

    unit: Annotated[str, Len(1, 64)]
    relation: Relation
    task: Annotated[str, MaxLen(2000)] | None = None
    clause: Annotated[str, MaxLen(2000)] | None = None


@record
class Blow:
    """A whistle as a street or community asks for it."""

    kind: WhistleKind
    title: Annotated[str, Len(2, 200)]
    summary: Annotated[str, Len(2, 10_000)]
    place: Place
    units: Annotated[tuple[Called, ...], Len(1, 200)]
    own_effort: Annotated[str, MaxLen(4000)] | None = None
    why_beyond: Annotated[str, MaxLen(4000)] | None = None
    muster: Muster | None = None
    tickets: Annotated[tuple[UUID, ...], MaxLen(100)] = ()
    category: Annotated[str, MaxLen(16)] | None = None
    urgency: Urgency | None = None
    on_behalf_of: Annotated[str, MaxLen(64)] | None = None
    cross_district: bool = False
    attachments: Annotated[tuple[UUID, ...], MaxLen(9)] = ()  # files that the blower uploaded

    def matter(self, tickets: Sequence[Ticket], attachments: tuple[Attachment, ...] = ()) -> Matter:
        """What the whistle is about; confidential as soon as one of its tickets is."""
        first = tickets[0].matter if tickets else None
        return Matter(
            title=self.title,
            summary=self.summary,
            place=self.place,
            urgency=self.urgency or URGENCIES.get(self.kind, Urgency.NORMAL),
            category=self.category or (first.category if first else None),
            type=first.type if first else TicketType.HELP,
            confidential=any(ticket.matter.confidential for ticket in tickets),
            contactable=bool(tickets),
            attachments=attachments,
            own_effort=self.own_effort,
            muster=self.muster,
            why_beyond=self.why_beyond,
        )


def may_blow(blow: Blow, *, role: Role, unit: Unit) -> None:
    """Raises ForbiddenError when this caller may not blow this kind of whistle."""
    if not may(role, blowing(blow.kind)):
        raise ForbiddenError(
            "您的角色不能吹这一类哨", f"role {role.value} may not blow a {blow.kind.value} whistle"
        )
    dispatching = may(role, "queue.dispatch")
    if not unit.can_whistle and not dispatching:
        raise ForbiddenError(f"{unit.name}没有吹哨权", f"{unit.code} may not blow whistles")


def check(
    blow: Blow,
    *,
    role: Role,
    unit: Unit,
    tickets: dict[UUID, Ticket],
    demanded: frozenset[UUID],
    promises: Promises,
) -> tuple[Summons, ...]:
    """The units to call; raises InvalidError naming every wrong field.

    `demanded`: tickets whose present round has its citizen_demand whistle already.
    """
    errors = [
        *_wrong_units(promises.city, blow, role, unit, tickets),
        *own_region.wrong_districts(
            promises.city, unit, [c.unit for c in blow.units], flagged=blow.cross_district
        ),
        *own_region.wrong_place(promises.city, blow.place, unit, abroad=blow.cross_district),
        *_wrong_category(promises.city, blow),
        *_wrong_effort(blow, unit),
        *_wrong_muster(blow, promises),
        *_wrong_tickets(blow, tickets, demanded),
    ]
    if errors:
        raise InvalidError(*errors)
    summonses = [
        Summons(unit=c.unit, relation=c.relation, task=c.task, clause=c.clause) for c in blow.units
    ]
    street = promises.city.catalogue.street_unit(unit.region_code)
    called = {summons.unit for summons in summonses} | {unit.code}
    if unit.kind is UnitKind.COMMUNITY and street is not None and street.code not in called:
        # The street need not approve, but it is told, and may take over (DOMAIN §4).
        summonses.append(Summons(unit=street.code, relation=Relation.INFORMED))
    summonses += own_region.centres_informed(promises.city, unit, summonses)
    order = list(Relation)
    return tuple(sorted(summonses, key=lambda summons: order.index(summons.relation)))


def _wrong(field: str, zh: str, en: str) -> FieldError:
    return FieldError(field=field, zh=zh, en=en)


def _wrong_units(
    city: City, blow: Blow, role: Role, unit: Unit, tickets: dict[UUID, Ticket]
) -> Iterator[FieldError]:
    codes = [called.unit for called in blow.units]
    for index, code in enumerate(codes):
        if code not in city.catalogue.units:
            yield _wrong(f"units.{index}.unit", f"没有单位 {code}", f"there is no unit {code}")
        elif code in codes[:index]:
            yield _wrong(f"units.{index}.unit", f"{code} 重复", f"{code} is named twice")
    leads = [c.unit for c in blow.units if c.relation is Relation.LEAD]
    if len(leads) != 1:
        yield _wrong("units", "须有且只有一个主办单位", "exactly one unit must lead")
        return
    if leads[0] not in city.catalogue.units:
        return
    categories = [blow.category, *(t.matter.category for t in tickets.values())]
    if found := breach_of_any(city, categories, leads[0]):
        yield _wrong("units", found.zh, found.en)
    if role is Role.GRID_WORKER:
        street = city.catalogue.street_unit(unit.region_code)
        if street is None or codes != [street.code]:
            yield _wrong(
                "units", "网格员只能向所属街道吹哨", "a grid worker's whistle goes to the street"
            )


def _wrong_category(city: City, blow: Blow) -> Iterator[FieldError]:
    if blow.category is not None and blow.category not in city.catalogue.categories:
        yield _wrong("category", f"没有类别 {blow.category}", f"no category {blow.category}")


def _wrong_effort(blow: Blow, unit: Unit) -> Iterator[FieldError]:
    """A community says what it tried first; in an emergency it may follow in 24 h."""
    needed = unit.kind is UnitKind.COMMUNITY and blow.kind is not WhistleKind.EMERGENCY
    if needed and not (blow.own_effort or "").strip():
        yield _wrong("own_effort", "社区吹哨须说明自行处置情况", "say what was tried first")


def _wrong_muster(blow: Blow, promises: Promises) -> Iterator[FieldError]:
    if len((blow.muster.place if blow.muster else None) or "") > own_region.LONGEST_ADDRESS:
        yield _wrong("muster.place", f"最多 {own_region.LONGEST_ADDRESS} 字", "too long")
    at: datetime | None = blow.muster.at if blow.muster else None
    if at is None:
        return
    if at.tzinfo is None:
        yield _wrong("muster.at", "时间必须带时区", "must have a time zone")
        return
    unset = Matter(title="", summary="", place=blow.place, urgency=blow.urgency or Urgency.NORMAL)
    latest = promises.longest_arrival(unset.terms(blow.kind))
    if at <= promises.now or (latest is not None and at > latest.by):
        limit = f"不晚于 {latest.by.isoformat()}" if latest else "晚于现在"
        yield _wrong("muster.at", f"集合时间须{limit}", "must be ahead, within the limit")


def _wrong_tickets(
    blow: Blow, tickets: dict[UUID, Ticket], demanded: frozenset[UUID]
) -> Iterator[FieldError]:
    if blow.kind is WhistleKind.CITIZEN_DEMAND and len(blow.tickets) > 1:
        yield _wrong("tickets", "群众诉求哨单最多对应一张工单", "at most one ticket")
    for index, ticket_id in enumerate(blow.tickets):
        ticket, field = tickets.get(ticket_id), f"tickets.{index}"
        if ticket is None:
            yield _wrong(field, "没有这张工单", "there is no such ticket")
        elif ticket.state is not TicketState.OPEN:
            yield _wrong(field, "工单已结束", "the ticket has ended")
        elif blow.kind is WhistleKind.CITIZEN_DEMAND and ticket_id in demanded:
            yield _wrong(
                field,
                "该工单本轮已有群众诉求哨单",
                "the ticket has its citizen_demand whistle of this round already",
            )


def takeover_by(unit: Unit, promises: Promises) -> Due | None:
    """Until when the street may take over or withdraw what its community blew."""
    city = promises.city
    if unit.kind is not UnitKind.COMMUNITY or city.catalogue.street_unit(unit.region_code) is None:
        return None
    return promises.due(city.limits.term(Term.TAKE_OVER))


def own_effort_by(blow: Blow, unit: Unit, promises: Promises) -> Due | None:
    """Until when a community's emergency is followed by what it did itself."""
    follows = unit.kind is UnitKind.COMMUNITY and blow.kind is WhistleKind.EMERGENCY
    if not follows or (blow.own_effort or "").strip():
        return None
    return promises.due(promises.city.limits.term(Term.OWN_EFFORT))


def crosses(blow: Blow, unit: Unit, city: City) -> bool:
    """Whether a unit of another district is called."""
    return any(own_region.foreign(city, unit, called.unit) for called in blow.units)
