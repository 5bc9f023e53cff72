"""A reviewer's word on what a unit asked for: a return, or more time.

Never by the official who dispatched; what goes to adjudication is for a supervisor and final. A
new unit gets full time; an adjudicated one the time that is left, at least half (DOMAIN §3).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from services.router.domain.assignment import (
    ASSIGNMENT,
    BACK,
    Assignment,
    AssignmentCommand,
    moved,
)
from services.router.domain.calling import offered, views_of_call
from services.router.domain.case import Precedent
from services.router.domain.dues import Promises, without_resolve
from services.router.domain.jurisdiction import breach
from services.router.domain.matter import Content, Matter
from services.router.domain.outcome import Outcome, Step, part_text, step, words_text
from services.router.domain.responsibility import Summons
from services.router.domain.whistle import Whistle
from services.router.domain.words import STATE_ZH
from shared.contracts import bureaus, joint, rulings
from shared.contracts.parts import Actor, AssignmentState, BlownBy, Role
from shared.contracts.values import Relation
from shared.errors import ConflictError, FieldError, ForbiddenError, InvalidError


class ReturnDecision(StrEnum):
    RETURNED = "returned"  # 同意退单
    REFUSED = "refused"  # 不同意退单


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What a reviewer decided on a unit's return."""

    unit: str
    decision: ReturnDecision
    reason: str
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
    """Carry out a ruling; raises the ShaodaoError that says why it cannot be."""
    part = _pending(whistle, ruling.unit)
    _may_rule(whistle, part, actor)
    if ruling.decision is ReturnDecision.REFUSED:
        return _refuse(whistle, part, ruling, actor, promises)
    _lawful_new_unit(whistle, part, ruling, promises, precedent)
    after, steps = _let_go(whistle, part, ruling, actor, promises)
    if ruling.new_unit is None:
        return Outcome(whistle=after, steps=steps)
    after, released = _release_other_part(after, ruling.new_unit, actor, promises)
    after, offer = _offer(after, part, ruling, actor, promises, matter, content)
    return Outcome(whistle=after, steps=(*steps, *released, offer))


def _pending(whistle: Whistle, unit: str) -> Assignment:
    part = whistle.part_of(unit)
    if part is None or whistle.ended or part.state is not AssignmentState.RETURN_REQUESTED:
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


def _may_rule(whistle: Whistle, part: Assignment, actor: Actor) -> None:
    if part.adjudicate and actor.role is not Role.SUPERVISOR:
        raise ForbiddenError(
            "该工单第二次退单，须由督办员终裁", "the second return is for the supervisor to decide"
        )
    if whistle.dispatcher_name is not None and whistle.dispatcher_name == actor.name:
        raise ForbiddenError(
            "派单人不得裁定本人派出的工单", "the dispatcher may not rule on the return"
        )


def _lawful_new_unit(
    whistle: Whistle,
    part: Assignment,
    ruling: Ruling,
    promises: Promises,
    precedent: Precedent,
) -> None:
    new, city = ruling.new_unit, promises.city
    if new is None:
        if part.relation is Relation.LEAD:
            raise _wrong("主办退单须指定新的主办单位", "a new lead is needed")
        return
    if new not in city.catalogue.units:
        raise _wrong(f"没有单位 {new}", f"there is no unit {new}")
    if new == part.unit or (new in precedent.asked and not part.adjudicate):
        raise _wrong(f"{new} 已申请退单，不能再派", f"{new} asked to return it already")
    lead = whistle.lead()
    if lead is not None and lead.unit == new:
        raise _wrong(f"{new} 已是主办单位", f"{new} leads already")
    found = breach(city, whistle.category, new) if part.relation is Relation.LEAD else None
    if found is not None:
        raise _wrong(found.zh, found.en)


def _wrong(zh: str, en: str) -> InvalidError:
    return InvalidError(FieldError(field="new_unit", zh=zh, en=en))


def _about(whistle: Whistle, part: Assignment, promises: Promises) -> dict[str, object]:
    return {
        "seq": whistle.seq,
        "policy": promises.city.version,
        "whistle_id": whistle.whistle_id,
        "ticket_ids": whistle.ticket_ids,
        "round": whistle.round,
        "assignment_id": part.assignment_id,
        "unit": part.unit,
        "relation": part.relation,
        "state": part.state,
        "received_at": promises.now,
    }


