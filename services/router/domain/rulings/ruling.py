"""The word on a unit's return: a reviewer's ruling, or the supervisor's adjudication.

Never by the official who dispatched. What goes to adjudication (a ticket's second return, a late
one, a dispute) is for a supervisor and final. A new unit gets full time; after an adjudication the
final one has the time that is left, at least half (DOMAIN §3).
"""

from dataclasses import replace
from enum import StrEnum
from typing import Any

from services.router.domain.assignment import (
    BACK,
    Assignment,
    AssignmentCommand,
    moved,
)
from services.router.domain.case import Precedent
from services.router.domain.dues import Promises, without_resolve
from services.router.domain.joint.finishing import finished
from services.router.domain.matter import Content, Matter
from services.router.domain.outcome import Outcome, Step, about_part, part_text, step, words_text
from services.router.domain.rulings.deciding import demand, reviewed_by
from services.router.domain.rulings.replacing import (
    Desk,
    call_instead,
    give_up_part,
    lawful,
    told_others,
)
from services.router.domain.whistle import Whistle
from services.router.domain.words import STATE_ZH
from shared.contracts import bureaus, rulings
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, DueChange, Role
from shared.contracts.reports import Words
from shared.contracts.whistles import UnitFact
from shared.errors import ConflictError
from shared.records import record


class ReturnDecision(StrEnum):
    RETURNED = "returned"  # 同意退单
    REFUSED = "refused"  # 不同意退单


@record
class Ruling:
    """What a reviewer decided on a unit's return."""

    unit: str
    decision: ReturnDecision
    reason: Words
    new_unit: str | None = None


def rule_on_return(
    whistle: Whistle,
    ruling: Ruling,
    *,
    matter: Matter,
    content: Content,
    actor: Actor,
    promises: Promises,
    precedent: Precedent,
) -> Outcome:
    """Carry out a ruling on a return; raises the ShaodaoError that says why it cannot be."""
    part = _waiting(whistle, ruling.unit, (AssignmentState.RETURN_REQUESTED,))
    ordinary = reviewed_by(whistle, promises.city)
    demand(Role.SUPERVISOR if part.adjudicate else ordinary, whistle=whistle, caller=actor)
    desk = Desk(
        matter=matter, content=content, actor=actor, promises=promises, final=part.adjudicate
    )
    return _carried_out(whistle, part, ruling, desk, precedent)


def adjudicate(
    whistle: Whistle,
    ruling: Ruling,
    *,
    matter: Matter,
    content: Content,
    actor: Actor,
    promises: Promises,
    precedent: Precedent,
) -> Outcome:
    """The supervisor's final word on a second or late return, or a dispute; raises as above."""
    part = _waiting(
        whistle, ruling.unit, (AssignmentState.RETURN_REQUESTED, AssignmentState.DISPUTED)
    )
    demand(Role.SUPERVISOR, whistle=whistle, caller=actor)
    if part.state is AssignmentState.RETURN_REQUESTED and not part.adjudicate:
        raise ConflictError(
            "首次退单由审核裁定，无需终裁",
            "a first return is ruled on, not adjudicated",
            code="wrong_state",
            state=part.state,
            version=whistle.seq,
        )
    desk = Desk(matter=matter, content=content, actor=actor, promises=promises, final=True)
    return _carried_out(whistle, part, ruling, desk, precedent)


def _carried_out(
    whistle: Whistle, part: Assignment, ruling: Ruling, desk: Desk, precedent: Precedent
) -> Outcome:
    if ruling.decision is ReturnDecision.REFUSED:
        return _refuse(whistle, part, ruling, desk)
    lawful(whistle, part, ruling.new_unit, desk, precedent)
    after, steps = _let_go(whistle, part, ruling, desk)
    if ruling.new_unit is None:
        return Outcome(whistle=finished(after), steps=steps)
    after, gave_up = give_up_part(after, ruling.new_unit, desk)
    after, called = call_instead(after, part, ruling.new_unit, desk)
    return Outcome(whistle=after, steps=(*steps, *gave_up, called))


