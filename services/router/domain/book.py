"""What one batch reads, changes and says: filled by the store, changed by the verbs, saved at once.

The only mutable thing among the rules. A batch of one and of five hundred go the same way.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.router.domain.case import BARE, NO_PRECEDENT, Grounds, Precedent
from services.router.domain.dues import Promises
from services.router.domain.joining import MergeQuestion, Settled
from services.router.domain.matter import Content, Matter, Ticket
from services.router.domain.number import whistle_number
from services.router.domain.outcome import Outcome, Step
from services.router.domain.reports.replies import Reply
from services.router.domain.routing.walk import Responsibilities
from services.router.domain.whistle import Whistle
from shared.contracts.bureaus import ReportRefused
from shared.contracts.parts import BlownBy
from shared.contracts.whistles import Resolved
from shared.records import record


@record
class Request:
    """The HTTP request that blew a whistle, so that the same one gets the same answer."""

    key: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Said:
    """One step of one whistle, with the trace it belongs to."""

    whistle_id: UUID
    step: Step
    traceparent: str | None


@record
class Declined:
    """A report that does not count, told to the unit on whose topic it came."""

    unit: str
    event_id: UUID
    subject: str
    at: datetime
    refusal: ReportRefused
    traceparent: str | None


class Book:
    """Tickets and whistles of a batch by their ids, as read and as changed."""

    def __init__(self, promises: Promises) -> None:
        self.promises = promises
        self.city = promises.city
        self.now = promises.now
        self.tickets: dict[UUID, Ticket] = {}
        self.whistles: dict[UUID, Whistle] = {}
        self.hashes: dict[UUID, bytes] = {}
        self.read_tickets: dict[UUID, Ticket] = {}
        self.read_whistles: dict[UUID, Whistle] = {}
        self.contents: dict[UUID, Content] = {}
        self.requests: dict[UUID, Request] = {}
        self.precedents: dict[UUID, Precedent] = {}
        self.words: dict[UUID, tuple[Content, Matter]] = {}
        self.replies: dict[str, list[Reply]] = {}
        self.new_replies: list[Reply] = []
        self.said: list[Said | Declined] = []
        self.questions: list[MergeQuestion | Settled] = []  # about merges, in order
        self._of_ticket: dict[UUID, list[UUID]] = {}
        self._numbers: Iterator[int] = iter(())
        self._region = self.city.region
        self.responsibilities = Responsibilities(self.city, self.now)
        centre = self.city.hotline_centre(None)
        self.by_city = BlownBy(unit=centre.code if centre else self._region, level="city")

    def has_read(
        self, tickets: Iterable[Ticket], whistles: Iterable[tuple[Whistle, bytes]]
    ) -> None:
        """Take in what the store found."""
        for ticket in tickets:
            self.tickets[ticket.ticket_id] = self.read_tickets[ticket.ticket_id] = ticket
        for whistle, history_hash in whistles:
            self.whistles[whistle.whistle_id] = self.read_whistles[whistle.whistle_id] = whistle
            self.hashes[whistle.whistle_id] = history_hash
            self._index(whistle)

    def has_numbers(self, sequence: Iterable[int]) -> None:
        """Take in sequence numbers for the whistles to come."""
        self._numbers = iter(sequence)

    def number(self) -> str:
        """The number of the next whistle; raises StopIteration when too few were taken in."""
        return whistle_number(self._region, self.now, next(self._numbers))

    def of_ticket(self, ticket_id: UUID) -> list[Whistle]:
        """The ticket's whistles that were read or made here, newest round last."""
        found = [self.whistles[w] for w in self._of_ticket.get(ticket_id, ())]
        return sorted(found, key=lambda whistle: (whistle.round, whistle.whistle_id))

    def put_ticket(self, ticket: Ticket) -> None:
        """The ticket as it is now."""
        self.tickets[ticket.ticket_id] = ticket

    def put(self, outcome: Outcome, traceparent: str | None) -> None:
        """The whistle as it is now, and what is to be said of it."""
        whistle = outcome.whistle
        before = self.whistles.get(whistle.whistle_id)
        if before is None:
            self._index(whistle)
        elif before.ticket_ids is not whistle.ticket_ids:
            self._unindex(before)
            self._index(whistle)
        self.whistles[whistle.whistle_id] = whistle
        for step in outcome.steps:
            if whistle.canary and step.fact is not None:
                step = replace(step, fact=replace(step.fact, canary=True))
            self.said.append(Said(whistle.whistle_id, step, traceparent))

    def precedent(self, whistle_id: UUID) -> Precedent:
        """The returns asked for before, those of this batch included."""
        return self.precedents.get(whistle_id, NO_PRECEDENT)

    def grounds(self, whistle_id: UUID, unit: str) -> Grounds:
        """What was read for a report of this unit besides the whistle itself."""
        words, replies = self.words.get(whistle_id), self.replies.get(unit)
        if words is None and not replies and whistle_id not in self.precedents:
            return BARE
        return Grounds(
            precedent=self.precedent(whistle_id),
            content=words[0] if words else None,
            matter=words[1] if words else None,
            replies=tuple(replies or ()),
        )

    def has_replied(self, outcome: Outcome) -> None:
        """Remember the public reply of a resolution that stands, for those that come later."""
        whistle = outcome.whistle
        facts = [s.fact for s in outcome.steps if isinstance(s.fact, Resolved)]
        if whistle.demand_ticket is None or not facts or not facts[0].final or facts[0].like:
            return
        reply = Reply(
            whistle_id=whistle.whistle_id,
            ticket_id=whistle.demand_ticket,
            unit=facts[0].unit,
            number=whistle.number,
            text=facts[0].public_reply,
            at=facts[0].received_at,
        )
        self.new_replies.append(reply)
        self.replies.setdefault(reply.unit, []).append(reply)

    def asked_to_return(self, whistle: Whistle, unit: str) -> None:
        """Remember a return for the rest of the batch, in all whistles of its tickets.

        That of a unit called provisionally counts for nobody (DOMAIN §6).
        """
        if whistle.provisional:
            return
        same = {whistle.whistle_id}
        for ticket_id in whistle.ticket_ids:
            same.update(self._of_ticket.get(ticket_id, ()))
        for whistle_id in same:
            self.precedents[whistle_id] = self.precedent(whistle_id).then(unit)

    def _unindex(self, whistle: Whistle) -> None:
        for ticket_id in whistle.ticket_ids:
            self._of_ticket[ticket_id].remove(whistle.whistle_id)

    def _index(self, whistle: Whistle) -> None:
        for ticket_id in whistle.ticket_ids:
            self._of_ticket.setdefault(ticket_id, []).append(whistle.whistle_id)
