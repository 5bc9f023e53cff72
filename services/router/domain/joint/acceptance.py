"""Joint acceptance: the street finds the work good, or sends named units back to it.

Accepted, the evaluators have some working days to rate the units. Failed, the units named work
again with new limits and the others stay; the whistle is open again.
"""

from dataclasses import replace
from typing import Annotated, Final
from uuid import UUID

from annotated_types import Len, MaxLen

from services.router.domain.assignment import Assignment, AssignmentCommand, moved
from services.router.domain.dues import Promises, without_resolve
from services.router.domain.ending import closed_when_rated
from services.router.domain.joint import convening
from services.router.domain.joint.evaluation import evaluators, subjects
from services.router.domain.outcome import Outcome, step, words_text
from services.router.domain.whistle import Whistle, WhistleCommand
from shared.catalogue.terms import Term
from shared.contracts import bureaus, joint
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, DueChange
from shared.contracts.values import Due, Instant, Relation
from shared.errors import FieldError, InvalidError
from shared.records import record

MOST_PHOTOS: Final = 9


@record
class Acceptance:
    """The street's word that the work is good; photos are files that it uploaded."""

    words: Annotated[str, MaxLen(4000)] = ""
    photos: Annotated[tuple[UUID, ...], MaxLen(MOST_PHOTOS)] = ()
    attended: Annotated[tuple[str, ...], MaxLen(200)] = ()
    resident_joined: bool = False


@record
class FailedAcceptance:
    """What is not done yet, by whom; without `due` the kind's own limit holds."""

    units: Annotated[tuple[str, ...], Len(1, 200)]
    reason: Annotated[str, Len(1, 4000)]
    photos: Annotated[tuple[UUID, ...], MaxLen(MOST_PHOTOS)] = ()
    due: Instant | None = None


def accept(
    whistle: Whistle, acceptance: Acceptance, *, actor: Actor, promises: Promises
) -> Outcome:
    """The work is good; raises the ShaodaoError that says why it cannot be accepted."""
    city = promises.city
    convening.must_chair(city, whistle, actor, "验收", street_only=True)
    state = convening.next_state(whistle, WhistleCommand.ACCEPT)
    _not_in_review(whistle)
    _proved(whistle, acceptance, promises)
    after = replace(whistle, state=state, seq=whistle.seq + 1)
    fact = joint.Accepted(
        **convening.about(after, actor, promises),
        words=acceptance.words,
        photos=tuple(map(str, acceptance.photos)),
        attended=acceptance.attended,
        resident_joined=acceptance.resident_joined,
        evaluate_by=promises.due(city.limits.term(Term.EVALUATION)),
        evaluators=tuple(evaluators(city, whistle).values()) if subjects(whistle) else (),
    )
    view = bureaus.Accepted(whistle_id=after.whistle_id, seq=after.seq, words=acceptance.words)
    made = step(
        fact,
        promises.now,
        before=words_text(state=whistle.state),
        after=words_text(
            state=after.state,
            words=acceptance.words,
            photos=fact.photos,
            attended=acceptance.attended,
            resident_joined=acceptance.resident_joined or None,
        ),
        views=convening.told(city, after, actor, view),
    )
    if subjects(after):
        return Outcome(whistle=after, steps=(made,))
    end = closed_when_rated(after, at=promises.now, policy=city.version)
    return Outcome(
        whistle=end.whistle, steps=(made, *end.steps)
    )  # nobody came: no marks to wait for


def _not_in_review(whistle: Whistle) -> None:
    if any(part.reviewing for part in whistle.running()):
        raise convening.wrong_state(
            whistle,
            "办结正在审核，审核通过后验收",
            "a resolution is being reviewed: accept it afterwards",
        )


def _proved(whistle: Whistle, acceptance: Acceptance, promises: Promises) -> None:
    errors = []
    least = promises.city.policy.joint.photos
    if len(set(acceptance.photos)) < least:
        errors.append(
            FieldError(
                field="photos",
                zh=f"验收至少附 {least} 张现场照片",
                en=f"at least {least} photo(s) of the spot",
            )
        )
    for index, unit in enumerate(acceptance.attended):
        if whistle.part_of(unit) is None:
            errors.append(
                FieldError(
                    field=f"attended.{index}",
                    zh=f"{unit} 不在本哨单之列",
                    en=f"{unit} has no part in this whistle",
                )
            )
    if errors:
        raise InvalidError(*errors)


