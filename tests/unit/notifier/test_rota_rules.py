"""Who is on duty, and whom a matter reaches when nobody is at the post."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.notifier.domain.telling.posts import OF_A_UNIT, Post, Seat, may_be_of, seats
from services.notifier.domain.telling.roster import Roster, Substitute
from shared.catalogue.load_limits import load_time_limits
from shared.contracts.values import Urgency
from tests.unit.notifier.samples import UNIT, local
from tests.unit.notifier.telling_samples import (
    CITY,
    CITY_UNIT,
    DISTRICT,
    LONG_AGO,
    REGIONS,
    at_seat,
    person,
    roster,
    shift,
)

NOW = local("2026-09-14 10:00")
HANDLER = Seat(Post.HANDLER, UNIT)


def reached(rota: Roster, *audience: str, unit: str | None = UNIT):
    return rota.at(NOW).reached(audience, unit)


def test_every_audience_of_the_policy_is_a_post():
    limits = load_time_limits()
    rungs = [*limits.short_warnings, *limits.long_warnings]
    rungs += [rung for urgency in Urgency for rung in limits.ladder(urgency)]
    named = {name for rung in rungs for name in rung.audience}
    assert named <= set(Post)
    assert named >= OF_A_UNIT


def test_an_audience_reaches_the_person_at_each_post_once():
    found = reached(roster(), "handler", "liaison")
    assert [each.person_id for each in found] == [
        at_seat(HANDLER),
        at_seat(Seat(Post.LIAISON, UNIT)),
    ]
    assert not any(each.fell for each in found)
    both = roster(shift(HANDLER, person("a")), shift(Seat(Post.LIAISON, UNIT), person("a")))
    assert [each.post for each in reached(both, "handler", "liaison")] == [Post.HANDLER]


@pytest.mark.parametrize(
    ("gone", "heard"),
    [
        ((), HANDLER),
        (("handler",), Seat(Post.LIAISON, UNIT)),
        (("handler", "liaison"), Seat(Post.SECTION_HEAD, UNIT)),
        (tuple(sorted(OF_A_UNIT)), Seat(Post.SUPERVISOR, DISTRICT)),
        ((*sorted(OF_A_UNIT), "supervisor"), Seat(Post.DISTRICT_SUPERVISOR, DISTRICT)),
    ],
)
def test_a_post_without_anybody_falls_to_the_next_higher(gone, heard):
    without = tuple(Seat(Post(post), place) for post in gone for place in (UNIT, DISTRICT, CITY))
    (found,) = reached(roster(without=without), "handler")
    assert (found.seat, found.post, found.fell) == (heard, Post.HANDLER, bool(gone))


def test_a_unit_of_the_city_has_no_district_above_it_and_that_is_no_fall():
    (found,) = reached(roster(), "district_leader", unit=CITY_UNIT)
    assert found.seat == Seat(Post.CITY_SUPERVISOR, CITY)
    assert not found.fell
    (found,) = reached(roster(), "supervisor", unit=CITY_UNIT)
    assert found.seat == Seat(Post.SUPERVISOR, CITY)


def test_a_matter_of_no_unit_is_for_the_centre_alone():
    on_duty = roster().at(NOW)
    assert on_duty.reached(("handler", "liaison"), None) == ()
    assert on_duty.unreached == 0
    (found,) = on_duty.reached(("dispatcher",), None)
    assert found.seat == Seat(Post.SHIFT_LEAD, CITY)
    assert found.fell


def test_nobody_at_all_is_counted():
    on_duty = Roster.of((), regions=REGIONS, city=CITY).at(NOW)
    assert on_duty.reached(("handler",), UNIT) == ()
    assert on_duty.reached(("handler",), UNIT) == ()
    assert on_duty.unreached == 2


def test_a_substitute_hears_instead_while_they_stand_in():
    stand_in = Substitute(
        substitute_id=uuid4(),
        person_id=person("b"),
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=8),
    )
    own = shift(HANDLER, person("a"), ends_at=NOW + timedelta(days=9))
    with_substitute = type(own)(
        shift_id=own.shift_id,
        seat=own.seat,
        person_id=own.person_id,
        starts_at=own.starts_at,
        ends_at=own.ends_at,
        substitutes=(stand_in,),
    )
    rota = roster(with_substitute)
    assert rota.on_duty(HANDLER, NOW - timedelta(seconds=1)) == (person("a"),)
    assert rota.on_duty(HANDLER, NOW) == (person("b"),)
    assert rota.on_duty(HANDLER, NOW + timedelta(hours=8)) == (person("a"),)
    assert rota.on_duty(HANDLER, NOW + timedelta(days=9)) == ()
    assert rota.on_duty(HANDLER, LONG_AGO - timedelta(seconds=1)) == ()


def test_vacant_posts_are_named():
    rota = roster(without=(HANDLER,))
    assert [seat for seat in rota.vacant(NOW) if seat.place == UNIT] == [HANDLER]


@pytest.mark.parametrize(
    ("post", "unit", "region", "there"),
    [
        ("handler", UNIT, None, True),
        ("handler", None, DISTRICT, False),
        ("handler", UNIT, DISTRICT, False),
        ("handler", None, None, False),
        ("supervisor", None, DISTRICT, True),
        ("supervisor", None, CITY, True),
        ("district_leader", None, CITY, False),
        ("district_leader", None, DISTRICT, True),
        ("city_leader", None, DISTRICT, False),
        ("dispatcher", None, CITY, True),
        ("supervisor", UNIT, None, False),
        ("supervisor", None, "159902001", False),
    ],
)
def test_a_post_exists_at_its_own_kind_of_place(post, unit, region, there):
    assert may_be_of(Post(post), unit=unit, region=region) is there


def test_every_post_ends_at_the_leader_of_the_city():
    for post in Post:
        chain = list(seats(post, unit=UNIT, region=DISTRICT))
        assert chain[-1] == Seat(Post.CITY_LEADER, CITY)
        assert chain[0].post is post
        assert len(chain) == len(set(chain))
