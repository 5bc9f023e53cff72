"""What a draft of the duty list would change, had past tickets come under it.

Each ticket is decided twice, by the published list and by the draft, at the hour and day it was
registered; of both lists the rows count that are in force on one day (`as_on`), or a row that
begins tomorrow would never be seen at work. Where the two traces part, the ticket is told.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from services.router.domain.city import City
from services.router.domain.duty.rows import Changes
from services.router.domain.matter import Ticket
from services.router.domain.routing.answer import Found, Unclear
from services.router.domain.routing.question import question_of
from services.router.domain.routing.walk import route
from shared.calendar import SHANGHAI
from shared.catalogue.duties import Duty, as_on
from shared.contracts.values import Relation
from shared.records import record


@record
class Answer:
    """Who would come: no lead where a person must decide."""

    lead: str | None
    others: tuple[str, ...]  # "assisting BH-SCJ"
    trace: tuple[str, ...]


@record
class Change:
    """A ticket that the draft would send elsewhere."""

    ticket_id: UUID
    number: str
    registered_at: datetime
    category: str | None
    region: str | None
    old: Answer
    new: Answer


@dataclass(slots=True, kw_only=True)
class Totals:
    """What a dry run found so far; a unit's are the tickets it would gain and lose as lead."""

    examined: int = 0
    changed: int = 0
    newly_held: int = 0  # a person would have to decide
    newly_clear: int = 0
    only_others: int = 0  # the lead stays, who assists or is informed differs
    by_category: Counter[str] = field(default_factory=Counter)
    gained: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)

    def add(self, change: Change) -> None:
        """Count one more ticket that changes."""
        old, new = change.old.lead, change.new.lead
        self.changed += 1
        self.by_category[change.category or ""] += 1
        if old == new:
            self.only_others += 1
            return
        self.newly_held += new is None
        self.newly_clear += old is None
        if old is not None:
            self.lost[old] += 1
        if new is not None:
            self.gained[new] += 1


def day_of(changes: Changes, now: datetime) -> date:
    """The day to try a draft on: today, or when the last of its new rows has come into force."""
    new = [*changes.added, *(row for _, row in changes.changed)]
    return max([now.astimezone(SHANGHAI).date(), *(row.duty.valid_from for row in new)])


def under(city: City, duties: Iterable[Duty], day: date, version: int) -> City:
    """The city with these rows as they are on that day."""
    catalogue = replace(city.catalogue, duties=as_on(duties, day))
    return replace(city, catalogue=catalogue, duty_version=version)


def compared(
    tickets: Iterable[Ticket], published: City, draft: City, totals: Totals
) -> Iterator[Change]:
    """The tickets of a batch that the draft would send elsewhere, counted in `totals`."""
    for ticket in tickets:
        totals.examined += 1
        old, new = _answer(published, ticket), _answer(draft, ticket)
        if (old.lead, old.others) == (new.lead, new.others):
            continue
        matter = ticket.matter
        change = Change(
            ticket_id=ticket.ticket_id,
            number=ticket.registered.number,
            registered_at=ticket.registered_at,
            category=matter.category,
            region=matter.place.region,
            old=old,
            new=new,
        )
        totals.add(change)
        yield change


def _answer(city: City, ticket: Ticket) -> Answer:
    question = question_of(city, ticket.registered)
    found: Found | Unclear = route(city, question, ticket.registered_at)
    if isinstance(found, Unclear):
        return Answer(lead=None, others=(), trace=found.why)
    lead = next((s.unit for s in found.summonses if s.relation is Relation.LEAD), None)
    others = (s for s in found.summonses if s.relation is not Relation.LEAD)
    return Answer(
        lead=lead,
        others=tuple(sorted(f"{s.relation.value} {s.unit}" for s in others)),
        trace=found.trace,
    )
