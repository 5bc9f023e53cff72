"""The queue of reviews: a projection of the facts of whistles.

One fact opens a review, another settles it: decided, or overtaken by what happened (`lapsed`).
The facts are the truth; this only keeps the queue that people work off by due time.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from services.router.domain.book import Book, Said
from services.router.domain.rulings.meanings import MEANINGS, Moment
from services.router.domain.rulings.pending import RULINGS, Review, ReviewState, Settled
from shared.contracts import rulings


def projected(book: Book) -> tuple[list[Review], list[Settled]]:
    """The reviews a batch opened, as they stand after it, and what it settled of those before."""
    opened: list[Review] = []
    settled: list[Settled] = []
    for said in book.said:
        if not isinstance(said, Said) or type(said.step.fact) not in MEANINGS:
            continue
        moment = Moment(
            fact=said.step.fact, step=said.step, whistle=book.whistles[said.whistle_id], book=book
        )
        for each in MEANINGS[type(said.step.fact)](moment):
            if isinstance(each, Review):
                same = Settled(
                    whistle_id=each.whistle_id,
                    assignment_id=each.assignment_id,
                    kind=each.kind,
                    state=ReviewState.LAPSED,
                    at=each.asked_at,
                )
                opened = _settle(opened, same)
                settled.append(same)  # asked again: the last one counts
                opened.append(each)
            else:
                opened = _settle(opened, each)
                settled.append(each)
        if isinstance(moment.fact, rulings.UnitOffered):
            opened, settled = _held_by(opened, settled, moment.fact)
    return opened, settled


def _settle(opened: Iterable[Review], by: Settled) -> list[Review]:
    return [
        replace(
            review,
            state=by.state,
            decided_at=by.at,
            decided_by=by.by,
            reason=by.reason,
            holder=by.holder,
        )
        if by.concerns(review)
        else review
        for review in opened
    ]


def _held_by(
    opened: list[Review], settled: list[Settled], fact: rulings.UnitOffered
) -> tuple[list[Review], list[Settled]]:
    """Who took what the ruling before it gave away."""
    holder = fact.assignment.unit

    def taken(each: Any) -> Any:
        granted = each.whistle_id == fact.whistle_id and each.state is ReviewState.GRANTED
        return replace(each, holder=holder) if granted and each.kind in RULINGS else each

    return [taken(review) for review in opened], [taken(each) for each in settled]
