"""What waits for a reviewer or the supervisor: a projection of the facts of whistles.

One fact opens a review, another settles it: decided, or overtaken by what happened (`lapsed`).
The facts are the truth; this only keeps the queue that people work off by due time.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from pydantic_core import from_json

from services.router.domain.book import Book, Said
from services.router.domain.city import City
from services.router.domain.outcome import Step
from services.router.domain.rulings.deciding import reviewed_by
from services.router.domain.rulings.extension import decided_by
from services.router.domain.whistle import Whistle
from shared.catalogue.model import UnknownCodeError
from shared.contracts import joint, rulings, whistles
from shared.contracts.envelope import adapter
from shared.contracts.ids import fact_id
from shared.contracts.parts import Actor, Role
from shared.contracts.values import Due, Relation
from shared.contracts.whistles import UnitFact, WhistleFact


class ReviewKind(StrEnum):
    """What is asked."""

    RETURN = "return"  # 退单
    ADJUDICATION = "adjudication"  # 终裁
    DISPUTE = "dispute"  # 复核
    EXTENSION = "extension"  # 延期
    SUSPENSION = "suspension"  # 挂账
    SUSPENSION_REVIEW = "suspension_review"  # 挂账复查
    RESOLUTION = "resolution"  # 办结审核
    RELEASE = "release"  # 放行协办
    NO_OWNER = "no_owner"  # 无主事项


class ReviewState(StrEnum):
    PENDING = "pending"  # 待办
    GRANTED = "granted"  # 同意
    REFUSED = "refused"  # 不同意
    LAPSED = "lapsed"  # 已失效


RULINGS: Final = (ReviewKind.RETURN, ReviewKind.ADJUDICATION, ReviewKind.DISPUTE)
"""The kinds that say whose duty a matter is."""

_K, _S = ReviewKind, ReviewState


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One thing that waits for a decision; `request` is what was reported, as JSON data."""

    review_id: UUID
    kind: ReviewKind
    whistle_id: UUID
    assignment_id: UUID | None
    unit: str | None
    relation: Relation | None
    for_role: Role
    asked_at: datetime
    asked_by: Actor
    request: Mapping[str, Any]
    due: Due
    category: str | None
    lead_function: str | None
    state: ReviewState = ReviewState.PENDING
    decided_at: datetime | None = None
    decided_by: Actor | None = None
    reason: str | None = None
    holder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A pending review that waits no more; without `kind` all of the part's, or the whistle's."""

    whistle_id: UUID
    assignment_id: UUID | None
    kind: ReviewKind | None
    state: ReviewState
    at: datetime
    by: Actor | None = None
    reason: str | None = None
    holder: str | None = None

    def concerns(self, review: Review) -> bool:
        """Whether this settles that review."""
        return (
            review.state is ReviewState.PENDING
            and review.whistle_id == self.whistle_id
            and self.assignment_id in (None, review.assignment_id)
            and self.kind in (None, review.kind)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Moment:
    """One step of a whistle, and the whistle after the batch."""

    fact: Any
    step: Step
    whistle: Whistle
    book: Book


def projected(book: Book) -> tuple[list[Review], list[Settled]]:
    """The reviews a batch opened, as they stand after it, and what it settled of those before."""
    opened: list[Review] = []
    settled: list[Settled] = []
    for said in book.said:
        if not isinstance(said, Said) or type(said.step.fact) not in _MEANINGS:
            continue
        moment = _Moment(
            fact=said.step.fact, step=said.step, whistle=book.whistles[said.whistle_id], book=book
        )
        for each in _MEANINGS[type(said.step.fact)](moment):
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


def _open(
    kind: ReviewKind, moment: _Moment, due: Due | None, for_role: Role
) -> Iterator[Review | Settled]:
    if due is None:
        return
    fact, whistle = moment.fact, moment.whistle
    of_unit = isinstance(fact, UnitFact)
    yield Review(
        review_id=fact_id(whistle.whistle_id, fact.seq),
        kind=kind,
        whistle_id=whistle.whistle_id,
        assignment_id=fact.assignment_id if of_unit else None,
        unit=fact.unit if of_unit else None,
        relation=fact.relation if of_unit else None,
        for_role=for_role,
        asked_at=moment.step.at,
        asked_by=fact.actor,
        request=_request(moment),
        due=due,
        category=whistle.category,
        lead_function=_function(moment.book.city, whistle.category),
    )


def _function(city: City, category: str | None) -> str | None:
    try:
        return city.catalogue.category(category).lead_function if category else None
    except UnknownCodeError:
        return None


_ABOUT = frozenset({*WhistleFact.__dataclass_fields__, *UnitFact.__dataclass_fields__})


def _request(moment: _Moment) -> dict[str, Any]:
    """What was reported: the words the history keeps, and the fact's own fields."""
    kept = from_json(moment.step.after) if moment.step.after else {}
    words = kept.get("words", {}) if isinstance(kept, dict) else {}
    kind: type = type(moment.fact)
    said = adapter(kind).dump_python(moment.fact, mode="json")
    return words | {name: value for name, value in said.items() if name not in _ABOUT}


