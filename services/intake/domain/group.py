"""A group matter: many callers, one category, one place; the ticket is flagged and more urgent."""

from collections.abc import Mapping
from typing import Final

from services.intake.domain.case import Case
from services.intake.domain.doing import Doing, say
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import TicketState
from services.intake.domain.words import who
from shared.contracts.tickets import GroupFlagged
from shared.contracts.values import Urgency

STEP_UP: Final[Mapping[Urgency, Urgency]] = {
    Urgency.NORMAL: Urgency.URGENT,
    Urgency.URGENT: Urgency.CRITICAL,
    Urgency.CRITICAL: Urgency.CRITICAL,
}


def flag(case: Case, callers: int, doing: Doing, rules: Rules) -> bool:
    """Flag an open ticket, once; False where it ended, follows another or is flagged already."""
    ticket = case.ticket
    if ticket.has_ended or ticket.state is TicketState.MERGED or ticket.group_matter:
        return False
    urgency = STEP_UP[ticket.urgency]
    case.note("group_flagged", at=doing.now, actor=doing.actor, urgency=urgency, group_matter=True)
    say(case, GroupFlagged, doing, callers=callers, urgency=urgency)
    case.tell(
        "group_flagged",
        f"24小时内已有{callers}人反映同一事项，列为群体诉求，优先办理",
        at=doing.now,
        who=who(rules.catalogue, doing.actor),
    )
    return True
