"""What a bureau means to do and when: from the dues it was given and how it takes the matter.

Times are shares of each limit, in working time where the limit counts working time, so that a
plan is right for fifteen minutes and for five working days alike. Pure: the dice come as `rng`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from deploy.city.matter import Matter, Step, Temper, Verb
from shared.calendar import WorkCalendar, counts_working_time
from shared.contracts.values import Due, Relation, TicketType

Range = tuple[float, float]

GAP = timedelta(minutes=2)
WITHOUT_LIMIT = timedelta(days=2)  # how long the share of a limit is taken of where none is set
ASSISTING_HASTE = 0.5  # an assisting unit is done before its lead
SETS_OUT = 0.6  # how often a unit says that it is on its way
HANDS_OVER = 0.12  # how often a matter goes from desk to desk inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Shares of the limits after which a bureau moves."""

    acknowledge: Range
    contact: Range
    arrive: Range
    resolve: Range
    progress: float


PACES: Mapping[Temper, Pace] = {
    Temper.PROMPT: Pace(
        acknowledge=(0.02, 0.15),
        contact=(0.01, 0.1),
        arrive=(0.1, 0.5),
        resolve=(0.01, 0.06),
        progress=0.4,
    ),
    Temper.STEADY: Pace(
        acknowledge=(0.15, 0.6),
        contact=(0.1, 0.5),
        arrive=(0.4, 0.9),
        resolve=(0.08, 0.35),
        progress=0.8,
    ),
    Temper.SLOW: Pace(
        acknowledge=(0.6, 0.97),
        contact=(0.7, 1.05),
        arrive=(0.7, 1.05),
        resolve=(0.6, 0.97),
        progress=1.0,
    ),
    Temper.LATE: Pace(
        acknowledge=(1.05, 1.9),
        contact=(1.1, 1.6),
        arrive=(1.1, 1.8),
        resolve=(1.02, 1.4),
        progress=0.5,
    ),
    Temper.SHELVING: Pace(
        acknowledge=(0.15, 0.6),
        contact=(0.1, 0.5),
        arrive=(0.4, 0.9),
        resolve=(0.5, 0.9),
        progress=0.5,
    ),
    Temper.ASKING: Pace(
        acknowledge=(0.15, 0.6),
        contact=(0.3, 0.8),
        arrive=(0.4, 0.9),
        resolve=(1.05, 1.5),
        progress=1.0,
    ),
}


def first_steps(
    matter: Matter, *, now: datetime, calendar: WorkCalendar, rng: Random
) -> tuple[Step, ...]:
    """The plan of a bureau that has just been called; empty for one that says nothing."""
    if matter.relation is Relation.INFORMED or matter.temper is Temper.SILENT:
        return ()
    if matter.temper is Temper.RETURNING and matter.acknowledge is not None:
        at = after(matter.acknowledge, rng.uniform(0.15, 0.6), now=now, calendar=calendar)
        return (Step(verb=Verb.RETURN_REQUESTED, at=max(at, now + GAP)),)
    return working_steps(matter, now=now, calendar=calendar, rng=rng)


def working_steps(
    matter: Matter, *, now: datetime, calendar: WorkCalendar, rng: Random
) -> tuple[Step, ...]:
    """Acknowledge, contact, arrive, tell how it goes, resolve: each where it is due."""
    pace = PACES.get(matter.temper, PACES[Temper.STEADY])

    def at(due: Due, share: Range) -> datetime:
        return after(due, rng.uniform(*share), now=now, calendar=calendar)

    wanted = [Step(verb=Verb.ACKNOWLEDGED, at=now)]
    if matter.acknowledge is not None:
        wanted = [Step(verb=Verb.ACKNOWLEDGED, at=at(matter.acknowledge, pace.acknowledge))]
    if matter.contact is not None:
        wanted.append(Step(verb=Verb.CONTACTED, at=at(matter.contact, pace.contact)))
    if rng.random() < HANDS_OVER:
        wanted.append(Step(verb=Verb.HANDED_OVER, at=wanted[-1].at))
    if matter.arrive is not None:
        there = at(matter.arrive, pace.arrive)
        if rng.random() < SETS_OUT:
            wanted.append(Step(verb=Verb.DEPARTED, at=now + (there - now) * 0.5))
        wanted.append(Step(verb=Verb.ARRIVED, at=there))
    return in_order((*wanted, *_finish(matter, pace, now=now, calendar=calendar, rng=rng)))


def finishing_steps(
    matter: Matter, *, now: datetime, calendar: WorkCalendar, rng: Random
) -> tuple[Step, ...]:
    """What is left when the work was sent back: do it again, sooner."""
    pace = replace(PACES[Temper.PROMPT], progress=1.0)
    return in_order(_finish(matter, pace, now=now, calendar=calendar, rng=rng))


def _finish(
    matter: Matter, pace: Pace, *, now: datetime, calendar: WorkCalendar, rng: Random
) -> tuple[Step, ...]:
    share = rng.uniform(*pace.resolve)
    if matter.relation is Relation.ASSISTING:
        share *= ASSISTING_HASTE
    if matter.type in (TicketType.CONSULT, TicketType.PRAISE):
        share *= 0.7

    def at(part: float) -> datetime:
        if matter.resolve is None:
            return calendar.add_natural(now, part * WITHOUT_LIMIT.total_seconds()).at
        return after(matter.resolve, part, now=now, calendar=calendar)

    steps: list[Step] = []
    if matter.temper is Temper.ASKING and matter.resolve is not None:
        steps.append(Step(verb=Verb.EXTENSION_REQUESTED, at=at(rng.uniform(0.1, 0.3))))
    if matter.temper is Temper.SHELVING and matter.resolve is not None and not matter.redone:
        steps.append(Step(verb=Verb.SUSPENSION_REQUESTED, at=at(0.03)))
    if rng.random() < pace.progress:
        steps.append(Step(verb=Verb.PROGRESSED, at=at(share * rng.uniform(0.5, 0.85))))
    return (*steps, Step(verb=Verb.RESOLVED, at=at(share)))


def after(due: Due, share: float, *, now: datetime, calendar: WorkCalendar) -> datetime:
    """The instant when `share` of the limit's length will have passed from `now` on."""
    if counts_working_time(due.rule):
        whole = max(60, calendar.working_seconds_between(due.started_at, due.by))
        return calendar.add_working_seconds(now, max(1.0, share * whole)).at
    whole_natural = max(60.0, (due.by - due.started_at).total_seconds())
    return calendar.add_natural(now, share * whole_natural).at


def in_order(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """The same steps in the same order, each some minutes after the one before at least."""
    ordered: list[Step] = []
    for step in steps:
        at = max(step.at, ordered[-1].at + GAP) if ordered else step.at
        ordered.append(replace(step, at=at))
    return tuple(ordered)
