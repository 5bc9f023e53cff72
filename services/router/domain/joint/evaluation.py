"""How street and community rate the units of an accepted matter, in four dimensions (DOMAIN §8).

Points go up to the weight of each dimension and make 100 together. A community's whistle is rated
by the community and its street, 60 to 40; every class rates every unit that worked, once. Nobody
gets a full mark by silence. Once all have rated, the whistle closes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated, Final

from annotated_types import Ge, Le, Len, MaxLen

from services.router.domain import ending
from services.router.domain.assignment import Assignment
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint import convening
from services.router.domain.joint.policy import DIMENSIONS
from services.router.domain.outcome import Outcome, step, words_text
from services.router.domain.whistle import Whistle, WhistleCommand
from shared.catalogue.model import UnitKind
from shared.contracts import bureaus, joint
from shared.contracts.parts import Actor, AssignmentState
from shared.contracts.tickets import Satisfaction
from shared.contracts.values import Relation
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.records import record

Points = Annotated[int, Ge(0), Le(100)]
COMMUNITY: Final = "community"  # 社区
STREET: Final = "street"  # 街道


@record
class Evaluation:
    """One evaluator's word on one unit; points up to the weight of each dimension."""

    unit: Annotated[str, Len(1, 64)]
    timely: Points
    present: Points
    effect: Points
    cooperation: Points
    rating: Satisfaction | None = None
    solved: bool | None = None
    words: Annotated[str, MaxLen(4000)] = ""


@record
class Mark:
    """What one evaluator class gave one unit of one whistle, out of 100."""

    unit: str
    evaluator_class: str
    score: float


@record
class Score:
    """A unit's score of several whistles; None where they are too few to tell."""

    n: int
    score: float | None


def subjects(whistle: Whistle) -> tuple[Assignment, ...]:
    """The parts to be rated: who was done, and who came and was let go; never informed units."""
    return tuple(
        part
        for part in whistle.assignments
        if part.relation is not Relation.INFORMED
        and (
            part.state is AssignmentState.DONE
            or (part.state is AssignmentState.RELEASED and part.arrived_at is not None)
        )
    )


def evaluators(city: City, whistle: Whistle) -> Mapping[str, str]:
    """The unit that rates for each evaluator class; a community's street rates beside it."""
    blower = convening.blower_of(city, whistle)
    if blower is None or blower.kind is UnitKind.COMMUNITY:
        street = convening.street_over(city, whistle)
        found = {COMMUNITY: blower.code} if blower is not None else {}
        if street is not None:
            found[STREET] = street.code
        elif whistle.in_charge is not None and not found:
            found[STREET] = whistle.in_charge
        return found
    if blower.kind is UnitKind.STREET:
        return {STREET: blower.code}
    return {blower.level.value: blower.code}


def evaluate(
    whistle: Whistle,
    evaluation: Evaluation,
    *,
    given: Iterable[Mark],
    actor: Actor,
    promises: Promises,
) -> tuple[Outcome, Mark]:
    """Rate one unit, and close the whistle with the last of all ratings; raises ShaodaoError.

    `given`: the marks of this whistle so far.
    """
    city, marks = promises.city, {(m.unit, m.evaluator_class) for m in given}
    mine = _class_of(city, whistle, actor)
    state = convening.next_state(whistle, WhistleCommand.EVALUATE)
    _wrong(city, whistle, evaluation)
    if (evaluation.unit, mine) in marks:
        raise convening.wrong_state(
            whistle,
            f"对 {evaluation.unit} 的评价已经提交，不能更改",
            f"{evaluation.unit} was rated already",
        )
    mark = Mark(unit=evaluation.unit, evaluator_class=mine, score=score_of(evaluation))
    marks.add((mark.unit, mine))
    after = replace(whistle, state=state, seq=whistle.seq + 1)
    units = {part.unit for part in subjects(whistle)}
    complete = all((unit, mine) in marks for unit in units)
    outcome = _said(after, evaluation, mark, complete, actor, promises)
    wanted = {(unit, each) for unit in units for each in evaluators(city, whistle)}
    if wanted <= marks:
        end = ending.closed_when_rated(after, at=promises.now, policy=city.version)
        outcome = Outcome(whistle=end.whistle, steps=(*outcome.steps, *end.steps))
    return outcome, mark


