"""The people of the city: when they call, what they answer, whom they whistle."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.city.callbacks import answer
from deploy.city.citizens import Citizens, read_requests
from deploy.city.rhythm import gap, next_request_at
from deploy.city.rounds import Patience
from deploy.city.streets import body_of, officer_of, read_whistles
from shared.contracts.parts import Role
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Relation, WhistleKind

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday 10:00 in Shanghai
UNITS = Path(__file__).parents[3] / "shared" / "catalogue" / "data" / "bureaus.csv"


@given(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)), st.integers())  # noqa: DTZ001
def test_somebody_calls_every_two_minutes_at_least(moment: datetime, dice: int) -> None:
    assert timedelta(0) < gap(moment.replace(tzinfo=UTC), Random(dice)) <= timedelta(minutes=2)


def test_more_people_call_in_working_hours() -> None:
    night = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)  # 02:00 in Shanghai
    by_day = sum((gap(NOW, Random(n)) for n in range(99)), timedelta())
    by_night = sum((gap(night, Random(n)) for n in range(99)), timedelta())
    assert by_night > by_day * 1.5


def test_a_jump_of_the_clock_is_not_made_up_for() -> None:
    later = NOW + timedelta(days=3)
    assert next_request_at(NOW, later, Random(1)) == later
    assert next_request_at(NOW, NOW, Random(1)) > NOW


def test_every_request_is_heard_before_one_is_heard_again() -> None:
    citizens = Citizens(read_requests(), Random(4))
    bodies: list[dict[str, Any]] = []
    while len({body["description"] for body in bodies}) == len(bodies):
        bodies.append(citizens.next_body(NOW))
    assert len(bodies) > 150
    assert all("season" not in body for body in bodies)
    again = bodies[-1]
    first = next(body for body in bodies if body["description"] == again["description"])
    assert first["reporter"]["phone"] != again["reporter"]["phone"]


def test_citizens_mostly_say_it_is_solved_and_never_that_nobody_was_satisfied() -> None:
    answers = [answer(Random(n)) for n in range(2_000)]
    results = Counter(said["result"] for said in answers)
    assert results["solved"] > 1_300
    assert results["unsolved"] > 50
    for said in answers:
        unreachable = CallbackResult(said["result"]) is CallbackResult.UNREACHABLE
        if unreachable:
            assert Satisfaction(said["satisfaction"]) is Satisfaction.UNKNOWN
        assert ("note" in said) == (said["satisfaction"] == "unsatisfied")


def test_patience_waits_forgets_and_keeps_order() -> None:
    patience = Patience(timedelta(minutes=10), timedelta(minutes=20), Random(1))
    seen = dict.fromkeys(map(str, range(30)))
    assert patience.ripe(seen, NOW) == []
    later = NOW + timedelta(minutes=20)
    assert set(patience.ripe(seen, later)) == set(seen)
    patience.put_off("3", later + timedelta(hours=1))
    assert "3" not in patience.ripe(seen, later)
    del seen["4"]
    assert "4" not in patience.ripe(seen, later)
    seen["4"] = None
    assert "4" not in patience.ripe(seen, later)  # forgotten, so thought over anew


@pytest.fixture(scope="module")
def whistles() -> list[dict[str, Any]]:
    return read_whistles()


def test_street_whistles_are_lawful(whistles: list[dict[str, Any]]) -> None:
    with UNITS.open(encoding="utf-8") as file:
        units = {row["code"]: row for row in csv.DictReader(file)}
    assert {WhistleKind(whistle["kind"]) for whistle in whistles} == set(WhistleKind)
    for whistle in whistles:
        blower = units[whistle["unit"]]
        assert blower["can_whistle"] == "1"
        assert whistle["place"]["region"].startswith(blower["region_code"])
        called = [Relation(part["relation"]) for part in whistle["units"]]
        assert called.count(Relation.LEAD) == 1
        alone = whistle["kind"] == WhistleKind.CITIZEN_DEMAND
        assert len({part["unit"] for part in whistle["units"]}) == len(called) >= 2 - alone
        assert all(part["unit"] in units for part in whistle["units"])
        if whistle["kind"] != WhistleKind.EMERGENCY:
            assert whistle["own_effort"]


def test_a_whistle_becomes_a_request_of_its_officer(whistles: list[dict[str, Any]]) -> None:
    for whistle in whistles:
        body = body_of(whistle, NOW)
        assert "unit" not in body
        assert body["tickets"] == []
        officer = officer_of(whistle)
        assert Role(officer.role) in (Role.STREET_OFFICER, Role.COMMUNITY_WORKER)
        if "muster" in body:
            assert NOW < datetime.fromisoformat(body["muster"]["at"]) < NOW + timedelta(days=2)
