"""How a bureau takes what it is told: called, ruled on, given time, refused, sent back, let go.

Pure: (matter, view) → matter. Nothing here talks to Kafka; what the bureau means to say next is in
the matter's steps.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from deploy.city.matter import Matter, Step, Temper, Verb
from deploy.city.plan import GAP, finishing_steps, first_steps, in_order, working_steps
from deploy.city.temper import handler_of, somebody_else, temper_for
from shared.calendar import WorkCalendar
from shared.contracts import bureaus
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState, DeadlineKind

LET_GO = frozenset({AssignmentState.RETURNED, AssignmentState.RELEASED, AssignmentState.DONE})
AWAITING_A_RULING = frozenset({AssignmentState.RETURN_REQUESTED, AssignmentState.DISPUTED})
HOPELESS = frozenset({RefusalCode.WRONG_UNIT, RefusalCode.UNKNOWN_WHISTLE, RefusalCode.STALE})
MOST_REFUSALS = 8
FIRST_RETRY = timedelta(minutes=20)
DISPUTES = 0.25  # how often a unit disputes the ruling that it stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a reaction needs besides: domain time, working days, dice."""

    now: datetime
    calendar: WorkCalendar
    rng: Random


def called_again(before: Matter, view: bureaus.Whistled, *, seed: str, moment: Moment) -> Matter:
    """The same call heard twice changes nothing; a new part in the whistle is a new matter."""
    if before.assignment_id == view.assignment.assignment_id:
        return before
    return replace(called(before.unit, view, seed=seed, moment=moment), sent=before.sent)


def called(unit: str, view: bureaus.Whistled, *, seed: str, moment: Moment) -> Matter:
    """A new matter, with the plan of a bureau of this character."""
    part = view.assignment
    matter = Matter(
        unit=unit,
        whistle_id=view.whistle_id,
        assignment_id=part.assignment_id,
        number=view.number,
        round=view.round,
        relation=part.relation,
        urgency=view.urgency,
        type=view.type,
        category=view.category,
        title=view.title,
        temper=temper_for(unit, view, seed=seed, rng=moment.rng),
        handler=handler_of(unit, seed=seed, rng=moment.rng),
        state=part.state,
        acknowledge=part.acknowledge,
        contact=part.contact,
        arrive=part.arrive,
        resolve=part.resolve,
        lat=view.place.lat,
        lon=view.place.lon,
        suggested_unit=somebody_else(unit, view),
    )
    steps = first_steps(matter, now=moment.now, calendar=moment.calendar, rng=moment.rng)
    return replace(matter, steps=steps)


def told(matter: Matter, view: Any, moment: Moment) -> Matter:
    """The matter after a view about it; one that needs no reaction changes nothing."""
    reaction = _REACTIONS.get(type(view))
    return matter if reaction is None or matter.ended else reaction(matter, view, moment)


def _accepted(matter: Matter, view: bureaus.ReportAccepted, moment: Moment) -> Matter:
    part = view.assignment
    return replace(
        matter,
        state=view.state,
        acknowledge=part.acknowledge,
        contact=part.contact,
        arrive=part.arrive,
        resolve=part.resolve,
    )


def _refused(matter: Matter, view: bureaus.ReportRefused, moment: Moment) -> Matter:
    """Takes the reason at its word: let go, too early, too late, or plainly wrong."""
    refusals = matter.refusals + 1
    matter = replace(matter, refusals=refusals, state=view.state or matter.state)
    if view.code in HOPELESS or view.state in LET_GO or refusals > MOST_REFUSALS:
        return replace(matter, ended=True, steps=())
    if view.state in AWAITING_A_RULING:
        return replace(matter, steps=())  # the ruling says how it goes on
    if view.state is AssignmentState.OFFERED and not _means_to(matter, Verb.ACKNOWLEDGED):
        again = replace(matter, temper=Temper.PROMPT)
        steps = working_steps(again, now=moment.now, calendar=moment.calendar, rng=moment.rng)
        return replace(again, steps=steps)
    if matter.steps:
        return matter  # a step was superfluous; the others stand
    wait = FIRST_RETRY * 2 ** min(refusals - 1, 5)
    return replace(matter, steps=(Step(verb=Verb.RESOLVED, at=moment.now + wait),))