def fail(
    whistle: Whistle, failed: FailedAcceptance, *, actor: Actor, promises: Promises
) -> Outcome:
    """The units named work again; raises the ShaodaoError that says why they cannot."""
    city = promises.city
    convening.must_chair(city, whistle, actor, "验收", street_only=True)
    state = convening.next_state(whistle, WhistleCommand.FAIL_ACCEPTANCE)
    parts = _sent_back(whistle, failed)
    due = _redo_by(whistle, failed, promises)
    assignments = whistle.assignments
    changes = []
    for part in parts:
        again = moved(
            part,
            AssignmentCommand.FAIL_ACCEPTANCE,
            done_at=None,
            reviewing=False,
            dues=without_resolve(part.dues, due),
        )
        assignments = tuple(again if a is part else a for a in assignments)
        changes.append(
            DueChange(
                assignment_id=part.assignment_id,
                unit=part.unit,
                kind=DeadlineKind.RESOLVE,
                due=due,
            )
        )
    after = replace(whistle, state=state, seq=whistle.seq + 1, assignments=assignments)
    fact = joint.AcceptanceFailed(
        **convening.about(after, actor, promises),
        changes=tuple(changes),
        reason=failed.reason,
        units=tuple(part.unit for part in parts),
        photos=tuple(map(str, failed.photos)),
    )
    made = step(
        fact,
        promises.now,
        before=words_text(state=whistle.state),
        after=words_text(
            state=after.state, units=fact.units, reason=failed.reason, photos=fact.photos
        ),
        views=_told(after, fact, actor, promises),
    )
    return Outcome(whistle=after, steps=(made,))


def _sent_back(whistle: Whistle, failed: FailedAcceptance) -> tuple[Assignment, ...]:
    """The parts of the units named: done, and with a lead to answer for them."""
    if whistle.lead() is None:
        raise convening.wrong_state(
            whistle,
            "主办单位已放行，不能退回办理；如须继续处置请另行吹哨",
            "the lead was let go: blow another whistle for what is left",
        )
    parts, errors = [], []
    for index, unit in enumerate(failed.units):
        part = whistle.part_of(unit)
        worked = part is not None and part.relation is not Relation.INFORMED
        if part is None or not worked or part.state is not AssignmentState.DONE:
            errors.append(
                FieldError(
                    field=f"units.{index}",
                    zh=f"{unit} 没有已办结的承办任务",
                    en=f"{unit} has no part that is done",
                )
            )
        elif part not in parts:
            parts.append(part)
    if errors:
        raise InvalidError(*errors)
    return tuple(parts)


def _redo_by(whistle: Whistle, failed: FailedAcceptance, promises: Promises) -> Due:
    if failed.due is None:
        return promises.due(promises.city.policy.joint.redo[whistle.kind])
    if failed.due <= promises.now:
        raise InvalidError(FieldError(field="due", zh="时限须晚于现在", en="must be ahead"))
    return promises.set_for(failed.due)


def _told(
    whistle: Whistle, fact: joint.AcceptanceFailed, actor: Actor, promises: Promises
) -> tuple[tuple[str, bureaus.View], ...]:
    """Each unit sent back learns its own limit, all others who works again."""
    units = bureaus.UnitsChanged(
        whistle_id=whistle.whistle_id, seq=whistle.seq, units=whistle.units()
    )
    back = {change.unit: change for change in fact.changes}
    return tuple(
        (
            unit,
            bureaus.AcceptanceFailed(
                whistle_id=whistle.whistle_id,
                seq=whistle.seq,
                changes=(back[unit],),
                reason=fact.reason,
            )
            if unit in back
            else view,
        )
        for unit, view in convening.told(promises.city, whistle, actor, units)
    )
