"""Holds what the tables say of a promise against its life as the facts tell it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from services.notifier.domain.audit.found import Entry, Mismatch, MismatchKind, Row, break_in
from services.notifier.domain.audit.life import Life, Wanted
from services.notifier.domain.audit.rungs import DUE, Mark
from shared.records import record

RUNNING, PAUSED, MET = "running", "paused", "met"
MISSED, CANCELLED = "missed", "cancelled"
K = MismatchKind


@record
class Judgement:
    """What became of one promise's audit; `next_at` is when it wants to be looked at again."""

    mismatches: tuple[Mismatch, ...]
    next_at: datetime | None


def judge(
    subject: UUID, life: Life, row: Row | None, history: Sequence[Entry], *, as_of: datetime
) -> Judgement:
    """Compare one promise as the tables had it at `as_of` (domain time)."""
    life.watch_until(as_of)

    def found(kind: MismatchKind, what: str, expected: object, seen: object) -> Mismatch:
        return Mismatch(
            subject=subject,
            deadline_id=life.deadline_id,
            kind=kind,
            what=what,
            expected=_text(expected),
            found=_text(seen),
        )

    possible = _upcoming(life)
    upcoming = possible[-1]
    next_at = upcoming.at if upcoming is not None else _unsettled(life, as_of)
    if row is None:
        return Judgement(
            mismatches=(found(K.MISSING_DEADLINE, life.terms.kind, _due(life), None),),
            next_at=next_at,
        )
    mismatches = [found(*each) for each in _of_state(life, row, as_of)]
    mismatches += [found(*each) for each in _of_rungs(life, history)]
    mismatches += [found(*each) for each in _of_next(life, row, possible, as_of)]
    if (place := break_in(row, history)) is not None:
        mismatches.append(found(K.BROKEN_HISTORY_HASH, "chain", "unbroken", place))
    return Judgement(mismatches=tuple(mismatches), next_at=next_at)


Difference = tuple[MismatchKind, str, object, object]


def _of_state(life: Life, row: Row, as_of: datetime) -> Iterator[Difference]:
    allowed = _states(life, as_of)
    if row.state not in allowed:
        yield K.WRONG_STATE, "state", " | ".join(sorted(allowed)), row.state
        return
    late = life.late if life.met_at is not None else row.state == MISSED
    for what, expected, seen in (
        ("late", late, row.late),
        ("met_at", life.met_at, row.met_at),
        ("ended", life.ended, row.ended),
    ):
        if expected != seen:
            yield K.WRONG_STATE, what, expected, seen
    if row.due_by != life.terms.due.by:
        yield K.WRONG_DUE, "due", _due(life), row.due_by


def _states(life: Life, as_of: datetime) -> set[str]:
    if life.met_at is not None:
        return {MET}
    if life.missed and not (life.hazy and life.running):
        return {MISSED}
    if life.ended:
        return {CANCELLED}
    if life.paused_at is not None:
        return {PAUSED}
    wall = life.timing.wall(as_of)
    seen = life.timing.seen(life.terms.due.by, life.armed)
    if life.timing.surely(seen, wall):
        return {MISSED}
    return {RUNNING, MISSED} if life.timing.maybe(seen, wall) else {RUNNING}


def _of_rungs(life: Life, history: Sequence[Entry]) -> Iterator[Difference]:
    """Each rung wanted takes the row of its name and time; what is left over is too much."""
    left = [(entry.rung, entry) for entry in history if entry.rung is not None]
    unmet: list[Wanted] = []
    for wanted in sorted(life.wanted, key=lambda each: not each.must):
        match = next((i for i, (name, entry) in enumerate(left)
                      if name == wanted.rung and entry.at in wanted.ats), None)  # fmt: skip
        if match is None:
            unmet.append(wanted)
            continue
        _, entry = left.pop(match)
        yield from _lateness(life, wanted, entry)
    for wanted in (each for each in unmet if each.must):
        match = next((i for i, (name, _) in enumerate(left) if name == wanted.rung), None)
        if match is None:
            yield K.MISSING_RUNG, wanted.rung, wanted.ats[-1], None
        else:
            yield K.WRONG_TIME, wanted.rung, wanted.ats[-1], left.pop(match)[1].at
    for name, entry in left:
        yield K.EXTRA_RUNG, f"{name} #{entry.seq}", None, entry.at


def _lateness(life: Life, wanted: Wanted, entry: Entry) -> Iterator[Difference]:
    if entry.fired_at is None or not wanted.must:
        return
    fired = life.timing.wall(entry.fired_at)
    if fired > life.timing.latest(wanted.seen):
        yield K.LATE_FIRED, wanted.rung, wanted.seen, fired


def _of_next(
    life: Life, row: Row, possible: Sequence[Mark | None], as_of: datetime
) -> Iterator[Difference]:
    """A promise that waits must wait for its next rung; one that is done, for nothing."""
    if _unsettled(life, as_of) is not None or life.hazy:
        return  # the watch may be at it this moment
    expected = [None if mark is None else (mark.rung, mark.at) for mark in possible]
    found = None if row.next_rung is None else (row.next_rung, row.fire_at)
    if found not in expected:
        yield K.WRONG_NEXT, "next", _pair(expected[-1]), _pair(found)


def _upcoming(life: Life) -> list[Mark | None]:
    """The rung that the watch has yet to fire, or None; before it those that it may have yet."""
    if not life.running:
        return [None]
    marks: list[Mark] = []
    if not life.missed and DUE not in life.term:
        marks += life.warnings()
        marks.append(Mark(DUE, life.terms.due.by))
    else:
        marks += life.book.climbs(life.terms)
    possible: list[Mark | None] = []
    for mark in marks:
        fired = life.term.get(mark.rung)
        if fired is None:
            return [*possible, mark]
        if not fired.must:
            possible.append(mark)
    return [*possible, None]


def _unsettled(life: Life, as_of: datetime) -> datetime | None:
    """A rung that falls due about now, of which it is too early to say that it is missing."""
    if not life.running or life.hazy:
        return None
    timing, wall = life.timing, life.timing.wall(as_of)
    about = (e for e in life.term.values() if not e.must and timing.latest(e.seen) > wall)
    return min((each.ats[-1] for each in about), default=None)


def _due(life: Life) -> datetime:
    return life.terms.due.by


def _pair(each: tuple[str, datetime | None] | None) -> str | None:
    return None if each is None else f"{each[0]} {_text(each[1])}"


def _text(value: object) -> str:
    if value is None:
        return "-"
    return value.isoformat() if isinstance(value, datetime) else str(value)