def _decided(
    whistle: Whistle,
    before: Assignment,
    after: Assignment,
    ruling: Ruling,
    actor: Actor,
    promises: Promises,
) -> tuple[Whistle, Step]:
    """The whistle after a ruling on one part, with the fact and the unit's view of it."""
    changed = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(after))
    kind = rulings.ReturnRefused
    if ruling.decision is ReturnDecision.RETURNED:
        kind = rulings.UnitReturned  # type: ignore[assignment]
    if before.adjudicate:
        kind = rulings.Adjudicated  # type: ignore[assignment]
    fact = kind(
        **_about(changed, after, promises),  # type: ignore[arg-type]
        actor=actor,
        ruled_by=actor,
        reason=ruling.reason,
    )
    view = bureaus.Ruling(
        whistle_id=whistle.whistle_id,
        seq=changed.seq,
        decision=ruling.decision.value,
        reason=ruling.reason,
        state=after.state,
    )
    made = step(
        fact,
        promises.now,
        before=part_text(before.unit, before.state),
        after=part_text(after.unit, after.state, words_text(reason=ruling.reason)),
        views=((after.unit, view),),
    )
    return changed, made


def _refuse(
    whistle: Whistle, part: Assignment, ruling: Ruling, actor: Actor, promises: Promises
) -> Outcome:
    """Its duty after all: back to where it stood, the time unchanged."""
    back = BACK[part.back_to or AssignmentState.OFFERED]
    after = moved(part, back, adjudicate=False)
    changed, made = _decided(whistle, part, after, ruling, actor, promises)
    return Outcome(whistle=changed, steps=(made,))


def _let_go(
    whistle: Whistle, part: Assignment, ruling: Ruling, actor: Actor, promises: Promises
) -> tuple[Whistle, tuple[Step, ...]]:
    after = moved(part, AssignmentCommand.GRANT_RETURN)
    changed, made = _decided(whistle, part, after, ruling, actor, promises)
    if ruling.new_unit is None:
        made = replace(made, views=(*made.views, *_told_others(changed, ())))
    return changed, (made,)


def _told_others(whistle: Whistle, but: tuple[str, ...]) -> tuple[tuple[str, bureaus.View], ...]:
    """Who works on it changed: for every unit that goes on."""
    view = bureaus.UnitsChanged(
        whistle_id=whistle.whistle_id, seq=whistle.seq, units=whistle.units()
    )
    return tuple((a.unit, view) for a in whistle.running() if a.unit not in but)


def _release_other_part(
    whistle: Whistle, new_unit: str, actor: Actor, promises: Promises
) -> tuple[Whistle, tuple[Step, ...]]:
    """A unit that assisted or was informed and now takes over gives up that part."""
    part = whistle.part_of(new_unit)
    if part is None or part.gone:
        return whistle, ()
    if not ASSIGNMENT.allows(part.state, AssignmentCommand.RELEASE):
        raise _wrong(f"{new_unit} 的协办已办结", f"{new_unit} has done its part already")
    gone = moved(part, AssignmentCommand.RELEASE)
    after = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(gone))
    fact = joint.Released(
        **_about(after, gone, promises),  # type: ignore[arg-type]
        actor=actor,
    )
    made = step(
        fact,
        promises.now,
        before=part_text(part.unit, part.state),
        after=part_text(gone.unit, gone.state),
    )
    return after, (made,)


def _offer(
    whistle: Whistle,
    left: Assignment,
    ruling: Ruling,
    actor: Actor,
    promises: Promises,
    matter: Matter,
    content: Content,
) -> tuple[Whistle, Step]:
    """The new unit is called, with full time; the others learn of it."""
    summons = Summons(unit=ruling.new_unit or "", relation=left.relation, task=left.task)
    new = offered(summons, matter.terms(whistle.kind, whistle.round), promises)
    if left.adjudicate:
        resolve = promises.taken_over(left.dues.resolve, new.dues.resolve)
        new = replace(new, dues=without_resolve(new.dues, resolve))
    after = whistle.replaced(seq=whistle.seq + 1, assignments=(*whistle.assignments, new))
    fact = rulings.UnitOffered(
        seq=after.seq,
        actor=actor,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        assignment=new.shown(),
        in_place_of=left.unit,
        ruled_by=actor,
    )
    blown_by = content.blown_by or BlownBy(unit=whistle.blower or "", level="city")
    called = views_of_call(after, matter, blown_by, content.trace, [new.shown()], fact.seq)
    made = step(
        fact,
        promises.now,
        before=part_text(left.unit, left.state),
        after=part_text(new.unit, new.state),
        views=(*called, *_told_others(after, (new.unit,))),
    )
    return after, made
