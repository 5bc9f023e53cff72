"""Who does something to a ticket, when, under which policy and trace; and the fact that says so."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.domain.case import Case
from shared.contracts.parts import Actor
from shared.contracts.tickets import TicketFact


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """One command of one person, or of the system."""

    now: datetime
    actor: Actor
    policy: str
    traceparent: str | None = None


def say(case: Case, kind: type[TicketFact], doing: Doing, **fields: Any) -> None:
    """Publish a fact of that kind about the ticket as it stands now."""
    ticket = case.ticket
    fact = kind(
        seq=ticket.seq,
        actor=doing.actor,
        policy=doing.policy,
        ticket_id=ticket.ticket_id,
        round=ticket.round,
        **fields,
    )
    case.say(fact, at=doing.now, traceparent=doing.traceparent)