def _close(
    moment: _Moment,
    kind: ReviewKind | None,
    state: ReviewState,
    *,
    holder: str | None = None,
    whole: bool = False,
) -> Settled:
    fact = moment.fact
    return Settled(
        whistle_id=fact.whistle_id,
        assignment_id=None if whole else fact.assignment_id,
        kind=kind,
        state=state,
        at=moment.step.at,
        by=fact.actor,
        reason=getattr(fact, "reason", None),
        holder=holder,
    )


def _return_requested(m: _Moment) -> Iterator[Review | Settled]:
    if m.fact.adjudicate:
        yield from _open(_K.ADJUDICATION, m, m.fact.rule_by, Role.SUPERVISOR)
    else:
        yield from _open(_K.RETURN, m, m.fact.rule_by, reviewed_by(m.whistle, m.book.city))


def _disputed(m: _Moment) -> Iterator[Review | Settled]:
    yield from _open(_K.DISPUTE, m, m.fact.rule_by, Role.SUPERVISOR)


def _returned(m: _Moment) -> Iterator[Review | Settled]:
    yield _close(m, _K.RETURN, _S.GRANTED)
    yield _close(m, None, _S.LAPSED)


def _return_refused(m: _Moment) -> Iterator[Review | Settled]:
    yield _close(m, _K.RETURN, _S.REFUSED, holder=m.fact.unit)


def _adjudicated(m: _Moment) -> Iterator[Review | Settled]:
    granted = m.fact.decision == "returned"
    state, holder = (_S.GRANTED, None) if granted else (_S.REFUSED, m.fact.unit)
    for kind in (_K.ADJUDICATION, _K.DISPUTE):
        yield _close(m, kind, state, holder=holder)
    if granted:
        yield _close(m, None, _S.LAPSED)


def _extension_requested(m: _Moment) -> Iterator[Review | Settled]:
    part = m.whistle.part_of(m.fact.unit)
    role = Role.SUPERVISOR if part is None else decided_by(m.whistle, part, m.book.promises)
    yield from _open(_K.EXTENSION, m, m.fact.rule_by, role)


def _due_changed(m: _Moment) -> Iterator[Review | Settled]:
    """An extension that waited and does no more was granted by this."""
    parts = {part.assignment_id: part for part in m.whistle.assignments}
    for change in m.fact.changes:
        part = parts.get(change.assignment_id)
        if part is not None and part.extension_asked is None:
            yield replace(
                _close(m, _K.EXTENSION, _S.GRANTED, whole=True), assignment_id=part.assignment_id
            )


