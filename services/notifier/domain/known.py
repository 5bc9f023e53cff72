"""What is known of tickets and whistles beside their promises, so that facts may come in any order.

Topics are not ordered among each other: a whistle may be heard before its ticket is, an urging
before the whistle. What came early is kept here until the other fact comes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from shared.contracts.values import Urgency
from shared.contracts.whistles import WhistleFact
from shared.records import record


@record
class TicketKnown:
    """`number` is None until the ticket's registration is heard."""

    ticket_id: UUID
    number: str | None = None
    dispatched_at: datetime | None = None
    group_matter: bool = False
    urged_at: datetime | None = None
    urged_count: int = 0
    urged_seq: int | None = None


@record
class WhistleKnown:
    """What later facts of the whistle do not repeat."""

    whistle_id: UUID
    number: str
    urgency: Urgency
    group_matter: bool
    ticket_ids: tuple[UUID, ...]
    blown_at: datetime


@record
class Called:
    """A unit that still owes something on a whistle."""

    whistle_id: UUID
    number: str
    unit: str
    ticket_ids: tuple[UUID, ...]
    urgency: Urgency = Urgency.NORMAL


@dataclass(slots=True)
class Known:
    """What is known while a batch is heard: as loaded, then as the batch's facts change it."""

    tickets: dict[UUID, TicketKnown] = field(default_factory=dict)
    whistles: dict[UUID, WhistleKnown] = field(default_factory=dict)
    changed_tickets: set[UUID] = field(default_factory=set)
    changed_whistles: set[UUID] = field(default_factory=set)

    def ticket(self, ticket_id: UUID) -> TicketKnown:
        """What is known of the ticket; nothing yet is a row of its own."""
        return self.tickets.get(ticket_id) or TicketKnown(ticket_id=ticket_id)

    def whistle(self, whistle_id: UUID) -> WhistleKnown | None:
        return self.whistles.get(whistle_id)

    def whistle_of(self, fact: WhistleFact, at: datetime) -> WhistleKnown:
        """The whistle of the fact; one whose blowing was lost counts as normal."""
        return self.whistle(fact.whistle_id) or WhistleKnown(
            whistle_id=fact.whistle_id,
            number=str(fact.whistle_id),
            urgency=Urgency.NORMAL,
            group_matter=self.group_matter(fact.ticket_ids),
            ticket_ids=fact.ticket_ids,
            blown_at=at,
        )

    def whistles_of(self, ticket_id: UUID) -> list[WhistleKnown]:
        return [each for each in self.whistles.values() if ticket_id in each.ticket_ids]

    def group_matter(self, ticket_ids: Iterable[UUID]) -> bool:
        return any(self.ticket(ticket_id).group_matter for ticket_id in ticket_ids)

    def learn_ticket(self, ticket: TicketKnown) -> None:
        self.tickets[ticket.ticket_id] = ticket
        self.changed_tickets.add(ticket.ticket_id)

    def learn_whistle(self, whistle: WhistleKnown) -> None:
        self.whistles[whistle.whistle_id] = whistle
        self.changed_whistles.add(whistle.whistle_id)
