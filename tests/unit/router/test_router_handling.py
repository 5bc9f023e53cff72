"""On the way, on the spot, handed over: what a unit reports beside its acknowledgement."""

from datetime import timedelta

import pytest

from services.router.domain.case import Grounds
from services.router.domain.reports.judgement import needs_words
from shared.contracts import reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState, Handler, Place
from tests.unit.router.judged import acknowledged, fact_of
from tests.unit.router.samples import MONDAY, blown, counted, matter, refused, report, said

S = AssignmentState
HERE = Place(region="159902001001", address="河湾路", lat=40.8420, lon=111.7460)


def test_a_unit_sets_out_and_its_first_departure_stands() -> None:
    once = counted(said(acknowledged(), reports.Departed))
    again = said(once, reports.Departed, eta_minutes=45, after=timedelta(minutes=30))
    fact = fact_of(again)
    assert isinstance(fact, whistles.Departed)
    assert (fact.eta_minutes, fact.state) == (45, S.ACKNOWLEDGED)
    part = counted(again).part_of("BH-CGJ")
    assert part is not None
    assert part.departed_at == MONDAY + timedelta(minutes=10)


def test_who_is_there_does_not_set_out() -> None:
    working = counted(said(counted(said(acknowledged(), reports.Arrived)), reports.Progressed))
    answer = refused(said(working, reports.Departed))
    assert answer.code is RefusalCode.WRONG_STATE


def test_an_arrival_tells_where_and_how_far_from_the_place() -> None:
    grounds = Grounds(matter=matter(place=HERE))
    data = {"lat": 40.8429, "lon": 111.7460, "photos": ("f-1",), "head_count": 3}
    fact = fact_of(said(acknowledged(), reports.Arrived, grounds=grounds, **data))
    assert isinstance(fact, whistles.Arrived)
    assert (fact.lat, fact.lon, fact.photos, fact.head_count) == (40.8429, 111.746, ("f-1",), 3)
    assert fact.distance_metres == pytest.approx(100, abs=1)
    unknown = fact_of(said(acknowledged(), reports.Arrived, **data))
    assert isinstance(unknown, whistles.Arrived)
    assert unknown.distance_metres is None, "the place has no point"


def test_an_ordinary_arrival_is_judged_without_the_words() -> None:
    whistle = blown()
    assert not needs_words(report(reports.Arrived, whistle))
    assert needs_words(report(reports.Arrived, whistle, lat=40.0, lon=111.0))
    for kind in (reports.Acknowledged, reports.Contacted, reports.Progressed, reports.Departed):
        assert not needs_words(report(kind, whistle))


def test_a_part_is_handed_from_desk_to_desk() -> None:
    first = said(acknowledged(), reports.HandedOver)
    part = counted(first).part_of("BH-CGJ")
    assert part is not None
    assert (part.handler, part.handler_post) == ("李科", "市容科")
    fact = fact_of(first)
    assert isinstance(fact, whistles.PartHandedOver)
    assert fact.to == Handler(name="李科", post="市容科")
    assert "李科" in refused(said(counted(first), reports.HandedOver)).zh
    onward = Handler(name="赵队员", post="一中队")
    assert counted(said(counted(first), reports.HandedOver, to=onward))
    assert refused(said(blown(), reports.HandedOver)).code is RefusalCode.WRONG_STATE
