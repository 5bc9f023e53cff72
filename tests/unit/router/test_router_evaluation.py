"""Marks of street and community: who gives them, how they count, and how a whistle closes."""

import copy
import tomllib
from dataclasses import replace
from typing import Any

import pytest

from services.router.app import HERE
from services.router.domain.joint import evaluation as rules
from services.router.domain.joint.evaluation import Evaluation, Mark, evaluate, evaluators, subjects
from services.router.domain.joint.policy import read_joint
from services.router.domain.outcome import Outcome
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, joint, whistles
from shared.contracts.parts import Actor, AssignmentState, Role, WhistleState
from shared.contracts.tickets import Satisfaction
from shared.contracts.values import WhistleKind
from shared.errors import ConflictError, ForbiddenError, InvalidError
from tests.unit.router.joint_samples import (
    COMMUNITY_UNIT,
    OFFICER,
    STRANGER,
    SUPERVISOR,
    WORKER,
    accepted,
    at,
    finished,
    told,
    with_part,
)
from tests.unit.router.joint_samples import (
    joint as blown,
)
from tests.unit.router.samples import MONDAY, STREET, city

LEAD, OTHER = "BH-CGJ", "BH-SCJ"
POLICY = HERE / "policy.toml"


def marks(unit: str = LEAD, **points: Any) -> Evaluation:
    full: dict[str, Any] = {"timely": 30, "present": 20, "effect": 35, "cooperation": 15}
    return Evaluation(unit=unit, **{**full, **points})


def rated(
    whistle: Whistle, evaluation: Evaluation, *given: Mark, by: Actor = OFFICER
) -> tuple[Outcome, Mark]:
    return evaluate(whistle, evaluation, given=given, actor=by, promises=at(days=1))


def test_a_street_rates_its_own_whistle_and_the_last_mark_closes_it() -> None:
    whistle = accepted()
    said = marks(effect=30, rating=Satisfaction.SATISFIED, solved=True, words="配合好")
    outcome, first = rated(whistle, said)
    assert (first.evaluator_class, first.score) == ("street", 95.0)
    fact = outcome.steps[0].fact
    assert isinstance(fact, joint.Evaluated)
    assert (fact.by_unit, fact.score, fact.weight, fact.rating) == (STREET, 95.0, 1.0, "satisfied")
    assert not fact.complete
    assert told(outcome, bureaus.Evaluated) == {LEAD}
    assert outcome.whistle.state is WhistleState.ACCEPTED
    last, _ = rated(outcome.whistle, marks(OTHER), first)
    assert [type(step.fact) for step in last.steps] == [joint.Evaluated, whistles.Closed]
    assert last.whistle.state is WhistleState.CLOSED
    assert last.steps[0].fact.complete  # type: ignore[union-attr]


def test_a_community_s_whistle_needs_the_marks_of_both() -> None:
    whistle = accepted(by=WORKER)
    assert dict(evaluators(city(), whistle)) == {"community": COMMUNITY_UNIT, "street": STREET}
    given: list[Mark] = []
    for by, unit in ((WORKER, LEAD), (OFFICER, LEAD), (WORKER, OTHER)):
        outcome, mark = rated(whistle, marks(unit), *given, by=by)
        whistle, given = outcome.whistle, [*given, mark]
        assert whistle.state is WhistleState.ACCEPTED
    closing, _ = rated(whistle, marks(OTHER), *given, by=OFFICER)
    assert closing.whistle.state is WhistleState.CLOSED
    assert told(closing, bureaus.Closed) == {LEAD, OTHER, STREET}


def test_a_taken_over_whistle_is_still_rated_by_the_community() -> None:
    whistle = replace(accepted(by=WORKER), in_charge=STREET)
    assert rated(whistle, marks(), by=WORKER)[1].evaluator_class == "community"


def test_an_emergency_weighs_more() -> None:
    outcome, _ = rated(accepted(kind=WhistleKind.EMERGENCY), marks())
    assert outcome.steps[0].fact.weight == 1.5  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "by", [STRANGER, SUPERVISOR, WORKER, replace(OFFICER, role=Role.GRID_WORKER)]
)
def test_nobody_else_rates_a_street_s_whistle(by: Actor) -> None:
    with pytest.raises(ForbiddenError):
        rated(accepted(), marks(), by=by)


def test_once_only_after_the_acceptance_and_within_the_points() -> None:
    whistle = accepted()
    _, mark = rated(whistle, marks())
    with pytest.raises(ConflictError):
        rated(whistle, marks(), mark)
    with pytest.raises(ConflictError):
        rated(finished(), marks())
    with pytest.raises(InvalidError) as wrong:
        rated(whistle, marks(STREET, timely=31, present=21, effect=36, cooperation=16))
    found = {error.field for error in wrong.value.errors}
    assert found == {"unit", "timely", "present", "effect", "cooperation"}


def test_who_came_and_was_let_go_is_rated_who_never_came_is_not() -> None:
    gone = with_part(accepted(), OTHER, state=AssignmentState.RELEASED)
    assert [part.unit for part in subjects(gone)] == [LEAD, OTHER]
    never = with_part(gone, OTHER, arrived_at=None)
    assert [part.unit for part in subjects(never)] == [LEAD]
    assert rated(never, marks())[0].whistle.state is WhistleState.CLOSED
    assert subjects(blown(by=WORKER)) == (), "nobody has worked, the informed never do"


def test_both_shares_make_a_unit_s_score() -> None:
    assert rules.together(city(), {}) is None
    assert rules.together(city(), {"street": 80}) == 80
    assert rules.together(city(), {"community": 90}) == 90
    assert rules.together(city(), {"community": 90, "street": 80}) == 86.0
    assert rules.together(city(), {"city": 70}) == 70


def test_no_score_of_fewer_than_five_whistles_and_emergencies_weigh_more() -> None:
    four = [(90.0, 1.0)] * 4
    assert rules.overall(city(), four) == rules.Score(n=4, score=None)
    five = rules.overall(city(), [*four, (50.0, 1.5)])
    assert (five.n, five.score) == (5, 79.1)


WRONG: dict[str, Any] = {
    "points that do not make 100": lambda t: t["points"].update(timely=31),
    "a dimension without points": lambda t: t["points"].update(timely=0, effect=65),
    "a dimension missing": lambda t: t["points"].pop("effect"),
    "a limit that is none": lambda t: t["redo"].update(key_work="soon"),
    "a kind without limit": lambda t: t["redo"].pop("key_work"),
    "a demand that is accepted": lambda t: t["redo"].update(citizen_demand="1WD"),
    "shares beyond the whole": lambda t: t["shares"].update(street=0.6),
    "a weight of nothing": lambda t: t["weight_of_kind"].update(emergency=0),
    "an unknown kind": lambda t: t["street_only"].append("party"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_policy_is_refused(what: str) -> None:
    table = tomllib.loads(POLICY.read_text(encoding="utf-8"))["joint"]
    assert read_joint(copy.deepcopy(table)).weights.timely == 30
    WRONG[what](table)
    with pytest.raises(ValueError, match=r"joint|WhistleKind"):
        read_joint(table)


def test_the_marks_are_told_with_the_time_they_were_given() -> None:
    outcome, _ = rated(accepted(), marks())
    assert outcome.steps[0].at > MONDAY
