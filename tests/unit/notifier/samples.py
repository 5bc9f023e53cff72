"""Facts and promises for the notifier's tests: one ticket, one whistle, one unit."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from services.notifier.domain.deadline import Deadline, Owner, promised
from services.notifier.domain.escalation import Escalation
from services.notifier.domain.promises import armed
from shared.calendar import SHANGHAI, WorkCalendar
from shared.catalogue.limits import due
from shared.catalogue.load_limits import load_time_limits
from shared.contracts import rulings, tickets, whistles
from shared.contracts.parts import (
    Actor,
    Assignment,
    AssignmentState,
    BlownBy,
    DeadlineKind,
    Handler,
    Place,
    Relation,
    Result,
    Role,
)
from shared.contracts.reports import ArrivalMode, ContactMeans, FactsTrue
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Channel, Due, TicketType, Urgency, WhistleKind

TICKET = UUID("01900000-0000-7000-8000-000000000001")
WHISTLE = UUID("01900000-0000-7000-8000-000000000002")
PART = UUID("01900000-0000-7000-8000-000000000003")
UNIT = "BH-CGJ"

CALENDAR = WorkCalendar()
LIMITS = load_time_limits()
ESCALATION = Escalation(limits=LIMITS, calendar=CALENDAR)
ACTOR = Actor(role=Role.DISPATCHER)
LIAISON = Actor(role=Role.LIAISON, unit=UNIT)


def local(text: str) -> datetime:
    """An instant by the clock on the wall in the city: "2026-09-18 16:00"."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def due_of(rule: str, started_at: datetime) -> Due:
    return due(rule, started_at, CALENDAR, policy=LIMITS.version)


def a_deadline(
    kind: DeadlineKind = DeadlineKind.RESOLVE,
    rule: str = "5WD",
    *,
    started: str = "2026-09-18 16:00",
    urgency: Urgency = Urgency.NORMAL,
    round_: int = 1,
    group_matter: bool = False,
) -> Deadline:
    """A running promise of a unit, its next rung set."""
    owner = Owner(
        owner_id=PART,
        round=round_,
        number="W1",
        urgency=urgency,
        ticket_ids=(TICKET,),
        whistle_id=WHISTLE,
        assignment_id=PART,
        unit=UNIT,
        group_matter=group_matter,
    )
    return armed(promised(owner, kind, due_of(rule, local(started))), ESCALATION)


def registered(
    at: datetime, *, ticket_id: UUID = TICKET, urgency: Urgency = Urgency.NORMAL
) -> tickets.Registered:
    return tickets.Registered(
        seq=1,
        actor=ACTOR,
        ticket_id=ticket_id,
        number="T1",
        channel=Channel.HOTLINE,
        type=TicketType.COMPLAIN,
        urgency=urgency,
        title="路灯不亮",
        summary="小区门口路灯不亮",
        place=Place(region="159902001001"),
        dispatch_by=due_of("2wh", at),
        citizen_by=due_of("2wh+5WD", at),
    )


def an_assignment(
    at: datetime, *, assignment_id: UUID = PART, unit: str = UNIT, contact: bool = True
) -> Assignment:
    return Assignment(
        assignment_id=assignment_id,
        unit=unit,
        relation=Relation.LEAD,
        acknowledge=due_of("4wh", at),
        deemed=due_of("4wh*2", at),
        contact=due_of("1WD", at) if contact else None,
        resolve=due_of("5WD", at),
    )


def blown(
    at: datetime,
    *,
    whistle_id: UUID = WHISTLE,
    ticket_ids: tuple[UUID, ...] = (TICKET,),
    assignments: tuple[Assignment, ...] | None = None,
    round_: int = 1,
    urgency: Urgency = Urgency.NORMAL,
    kind: WhistleKind = WhistleKind.CITIZEN_DEMAND,
) -> whistles.Blown:
    return whistles.Blown(
        seq=1,
        actor=ACTOR,
        whistle_id=whistle_id,
        ticket_ids=ticket_ids,
        round=round_,
        number="W1",
        kind=kind,
        urgency=urgency,
        title="路灯不亮",
        summary="小区门口路灯不亮",
        place=Place(region="159902001001"),
        blown_by=BlownBy(unit="RXZX", level="city"),
        dispatched_by=ACTOR,
        assignments=(an_assignment(at),) if assignments is None else assignments,
        trace=(),
    )


def part(received_at: datetime, *, seq: int = 2, assignment_id: UUID = PART) -> dict[str, object]:
    """The fields every fact about the unit's part has."""
    return {
        "seq": seq,
        "actor": LIAISON,
        "whistle_id": WHISTLE,
        "ticket_ids": (TICKET,),
        "assignment_id": assignment_id,
        "unit": UNIT,
        "relation": Relation.LEAD,
        "state": AssignmentState.WORKING,
        "received_at": received_at,
    }


def acknowledged(at: datetime) -> whistles.Acknowledged:
    return whistles.Acknowledged(**part(at), late=False, handler=Handler(name="王工"))


def deemed_acknowledged(at: datetime) -> whistles.DeemedAcknowledged:
    return whistles.DeemedAcknowledged(**part(at))


def contacted(at: datetime) -> whistles.Contacted:
    return whistles.Contacted(**part(at), late=False, how=ContactMeans.PHONE)


def arrived(at: datetime) -> whistles.Arrived:
    return whistles.Arrived(**part(at), late=False, mode=ArrivalMode.ON_SITE)


def resolved(at: datetime) -> whistles.Resolved:
    return whistles.Resolved(
        **part(at),
        late=False,
        final=True,
        review="none",
        result=Result.SOLVED,
        facts_true=FactsTrue.YES,
        public_reply="已修复",
        measures="更换灯具",
    )


def suspended(at: datetime) -> rulings.Suspended:
    return rulings.Suspended(**part(at), reason="funds", review_by=due_of("30d", at))


def returned(at: datetime) -> rulings.UnitReturned:
    return rulings.UnitReturned(**part(at), ruled_by=ACTOR, reason="not_duty")


def review_rejected(at: datetime) -> rulings.ReviewRejected:
    return rulings.ReviewRejected(**part(at), reason="没有照片")


def whistle_fact(cls: type, **values: object) -> object:
    return cls(seq=9, actor=ACTOR, whistle_id=WHISTLE, ticket_ids=(TICKET,), **values)


def ticket_fact(cls: type, **values: object) -> object:
    return cls(**({"seq": 5, "actor": ACTOR, "ticket_id": TICKET} | values))


def called_back(*, final: bool = True, round_: int = 1) -> tickets.CalledBack:
    return tickets.CalledBack(
        seq=4,
        actor=ACTOR,
        ticket_id=TICKET,
        round=round_,
        result=CallbackResult.SOLVED,
        satisfaction=Satisfaction.SATISFIED,
        attempt=1,
        final=final,
    )


def closed() -> tickets.Closed:
    return tickets.Closed(
        seq=5,
        actor=ACTOR,
        ticket_id=TICKET,
        result=CallbackResult.SOLVED,
        satisfaction=Satisfaction.SATISFIED,
    )


def callback_opened(at: datetime, *, round_: int = 1) -> tickets.CallbackOpened:
    return tickets.CallbackOpened(
        seq=3,
        actor=ACTOR,
        ticket_id=TICKET,
        round=round_,
        whistle_id=WHISTLE,
        callback_by=due_of("3WD", at),
    )


def moved(before: Due, by: datetime) -> Due:
    return replace(before, by=by)


HOUR = timedelta(hours=1)
