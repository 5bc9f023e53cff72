"""What each fact of a whistle means for the queue of reviews: what it opens or settles."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from pydantic_core import from_json

from services.router.domain.book import Book
from services.router.domain.city import City
from services.router.domain.outcome import Step
from services.router.domain.rulings.deciding import reviewed_by
from services.router.domain.rulings.extension import decided_by
from services.router.domain.rulings.pending import Review, ReviewKind, ReviewState, Settled
from services.router.domain.whistle import Whistle
from shared.catalogue.model import UnknownCodeError
from shared.contracts import joint, rulings, whistles
from shared.contracts.envelope import adapter
from shared.contracts.ids import fact_id
from shared.contracts.parts import Role
from shared.contracts.values import Due, Relation
from shared.contracts.whistles import UnitFact, WhistleFact
from shared.records import record

_K, _S = ReviewKind, ReviewState


@record
class Moment:
    """One step of a whistle, and the whistle after the batch."""

    fact: Any
    step: Step
    whistle: Whistle
    book: Book


def _open(
    kind: ReviewKind, moment: Moment, due: Due | None, for_role: Role
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


def _request(moment: Moment) -> dict[str, Any]:
    """What was reported: the words the history keeps, and the fact's own fields."""
    kept = from_json(moment.step.after) if moment.step.after else {}
    words = kept.get("words", {}) if isinstance(kept, dict) else {}
    kind: type = type(moment.fact)
    said = adapter(kind).dump_python(moment.fact, mode="json")
    return words | {name: value for name, value in said.items() if name not in _ABOUT}


def _close(
    moment: Moment,
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


def _return_requested(m: Moment) -> Iterator[Review | Settled]:
    if m.fact.adjudicate:
        yield from _open(_K.ADJUDICATION, m, m.fact.rule_by, Role.SUPERVISOR)
    else:
        yield from _open(_K.RETURN, m, m.fact.rule_by, reviewed_by(m.whistle, m.book.city))


def _disputed(m: Moment) -> Iterator[Review | Settled]:
    yield from _open(_K.DISPUTE, m, m.fact.rule_by, Role.SUPERVISOR)


def _returned(m: Moment) -> Iterator[Review | Settled]:
    yield _close(m, _K.RETURN, _S.GRANTED)
    yield _close(m, None, _S.LAPSED)


def _return_refused(m: Moment) -> Iterator[Review | Settled]:
    yield _close(m, _K.RETURN, _S.REFUSED, holder=m.fact.unit)


def _adjudicated(m: Moment) -> Iterator[Review | Settled]:
    granted = m.fact.decision == "returned"
    state, holder = (_S.GRANTED, None) if granted else (_S.REFUSED, m.fact.unit)
    for kind in (_K.ADJUDICATION, _K.DISPUTE):
        yield _close(m, kind, state, holder=holder)
    if granted:
        yield _close(m, None, _S.LAPSED)


def _extension_requested(m: Moment) -> Iterator[Review | Settled]:
    part = m.whistle.part_of(m.fact.unit)
    role = Role.SUPERVISOR if part is None else decided_by(m.whistle, part, m.book.promises)
    yield from _open(_K.EXTENSION, m, m.fact.rule_by, role)


def _due_changed(m: Moment) -> Iterator[Review | Settled]:
    """An extension that waited and does no more was granted by this."""
    parts = {part.assignment_id: part for part in m.whistle.assignments}
    for change in m.fact.changes:
        part = parts.get(change.assignment_id)
        if part is not None and part.extension_asked is None:
            yield replace(
                _close(m, _K.EXTENSION, _S.GRANTED, whole=True), assignment_id=part.assignment_id
            )


def _settles(kind: ReviewKind, state: ReviewState) -> Callable[[Moment], Iterator[Any]]:
    def meaning(m: Moment) -> Iterator[Review | Settled]:
        yield _close(m, kind, state)

    return meaning


def _suspension_requested(m: Moment) -> Iterator[Review | Settled]:
    yield from _open(_K.SUSPENSION, m, m.fact.rule_by, Role.SUPERVISOR)


def _suspended(m: Moment) -> Iterator[Review | Settled]:
    yield _close(m, _K.SUSPENSION, _S.GRANTED)
    yield _close(m, _K.EXTENSION, _S.LAPSED)
    yield _close(m, _K.SUSPENSION_REVIEW, _S.REFUSED)  # it goes on to another day
    yield from _open(_K.SUSPENSION_REVIEW, m, m.fact.review_by, Role.SUPERVISOR)


def _resolved(m: Moment) -> Iterator[Review | Settled]:
    yield _close(m, None, _S.LAPSED)
    yield from _open(_K.RESOLUTION, m, m.fact.review_by, reviewed_by(m.whistle, m.book.city))


def _release_requested(m: Moment) -> Iterator[Review | Settled]:
    of_ticket = m.whistle.in_charge is None
    yield from _open(
        _K.RELEASE, m, m.fact.rule_by, Role.DISPATCHER if of_ticket else Role.STREET_OFFICER
    )


def _released(m: Moment) -> Iterator[Review | Settled]:
    yield _close(m, _K.RELEASE, _S.GRANTED)
    yield _close(m, None, _S.LAPSED)


def _held(m: Moment) -> Iterator[Review | Settled]:
    yield from _open(_K.NO_OWNER, m, m.fact.rule_by, Role.SUPERVISOR)


def _blown(m: Moment) -> Iterator[Review | Settled]:
    if m.fact.seq == 1:
        return  # it was never held
    lead = next((a.unit for a in m.fact.assignments if a.relation is Relation.LEAD), None)
    yield _close(m, _K.NO_OWNER, _S.GRANTED, holder=lead, whole=True)


def _over(m: Moment) -> Iterator[Review | Settled]:
    yield _close(m, None, _S.LAPSED, whole=True)


def _acceptance_failed(m: Moment) -> Iterator[Review | Settled]:
    for part in m.whistle.assignments:
        if part.unit in m.fact.units:
            yield replace(
                _close(m, _K.RESOLUTION, _S.LAPSED, whole=True), assignment_id=part.assignment_id
            )


MEANINGS: Final[Mapping[type, Callable[[Moment], Iterator[Review | Settled]]]] = {
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
    rulings.ReleaseRefused: _settles(_K.RELEASE, _S.REFUSED),
    joint.Released: _released,
    joint.AcceptanceFailed: _acceptance_failed,
    whistles.Held: _held,
    whistles.Blown: _blown,
    whistles.Withdrawn: _over,
    whistles.Closed: _over,
}
"""What each fact opens and settles, in order."""
