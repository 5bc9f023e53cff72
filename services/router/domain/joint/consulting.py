"""Consultation: the units conferred; what each does by when stands on its part from then on.

A joint matter has no resolve limit until one is agreed here. What has one by urgency is never
lengthened so: for that a unit asks for an extension (DOMAIN §3).
"""

from collections.abc import Iterator
from typing import Annotated, Final

from annotated_types import Len

from services.router.domain.altering import altered
from services.router.domain.assignment import FINISHED, Assignment
from services.router.domain.dues import Promises, without_resolve
from services.router.domain.joint import convening
from services.router.domain.outcome import Outcome, step, words_text
from services.router.domain.whistle import Whistle, WhistleCommand
from services.router.domain.words import STATE_ZH
from shared.contracts import bureaus, joint
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, DueChange, UnitDecision
from shared.contracts.values import Instant, Relation, WhistleKind
from shared.errors import FieldError, InvalidError
from shared.records import record

BOUND: Final = frozenset(
    {
        AssignmentState.OFFERED,
        AssignmentState.ACKNOWLEDGED,
        AssignmentState.ARRIVED,
        AssignmentState.WORKING,
    }
)
"""The parts that a consultation may bind: at work, and not waiting for anybody's word."""


@record
class Decision:
    """What one unit does, and by when; None leaves its limit as it is."""

    unit: Annotated[str, Len(1, 64)]
    action: Annotated[str, Len(1, 2000)]
    due: Instant | None = None


@record
class Consultation:
    """What was agreed on the spot."""

    words: Annotated[str, Len(1, 4000)]
    decisions: Annotated[tuple[Decision, ...], Len(1, 200)]


def consult(
    whistle: Whistle, consultation: Consultation, *, actor: Actor, promises: Promises
) -> Outcome:
    """Write the decisions down on their parts; raises the ShaodaoError that says why not."""
    city = promises.city
    convening.must_chair(city, whistle, actor, "主持会商")
    state = convening.next_state(whistle, WhistleCommand.CONSULT)
    errors = [*_wrong(whistle, consultation, promises)]
    if errors:
        raise InvalidError(*errors)
    changed, changes = _bound(whistle, consultation, promises)
    errors = [*_past_the_lead(changed, consultation)]
    if errors:
        raise InvalidError(*errors)
    after = altered(changed, state=state, seq=whistle.seq + 1)
    decisions = tuple(
        UnitDecision(unit=d.unit, action=d.action, due=d.due) for d in consultation.decisions
    )
    fact = joint.Consulted(
        **convening.about(after, actor, promises),
        words=consultation.words,
        decisions=decisions,
        changes=changes,
    )
    view = bureaus.Consulted(
        whistle_id=after.whistle_id, seq=after.seq, words=consultation.words, decisions=decisions
    )
    moved = tuple(
        (
            change.unit,
            bureaus.DueChanged(
                whistle_id=after.whistle_id, seq=after.seq, changes=(change,), reason="会商决定"
            ),
        )
        for change in changes
    )
    made = step(
        fact,
        promises.now,
        after=words_text(
            words=consultation.words,
            decisions=[{"unit": d.unit, "action": d.action} for d in decisions],
        ),
        views=(*convening.told(city, after, actor, view), *moved),
    )
    return Outcome(whistle=after, steps=(made,))


def _wrong(
    whistle: Whistle, consultation: Consultation, promises: Promises
) -> Iterator[FieldError]:
    named: set[str] = set()
    for index, decision in enumerate(consultation.decisions):
        field = f"decisions.{index}"
        if decision.unit in named:
            yield _error(f"{field}.unit", f"{decision.unit} 重复", f"{decision.unit} named twice")
        named.add(decision.unit)
        part = whistle.part_of(decision.unit)
        if part is None or part.relation is Relation.INFORMED or part.state not in BOUND:
            now = STATE_ZH[part.state] if part is not None else "不在承办之列"
            yield _error(
                f"{field}.unit",
                f"{decision.unit} 当前不能承担会商任务（{now}）",
                f"{decision.unit} is not at work in this whistle",
            )
        elif decision.due is not None:
            yield from _wrong_due(f"{field}.due", whistle, part, decision, promises)


def _wrong_due(
    field: str, whistle: Whistle, part: Assignment, decision: Decision, promises: Promises
) -> Iterator[FieldError]:
    assert decision.due is not None
    present = part.dues.resolve
    if decision.due <= promises.now:
        yield _error(field, "办结时限须晚于现在", "must be ahead")
    elif whistle.kind is WhistleKind.CITIZEN_DEMAND and present and decision.due > present.by:
        yield _error(
            field,
            f"不得晚于现办结时限 {present.by.isoformat()}，需要更多时间请申请延期",
            "later than its limit: that takes an extension",
        )


def _bound(
    whistle: Whistle, consultation: Consultation, promises: Promises
) -> tuple[Whistle, tuple[DueChange, ...]]:
    """The parts with their actions and limits, and the limits that changed."""
    changes = []
    for decision in consultation.decisions:
        part = whistle.part_of(decision.unit)
        assert part is not None, "checked before"
        dues = part.dues
        if decision.due is not None:
            due = promises.set_for(decision.due)
            dues = without_resolve(dues, due)
            changes.append(
                DueChange(
                    assignment_id=part.assignment_id,
                    unit=part.unit,
                    kind=DeadlineKind.RESOLVE,
                    due=due,
                )
            )
        changed = altered(part, action=decision.action, dues=dues)
        whistle = altered(whistle, assignments=whistle.with_assignment(changed))
    return whistle, tuple(changes)


def _past_the_lead(whistle: Whistle, consultation: Consultation) -> Iterator[FieldError]:
    """The lead is done last, so no assisting unit is given longer."""
    lead = whistle.lead()
    limit = lead.dues.resolve if lead is not None else None
    if lead is None or limit is None:
        return
    for part in whistle.running():
        own = part.dues.resolve
        if part.relation is not Relation.ASSISTING or part.state in FINISHED or own is None:
            continue
        if own.by > limit.by:
            named = [d.unit for d in consultation.decisions]
            wrong = part.unit if part.unit in named else lead.unit
            if wrong in named:
                yield _error(
                    f"decisions.{named.index(wrong)}.due",
                    f"协办 {part.unit} 的时限不得晚于主办 {lead.unit}",
                    f"{part.unit} assists: its limit may not pass that of {lead.unit}",
                )


def _error(field: str, zh: str, en: str) -> FieldError:
    return FieldError(field=field, zh=zh, en=en)
