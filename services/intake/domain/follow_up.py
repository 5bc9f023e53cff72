"""What people add to a ticket on its way: more words, a reminder, or that they take it back."""

from datetime import datetime, timedelta
from typing import Final

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.heard import change_promises
from services.intake.domain.ticket import Command, TicketState
from shared.catalogue.model import Catalogue
from shared.contracts.parts import Actor, Role
from shared.contracts.tickets import Supplemented, Urged, Withdrawn
from shared.contracts.values import TicketType, Urgency

# Who urges for the citizen may do so once in the term; the others whenever they see need.
FOR_CITIZEN: Final = frozenset({Role.OPERATOR, Role.CITIZEN})
SAFETY_MAJOR: Final = "应急与消防"


def supplement(
    case: Case, text: str, *, now: datetime, actor: Actor, policy: str, traceparent: str | None
) -> None:
    """Add words, already redacted, to a ticket that has not ended."""
    _demand_open(case)
    case.note("supplemented", at=now, actor=actor)
    ticket = case.ticket
    fact = Supplemented(
        seq=ticket.seq,
        actor=actor,
        policy=policy,
        ticket_id=ticket.ticket_id,
        round=ticket.round,
        text=text,
    )
    case.say(fact, at=now, traceparent=traceparent)
    case.tell("supplemented", f"补充：{text}", at=now, who="诉求人")


def urge(
    case: Case,
    *,
    now: datetime,
    every: timedelta,
    actor: Actor,
    policy: str,
    traceparent: str | None,
) -> None:
    """Ask to hurry; for the citizen once in the term."""
    _demand_open(case)
    last = case.ticket.urged_at
    if actor.role in FOR_CITIZEN and last is not None and now - last < every:
        hours = int(every.total_seconds() // 3600)
        raise case.conflict(
            f"{hours} 小时内已催办过", f"urged already within {hours} hours", code="urged_already"
        )
    case.note("urged", at=now, actor=actor, urged=case.ticket.urged + 1, urged_at=now)
    ticket = case.ticket
    fact = Urged(
        seq=ticket.seq,
        actor=actor,
        policy=policy,
        ticket_id=ticket.ticket_id,
        round=ticket.round,
        count=ticket.urged,
    )
    case.say(fact, at=now, traceparent=traceparent)
    case.tell("urged", f"第{ticket.urged}次催办", at=now, who="诉求人")


def withdraw(
    case: Case,
    *,
    now: datetime,
    actor: Actor,
    catalogue: Catalogue,
    policy: str,
    traceparent: str | None,
) -> None:
    """Take the request back; 举报 and safety matters go on ex officio all the same."""
    case.demand(Command.WITHDRAW)
    ex_officio = goes_on(case, catalogue)
    if ex_officio:
        case.note("withdrawn_ex_officio", at=now, actor=actor)
        zh = "诉求人撤回，依职权继续办理"
    else:
        case.move(Command.WITHDRAW, at=now, actor=actor)
        change_promises(case, promises.cancelled, lambda _each: True)
        zh = "诉求已撤回"
    ticket = case.ticket
    fact = Withdrawn(
        seq=ticket.seq,
        actor=actor,
        policy=policy,
        ticket_id=ticket.ticket_id,
        round=ticket.round,
        ex_officio=ex_officio,
    )
    case.say(fact, at=now, traceparent=traceparent)
    case.tell("withdrawn", zh, at=now, who="诉求人")


def goes_on(case: Case, catalogue: Catalogue) -> bool:
    """Whether the authorities act on the matter even when the person no longer wants it."""
    ticket = case.ticket
    category = catalogue.categories.get(ticket.category or "")
    return (
        ticket.type is TicketType.TIP_OFF
        or ticket.urgency is Urgency.CRITICAL
        or (category is not None and category.major_name == SAFETY_MAJOR)
    )


def _demand_open(case: Case) -> None:
    if case.ticket.has_ended or case.ticket.state is TicketState.DRAFT:
        raise case.conflict("工单已经结束", "the ticket has ended")
