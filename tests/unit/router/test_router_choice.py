"""The person's own choice, danger, assets, seasons and doubts: the steps beside the plain way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.router import dispatch
from services.router.domain.book import Book, Said
from services.router.domain.jurisdiction import is_bureaus_duty, may_look_first
from services.router.domain.routing.answer import Found, Unclear
from services.router.domain.routing.question import ask, question_of
from services.router.domain.routing.walk import route
from services.router.domain.units.absence import Absence
from shared.catalogue.terms import OneTapTaker
from shared.contracts import tickets, whistles
from shared.contracts.parts import Place
from shared.contracts.tickets import CallbackResult, Hints, Satisfaction
from shared.contracts.values import Channel, Relation, TicketType, Urgency
from tests.unit.router.samples import COMMUNITY, MONDAY, NIGHT, STREET, TICKET, book, city
from tests.unit.router.samples import registered as sample

Q = f"Q-{COMMUNITY}"
GRID = COMMUNITY + "003"
HERE = Place(region=GRID)
WINTER = datetime(2026, 12, 14, 2, 0, tzinfo=UTC)
DUSK = datetime(2026, 9, 14, 12, 30, tzinfo=UTC)  # 20:30 in Shanghai
TAPPED = {OneTapTaker.GRID_WORKER, OneTapTaker.PROPERTY}


def routed(
    category: str | None, place: Place = HERE, now: datetime = MONDAY, **asked: object
) -> Found | Unclear:
    return route(city(), ask(city(), category=category, place=place, **asked), now)  # type: ignore[arg-type]


def found(
    category: str | None, place: Place = HERE, now: datetime = MONDAY, **asked: object
) -> Found:
    answer = routed(category, place, now, **asked)
    assert isinstance(answer, Found), answer
    return answer


def unclear(category: str | None, place: Place = HERE, **asked: object) -> Unclear:
    answer = routed(category, place, MONDAY, **asked)
    assert isinstance(answer, Unclear), answer
    return answer


def units_of(answer: Found) -> list[tuple[str, str]]:
    return [(s.unit, s.relation.value) for s in answer.summonses]


# Step 3.


@pytest.mark.parametrize("category", ["0504", "2112", "0511", None])
def test_the_grids_worker_looks_first_at_what_is_led_locally(category: str | None) -> None:
    answer = found(category, choice="grid")
    assert units_of(answer) == [(Q, "lead"), (STREET, "informed")]
    first = answer.summonses[0]
    assert (first.handler, first.handler_post) == (city().grids.by_code[GRID].worker, "网格员")
    assert first.one_tap is OneTapTaker.GRID_WORKER
    assert answer.trace[0] == f"3:choice grid {GRID}→{Q} {first.handler}"


@pytest.mark.parametrize("choice", ["grid", "property"])
def test_a_bureaus_duty_is_whistled_to_the_bureau_at_the_same_time(choice: str) -> None:
    place = Place(region=GRID, compound="河湾家园")
    plain, answer = found("0205", place), found("0205", place, choice=choice)
    chosen = {"grid": Q, "property": "P-02"}[choice]
    assert answer.summonses[0] == plain.summonses[0]
    beside = next(s for s in answer.summonses if s.unit == chosen)
    assert beside.relation is Relation.ASSISTING
    assert beside.one_tap in TAPPED
    assert "3:duty of a bureau, whistled at the same time→C-SZZ" in answer.trace
    assert {s.unit for s in plain.summonses} < {s.unit for s in answer.summonses}


def test_no_bureaus_duty_is_ever_led_by_whom_the_person_chose() -> None:
    for code, category in city().catalogue.categories.items():
        for choice in ("grid", "property"):
            answer = routed(code, Place(region=GRID, compound="河湾家园"), choice=choice)
            if isinstance(answer, Found) and is_bureaus_duty(city(), code):
                lead = city().catalogue.unit(answer.summonses[0].unit)
                assert lead.kind in ("bureau", "utility"), (code, category.name, lead)


def test_who_may_look_first() -> None:
    assert may_look_first(city(), "0504", Q)
    assert may_look_first(city(), None, Q)
    assert not may_look_first(city(), "0205", Q)
    assert not may_look_first(city(), "0205", "P-02")
    assert not may_look_first(city(), "0511", "P-02")  # no company rules on its own dismissal


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        (Place(region=GRID, compound="河湾家园"), "P-02"),
        (Place(region=GRID, property_unit="P-01"), "P-01"),
        (Place(region=GRID, compound="老粮库家属院"), STREET),  # no company
        (Place(region=GRID), STREET),  # no compound
    ],
)
def test_report_to_property_goes_to_the_compounds_company_else_the_street(
    place: Place, unit: str
) -> None:
    answer = found("0504", place, choice="property")
    assert answer.summonses[0].unit == unit
    assert answer.summonses[0].one_tap is OneTapTaker.PROPERTY


def test_a_choice_without_a_place_fine_enough_goes_by_duty() -> None:
    answer = found("0205", Place(region="159902"), choice="grid")
    assert units_of(answer)[0] == ("C-SZZ", "lead")
    assert answer.trace[0] == "3:choice grid, the place does not tell whose"
    assert not any(s.one_tap for s in answer.summonses)


def test_the_substitute_looks_outside_the_workers_hours_and_when_the_worker_is_away() -> None:
    grid = city().grids.by_code[GRID]
    assert found("0504", choice="grid").summonses[0].handler == grid.worker
    assert found("0504", now=DUSK, choice="grid").summonses[0].handler == grid.substitute
    away = Absence(
        absence_id=uuid4(),
        grid=GRID,
        absent_from=MONDAY - timedelta(hours=1),
        absent_until=MONDAY + timedelta(hours=1),
        reason="请假",
        told_by="community_worker",
    )
    short = replace(city(), absences=(away,))
    question = ask(short, category="0504", place=HERE, choice="grid")
    now, later = route(short, question, MONDAY), route(short, question, MONDAY + timedelta(hours=2))
    assert isinstance(now, Found)
    assert isinstance(later, Found)
    assert now.summonses[0].handler == grid.substitute
    assert now.trace[0] == f"3:choice grid {GRID}→{Q} {grid.substitute} for {grid.worker}"
    assert later.summonses[0].handler == grid.worker


# The dues and the record of a choice.


def dispatched(now: datetime = MONDAY, **changes: object) -> Book:
    filled = book(now)
    fact = sample(**changes)
    dispatch.registered(filled, fact, at=now, traceparent=None)
    return filled


def facts(filled: Book) -> list[object]:
    return [said.step.fact for said in filled.said if isinstance(said, Said)]


def tapped(**changes: object) -> dict[str, object]:
    return {"channel": Channel.ONE_TAP, "choice": "grid", "place": HERE, **changes}


def test_a_first_look_goes_by_the_one_tap_limits() -> None:
    (fact,) = facts(dispatched(**tapped(category="0504", type=TicketType.HELP)))
    assert isinstance(fact, whistles.Blown)
    first = fact.assignments[0]
    assert first.unit == Q
    assert first.handler is not None
    assert first.handler.name == city().grids.by_code[GRID].worker
    assert [due.rule for due in (first.acknowledge, first.deemed, first.resolve) if due] == [
        "30m",
        "30m*2",
        "24h",
    ]


def test_the_bureau_beside_keeps_its_own_limits() -> None:
    (fact,) = facts(dispatched(**tapped(category="0205", type=TicketType.HELP)))
    assert isinstance(fact, whistles.Blown)
    rules = {
        a.unit: (a.acknowledge and a.acknowledge.rule, a.resolve and a.resolve.rule)
        for a in fact.assignments
    }
    assert rules["C-SZZ"] == ("4wh", "3WD")
    assert rules[Q] == ("30m", "24h")


def test_a_choice_makes_no_urgent_matter_slower() -> None:
    (fact,) = facts(
        dispatched(
            **tapped(
                category="0503",
                choice="property",
                place=Place(region=GRID, compound="河湾家园"),
                urgency=Urgency.URGENT,
                type=TicketType.HELP,
            )
        )
    )
    assert isinstance(fact, whistles.Blown)
    first = fact.assignments[0]
    assert first.unit == "P-02"
    assert first.acknowledge is not None
    assert first.acknowledge.rule == "30m"  # not the 2 h of a property company


def test_after_a_first_look_that_did_not_help_whose_duty_it_is_comes() -> None:
    filled = dispatched(**tapped(category="0504", place=Place(region=GRID, compound="河湾家园")))
    again = tickets.ReworkRequested(
        seq=5,
        actor=sample().actor,
        ticket_id=TICKET,
        round=2,
        result=CallbackResult.UNSOLVED,
        satisfaction=Satisfaction.UNSATISFIED,
    )
    dispatch.again(filled, again, at=MONDAY + timedelta(days=1), traceparent=None)
    last = facts(filled)[-1]
    assert isinstance(last, whistles.Blown)
    assert last.assignments[0].unit == "P-02"
    assert last.assignments[0].handler is None
    assert question_of(city(), sample(choice="grid"), round=2).choice is None


# Steps 1 and 2.


def test_danger_is_critical_at_once_with_the_hotline_centre_beside() -> None:
    answer = found("0902", words="楼道里闻到煤气味，着火了")
    assert answer.urgency is Urgency.CRITICAL
    centre = next(s for s in answer.summonses if s.unit == "BH-RXZX")
    assert "119" in (centre.task or "")
    assert answer.trace[0] == "1:danger “着火了”→119"
    (fact,) = facts(dispatched(category="0902", summary="着火了", place=HERE))
    assert isinstance(fact, whistles.Blown)
    assert fact.urgency is Urgency.CRITICAL


def test_fear_of_danger_is_no_danger() -> None:
    assert found("2502", words="电动车飞线充电，怕着火，存在火灾隐患").urgency is None
    past = "三年前我们楼着火了，" + "至今没有整改。" * 40
    assert found("2502", words=past).urgency is None


def test_a_statutory_route_is_for_a_person_with_the_unit_as_candidate() -> None:
    answer = unclear("1702", words="仲裁裁决下来了，老板还是不给工资")
    assert answer.candidates[0].unit == "BH-RSJ"
    assert "2:statutory route “仲裁裁决”→仲裁机构" in answer.why


# Step 6.


def test_a_point_lies_in_its_grid() -> None:
    area = city().grids.by_code[GRID].area.representative_point()
    place = Place(lat=area.y, lon=area.x)
    answer = found("0101", place)
    assert f"6:point→{GRID}" in answer.trace
    assert answer.summonses[0].unit == "BH-CGJ"
    elsewhere = ask(city(), category="0101", place=replace(place, region="159903"))
    assert elsewhere.region == "159903"
    assert not elsewhere.by_point


def test_the_gazetteers_doubt_is_a_persons_matter_where_the_place_decides() -> None:
    unsure = {"located_by": "road", "place_confidence": 0.7}
    answer = unclear("0101", Place(region="159902001"), **unsure)
    assert answer.why[-2] == "12:confidence 0.70"
    assert answer.candidates[0].unit == "BH-CGJ"
    assert answer.candidates[0].confidence == 0.7
    sure = found("0409", Place(region="159902001"), **unsure)  # the city has one unit for it
    assert sure.summonses[0].unit == "C-GJJ"
    assert found("0101", HERE, located_by="grid", place_confidence=0.95)


def test_an_address_against_the_region_is_a_conflict() -> None:
    answer = unclear("0101", HERE, located_by="conflict", place_confidence=0.5)
    assert "6:address and region contradict each other" in answer.why
    assert answer.candidates[0].unit == "BH-CGJ"
    assert len(answer.candidates) <= 3


def test_hints_of_the_ticket_reach_the_question() -> None:
    hints = Hints(located_by="road", place_confidence=0.7)
    question = question_of(city(), sample(hints=hints))
    assert (question.located_by, question.place_confidence) == ("road", 0.7)


# Step 7.


@pytest.mark.parametrize(
    ("category", "words", "unit"),
    [
        ("2603", "移动宽带断了三天", "U-TX1"),
        ("2602", "10010说基站故障", "U-TX2"),
        ("0203", "小区门口污水井盖塌了", "U-PS1"),
        ("0203", "自来水井盖没了", "U-GS1"),
        ("0203", "井盖没了", "C-SZZ"),
        ("0212", "闭路线垂下来了", "U-GDW"),
        ("0802", "水表前的水管爆了", "U-GS1"),
    ],
)
def test_the_words_tell_whose_asset_it_is(category: str, words: str, unit: str) -> None:
    answer = found(category, words=words)
    assert answer.summonses[0].unit == unit


def test_behind_the_meter_the_water_company_leads_and_property_comes_as_well() -> None:
    place = Place(region=GRID, compound="河湾家园")
    answer = found("0802", place, words="水表后的水管爆了")
    assert units_of(answer)[:2] == [("U-GS1", "lead"), ("P-02", "assisting")]
    assert "关阀" in (answer.summonses[1].task or "")


def test_two_owners_named_are_a_conflict_with_both_as_candidates() -> None:
    answer = unclear("0203", words="不知道是污水井还是电力井，井盖坏了")
    assert {"U-PS1", "U-GD1"} < {c.unit for c in answer.candidates}
    assert "7:asset rows name U-PS1,U-GD1" in answer.why


def test_words_of_another_category_say_nothing() -> None:
    assert found("0101", words="移动宽带摊位占道").summonses[0].unit == "BH-CGJ"


# Step 8.


def test_a_cold_room_in_the_season_is_urgent() -> None:
    assert found("0701", now=WINTER).urgency is Urgency.URGENT
    assert found("0701").urgency is None  # in September
    assert found("0704", now=WINTER, words="交了费还是不热").urgency is Urgency.URGENT
    assert found("0704", now=WINTER, words="多收了费").urgency is None
    assert found("0701", now=WINTER, urgency=Urgency.CRITICAL).urgency is None
    (fact,) = facts(dispatched(WINTER, category="0701", place=HERE))
    assert isinstance(fact, whistles.Blown)
    assert fact.urgency is Urgency.URGENT
    assert fact.assignments[0].resolve is not None
    assert fact.assignments[0].resolve.rule == "24h"


def test_noise_at_night_goes_to_who_is_on_duty() -> None:
    answer = found("1402", now=NIGHT)
    assert answer.summonses[0].unit == "C-STJ"
    assert "8:duty 1402@159902 hours=22:00-06:00→C-STJ@v1" in answer.trace


def test_an_urgent_matter_at_night_goes_to_the_leads_duty_office() -> None:
    answer = found("0111", urgency=Urgency.URGENT, now=NIGHT)
    assert (answer.summonses[0].handler, answer.summonses[0].handler_post) == (
        "值班室",
        "夜间值班",
    )
    by_day = found("0111", urgency=Urgency.URGENT)
    assert by_day.summonses[0].handler is None
    with_duty = found("0101", urgency=Urgency.URGENT, now=NIGHT)
    assert with_duty.summonses[0].handler is None


# Step 11.


def test_what_nobody_owns_the_supervisor_convenes() -> None:
    answer = unclear("0203", words="这个井盖产权不明")
    assert answer.convene
    assert answer.candidates[0].unit == "C-SZZ"
    (fact,) = facts(dispatched(category="0203", summary="产权不明的井盖", place=HERE))
    assert isinstance(fact, whistles.Held)
    assert fact.rule_by is not None
    assert fact.rule_by.rule == "4wh"
    urgent = dispatched(
        category="0203", summary="产权不明的井盖", place=HERE, urgency=Urgency.URGENT
    )
    (held,) = facts(urgent)
    assert isinstance(held, whistles.Held)
    assert held.rule_by is not None
    assert held.rule_by.rule == "2h"


def test_who_is_named_by_a_row_owns_it_whatever_is_said() -> None:
    assert found("0203", words="污水井盖，都说产权不明").summonses[0].unit == "U-PS1"


def test_a_function_without_any_unit_has_no_owner() -> None:
    units = {c: u for c, u in city().catalogue.units.items() if "GJ" not in u.function_codes}
    short = replace(city(), catalogue=replace(city().catalogue, units=units))
    answer = route(short, ask(short, category="1301", place=HERE), MONDAY)
    assert isinstance(answer, Unclear)
    assert answer.convene
    assert answer.why[-2] == "11:no clear owner, no unit of GJ"


def test_the_discipline_inspection_is_told_and_never_assists() -> None:
    answer = found("1806")
    assert ("C-JW", "informed") in units_of(answer)
    assert "5:co JW informed→C-JW" in answer.trace


def test_words_of_no_owner_count_for_facilities_only() -> None:
    assert found("0609", words="产权不明的地下车库").summonses
