"""Due times of a whistle that move without anybody's word: every kind that the router owns."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from services.router.domain.assignment import Assignment
from services.router.domain.dues import Dues
from services.router.domain.moving import ASKED, MovedDues, Owed, moved_dues
from services.router.domain.rulings.pending import ReviewKind
from services.router.domain.whistle import Whistle
from shared.catalogue.limits import due
from shared.catalogue.moving import MOVES, Outage, Owner, move_past
from shared.contracts import bureaus, reports, rulings
from shared.contracts.parts import Asked, AssignmentState, DeadlineKind, WhistleState
from shared.contracts.values import Due, TicketType
from tests.unit.router.joint_samples import part_of, with_part
from tests.unit.router.samples import MONDAY, blown, city, counted, lead, matter, promises, said

K, S = DeadlineKind, AssignmentState
UNIT = "BH-CGJ"
HOUR = timedelta(hours=1)
DUE_AT = MONDAY + 24 * HOUR
OUTAGE = Outage(
    outage_id=uuid4(), from_at=DUE_AT - HOUR, to_at=DUE_AT + 2 * HOUR, reason="机房断电"
)
DUE = due("24h", MONDAY, city().calendar, policy="p")
AT_WORK = {"state": S.WORKING, "acknowledged_at": MONDAY}

OF_PART: dict[DeadlineKind, dict[str, object]] = {
    K.ACKNOWLEDGE: {},
    K.DEEMED: {},
    K.CONTACT: AT_WORK,
    K.ARRIVE: AT_WORK,
    K.RESOLVE: AT_WORK,
    K.PROGRESS: AT_WORK,
}
"""Every promise of a part, and where the part stands that owes it."""

BESIDES: dict[DeadlineKind, Owed] = {
    K.RULING: Owed(key=uuid4(), kind=K.RULING, due=DUE, asked=Asked.RETURN, unit=UNIT),
    K.REVIEW: Owed(key=uuid4(), kind=K.REVIEW, due=DUE, asked=Asked.RESOLUTION, unit=UNIT),
    K.EXTENSION: Owed(key=uuid4(), kind=K.EXTENSION, due=DUE, asked=Asked.EXTENSION, unit=UNIT),
    K.SUSPENSION: Owed(key=uuid4(), kind=K.SUSPENSION, due=DUE, asked=Asked.PAUSE, unit=UNIT),
    K.OWN_EFFORT: Owed(key=uuid4(), kind=K.OWN_EFFORT, due=DUE, unit="Q-159902001001"),
    K.EVALUATION: Owed(key=uuid4(), kind=K.EVALUATION, due=DUE, unit="S-159902001"),
}
"""Every promise besides; the first four are of a part."""


def moved(whistle: Whistle, *owed: Owed) -> MovedDues | None:
    return moved_dues(
        whistle,
        owed,
        move_past(OUTAGE, city().calendar),
        reason=OUTAGE.words,
        promises=promises(DUE_AT + 3 * HOUR),
        outage_id=OUTAGE.outage_id,
    )


def fact_of(found: MovedDues | None) -> rulings.DueChanged:
    assert found is not None
    (step,) = found.outcome.steps
    assert isinstance(step.fact, rulings.DueChanged)
    return step.fact


def owing(kind: DeadlineKind, by: Due = DUE, **stands: object) -> Whistle:
    """A whistle whose lead owes this alone."""
    whistle = blown()
    dues = replace(Dues(), **{kind.value: by})
    for part in whistle.assignments:
        whistle = with_part(whistle, part.unit, dues=Dues())
    return with_part(whistle, UNIT, dues=dues, **stands)


def test_every_kind_that_the_router_owns_is_moved_by_it() -> None:
    """A new kind stays behind here until the router moves it."""
    own = {kind for kind, each in MOVES.items() if each.owner is Owner.ROUTER and each.outage}
    assert {*OF_PART, *BESIDES} == own
    assert set(ASKED) == set(ReviewKind)
    assert {kind for kind, _ in ASKED.values()} == {K.RULING, K.REVIEW, K.EXTENSION, K.SUSPENSION}


@pytest.mark.parametrize("kind", OF_PART)
def test_what_a_unit_owes_moves_and_the_unit_is_told(kind: DeadlineKind) -> None:
    found = moved(owing(kind, **OF_PART[kind]))
    fact = fact_of(found)
    (change,) = fact.changes
    assert (change.kind, change.unit, fact.outage_id) == (kind, UNIT, OUTAGE.outage_id)
    assert change.due is not None
    assert change.due.by == DUE.by + 3 * HOUR
    assert found is not None
    part = part_of(found.outcome.whistle, UNIT)
    assert getattr(part.dues, kind.value) == change.due
    ((unit, view),) = found.outcome.steps[0].views
    assert isinstance(view, bureaus.DueChanged)
    assert (unit, view.changes) == (UNIT, fact.changes)


@pytest.mark.parametrize("kind", BESIDES)
def test_what_others_owe_moves(kind: DeadlineKind) -> None:
    whistle = owing(K.RESOLVE, by=replace(DUE, by=DUE.by + 99 * HOUR))
    owed = BESIDES[kind]
    part = part_of(whistle, UNIT)
    if owed.asked is not None:
        owed = replace(owed, assignment_id=part.assignment_id)
    found = moved(whistle, owed)
    fact = fact_of(found)
    (change,) = fact.owed
    assert fact.changes == ()
    assert (change.kind, change.asked, change.assignment_id) == (
        kind,
        owed.asked,
        owed.assignment_id,
    )
    assert change.unit == (None if owed.asked else owed.unit)
    assert change.due.by == DUE.by + 3 * HOUR
    assert found is not None
    assert found.owed == (replace(owed, due=change.due),)
    assert found.outcome.whistle.seq == whistle.seq + 1
    told = {unit for step in found.outcome.steps for unit, _ in step.views}
    assert told == ({UNIT} if kind is K.SUSPENSION else set())


def test_what_nobody_owns_is_ruled_on_later_as_well() -> None:
    held = replace(blown(), state=WhistleState.HELD, assignments=())
    found = moved(held, Owed(key=uuid4(), kind=K.RULING, due=DUE))
    (change,) = fact_of(found).owed
    assert (change.asked, change.assignment_id, change.unit) == (None, None, None)


@pytest.mark.parametrize(
    ("kind", "stands"),
    [
        (K.ACKNOWLEDGE, {"acknowledged_at": DUE_AT, "state": S.ACKNOWLEDGED}),
        (K.RESOLVE, {"done_at": DUE_AT, "state": S.DONE}),
        (K.RESOLVE, {"state": S.RELEASED}),
        (K.PROGRESS, {"done_at": DUE_AT, "state": S.DONE}),
        (K.PROGRESS, {"paused_at": MONDAY, "state": S.PAUSED}),
    ],
)
def test_what_was_kept_in_time_or_is_owed_no_more_stays(
    kind: DeadlineKind, stands: dict[str, object]
) -> None:
    assert moved(owing(kind, **stands)) is None


def test_an_ended_whistle_moves_what_was_kept_late_and_nothing_else() -> None:
    """Nobody called the citizen: the contact was called off with the whistle, and stays so."""
    done = {"state": S.DONE, "acknowledged_at": MONDAY, "done_at": DUE_AT + HOUR}
    late = replace(owing(K.RESOLVE, **done), state=WhistleState.CLOSED)
    (change,) = fact_of(moved(late)).changes
    assert change.kind is K.RESOLVE
    never = replace(owing(K.CONTACT, **done), state=WhistleState.CLOSED)
    assert moved(never, BESIDES[K.EVALUATION]) is None


def part_after(
    whistle: Whistle, kind: type[reports.Report], after: timedelta
) -> tuple[Whistle, Assignment]:
    changed = counted(said(whistle, kind, after=after))
    return changed, part_of(changed, UNIT)


def test_the_next_report_on_progress_is_kept_with_the_part_until_it_is_done() -> None:
    """A suggestion has ten working days: it is reported on meanwhile."""
    whistle = blown(lead(), about=matter(type=TicketType.SUGGEST))
    before = part_of(whistle, UNIT).dues
    assert before.progress is None
    whistle, taken = part_after(whistle, reports.Acknowledged, HOUR)
    assert taken.dues.progress == promises().progress(before.resolve, MONDAY + HOUR)
    whistle, working = part_after(whistle, reports.Progressed, 48 * HOUR)
    assert working.dues.progress == promises().progress(before.resolve, MONDAY + 48 * HOUR)
    assert working.dues.progress not in (None, taken.dues.progress)
    whistle, done = part_after(whistle, reports.Resolved, 49 * HOUR)
    assert done.dues == before


def test_an_ordinary_matter_keeps_its_dues_as_they_are() -> None:
    """Nothing is written again for it, as for nearly every report."""
    whistle = blown()
    before = part_of(whistle, UNIT).dues
    assert part_after(whistle, reports.Acknowledged, HOUR)[1].dues is before
