"""What people add to a ticket on its way: more words, a reminder, or that they take it back."""

from datetime import timedelta
from typing import Final

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.heard import change_promises
from services.intake.domain.ticket import Command, TicketState
from shared.catalogue.model import Catalogue
from shared.contracts.parts import Attachment, Role
from shared.contracts.tickets import Supplemented, Urged, Withdrawn
from shared.contracts.values import Due, TicketType, Urgency
from shared.errors import ForbiddenError

# Who urges for the citizen may do so once in the term; the others whenever they see need.
FOR_CITIZEN: Final = frozenset({Role.OPERATOR, Role.CITIZEN})
SAFETY_MAJOR: Final = "应急与消防"


def supplement(
    case: Case,
    text: str,
    doing: Doing,
    *,
    attachments: tuple[Attachment, ...] = (),
    dispatch_by: Due | None = None,
) -> None:
    """Add words, already redacted, and photos to a ticket that has not ended.

    `dispatch_by` is the dispatch limit that runs on, where this is what had been missing.
    """
    demand_open(case)
    case.note("supplemented", at=doing.now, actor=doing.actor)
    say(
        case,
        Supplemented,
        doing,
        text=text,
        attachments=attachments,
        dispatch_by=dispatch_by,
    )
    pictures = f"照片 {len(attachments)} 张" if attachments else ""
    words = "；".join(part for part in (text, pictures) if part)
    case.tell("supplemented", f"补充：{words}", at=doing.now, who="诉求人")


def urge(case: Case, doing: Doing, *, every: timedelta) -> None:
    """Ask to hurry; for the citizen once in the term."""
    demand_open(case)
    last = case.ticket.urged_at
    if doing.actor.role in FOR_CITIZEN and last is not None and doing.now - last < every:
        hours = int(every.total_seconds() // 3600)
        raise case.conflict(
            f"{hours} 小时内已催办过", f"urged already within {hours} hours", code="urged_already"
        )
    count = case.ticket.urged + 1
    case.note("urged", at=doing.now, actor=doing.actor, urged=count, urged_at=doing.now)
    say(case, Urged, doing, count=count)
    case.tell("urged", f"第{count}次催办", at=doing.now, who="诉求人")


def withdraw(case: Case, doing: Doing, catalogue: Catalogue) -> None:
    """Take the request back; 举报 and safety matters go on ex officio all the same."""
    if doing.actor.role is Role.CANARY and not case.ticket.canary:
        raise ForbiddenError("探测只能撤回自己的工单", "the canary takes back its own tickets only")
    case.demand(Command.WITHDRAW)
    ex_officio = goes_on(case, catalogue)
    if ex_officio:
        case.note("withdrawn_ex_officio", at=doing.now, actor=doing.actor)
        zh = "诉求人撤回，依职权继续办理"
    else:
        case.move(Command.WITHDRAW, at=doing.now, actor=doing.actor)
        change_promises(case, promises.cancelled, lambda _each: True)
        zh = "诉求已撤回"
    say(case, Withdrawn, doing, ex_officio=ex_officio)
    case.tell("withdrawn", zh, at=doing.now, who="诉求人")


def goes_on(case: Case, catalogue: Catalogue) -> bool:
    """Whether the authorities act on the matter even when the person no longer wants it."""
    ticket = case.ticket
    category = catalogue.categories.get(ticket.category or "")
    return (
        ticket.type is TicketType.TIP_OFF
        or ticket.urgency is Urgency.CRITICAL
        or (category is not None and category.major_name == SAFETY_MAJOR)
    )


def demand_open(case: Case) -> None:
    """Refuse with state and version what is meant for a ticket on its way."""
    if case.ticket.has_ended or case.ticket.state is TicketState.DRAFT:
        raise case.conflict("工单已经结束", "the ticket has ended")
