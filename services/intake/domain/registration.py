"""How a request becomes a ticket: redacted, located, typed, with its two promises of time.

`draft` does all that needs no clock and no number, before the transaction; `open_ticket` the rest.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.callback import CallbackDues
from services.intake.domain.case import Case
from services.intake.domain.number import ticket_number
from services.intake.domain.person import Person
from services.intake.domain.promises import Promise
from services.intake.domain.redaction import Kind, first_sentence, generalise_address, redact
from services.intake.domain.request import AskedPlace, Request
from services.intake.domain.ticket import Ticket, TicketState
from services.intake.domain.words import who
from shared.calendar import SHANGHAI, WorkCalendar
from shared.catalogue.gazetteer import Gazetteer, Located, LocatedBy
from shared.catalogue.grids import GridMap, Heads
from shared.catalogue.labels import LABELS_ZH
from shared.catalogue.limits import Rule, TimeLimits, due
from shared.catalogue.model import (
    Catalogue,
    Category,
    Unit,
    UnitKind,
    UnitLevel,
    regions_of,
)
from shared.contracts.parts import Actor, Attachment, DeadlineKind, Place, Role
from shared.contracts.tickets import Hints, Registered
from shared.contracts.units import UnitDeclared
from shared.contracts.values import Channel, Due, TicketType, Urgency

COMMUNITY_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The city as data: everything a decision of intake stands on besides the clock."""

    catalogue: Catalogue
    gazetteer: Gazetteer
    limits: TimeLimits
    calendar: WorkCalendar
    city_prefix: str
    grids: GridMap = field(default_factory=lambda: GridMap(()))
    heads: Heads = field(default_factory=dict)
    address: str = ""  # of intake, as other systems reach it: lasting addresses begin with it

    _citizen: dict[tuple[Urgency, TicketType], Rule] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        pairs = [(urgency, type_) for urgency in Urgency for type_ in TicketType]
        citizen = {
            (urgency, type_): self.limits.citizen(urgency, type_) for urgency, type_ in pairs
        }
        object.__setattr__(self, "_citizen", citizen)

    def learn(self, declared: Iterable[UnitDeclared]) -> None:
        """Take in units that came or changed: with the calendar all that changes while we run.

        One that was removed stays known by its name.
        """
        known = dict(self.catalogue.units)
        for each in declared:
            before = known.get(each.code)
            known[each.code] = Unit(
                code=each.code,
                name=each.name,
                parent=each.parent,
                level=UnitLevel(each.level),
                kind=UnitKind(each.kind),
                function_codes=each.function_codes,
                region_code=each.region or None,
                can_whistle=each.can_whistle,
                duty_24h=each.duty_24h,
                population=before.population if before is not None else None,
            )
        if known != self.catalogue.units:
            regions = {**self.catalogue.regions, **regions_of(known.values())}
            catalogue = replace(self.catalogue, units=known, regions=regions)
            object.__setattr__(self, "catalogue", catalogue)

    def learn_calendar(self, calendar: WorkCalendar) -> None:
        """Take in years whose days off became known."""
        object.__setattr__(self, "calendar", calendar)

    @property
    def policy(self) -> str:
        return self.limits.version

    def dispatch_by(self, urgency: Urgency, now: datetime) -> Due:
        """Until when a ticket registered now must be dispatched."""
        return self.due(self.limits.dispatch(urgency), now)

    def citizen_by(self, urgency: Urgency, type_: TicketType, now: datetime) -> Due:
        """The citizen's own clock, from registration, which never moves."""
        return self.due(self._citizen[urgency, type_], now)

    def callback_dues(self, now: datetime) -> CallbackDues:
        """Until when a callback opened now is begun and done."""
        return CallbackDues(
            start_by=self.due(self.limits.callback_start(), now),
            callback_by=self.due(self.limits.callback_end(), now),
        )

    def due(self, rule: str | Rule, started_at: datetime) -> Due:
        """A due time under this policy."""
        return due(rule, started_at, self.calendar, policy=self.limits.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A request ready to be registered; `person` goes to the vault, the rest may be seen."""

    request: Request
    type: TicketType
    urgency: Urgency
    title: str
    summary: str
    place: Place
    located_by: LocatedBy | None  # how the gazetteer found the region
    place_confidence: float | None  # and how surely
    confidential: bool
    contactable: bool
    person: Person
    redactions: tuple[tuple[Kind, int], ...]


def draft(request: Request, rules: Rules) -> Draft:
    """Decide everything about a request that does not depend on when it is registered."""
    reporter = request.reporter
    category = rules.catalogue.categories.get(request.category or "")
    type_ = request.type or (category.default_type if category else TicketType.COMPLAIN)
    urgency = request.urgency or (category.default_urgency if category else Urgency.NORMAL)
    names = (reporter.name,) if reporter.name else ()
    summary = redact(request.description or _label(category), names=names)
    title = redact(request.title, names=names).text if request.title else None
    confidential = reporter.confidential
    if confidential is None:
        confidential = type_ is TicketType.TIP_OFF and not reporter.agrees_to_contact
    place, exact, found = _locate(request.place, names, rules)
    return Draft(
        request=request,
        type=type_,
        urgency=urgency,
        title=title or first_sentence(summary.text),
        summary=summary.text,
        place=_hidden(place) if confidential else place,
        located_by=found.how if found is not None else None,
        place_confidence=found.confidence if found is not None else None,
        confidential=confidential,
        contactable=reporter.phone is not None and (not confidential or reporter.agrees_to_contact),
        person=Person(
            name=reporter.name,
            phone=reporter.phone,
            id_number=reporter.id_number,
            address=request.place.address if exact or confidential else None,
            lat=request.place.lat if confidential else None,
            lon=request.place.lon if confidential else None,
            text=request.description if summary.found else None,
        ),
        redactions=tuple(summary.found.items()),
    )


def _label(category: Category | None) -> str:
    """What a photo with a tapped label says."""
    return f"{category.name}（见照片）" if category is not None else "见照片"


def _locate(
    asked: AskedPlace, names: tuple[str, ...], rules: Rules
) -> tuple[Place, bool, Located | None]:
    """The place as units may see it, whether an exact door was left out of it, how it was found."""
    general, exact = (
        generalise_address(asked.address, names=names) if asked.address else (None, False)
    )
    if asked.no_location and not (asked.region or asked.address or asked.lat is not None):
        return Place(no_location=True), False, None
    found = rules.gazetteer.locate(asked.address, asked.region, asked.lat, asked.lon)
    place = Place(
        region=found.region_code,
        address=general or None,
        lat=asked.lat,
        lon=asked.lon,
        compound=found.compound,
        property_unit=found.property_unit,
        no_location=asked.no_location,
    )
    return place, exact or general != asked.address, found


def _hidden(place: Place) -> Place:
    """What of a place may be seen where it could tell who complained: the community."""
    region = place.region[:COMMUNITY_DIGITS] if place.region else None
    return Place(region=region, no_location=place.no_location)


def open_ticket(
    draft: Draft,
    *,
    ticket_id: UUID,
    running: int,
    now: datetime,
    actor: Actor,
    rules: Rules,
    same_caller_30d: int,
    history_hash: bytes,
    traceparent: str | None,
    attachments: tuple[Attachment, ...] = (),
    similar: tuple[UUID, ...] = (),
    settled: bool = False,
) -> Case:
    """The new ticket with its promises, its first line and its first fact."""
    number = ticket_number(rules.city_prefix, now.astimezone(SHANGHAI).date(), running)
    ticket = _ticket(draft, ticket_id=ticket_id, number=number, now=now, history_hash=history_hash)
    if actor.role is Role.CANARY:
        ticket = replace(ticket, canary=True)
    case = Case.begun(ticket, at=now, actor=actor)
    dispatch_by = rules.dispatch_by(draft.urgency, now)
    citizen_by = rules.citizen_by(draft.urgency, draft.type, now)
    for kind, by in ((DeadlineKind.DISPATCH, dispatch_by), (DeadlineKind.CITIZEN, citizen_by)):
        case.promise(Promise(ticket_id=ticket_id, owner_id=ticket_id, kind=kind, round=1, due=by))
    channel = LABELS_ZH[Channel][ticket.channel]
    case.tell("registered", f"诉求已登记（{channel}）", at=now, who=who(rules.catalogue, actor))
    fact = registered(
        ticket,
        actor=actor,
        policy=rules.policy,
        dispatch_by=dispatch_by,
        citizen_by=citizen_by,
        attachments=attachments,
        hints=Hints(
            similar=similar,
            same_caller_30d=same_caller_30d,
            located_by=draft.located_by,
            place_confidence=draft.place_confidence,
        ),
        settled=settled,
    )
    case.say(fact, at=now, traceparent=traceparent)
    return case


def _ticket(
    draft: Draft, *, ticket_id: UUID, number: str, now: datetime, history_hash: bytes
) -> Ticket:
    request = draft.request
    return Ticket(
        ticket_id=ticket_id,
        number=number,
        state=TicketState.REGISTERED,
        seq=1,
        round=1,
        channel=request.channel,
        type=draft.type,
        urgency=draft.urgency,
        category=request.category,
        title=draft.title,
        summary=draft.summary,
        place=draft.place,
        line=request.line,
        choice=request.choice,
        source=request.source,
        confidential=draft.confidential,
        contactable=draft.contactable,
        hard_case=False,
        registered_at=now,
        occurred_at=request.occurred_at,
        history_hash=history_hash,
    )


def registered(
    ticket: Ticket,
    *,
    actor: Actor,
    policy: str,
    dispatch_by: Due,
    citizen_by: Due,
    hints: Hints,
    attachments: tuple[Attachment, ...] = (),
    settled: bool = False,
) -> Registered:
    """What other services learn of a new ticket; an official is named, a citizen never."""
    return Registered(
        seq=ticket.seq,
        actor=actor,
        policy=policy,
        ticket_id=ticket.ticket_id,
        round=ticket.round,
        number=ticket.number,
        channel=ticket.channel,
        type=ticket.type,
        urgency=ticket.urgency,
        title=ticket.title,
        summary=ticket.summary,
        place=ticket.place,
        dispatch_by=dispatch_by,
        citizen_by=citizen_by,
        category=ticket.category,
        line=ticket.line,
        confidential=ticket.confidential,
        contactable=ticket.contactable,
        hard_case=ticket.hard_case,
        choice=ticket.choice,
        source=ticket.source,
        hints=hints,
        attachments=attachments,
        settled=settled,
    )
