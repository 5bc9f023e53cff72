"""The simulated streets at their console: what they do next with a whistle, and never twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from deploy.city.console import Move, evaluations, next_move, street_of
from deploy.city.streets import body_of, officer_of, read_whistles
from services.router.domain.joint.blowing import Blow, check, may_blow
from shared.contracts.envelope import adapter
from shared.contracts.parts import Role
from tests.unit.router.samples import MONDAY, city, promises

NOW = datetime(2026, 9, 14, 4, 0, tzinfo=UTC)
STREET, COMMUNITY = "S-159902001", "Q-159902001001"
SEED = "seed"


def iso(**before: float) -> str:
    return (NOW - timedelta(**before)).isoformat()


def part(unit: str, relation: str = "assisting", stage: str = "on_site", **more: Any) -> Any:
    return {
        "unit": unit,
        "relation": relation,
        "state": "arrived",
        "stage": stage,
        "at": iso(hours=2),
        "action": None,
        **more,
    }


def item(number: int = 0, **more: Any) -> Any:
    return {
        "whistle_id": f"w-{number}",
        "kind": "joint_enforcement",
        "state": "open",
        "blower": STREET,
        "in_charge": STREET,
        "takeover_by": None,
        "blown_at": iso(hours=3),
        "parts": [part("A", "lead"), part("B"), part("C"), part(STREET, "informed")],
        **more,
    }


def move(found: Any, *done: str, now: datetime = NOW) -> Move | None:
    return next_move(found, now, seed=SEED, done=set(done))


def some(**more: Any) -> list[Move]:
    """What is done first with each of two hundred such whistles."""
    found = [move(item(n, **more)) for n in range(200)]
    return [each for each in found if each is not None]


def test_the_street_of_a_community() -> None:
    assert street_of(COMMUNITY) == STREET == street_of(STREET)


def test_a_lead_on_the_spot_is_conferred_with_once() -> None:
    found = move(item())
    assert found is not None
    assert (found.what, found.unit) == ("consultations", STREET)
    decisions = {each["unit"]: each["due"] for each in found.body["decisions"]}
    assert set(decisions) == {"A", "B", "C"}
    assert decisions["B"] < decisions["A"], "an assisting unit is done before its lead"
    agreed = item(parts=[part("A", "lead", action="牵头")])
    assert move(agreed) is None
    waiting = item(parts=[part("A", "lead", stage="acknowledged")])
    assert move(waiting) is None
    paused = item(parts=[part("A", "lead", state="paused")])
    assert move(paused) is None


def test_a_street_now_and_then_takes_over_or_withdraws_in_time() -> None:
    young = {
        "blower": COMMUNITY,
        "in_charge": COMMUNITY,
        "takeover_by": (NOW + timedelta(minutes=20)).isoformat(),
        "blown_at": iso(minutes=10),
        "parts": [part("A", "lead", stage="sent")],
    }
    found = some(**young)
    assert {each.what for each in found} == {"take-overs", "withdrawals"}
    assert {each.unit for each in found} == {STREET}
    assert 10 < len(found) < 70
    assert some(**young) == found, "the dice fall once"
    assert some(**young | {"takeover_by": iso(minutes=1)}) == []
    assert some(**young | {"in_charge": STREET}) == []


def test_a_community_s_emergency_is_followed_by_its_note() -> None:
    fire = item(kind="emergency", blower=COMMUNITY, in_charge=COMMUNITY, blown_at=iso(hours=11))
    found = move(fire)
    assert found is not None
    assert (found.what, found.unit) == ("own-efforts", COMMUNITY)
    then = move(fire, "own-efforts")
    assert then is not None
    assert then.what == "consultations"
    young = item(kind="emergency", blower=COMMUNITY, blown_at=iso(minutes=19), parts=[])
    assert move(young) is None


def test_the_work_is_accepted_and_now_and_then_sent_back_once() -> None:
    parts = [part("A", "lead", "done"), part("B", stage="done")]
    ready = {"state": "awaiting_acceptance", "parts": parts}
    found = some(**ready)
    assert {each.what for each in found} == {"acceptances", "failed-acceptances"}
    back = [n for n in range(200) if some_move(n, ready).what == "failed-acceptances"]
    assert 5 < len(back) < 50
    again = move(item(back[0], **ready), "failed-acceptances")
    assert again is not None
    assert (again.what, again.photo) == ("acceptances", True)
    assert again.body["attended"] == ["A", "B"]
    let_go = [part("A", "lead", "released"), part("B", stage="done")]
    gone = some(state="awaiting_acceptance", parts=let_go)
    assert {each.what for each in gone} == {"acceptances"}, "nobody answers for more work"


def some_move(number: int, more: dict[str, Any]) -> Move:
    found = move(item(number, **more))
    assert found is not None
    return found


def test_some_units_are_let_go_when_they_have_been_there_for_a_while() -> None:
    agreed = [part("A", "lead", action="x"), part("B", action="x"), part("C", action="x")]
    found = some(parts=agreed)
    assert {each.what for each in found} == {"releases"}
    assert {each.body["unit"] for each in found} == {"B", "C"}
    fresh = [{**each, "at": iso(minutes=30)} for each in agreed]
    assert some(parts=fresh) == []


@pytest.mark.parametrize("blower", ["C-RXZX", "BH-CGJ"])
def test_what_others_blew_is_left_to_them(blower: str) -> None:
    assert move(item(blower=blower)) is None


def test_every_mark_that_is_owed_is_given_within_its_points() -> None:
    standing = {
        "evaluators": {"community": COMMUNITY, "street": STREET},
        "scores": [{"unit": "A"}, {"unit": "B"}],
        "evaluations": [{"unit": "A", "evaluator_class": "street"}],
    }
    for number in range(50):
        owed = evaluations(standing, item(number, state="accepted"), seed=SEED)
        assert [(each.unit, each.body["unit"]) for each in owed] == [
            (COMMUNITY, "A"),
            (COMMUNITY, "B"),
            (STREET, "B"),
        ]
        for each in owed:
            points = [each.body[n] for n in ("timely", "present", "effect", "cooperation")]
            assert all(0 <= p <= most for p, most in zip(points, (30, 20, 35, 15), strict=True))


def test_the_router_would_take_every_whistle_of_the_file() -> None:
    for whistle in read_whistles():
        clerk, body = officer_of(whistle), body_of(whistle, MONDAY)
        blow: Blow = adapter(Blow).validate_python(body)
        unit = city().catalogue.unit(clerk.unit or "")
        may_blow(blow, role=Role(clerk.role), unit=unit)
        called = check(
            blow,
            role=Role(clerk.role),
            unit=unit,
            tickets={},
            demanded=frozenset(),
            promises=promises(),
        )
        assert len(called) >= len(blow.units)
