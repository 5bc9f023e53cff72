"""A pause of a unit's work: the supervisor grants it, looks at it again, and ends it.

The time that was left of each running promise is kept to the second, working time for limits in
working time, and runs on from the resumption. Nothing resumes by itself: when the day of review
has passed the supervisor decides, who may also let the pause go on to another day (DOMAIN §3).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from annotated_types import Ge, Le

from services.router.domain.assignment import (
    ASSIGNMENT,
    BACK,
    Assignment,
    AssignmentCommand,
    moved,
)
from services.router.domain.city import City
from services.router.domain.dues import Dues, Promises
from services.router.domain.outcome import Outcome, about_part, part_text, step, words_text
from services.router.domain.rulings.deciding import demand
from services.router.domain.whistle import Whistle
from services.router.domain.words import STATE_ZH
from shared.catalogue.limits import Rule, limit_of_seconds, parse_rule
from shared.catalogue.terms import Term
from shared.contracts import bureaus, rulings
from shared.contracts.parts import (
    Actor,
    AssignmentState,
    DeadlineKind,
    DueChange,
    Role,
    SuspensionCode,
)
from shared.contracts.reports import Words
from shared.contracts.values import Due
from shared.errors import ConflictError, FieldError, InvalidError
from shared.records import record

CODE_ZH: Final[Mapping[SuspensionCode, str]] = {
    SuspensionCode.PAST_LEGACY: "历史遗留",
    SuspensionCode.FUNDS: "资金未落实",
    SuspensionCode.IN_COURT: "涉法涉诉",
    SuspensionCode.FROZEN_GROUND: "冻土期无法施工",
    SuspensionCode.NO_POLICY: "暂无政策依据",
}
"""What the citizen reads as the reason (暂缓办理)."""


class SuspensionDecision(StrEnum):
    GRANTED = "granted"  # 同意挂账
    REFUSED = "refused"  # 不同意挂账


@record
class Suspension:
    """What the supervisor decided; `review_days` from now, the longest by default."""

    unit: str
    decision: SuspensionDecision
    reason: Words
    review_days: Annotated[int, Ge(1), Le(366)] | None = None


@record
class Resumption:
    """The work of a unit goes on."""

    unit: str
    reason: Words


def decide_suspension(
    whistle: Whistle, decided: Suspension, *, actor: Actor, promises: Promises
) -> Outcome:
    """Grant or refuse what the unit asked for, or let a pause go on to another day of review.

    Raises the ShaodaoError that says why it cannot be.
    """
    part = whistle.part_of(decided.unit)
    paused = part is not None and part.state is AssignmentState.PAUSED
    if part is None or whistle.ended or part.gone or (not paused and not part.suspension_asked):
        raise _wrong_state(
            whistle, part, "该单位没有待审批的挂账申请", "no suspension is asked for"
        )
    demand(Role.SUPERVISOR, whistle=whistle, caller=actor, judges_dispatch=False)
    if decided.decision is SuspensionDecision.REFUSED:
        if paused:
            raise _wrong_state(
                whistle, part, "已挂账，如不再挂账请恢复办理", "it is suspended: resume it instead"
            )
        return _refuse(whistle, part, decided, actor, promises)
    if not paused and not ASSIGNMENT.allows(part.state, AssignmentCommand.SUSPEND):
        raise _wrong_state(
            whistle, part, "该单位的退单尚未裁定，不能挂账", "its return is not decided yet"
        )
    return _suspend(whistle, part, decided, actor, promises)


def _wrong_state(whistle: Whistle, part: Assignment | None, zh: str, en: str) -> ConflictError:
    state = part.state if part else None
    now = f"（当前：{STATE_ZH[state] if state else '不在承办之列'}）"
    return ConflictError(f"{zh}{now}", en, code="wrong_state", state=state, version=whistle.seq)


def _refuse(
    whistle: Whistle, part: Assignment, decided: Suspension, actor: Actor, promises: Promises
) -> Outcome:
    after = replace(part, suspension_asked=None)
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(after))
    policy, now = promises.city.version, promises.now
    fact = rulings.SuspensionRefused(
        **about_part(changed, after, actor=actor, policy=policy, at=now),
        ruled_by=actor,
        reason=decided.reason,
    )
    view = bureaus.SuspensionRefused(
        whistle_id=whistle.whistle_id, seq=changed.seq, reason=decided.reason
    )
    made = step(
        fact,
        now,
        after=part_text(part.unit, part.state, words_text(reason=decided.reason)),
        views=((part.unit, view),),
    )
    return Outcome(whistle=changed, steps=(made,))


def _suspend(
    whistle: Whistle, part: Assignment, decided: Suspension, actor: Actor, promises: Promises
) -> Outcome:
    now, policy = promises.now, promises.city.version
    review_by = promises.due(_review(decided, promises.city), now)
    code = SuspensionCode(part.suspension_asked) if part.suspension_asked else None
    if part.state is AssignmentState.PAUSED:
        after = part
    else:
        after = moved(
            part,
            AssignmentCommand.SUSPEND,
            paused_at=now,
            suspension_asked=None,
            extension_asked=None,
        )
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(after))
    reason = f"{CODE_ZH[code]}：{decided.reason}" if code else decided.reason
    fact = rulings.Suspended(
        **about_part(changed, after, actor=actor, policy=policy, at=now),
        reason=reason,
        review_by=review_by,
        code=code,
        ruled_by=actor,
    )
    view = bureaus.Suspended(
        whistle_id=whistle.whistle_id, seq=changed.seq, reason=reason, review_by=review_by
    )
    words = words_text(reason=decided.reason, code=code, review_by=review_by.by.isoformat())
    made = step(
        fact,
        now,
        before=part_text(part.unit, part.state),
        after=part_text(part.unit, after.state, words),
        views=((part.unit, view),),
    )
    return Outcome(whistle=changed, steps=(made,))


def _review(decided: Suspension, city: City) -> Rule:
    longest = city.limits.term(Term.SUSPENSION_REVIEW)
    if decided.review_days is None:
        return longest
    asked = parse_rule(f"{decided.review_days}d")
    if asked.amount > longest.amount:
        error = FieldError(
            field="review_days",
            zh=f"复核期限不得超过 {longest.text}",
            en=f"a suspension is reviewed within {longest.text}",
        )
        raise InvalidError(error)
    return asked


def resume(
    whistle: Whistle, resumption: Resumption, *, actor: Actor, promises: Promises
) -> Outcome:
    """The work goes on with the time that was left; raises as above."""
    part = whistle.part_of(resumption.unit)
    if part is None or whistle.ended or part.paused_at is None:
        raise _wrong_state(whistle, part, "该单位没有挂账", "the unit's work is not suspended")
    demand(Role.SUPERVISOR, whistle=whistle, caller=actor, judges_dispatch=False)
    dues, changes = _running_on(part, part.paused_at, promises)
    by = promises.progress(dues.resolve, promises.now)
    back = BACK[part.back_to or AssignmentState.WORKING]
    after = moved(part, back, dues=replace(dues, progress=by))
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(after))
    now, policy = promises.now, promises.city.version
    fact = rulings.Resumed(
        **about_part(changed, after, actor=actor, policy=policy, at=now),
        changes=changes,
        reason=resumption.reason,
        ruled_by=actor,
        progress_by=by,
    )
    view = bureaus.Resumed(whistle_id=whistle.whistle_id, seq=changed.seq, changes=changes)
    made = step(
        fact,
        now,
        before=part_text(part.unit, part.state),
        after=part_text(after.unit, after.state, words_text(reason=resumption.reason)),
        views=((part.unit, view),),
    )
    return Outcome(whistle=changed, steps=(made,))


def _running_on(
    part: Assignment, paused_at: datetime, promises: Promises
) -> tuple[Dues, tuple[DueChange, ...]]:
    """The promises that still ran when the work was paused, each with the time it had left."""
    dues, changes = part.dues, []
    running = (
        (DeadlineKind.CONTACT, part.dues.contact, part.contacted_at),
        (DeadlineKind.ARRIVE, part.dues.arrive, part.arrived_at),
        (DeadlineKind.RESOLVE, part.dues.resolve, part.done_at),
    )
    for kind, due, kept_at in running:
        if due is None or kept_at is not None or due.by <= paused_at:
            continue  # kept or missed before the pause
        new = _rest_of(due, paused_at, promises)
        dues = replace(dues, **{kind.value: new})
        changes.append(
            DueChange(assignment_id=part.assignment_id, unit=part.unit, kind=kind, due=new)
        )
    return dues, tuple(changes)


def _rest_of(due: Due, paused_at: datetime, promises: Promises) -> Due:
    left = promises.city.calendar.remaining(parse_rule(due.rule), due.by, paused_at)
    return promises.due(limit_of_seconds(left, working=parse_rule(due.rule).working), promises.now)
