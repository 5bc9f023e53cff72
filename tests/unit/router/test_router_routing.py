"""Who must come, step by step: choice, category, place, asset, season, duty, street, guard."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.jurisdiction import breach, breach_of_any
from services.router.domain.routing.answer import Found, Unclear
from services.router.domain.routing.question import Question, ask
from services.router.domain.routing.walk import Responsibilities, route
from shared.catalogue.model import LOCAL_KINDS, LOCAL_LEADS
from shared.contracts.parts import Place
from shared.contracts.values import Relation, Urgency
from tests.unit.router.samples import COMMUNITY, MONDAY, NIGHT, STREET, city

GRID = COMMUNITY + "003"


def found(
    category: str | None,
    place: Place | None = None,
    *,
    now: datetime = MONDAY,
    **asked: object,
) -> Found:
    answer = _routed(category, place, now, **asked)
    assert isinstance(answer, Found), answer
    return answer


def unclear(category: str | None, place: Place | None = None, **asked: object) -> Unclear:
    answer = _routed(category, place, MONDAY, **asked)
    assert isinstance(answer, Unclear), answer
    return answer


def _routed(
    category: str | None, place: Place | None, now: datetime, **asked: object
) -> Found | Unclear:
    return route(city(), _question(category, place, **asked), now)


def _question(category: str | None, place: Place | None = None, **asked: object) -> Question:
    return ask(city(), category=category, place=place or Place(region=COMMUNITY), **asked)  # type: ignore[arg-type]


def lead_of(answer: Found) -> str:
    leads = [s.unit for s in answer.summonses if s.relation is Relation.LEAD]
    assert len(leads) == 1
    assert answer.summonses[0].unit == leads[0]
    return leads[0]


def units_of(answer: Found) -> list[tuple[str, str]]:
    return [(s.unit, s.relation.value) for s in answer.summonses]


def of_function(function: str) -> str:
    return next(c.code for c in city().catalogue.categories.values() if c.lead_function == function)


def test_the_districts_unit_leads_the_co_functions_assist_the_street_is_there() -> None:
    answer = found("0101")
    assert units_of(answer) == [
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
    assert answer.trace[-2] == f"10:street informed→{STREET}"
    assert answer.trace[-1].startswith(f"0:catalogue {city().catalogue.version}, limits ")


def test_no_category_is_held_without_guessing() -> None:
    assert unclear(None).why[0] == "5:no category"
    assert not unclear(None).candidates


def test_unknown_category_and_region_are_held() -> None:
    assert "not in the catalogue" in unclear("9999").why[0]
    assert "not in the catalogue" in unclear("0101", Place(region="159999")).why[-2]


def test_telecoms_have_equal_right_and_are_held_with_three_candidates() -> None:
    answer = unclear("2602")
    assert [c.unit for c in answer.candidates] == ["U-TX1", "U-TX2", "U-TX3"]
    assert {c.confidence for c in answer.candidates} == {0.33}
    assert answer.why[-2] == "12:3 units have equal right to TXY"
    assert not answer.convene


def test_no_region_is_held_where_the_districts_have_units_of_their_own() -> None:
    answer = unclear("0101", Place(no_location=True))
    assert {c.unit for c in answer.candidates} <= set(city().catalogue.units)
    assert answer.candidates


def test_no_region_is_clear_where_the_whole_city_has_one_unit() -> None:
    answer = found("0409", Place(no_location=True))
    assert lead_of(answer) == "C-GJJ"
    assert "6:whole city→C-GJJ" in answer.trace


@pytest.mark.parametrize(
    ("place", "unit"),
    [
        (Place(region=COMMUNITY, property_unit="P-01"), "P-01"),
        (Place(region=COMMUNITY, compound="河湾家园"), "P-02"),
        (Place(region=COMMUNITY, compound="老粮库家属院"), STREET),  # no company: the street
    ],
)
def test_property_matters_go_by_the_address(place: Place, unit: str) -> None:
    assert lead_of(found(of_function("WY"), place)) == unit


def test_property_matters_without_a_compound_are_held_with_the_street_first() -> None:
    assert unclear(of_function("WY")).candidates[0].unit == STREET
    assert unclear(of_function("WY"), Place(region=COMMUNITY, compound="没有这个小区"))


def test_street_and_community_matters_need_a_fine_enough_place() -> None:
    assert lead_of(found(of_function("JD"))) == STREET
    assert lead_of(found(of_function("SQ"))) == f"Q-{COMMUNITY}"
    assert unclear(of_function("JD"), Place(region="159902")).candidates
    assert unclear(of_function("SQ"), Place(region="159902001")).candidates


def test_the_duty_list_names_the_owner_of_the_asset_with_its_clause() -> None:
    answer = found("0704", Place(region="159902003003"))
    assert lead_of(answer) == "U-GR2"
    assert "供热分区图" in (answer.summonses[0].clause or "")
    assert "9:duty GR@159902003003→U-GR2@v1" in answer.trace
    assert lead_of(found("0704", Place(region=COMMUNITY))) == "U-GR1"


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
    answer = found(with_telecoms.code)
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
    answer = _routed(category, Place(region=region), MONDAY, urgency=urgency)
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
    first = batch.of(_question("0101"))
    assert batch.of(_question("0101", Place(region=COMMUNITY, address="x"), words="占道")) is first
    assert batch.of(_question("0101", Place(region="159903001001"))) != first