def _waiting(whistle: Whistle, unit: str, states: tuple[AssignmentState, ...]) -> Assignment:
    part = whistle.part_of(unit)
    if part is None or whistle.ended or part.state not in states:
        state = part.state if part else None
        zh = f"该单位没有待裁定的退单申请（当前：{STATE_ZH[state] if state else '不在承办之列'}）"
        raise ConflictError(
            zh,
            "the unit has no return waiting for a ruling",
            code="wrong_state",
            state=state,
            version=whistle.seq,
        )
    return part


def _decided(
    whistle: Whistle, before: Assignment, after: Assignment, ruling: Ruling, desk: Desk
) -> tuple[Whistle, Step]:
    """The whistle after a ruling on one part, with the fact and the unit's view of it."""
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(after))
    view = bureaus.Ruling(
        whistle_id=whistle.whistle_id,
        seq=changed.seq,
        decision=ruling.decision.value,
        reason=ruling.reason,
        state=after.state,
    )
    made = step(
        _fact(changed, after, ruling, desk),
        desk.promises.now,
        before=part_text(before.unit, before.state),
        after=part_text(after.unit, after.state, words_text(reason=ruling.reason)),
        views=((after.unit, view),),
    )
    return changed, made


def _fact(whistle: Whistle, part: Assignment, ruling: Ruling, desk: Desk) -> UnitFact:
    promises, actor = desk.promises, desk.actor
    said: dict[str, Any] = {
        **about_part(whistle, part, actor=actor, policy=promises.city.version, at=promises.now),
        "ruled_by": actor,
        "reason": ruling.reason,
    }
    if desk.final:
        return rulings.Adjudicated(**said, decision=ruling.decision.value)
    if ruling.decision is ReturnDecision.RETURNED:
        return rulings.UnitReturned(**said)
    return rulings.ReturnRefused(**said)


def _refuse(whistle: Whistle, part: Assignment, ruling: Ruling, desk: Desk) -> Outcome:
    """Its duty after all: back to where it stood.

    The time runs on unchanged; after the supervisor's word at least half of the whole is left.
    The unit may dispute a ruling, but not an adjudication.
    """
    back = BACK[part.back_to or AssignmentState.OFFERED]
    after = moved(
        part,
        back,
        adjudicate=False,
        ruled_at=desk.promises.now,
        disputed=part.disputed or desk.final,
    )
    changed, made = _decided(whistle, part, after, ruling, desk)
    outcome = Outcome(whistle=changed, steps=(made,))
    return _half_at_least(outcome, after, desk) if desk.final else outcome


def _half_at_least(outcome: Outcome, part: Assignment, desk: Desk) -> Outcome:
    whistle, promises = outcome.whistle, desk.promises
    full = promises.of(desk.matter.terms(whistle.kind, whistle.round), part.relation).resolve
    left = part.dues.resolve
    due = promises.taken_over(left, full) if left is not None else None
    if due is None or due == left:
        return outcome
    after = replace(part, dues=without_resolve(part.dues, due))
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(after))
    reason = "终裁后重新核定办理期限"
    change = DueChange(
        assignment_id=part.assignment_id, unit=part.unit, kind=DeadlineKind.RESOLVE, due=due
    )
    fact = rulings.DueChanged(
        seq=changed.seq,
        actor=desk.actor,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        changes=(change,),
        reason=reason,
    )
    view = bureaus.DueChanged(
        whistle_id=whistle.whistle_id, seq=changed.seq, changes=(change,), reason=reason
    )
    made = step(
        fact,
        promises.now,
        after=part_text(part.unit, after.state, words_text(due=due.by.isoformat())),
        views=((part.unit, view),),
    )
    return Outcome(whistle=changed, steps=(*outcome.steps, made))


def _let_go(
    whistle: Whistle, part: Assignment, ruling: Ruling, desk: Desk
) -> tuple[Whistle, tuple[Step, ...]]:
    after = moved(part, AssignmentCommand.GRANT_RETURN, ruled_at=desk.promises.now)
    changed, made = _decided(whistle, part, after, ruling, desk)
    if ruling.new_unit is None:
        made = replace(made, views=(*made.views, *told_others(changed, ())))
    return changed, (made,)
