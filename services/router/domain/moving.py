"""A whistle whose due times move without anybody's word: each is changed, each unit told.

What was kept in time stays as it is. What is asked of others than the called units moves while it
is owed: decisions of a reviewer, a dispatcher or the supervisor, the note of a community's own
effort, evaluations.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from services.router.domain.assignment import Assignment
from services.router.domain.calling import SYSTEM
from services.router.domain.dues import Promises
from services.router.domain.outcome import Outcome, part_text, step, words_text
from services.router.domain.rulings.pending import ReviewKind
from services.router.domain.whistle import Whistle
from shared.catalogue.moving import Move
from shared.contracts import bureaus, rulings
from shared.contracts.parts import Asked, AssignmentState, DeadlineKind, DueChange, OwedChange
from shared.contracts.values import Due
from shared.records import record

ASKED: Final[Mapping[ReviewKind, tuple[DeadlineKind, Asked | None]]] = {
    ReviewKind.RETURN: (DeadlineKind.RULING, Asked.RETURN),
    ReviewKind.ADJUDICATION: (DeadlineKind.RULING, Asked.RETURN),
    ReviewKind.DISPUTE: (DeadlineKind.RULING, Asked.DISPUTE),
    ReviewKind.EXTENSION: (DeadlineKind.EXTENSION, Asked.EXTENSION),
    ReviewKind.SUSPENSION: (DeadlineKind.RULING, Asked.SUSPENSION),
    ReviewKind.SUSPENSION_REVIEW: (DeadlineKind.SUSPENSION, Asked.PAUSE),
    ReviewKind.RESOLUTION: (DeadlineKind.REVIEW, Asked.RESOLUTION),
    ReviewKind.RELEASE: (DeadlineKind.RULING, Asked.RELEASE),
    ReviewKind.NO_OWNER: (DeadlineKind.RULING, None),
}
"""The promise that each kind of review is, and what is asked."""

_NOT_REPORTING: Final = frozenset({AssignmentState.DONE, AssignmentState.PAUSED})


@record
class Owed:
    """What is owed besides the parts' promises; `key` is of the row that keeps it."""

    key: UUID
    kind: DeadlineKind
    due: Due
    asked: Asked | None = None
    assignment_id: UUID | None = None
    unit: str | None = None  # who owes it; of a decision the unit that it is about


@record
class MovedDues:
    """A whistle with its due times moved, and which of those besides its parts'."""

    outcome: Outcome
    owed: tuple[Owed, ...]


def moved_dues(
    whistle: Whistle,
    owed: Iterable[Owed],
    move: Move,
    *,
    reason: str,
    promises: Promises,
    outage_id: UUID | None = None,
) -> MovedDues | None:
    """The whistle with its due times moved, and each unit told; None where none moves."""
    parts, changes = _parts(whistle, move)
    others = () if whistle.ended else tuple(_owed(owed, move))
    if not changes and not others:
        return None
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=_with(whistle, parts))
    fact = rulings.DueChanged(
        seq=changed.seq,
        actor=SYSTEM,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        changes=tuple(changes),
        reason=reason,
        outage_id=outage_id,
        owed=tuple(map(_said, others)),
    )
    told = words_text(reason=reason, dues=len(changes) + len(others))
    after = part_text(parts[0].unit, parts[0].state, told) if parts else told
    views = _views(fact, [*changes, *_reviews_of_pauses(others)])
    made = step(fact, promises.now, after=after, views=views)
    return MovedDues(outcome=Outcome(whistle=changed, steps=(made,)), owed=others)


def _parts(whistle: Whistle, move: Move) -> tuple[list[Assignment], list[DueChange]]:
    parts, changes = [], []
    for part in whistle.assignments:
        found = {} if part.gone else dict(_moved(part, move, ended=whistle.ended))
        if found:
            dues = {kind.value: due for kind, due in found.items()}
            parts.append(replace(part, dues=replace(part.dues, **dues)))
            changes += [
                DueChange(assignment_id=part.assignment_id, unit=part.unit, kind=kind, due=due)
                for kind, due in found.items()
            ]
    return parts, changes


def _moved(part: Assignment, move: Move, *, ended: bool) -> Iterator[tuple[DeadlineKind, Due]]:
    """What of a part moves; of a whistle that ended, what was kept too late."""
    taken_at = None if part.deemed else part.acknowledged_at
    progress = None if part.state in _NOT_REPORTING else part.dues.progress
    for kind, due, kept_at in (
        (DeadlineKind.ACKNOWLEDGE, part.dues.acknowledge, taken_at),
        (DeadlineKind.DEEMED, part.dues.deemed, part.acknowledged_at),
        (DeadlineKind.CONTACT, part.dues.contact, part.contacted_at),
        (DeadlineKind.ARRIVE, part.dues.arrive, part.arrived_at),
        (DeadlineKind.RESOLVE, part.dues.resolve, part.done_at),
        (DeadlineKind.PROGRESS, progress, None),
    ):
        stands = ended if kept_at is None else due is not None and kept_at <= due.by
        if due is None or stands:
            continue
        found = move(kind, due)
        if found is not None and found != due:
            yield kind, found


def _owed(owed: Iterable[Owed], move: Move) -> Iterator[Owed]:
    for each in owed:
        found = move(each.kind, each.due)
        if found is not None and found != each.due:
            yield replace(each, due=found)


def _said(owed: Owed) -> OwedChange:
    return OwedChange(
        kind=owed.kind,
        due=owed.due,
        asked=owed.asked,
        assignment_id=owed.assignment_id,
        unit=None if owed.assignment_id is not None else owed.unit,
    )


def _reviews_of_pauses(owed: Iterable[Owed]) -> Iterator[DueChange]:
    """A unit whose work is paused knows until when."""
    for each in owed:
        if each.asked is Asked.PAUSE and each.assignment_id is not None and each.unit is not None:
            yield DueChange(
                assignment_id=each.assignment_id, unit=each.unit, kind=each.kind, due=each.due
            )


def _views(
    fact: rulings.DueChanged, changes: Sequence[DueChange]
) -> tuple[tuple[str, bureaus.View], ...]:
    return tuple(
        (
            unit,
            bureaus.DueChanged(
                whistle_id=fact.whistle_id,
                seq=fact.seq,
                changes=tuple(each for each in changes if each.unit == unit),
                reason=fact.reason,
            ),
        )
        for unit in dict.fromkeys(each.unit for each in changes)
    )


def _with(whistle: Whistle, parts: list[Assignment]) -> tuple[Assignment, ...]:
    changed = {part.assignment_id: part for part in parts}
    return tuple(changed.get(part.assignment_id, part) for part in whistle.assignments)
