"""A reviewer's word on a unit's wish for more time; the second one is the supervisor's."""

from dataclasses import replace
from enum import StrEnum

from services.router.domain.assignment import Assignment
from services.router.domain.dues import Promises, without_resolve
from services.router.domain.outcome import Outcome, about_part, part_text, step, words_text
from services.router.domain.reports.requests import extended_due, next_step
from services.router.domain.rulings.deciding import demand, reviewed_by
from services.router.domain.whistle import Whistle
from shared.catalogue.limits import parse_rule
from shared.contracts import bureaus, rulings
from shared.contracts.parts import Actor, DeadlineKind, DueChange, Role
from shared.contracts.reports import Words
from shared.contracts.values import Due
from shared.errors import ConflictError
from shared.records import record


class ExtensionDecision(StrEnum):
    GRANTED = "granted"  # 同意延期
    REFUSED = "refused"  # 不同意延期


@record
class Extension:
    """What was decided on a unit's extension."""

    unit: str
    decision: ExtensionDecision
    reason: Words


def decide_extension(
    whistle: Whistle, extension: Extension, *, actor: Actor, promises: Promises
) -> Outcome:
    """Carry out the decision; raises the ShaodaoError that says why it cannot be."""
    part = whistle.part_of(extension.unit)
    if part is None or part.extension_asked is None or part.gone or whistle.ended:
        raise ConflictError(
            "该单位没有待审批的延期申请",
            "the unit has no extension waiting for a decision",
            code="wrong_state",
            state=part.state if part else None,
            version=whistle.seq,
        )
    for_role = decided_by(whistle, part, promises)
    demand(for_role, whistle=whistle, caller=actor, judges_dispatch=False)
    if extension.decision is ExtensionDecision.REFUSED:
        return _refuse(whistle, part, extension, actor, promises)
    return _grant(whistle, part, part.extension_asked, extension, actor, promises)


def decided_by(whistle: Whistle, part: Assignment, promises: Promises) -> Role:
    """Whose word it takes: the first extension's a reviewer's, the second's the supervisor's."""
    allowed = next_step(whistle, part, promises)
    if allowed is None or Role(allowed.by) is Role.SUPERVISOR:
        return Role.SUPERVISOR
    return reviewed_by(whistle, promises.city)


def _refuse(
    whistle: Whistle, part: Assignment, extension: Extension, actor: Actor, promises: Promises
) -> Outcome:
    after = replace(part, extension_asked=None)
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(after))
    policy = promises.city.version
    fact = rulings.ExtensionRefused(
        **about_part(changed, after, actor=actor, policy=policy, at=promises.now),
        ruled_by=actor,
        reason=extension.reason,
    )
    view = bureaus.ExtensionRefused(
        whistle_id=whistle.whistle_id, seq=changed.seq, reason=extension.reason
    )
    made = step(
        fact,
        promises.now,
        after=part_text(part.unit, part.state, words_text(reason=extension.reason)),
        views=((part.unit, view),),
    )
    return Outcome(whistle=changed, steps=(made,))


def _grant(
    whistle: Whistle,
    part: Assignment,
    asked: str,
    extension: Extension,
    actor: Actor,
    promises: Promises,
) -> Outcome:
    due = extended_due(part, parse_rule(asked), promises)
    extended = f"{part.extended}+{asked}" if part.extended else asked
    progress = promises.progress(due, promises.now)  # work that goes on longer is reported on
    dues = without_resolve(part.dues, due)
    dues = dues if progress is None else replace(dues, progress=progress)
    after = replace(part, dues=dues, extension_asked=None, extended=extended)
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(after))
    change = DueChange(
        assignment_id=part.assignment_id, unit=part.unit, kind=DeadlineKind.RESOLVE, due=due
    )
    fact = rulings.DueChanged(
        seq=changed.seq,
        actor=actor,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        changes=(change, *_progress(part, progress)),
        reason=extension.reason,
        granted=True,
    )
    view = bureaus.DueChanged(
        whistle_id=whistle.whistle_id,
        seq=changed.seq,
        changes=(change,),
        reason=extension.reason,
    )
    words = words_text(reason=extension.reason, extended=asked, due=due.by.isoformat())
    made = step(
        fact,
        promises.now,
        after=part_text(part.unit, part.state, words),
        views=((part.unit, view),),
    )
    return Outcome(whistle=changed, steps=(made,))


def _progress(part: Assignment, progress: Due | None) -> tuple[DueChange, ...]:
    if progress is None:
        return ()
    kind = DeadlineKind.PROGRESS
    return (DueChange(assignment_id=part.assignment_id, unit=part.unit, kind=kind, due=progress),)
