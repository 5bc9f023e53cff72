"""What a ticket's own facts count for: where it stands, and what the citizen said in each round."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.notifier.domain.figures.counted_place import counted_place
from shared.contracts import figures, tickets
from shared.contracts.tickets import CallbackResult, Satisfaction


@dataclass(slots=True, kw_only=True)
class Round:
    """A ticket's round as the citizen saw it; what stands below `reworked` is derived."""

    ticket_id: UUID
    round: int
    opened_at: datetime | None = None
    attempts: int = 0
    called_at: datetime | None = None
    concluded_at: datetime | None = None
    result: CallbackResult | None = None
    satisfaction: Satisfaction | None = None
    reworked: bool = False
    whistle_id: UUID | None = None
    unit: str | None = None
    unit_result: str | None = None
    compound: str | None = None
    category: str | None = None
    region: str | None = None
    street: str | None = None
    day: date | None = None
    counted: bool = False

    def conclude(self, at: datetime, result: CallbackResult, satisfaction: Satisfaction) -> None:
        """The citizen's word of this round, or that nobody was reached; the last one stands."""
        self.concluded_at = self.concluded_at or at
        self.result, self.satisfaction = result, satisfaction


@dataclass(slots=True, kw_only=True)
class Ticket:
    """One ticket; what stands below `excluded` is derived from it and its whistles."""

    ticket_id: UUID
    seq: int = 0
    ruling_seq: int = 0
    number: str | None = None
    registered_at: datetime | None = None
    channel: str | None = None
    type: str | None = None
    urgency: str | None = None
    said_category: str | None = None
    region: str | None = None
    compound: str | None = None
    property_unit: str | None = None
    confidential: bool = False
    group_matter: bool = False
    canary: bool = False
    settled: bool = False
    round: int = 1
    reworks: int = 0
    reopened: int = 0
    merged_into: UUID | None = None
    ended_at: datetime | None = None
    ended_how: str | None = None
    withdrawn: bool = False
    excluded: str | None = None
    category: str | None = None
    dispatched_at: datetime | None = None
    day: date | None = None
    street: str | None = None
    unit: str | None = None
    first_unit: str | None = None
    first_stood: bool | None = None
    hops: int = 0
    returns: int = 0
    suspended_at: datetime | None = None
    counted: bool = False
    rounds: dict[int, Round] = field(default_factory=dict)

    def in_round(self, number: int) -> Round:
        """The round of that number, begun if it was not."""
        if number not in self.rounds:
            self.rounds[number] = Round(ticket_id=self.ticket_id, round=number)
        return self.rounds[number]


def fold_ticket(ticket: Ticket, fact: Any, at: datetime) -> None:
    """Take one fact in; facts come in the order of their `seq`, each once."""
    ticket.seq = fact.seq
    ticket.canary = ticket.canary or fact.canary
    _TAKES[type(fact)](ticket, fact, at)


def fold_ruling(ticket: Ticket, fact: Any) -> None:
    """Take a ruling on the ticket's exclusion in; one that was known already changes nothing."""
    if fact.seq > ticket.ruling_seq:
        ticket.ruling_seq = fact.seq
        ticket.excluded = fact.reason if isinstance(fact, figures.Excluded) else None


def _registered(ticket: Ticket, fact: tickets.Registered, at: datetime) -> None:
    ticket.number, ticket.registered_at = fact.number, at
    ticket.channel, ticket.type, ticket.urgency = fact.channel, fact.type, fact.urgency
    place = counted_place(fact.place, confidential=fact.confidential)
    ticket.said_category, ticket.region = fact.category, place.region
    ticket.compound, ticket.property_unit = place.compound, place.property_unit
    ticket.confidential, ticket.settled = fact.confidential, fact.settled


def _ended(how: str) -> Callable[[Ticket, Any, datetime], None]:
    def take(ticket: Ticket, _fact: Any, at: datetime) -> None:
        ticket.ended_at, ticket.ended_how = at, how

    return take


def _goes_on(ticket: Ticket, _fact: Any, _at: datetime) -> None:
    ticket.ended_at = ticket.ended_how = None


def _merged(ticket: Ticket, fact: tickets.Merged, at: datetime) -> None:
    ticket.merged_into = fact.into
    ticket.ended_at, ticket.ended_how = at, "merged"


def _merge_undone(ticket: Ticket, fact: tickets.MergeUndone, at: datetime) -> None:
    ticket.merged_into = None
    _goes_on(ticket, fact, at)


def _withdrawn(ticket: Ticket, fact: tickets.Withdrawn, at: datetime) -> None:
    if not fact.ex_officio:
        ticket.withdrawn = True
        ticket.ended_at, ticket.ended_how = at, "withdrawn"


def _callback_opened(ticket: Ticket, fact: tickets.CallbackOpened, at: datetime) -> None:
    ticket.in_round(fact.round).opened_at = at


def _called_back(ticket: Ticket, fact: tickets.CalledBack, at: datetime) -> None:
    found = ticket.in_round(fact.round)
    found.attempts, found.called_at = max(found.attempts, fact.attempt), at
    if fact.final:
        found.conclude(at, fact.result, fact.satisfaction)


def _closed(ticket: Ticket, fact: tickets.Closed, at: datetime) -> None:
    ticket.in_round(fact.round).conclude(at, fact.result, fact.satisfaction)
    ticket.ended_at, ticket.ended_how = at, "closed"


def _rework_requested(ticket: Ticket, fact: tickets.ReworkRequested, at: datetime) -> None:
    before = ticket.in_round(max(1, fact.round - 1))
    before.conclude(at, fact.result, fact.satisfaction)
    before.reworked = True
    ticket.round, ticket.reworks = fact.round, ticket.reworks + 1
    _goes_on(ticket, fact, at)


def _reopened(ticket: Ticket, fact: tickets.Reopened, at: datetime) -> None:
    ticket.round, ticket.reopened = fact.round, ticket.reopened + 1
    _goes_on(ticket, fact, at)


def _group_flagged(ticket: Ticket, fact: tickets.GroupFlagged, _at: datetime) -> None:
    ticket.group_matter, ticket.urgency = True, fact.urgency


_TAKES: Mapping[type, Callable[[Ticket, Any, datetime], None]] = {
    tickets.Registered: _registered,
    tickets.Answered: _ended("answered"),
    tickets.Transferred: _ended("transferred"),
    tickets.Rejected: _ended("rejected"),
    tickets.Voided: _ended("voided"),
    tickets.Appealed: _goes_on,
    tickets.Merged: _merged,
    tickets.MergeUndone: _merge_undone,
    tickets.Withdrawn: _withdrawn,
    tickets.CallbackOpened: _callback_opened,
    tickets.CalledBack: _called_back,
    tickets.Closed: _closed,
    tickets.ReworkRequested: _rework_requested,
    tickets.Reopened: _reopened,
    tickets.GroupFlagged: _group_flagged,
}
TICKET_FACTS: frozenset[Any] = frozenset(_TAKES)
