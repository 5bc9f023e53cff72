"""Who must come, by the real catalogue: functions, regions, duty rows, address, night, guard."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.jurisdiction import breach, breach_of_any
from services.router.domain.responsibility import Found, Responsibilities, Unclear, resolve
from shared.catalogue.model import LOCAL_KINDS, LOCAL_LEADS
from shared.contracts.parts import Place
from shared.contracts.values import Relation, Urgency
from tests.unit.router.samples import COMMUNITY, MONDAY, NIGHT, STREET, city


def found(
    category: str | None,
    place: Place | None = None,
    *,
    urgency: Urgency = Urgency.NORMAL,
    now: datetime = MONDAY,
) -> Found:
    answer = _resolve(category, place, urgency, now)
    assert isinstance(answer, Found), answer
    return answer


def unclear(
    category: str | None, place: Place | None = None, *, urgency: Urgency = Urgency.NORMAL
) -> Unclear:
    answer = _resolve(category, place, urgency, MONDAY)
    assert isinstance(answer, Unclear), answer
    return answer


def _resolve(
    category: str | None, place: Place | None, urgency: Urgency, now: datetime
) -> Found | Unclear:
    place = place or Place(region=COMMUNITY)
    return resolve(city(), category=category, place=place, urgency=urgency, now=now)


def lead_of(answer: Found) -> str:
    leads = [s.unit for s in answer.summonses if s.relation is Relation.LEAD]
    assert len(leads) == 1
    return leads[0]


def test_the_districts_unit_leads_the_co_functions_assist_the_street_is_there() -> None:
    answer = found("0101")
    assert [(s.unit, s.relation.value) for s in answer.summonses] == [
        ("BH-CGJ", "lead"),
        (STREET, "assisting"),
        ("BH-SCJ", "assisting"),
    ]
    assert answer.trace[:2] == ("5:category 0101→CGJ", "6:region→BH-CGJ")
    assert "5:co SCJ→BH-SCJ" in answer.trace


def test_the_citys_unit_leads_where_the_district_has_none() -> None:
    answer = found("0205")
    assert lead_of(answer) == "C-SZZ"
    assert answer.summonses[-1].unit == STREET
    assert answer.summonses[-1].relation is Relation.INFORMED
    assert answer.trace[-1] == f"10:street informed→{STREET}"


def test_no_category_is_held_without_guessing() -> None:
    assert unclear(None) == Unclear(why=("5:no category",))


def test_unknown_category_and_region_are_held() -> None:
    assert "not in the catalogue" in unclear("9999").why[0]
    assert "not in the catalogue" in unclear("0101", Place(region="159999")).why[-1]


def test_telecoms_have_equal_right_and_are_held_with_three_candidates() -> None:
    telecoms = next(c for c in city().catalogue.categories.values() if c.lead_function == "TXY")
    answer = unclear(telecoms.code)
    assert [c.unit for c in answer.candidates] == ["U-TX1", "U-TX2", "U-TX3"]
    assert {c.confidence for c in answer.candidates} == {0.33}
    assert "3 units have equal right" in answer.why[-1]


def test_no_region_is_held_where_the_districts_have_units_of_their_own() -> None:
    answer = unclear("0101", Place(no_location=True))
    assert {c.unit for c in answer.candidates} <= set(city().catalogue.units)
    assert answer.candidates


def test_no_region_is_clear_where_the_whole_city_has_one_unit() -> None:
    only = next(
        c
        for c in city().catalogue.categories.values()
        if len(city().catalogue.units_for(c.lead_function, None)) == 1
    )
    answer = found(only.code, Place(no_location=True))
    assert any("whole city" in line for line in answer.trace)


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        (Place(region=COMMUNITY, property_unit="P-01"), "P-01"),
        (Place(region=COMMUNITY, compound="河湾家园"), "P-02"),
        (Place(region=COMMUNITY, compound="老粮库家属院"), STREET),  # no company: the street
    ],
)
def test_property_matters_go_by_the_address(place: Place, unit: str) -> None:
    property_ = next(c for c in city().catalogue.categories.values() if c.lead_function == "WY")
    assert lead_of(found(property_.code, place)) == unit


def test_property_matters_without_a_compound_are_held_with_the_street_first() -> None:
    property_ = next(c for c in city().catalogue.categories.values() if c.lead_function == "WY")
    assert unclear(property_.code).candidates[0].unit == STREET
    assert unclear(property_.code, Place(region=COMMUNITY, compound="没有这个小区"))


def test_street_and_community_matters_need_a_fine_enough_place() -> None:
    of = {c.lead_function: c.code for c in city().catalogue.categories.values()}
    assert lead_of(found(of["JD"])) == STREET
    assert lead_of(found(of["SQ"])) == f"Q-{COMMUNITY}"
    assert unclear(of["JD"], Place(region="159902")).candidates
    assert unclear(of["SQ"], Place(region="159902001")).candidates


def test_the_duty_list_names_the_owner_of_the_asset_with_its_clause() -> None:
    heat = next(c for c in city().catalogue.categories.values() if c.lead_function == "GR")
    answer = found(heat.code, Place(region="159902003003"))
    assert lead_of(answer) == "U-GR2"
    assert "供热分区图" in (answer.summonses[0].clause or "")
    assert "9:duty GR@159902003003→U-GR2" in answer.trace
    assert lead_of(found(heat.code, Place(region=COMMUNITY))) == "U-GR1"


def test_the_duty_list_looks_at_the_hour() -> None:
    assert lead_of(found("1402", now=NIGHT)) == "C-STJ"
    assert lead_of(found("1402", now=MONDAY)) != "C-STJ"


def test_at_night_an_urgent_matter_without_duty_gets_the_districts_centre() -> None:
    by_day = found("0111", urgency=Urgency.URGENT)
    by_night = found("0111", urgency=Urgency.URGENT, now=NIGHT)
    normal = found("0111", now=NIGHT)
    assert not city().catalogue.unit(lead_of(by_night)).duty_24h
    centre = next(s for s in by_night.summonses if s.unit == "BH-RXZX")
    assert centre.relation is Relation.ASSISTING
    assert centre.coordinating
    assert any(line.startswith("8:no night duty") for line in by_night.trace)
    assert all(s.unit != "BH-RXZX" for s in (*by_day.summonses, *normal.summonses))


def test_at_night_a_lead_with_duty_needs_nobody_beside_it() -> None:
    answer = found("0101", urgency=Urgency.CRITICAL, now=NIGHT)
    assert all(s.unit != "BH-RXZX" for s in answer.summonses)


def test_an_ambiguous_co_function_is_left_to_the_lead() -> None:
    with_telecoms = next(c for c in city().catalogue.categories.values() if "TXY" in c.co_functions)
    answer = _resolve(with_telecoms.code, None, Urgency.NORMAL, MONDAY)
    assert isinstance(answer, Found)
    assert all(not s.unit.startswith("U-TX") for s in answer.summonses)
    assert any("co TXY→3 units" in line for line in answer.trace)


@given(
    st.sampled_from(sorted(city().catalogue.categories)),
    st.sampled_from(sorted(city().catalogue.regions)),
    st.sampled_from(list(Urgency)),
)
def test_whatever_the_matter_one_lawful_lead_or_held_with_lawful_candidates(
    category: str, region: str, urgency: Urgency
) -> None:
    answer = _resolve(category, Place(region=region), urgency, MONDAY)
    if isinstance(answer, Found):
        assert breach(city(), category, lead_of(answer)) is None
        units = [s.unit for s in answer.summonses]
        assert len(units) == len(set(units))
    else:
        assert answer.why
        assert len(answer.candidates) <= city().policy.candidates_shown
        assert all(breach(city(), category, c.unit) is None for c in answer.candidates)


@given(
    st.sampled_from(sorted(city().catalogue.categories)),
    st.sampled_from(sorted(city().catalogue.units)),
)
def test_the_hard_guard(category: str, unit: str) -> None:
    function = city().catalogue.category(category).lead_function
    kind = city().catalogue.unit(unit).kind
    refused = kind in LOCAL_KINDS and kind not in LOCAL_LEADS.get(function, frozenset())
    answer = breach(city(), category, unit)
    assert (answer is not None) == refused
    if answer is not None:
        assert city().catalogue.unit(unit).name in answer.zh
        assert unit in answer.en


def test_the_guard_knows_nothing_of_a_matter_without_category() -> None:
    assert breach(city(), None, STREET) is None
    assert breach_of_any(city(), [None, "0101"], STREET) is not None
    assert breach_of_any(city(), [None], STREET) is None


def test_a_batch_asks_once_for_the_same_question() -> None:
    batch = Responsibilities(city(), MONDAY)
    place = Place(region=COMMUNITY)
    first = batch.of("0101", place, Urgency.NORMAL)
    assert batch.of("0101", Place(region=COMMUNITY, address="x"), Urgency.NORMAL) is first
    assert batch.of("0101", Place(region="159903001001"), Urgency.NORMAL) != first