def _class_of(city: City, whistle: Whistle, actor: Actor) -> str:
    """The class that this official rates for."""
    found = evaluators(city, whistle)
    if actor.role in convening.CHAIRING:
        for name, unit in found.items():
            if unit == actor.unit:
                return name
    names = "、".join(city.catalogue.unit(u).name for u in found.values() if u)
    raise ForbiddenError(f"本哨单由{names}评价", f"{', '.join(found.values())} rate this whistle")


def _wrong(city: City, whistle: Whistle, evaluation: Evaluation) -> None:
    errors = []
    if evaluation.unit not in {part.unit for part in subjects(whistle)}:
        errors.append(
            FieldError(
                field="unit",
                zh=f"{evaluation.unit} 没有到场或办理，不作评价",
                en=f"{evaluation.unit} did not work on it",
            )
        )
    for name in DIMENSIONS:
        most = getattr(city.policy.joint.weights, name)
        if getattr(evaluation, name) > most:
            errors.append(FieldError(field=name, zh=f"最高 {most} 分", en=f"at most {most}"))
    if errors:
        raise InvalidError(*errors)


def score_of(evaluation: Evaluation) -> float:
    """Out of 100: the weights of the dimensions make 100."""
    return float(sum(getattr(evaluation, name) for name in DIMENSIONS))


def _said(
    whistle: Whistle,
    evaluation: Evaluation,
    mark: Mark,
    complete: bool,
    actor: Actor,
    promises: Promises,
) -> Outcome:
    points = {name: getattr(evaluation, name) for name in DIMENSIONS}
    fact = joint.Evaluated(
        **convening.about(whistle, actor, promises),
        unit=evaluation.unit,
        evaluator_class=mark.evaluator_class,
        **points,
        by_unit=actor.unit,
        score=mark.score,
        weight=promises.city.policy.joint.weight_of_kind[whistle.kind],
        rating=evaluation.rating.value if evaluation.rating else None,
        solved=evaluation.solved,
        words=evaluation.words,
        complete=complete,
    )
    view = bureaus.Evaluated(
        whistle_id=whistle.whistle_id,
        seq=whistle.seq,
        evaluator_class=mark.evaluator_class,
        **points,
        words=evaluation.words,
    )
    made = step(
        fact,
        promises.now,
        after=words_text(
            unit=evaluation.unit,
            evaluator=mark.evaluator_class,
            score=mark.score,
            **points,
            words=evaluation.words,
        ),
        views=((evaluation.unit, view),),
    )
    return Outcome(whistle=whistle, steps=(made,))


def together(city: City, marks: Mapping[str, float]) -> float | None:
    """One unit's score of one whistle from those of its evaluator classes; None without any.

    Of a community's whistle both shares count once both have rated; until then what is there.
    """
    shares = city.policy.joint.shares
    weighed = {name: shares.get(name, 1.0) for name in marks}
    whole = sum(weighed.values())
    if not whole:
        return None
    return round(sum(marks[name] * share for name, share in weighed.items()) / whole, 1)


def overall(city: City, scores: Iterable[tuple[float, float]]) -> Score:
    """A unit's score of many whistles, (score, weight) each; none is told of fewer than five."""
    found = list(scores)
    if len(found) < city.policy.joint.least_whistles:
        return Score(n=len(found), score=None)
    whole = sum(weight for _, weight in found)
    total = sum(score * weight for score, weight in found)
    return Score(n=len(found), score=round(total / whole, 1))