def _settles(kind: ReviewKind, state: ReviewState) -> Callable[[_Moment], Iterator[Any]]:
    def meaning(m: _Moment) -> Iterator[Review | Settled]:
        yield _close(m, kind, state)

    return meaning


def _suspension_requested(m: _Moment) -> Iterator[Review | Settled]:
    yield from _open(_K.SUSPENSION, m, m.fact.rule_by, Role.SUPERVISOR)


def _suspended(m: _Moment) -> Iterator[Review | Settled]:
    yield _close(m, _K.SUSPENSION, _S.GRANTED)
    yield _close(m, _K.EXTENSION, _S.LAPSED)
    yield _close(m, _K.SUSPENSION_REVIEW, _S.REFUSED)  # it goes on to another day
    yield from _open(_K.SUSPENSION_REVIEW, m, m.fact.review_by, Role.SUPERVISOR)


def _resolved(m: _Moment) -> Iterator[Review | Settled]:
    yield _close(m, None, _S.LAPSED)
    yield from _open(_K.RESOLUTION, m, m.fact.review_by, reviewed_by(m.whistle, m.book.city))


def _release_requested(m: _Moment) -> Iterator[Review | Settled]:
    of_ticket = m.whistle.in_charge is None
    yield from _open(
        _K.RELEASE, m, m.fact.rule_by, Role.REVIEWER if of_ticket else Role.STREET_OFFICER
    )


def _released(m: _Moment) -> Iterator[Review | Settled]:
    yield _close(m, _K.RELEASE, _S.GRANTED)
    yield _close(m, None, _S.LAPSED)


def _held(m: _Moment) -> Iterator[Review | Settled]:
    yield from _open(_K.NO_OWNER, m, m.fact.rule_by, Role.SUPERVISOR)


def _blown(m: _Moment) -> Iterator[Review | Settled]:
    if m.fact.seq == 1:
        return  # it was never held
    lead = next((a.unit for a in m.fact.assignments if a.relation is Relation.LEAD), None)
    yield _close(m, _K.NO_OWNER, _S.GRANTED, holder=lead, whole=True)


def _over(m: _Moment) -> Iterator[Review | Settled]:
    yield _close(m, None, _S.LAPSED, whole=True)


def _acceptance_failed(m: _Moment) -> Iterator[Review | Settled]:
    for part in m.whistle.assignments:
        if part.unit in m.fact.units:
            yield replace(
                _close(m, _K.RESOLUTION, _S.LAPSED, whole=True), assignment_id=part.assignment_id
            )


_MEANINGS: Final[Mapping[type, Callable[[_Moment], Iterator[Review | Settled]]]] = {
    whistles.ReturnRequested: _return_requested,
    whistles.Disputed: _disputed,
    rulings.UnitReturned: _returned,
    rulings.ReturnRefused: _return_refused,
    rulings.Adjudicated: _adjudicated,
    rulings.UnitOffered: lambda m: iter(()),
    whistles.ExtensionRequested: _extension_requested,
    rulings.DueChanged: _due_changed,
    rulings.ExtensionRefused: _settles(_K.EXTENSION, _S.REFUSED),
    whistles.SuspensionRequested: _suspension_requested,
    rulings.SuspensionRefused: _settles(_K.SUSPENSION, _S.REFUSED),
    rulings.Suspended: _suspended,
    rulings.Resumed: _settles(_K.SUSPENSION_REVIEW, _S.GRANTED),
    whistles.Resolved: _resolved,
    rulings.ReviewPassed: _settles(_K.RESOLUTION, _S.GRANTED),
    rulings.ReviewRejected: _settles(_K.RESOLUTION, _S.REFUSED),
    whistles.ReleaseRequested: _release_requested,
    joint.Released: _released,
    joint.AcceptanceFailed: _acceptance_failed,
    whistles.Held: _held,
    whistles.Blown: _blown,
    whistles.Withdrawn: _over,
    whistles.Closed: _over,
}
