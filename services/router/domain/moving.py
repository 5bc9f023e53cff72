"""A whistle whose parts' due times move without anybody's word: each is changed, each unit told.

What was kept in time stays as it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

from services.router.domain.assignment import Assignment
from services.router.domain.calling import SYSTEM
from services.router.domain.dues import Promises
from services.router.domain.outcome import Outcome, part_text, step, words_text
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, rulings
from shared.contracts.parts import DeadlineKind, DueChange
from shared.contracts.values import Due

Move = Callable[[Due], Due | None]  # None: it stays


def moved_dues(
    whistle: Whistle,
    move: Move,
    *,
    reason: str,
    promises: Promises,
    outage_id: UUID | None = None,
) -> Outcome | None:
    """The whistle with its parts' due times moved, and each unit told; None where none moves."""
    parts, changes = [], []
    for part in whistle.assignments:
        found = {} if part.gone else dict(_moved(part, move))
        if found:
            dues = {kind.value: due for kind, due in found.items()}
            parts.append(replace(part, dues=replace(part.dues, **dues)))
            changes += [
                DueChange(assignment_id=part.assignment_id, unit=part.unit, kind=kind, due=due)
                for kind, due in found.items()
            ]
    if not changes:
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
    )
    views = tuple(
        (
            part.unit,
            bureaus.DueChanged(
                whistle_id=whistle.whistle_id,
                seq=changed.seq,
                changes=tuple(each for each in changes if each.unit == part.unit),
                reason=reason,
            ),
        )
        for part in parts
    )
    told = words_text(reason=reason, dues=len(changes))
    lead = parts[0]
    after = part_text(lead.unit, lead.state, told)
    return Outcome(whistle=changed, steps=(step(fact, promises.now, after=after, views=views),))


def _with(whistle: Whistle, parts: list[Assignment]) -> tuple[Assignment, ...]:
    changed = {part.assignment_id: part for part in parts}
    return tuple(changed.get(part.assignment_id, part) for part in whistle.assignments)


def _moved(part: Assignment, move: Move) -> Iterator[tuple[DeadlineKind, Due]]:
    taken_at = None if part.deemed else part.acknowledged_at
    for kind, due, kept_at in (
        (DeadlineKind.ACKNOWLEDGE, part.dues.acknowledge, taken_at),
        (DeadlineKind.DEEMED, part.dues.deemed, part.acknowledged_at),
        (DeadlineKind.CONTACT, part.dues.contact, part.contacted_at),
        (DeadlineKind.ARRIVE, part.dues.arrive, part.arrived_at),
        (DeadlineKind.RESOLVE, part.dues.resolve, part.done_at),
    ):
        if due is None or (kept_at is not None and kept_at <= due.by):
            continue
        found = move(due)
        if found is not None and found != due:
            yield kind, found
