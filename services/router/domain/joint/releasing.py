"""Letting a unit go: the one in charge says that it is no longer needed (DOMAIN §4).

An assisting unit that is let go holds the lead up no longer. The lead itself goes last, when every
assisting unit is done or gone; then the matter waits for acceptance. Where the lead asked for it
the answer may be no: the unit stays in, and the lead is told why.
"""

from dataclasses import replace
from enum import StrEnum
from typing import Annotated

from annotated_types import Len

from services.router.domain.assignment import ASSIGNMENT, Assignment, AssignmentCommand, moved
from services.router.domain.dues import Promises
from services.router.domain.joint import convening
from services.router.domain.joint.finishing import finished, unfinished
from services.router.domain.outcome import Outcome, about_part, part_text, step, words_text
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from services.router.domain.words import STATE_ZH, WHISTLE_ZH
from shared.contracts import bureaus, joint, rulings
from shared.contracts.parts import Actor, WhistleState
from shared.contracts.values import Relation, WhistleKind
from shared.errors import ConflictError
from shared.records import record


class ReleaseDecision(StrEnum):
    RELEASED = "released"  # 放行
    REFUSED = "refused"  # 不同意放行


@record
class Release:
    """Which unit may go, or stays although the lead asked to let it go, and why."""

    unit: Annotated[str, Len(1, 64)]
    reason: Annotated[str, Len(1, 4000)]
    decision: ReleaseDecision = ReleaseDecision.RELEASED


def release(whistle: Whistle, order: Release, *, actor: Actor, promises: Promises) -> Outcome:
    """Let a unit go; raises the ShaodaoError that says why it stays."""
    city = promises.city
    convening.must_chair(city, whistle, actor, "放行", street_only=True)
    part = _releasable(whistle, order.unit)
    gone = let_go(part)
    after = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(gone))
    if part.relation is Relation.LEAD:
        after = replace(after, state=WHISTLE.next(after.state, WhistleCommand.FINISH))
    else:
        after = finished(after)
    fact = joint.Released(
        **about_part(after, gone, actor=actor, policy=city.version, at=promises.now),
        reason=order.reason,
    )
    view = bureaus.Released(whistle_id=after.whistle_id, seq=after.seq, reason=order.reason)
    others = bureaus.UnitsChanged(whistle_id=after.whistle_id, seq=after.seq, units=after.units())
    made = step(
        fact,
        promises.now,
        before=part_text(part.unit, part.state),
        after=part_text(gone.unit, gone.state, words_text(reason=order.reason)),
        views=((part.unit, view), *convening.told(city, after, actor, others)),
    )
    return Outcome(whistle=after, steps=(made,))


def refuse(
    whistle: Whistle, order: Release, *, asked_by: str | None, actor: Actor, promises: Promises
) -> Outcome:
    """The unit stays in, and `asked_by` is told; raises the ShaodaoError that says why not."""
    convening.must_chair(promises.city, whistle, actor, "决定放行", street_only=True)
    part = whistle.part_of(order.unit)
    if asked_by is None or part is None or part.gone or whistle.ended:
        raise ConflictError(
            "没有待决定的放行申请",
            "nobody asked to let the unit go, or it is decided",
            code="wrong_state",
            state=part.state if part else None,
            version=whistle.seq,
        )
    after = replace(whistle, seq=whistle.seq + 1)
    policy, now = promises.city.version, promises.now
    fact = rulings.ReleaseRefused(
        **about_part(after, part, actor=actor, policy=policy, at=now),
        by=asked_by,
        ruled_by=actor,
        reason=order.reason,
    )
    view = bureaus.ReleaseRefused(
        whistle_id=after.whistle_id, seq=after.seq, unit=part.unit, reason=order.reason
    )
    goes_on = any(each.unit == asked_by for each in after.running())
    made = step(
        fact,
        now,
        after=part_text(part.unit, part.state, words_text(by=asked_by, reason=order.reason)),
        views=((asked_by, view),) if goes_on else (),
    )
    return Outcome(whistle=after, steps=(made,))


def let_go(part: Assignment) -> Assignment:
    """The part without what it was waiting for."""
    return moved(
        part,
        AssignmentCommand.RELEASE,
        paused_at=None,
        suspension_asked=None,
        extension_asked=None,
        adjudicate=False,
    )


def _releasable(whistle: Whistle, unit: str) -> Assignment:
    if whistle.state is not WhistleState.OPEN:
        raise convening.wrong_state(
            whistle,
            f"哨单当前为“{WHISTLE_ZH[whistle.state]}”，不能放行",
            f"the whistle is {whistle.state.value}: nobody is let go",
        )
    part = whistle.part_of(unit)
    if part is None or part.relation is Relation.INFORMED:
        raise convening.wrong_state(
            whistle, f"{unit} 不在承办之列，无需放行", f"{unit} has no part to be let go from"
        )
    if not ASSIGNMENT.allows(part.state, AssignmentCommand.RELEASE):
        raise ConflictError(
            f"该单位当前为“{STATE_ZH[part.state]}”，不能放行",
            f"the assignment is {part.state.value}: it is not let go",
            code="wrong_state",
            state=part.state,
            version=whistle.seq,
        )
    if part.relation is Relation.LEAD:
        _lead_may_go(whistle)
    return part


def _lead_may_go(whistle: Whistle) -> None:
    if whistle.kind is WhistleKind.CITIZEN_DEMAND:
        raise convening.wrong_state(
            whistle,
            "群众诉求由主办单位办结，不能放行主办",
            "a citizen's demand is resolved by its lead",
        )
    if waiting := unfinished(whistle):
        raise convening.wrong_state(
            whistle,
            f"协办单位尚未办结或放行：{'、'.join(waiting)}",
            f"assisting units are not done or let go yet: {', '.join(waiting)}",
        )