def _means_to(matter: Matter, verb: Verb) -> bool:
    return any(step.verb is verb for step in matter.steps)


def _ruled(matter: Matter, view: bureaus.Ruling, moment: Moment) -> Matter:
    if view.state in LET_GO:
        return replace(matter, state=view.state, ended=True, steps=())
    if not matter.disputed and moment.rng.random() < DISPUTES:
        objection = Step(verb=Verb.DISPUTED, at=moment.now + GAP * 20)
        return replace(matter, state=view.state, disputed=True, steps=(objection,))
    steady = replace(matter, state=view.state, temper=Temper.STEADY)
    steps = working_steps(steady, now=moment.now, calendar=moment.calendar, rng=moment.rng)
    if view.state is not AssignmentState.OFFERED:
        steps = tuple(step for step in steps if step.verb is not Verb.ACKNOWLEDGED)
    return replace(steady, steps=steps)


def _dues_changed(matter: Matter, view: bureaus.DueChanged, moment: Moment) -> Matter:
    """More time: take about as much more, and stay within it; less: hurry."""
    for change in view.changes:
        if change.unit != matter.unit:
            continue
        if change.kind is DeadlineKind.RESOLVE:
            matter = replace(matter, resolve=change.due)
        if change.kind is DeadlineKind.CONTACT:
            matter = replace(matter, contact=change.due)
        if change.kind is DeadlineKind.ARRIVE:
            matter = replace(matter, arrive=change.due)
    if matter.resolve is None or matter.temper is Temper.LATE:
        return matter
    return replace(matter, steps=_not_after(matter.steps, matter.resolve.by, moment))


def _not_after(steps: tuple[Step, ...], by: datetime, moment: Moment) -> tuple[Step, ...]:
    latest = max(moment.now + GAP, moment.now + (by - moment.now) * 0.9)
    return in_order(tuple(replace(step, at=min(step.at, latest)) for step in steps))


def _no_extension(matter: Matter, view: bureaus.ExtensionRefused, moment: Moment) -> Matter:
    if matter.resolve is None:
        return matter
    return replace(matter, steps=_not_after(matter.steps, matter.resolve.by, moment))


def _sent_back(matter: Matter, view: Any, moment: Moment) -> Matter:
    """The resolution or the acceptance failed: the work is done again."""
    matter = replace(matter, redone=matter.redone + 1)
    steps = finishing_steps(matter, now=moment.now, calendar=moment.calendar, rng=moment.rng)
    return replace(matter, state=AssignmentState.WORKING, steps=steps)


def _paused(matter: Matter, view: bureaus.Suspended, moment: Moment) -> Matter:
    return replace(matter, state=AssignmentState.PAUSED, steps=())


def _resumed(matter: Matter, view: bureaus.Resumed, moment: Moment) -> Matter:
    """The pause is over: the unit finishes what it had put off."""
    for change in view.changes:
        if change.kind is DeadlineKind.RESOLVE:
            matter = replace(matter, resolve=change.due)
    return _sent_back(matter, view, moment)


def _answered_again(matter: Matter, view: bureaus.Supplemented, moment: Moment) -> Matter:
    """The citizen added something: the bureau says that it has read it."""
    if matter.state not in (AssignmentState.ACKNOWLEDGED, AssignmentState.WORKING):
        return matter
    told_so = Step(verb=Verb.PROGRESSED, at=moment.now + GAP * 10)
    return replace(matter, steps=tuple(sorted((*matter.steps, told_so), key=lambda s: s.at)))


def _over(matter: Matter, view: Any, moment: Moment) -> Matter:
    return replace(matter, ended=True, steps=())


_REACTIONS: Mapping[type, Callable[[Matter, Any, Moment], Matter]] = {
    bureaus.ReportAccepted: _accepted,
    bureaus.ReportRefused: _refused,
    bureaus.Ruling: _ruled,
    bureaus.DueChanged: _dues_changed,
    bureaus.ExtensionRefused: _no_extension,
    bureaus.Supplemented: _answered_again,
    bureaus.ReviewRejected: _sent_back,
    bureaus.AcceptanceFailed: _sent_back,
    bureaus.Suspended: _paused,
    bureaus.Resumed: _resumed,
    bureaus.Released: _over,
    bureaus.Withdrawn: _over,
    bureaus.Closed: _over,
}
