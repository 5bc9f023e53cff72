"""What a ruling proposes for the duty list: the unit it named for this category and place.

Two rulings do: a supervisor's adjudication that names another lead, and a supervisor's dispatch of
a matter nobody owned (DOMAIN §6, step 11). A person takes the proposed row into a draft or not.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.router.domain.book import Book, Said
from services.router.domain.duty.version import who
from services.router.domain.whistle import Whistle
from shared.catalogue.regions import community_of
from shared.contracts.parts import Actor, Role
from shared.contracts.rulings import Adjudicated, UnitOffered
from shared.contracts.values import Relation
from shared.contracts.whistles import Blown
from shared.records import record

NOBODYS: Final = "11:"
"""How the trace of a matter begins that no single unit owns."""
_LONGEST: Final = 500


@record
class Proposal:
    """A row that a ruling would have in the list; the region is the finest that is known."""

    proposal_id: UUID
    subject: str
    region: str
    unit: str
    clause: str
    whistle_id: UUID | None
    proposed_by: str
    proposed_at: datetime


def proposed(book: Book) -> list[Proposal]:
    """The rows that the rulings of a batch propose, in an order that all batches share."""
    found = list(_proposed(book, book.said))
    return sorted(found, key=lambda each: (each.subject, each.region, each.unit))


def _proposed(book: Book, said: Iterable[object]) -> Iterator[Proposal]:
    reasons: dict[UUID, str] = {}
    for each in said:
        if not isinstance(each, Said):
            continue
        fact = each.step.fact
        if isinstance(fact, Adjudicated):
            if fact.decision == "returned":
                reasons[fact.whistle_id] = fact.reason
        elif isinstance(fact, UnitOffered):
            part = fact.assignment
            if part.relation is Relation.LEAD and fact.whistle_id in reasons:
                whistle, words = book.whistles[fact.whistle_id], reasons[fact.whistle_id]
                yield from _row(whistle, fact.seq, part.unit, words, fact.actor, book.now)
        elif isinstance(fact, Blown) and _was_nobodys(fact):
            whistle, actor = book.whistles[fact.whistle_id], fact.dispatched_by
            lead = next(a.unit for a in fact.assignments if a.relation is Relation.LEAD)
            yield from _row(whistle, fact.seq, lead, _words(fact), actor, book.now)


def _was_nobodys(fact: Blown) -> bool:
    return fact.dispatched_by.role is Role.SUPERVISOR and any(
        line.startswith(NOBODYS) for line in fact.trace
    )


def _words(fact: Blown) -> str:
    """Why this unit, as far as the supervisor said so; else that it was the supervisor's word."""
    by_hand = next((line for line in reversed(fact.trace) if line.startswith("12:")), "")
    _, _, reason = by_hand.partition(" ")
    return reason or f"哨单 {fact.number}：无明确主办单位，由督办员指定"


def _row(
    whistle: Whistle, seq: int, unit: str, words: str, actor: Actor, now: datetime
) -> Iterator[Proposal]:
    """Nothing where the list could have no row: without category or place."""
    if whistle.category is None or whistle.region is None:
        return
    yield Proposal(
        proposal_id=uuid5(whistle.whistle_id, f"duty/{seq}"),
        subject=whistle.category,
        region=community_of(whistle.region) or whistle.region,
        unit=unit,
        clause=words[:_LONGEST],
        whistle_id=whistle.whistle_id,
        proposed_by=who(actor),
        proposed_at=now,
    )
