"""Open311's rules without a server: forms, spans, definitions, what is shown, XML that is XML."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.api.georeport import Format, answer
from services.intake.domain.open311 import (
    Definitions,
    GeoReportError,
    definition,
    read_definitions,
    services,
)
from services.intake.domain.open311_form import read_form, read_request
from services.intake.domain.open311_view import (
    Published,
    lowest_id,
    read_ids,
    read_span,
    request_view,
)
from services.intake.domain.request import Request
from services.intake.domain.ticket import ENDED, Ticket, TicketState
from services.intake.open311 import load_definitions
from shared.catalogue.load import load_catalogue
from shared.contracts.ids import new_id
from shared.contracts.parts import Place
from shared.contracts.tickets import Source
from shared.contracts.values import Channel, TicketType, Urgency
from shared.gcj02 import to_gcj02

CATALOGUE = load_catalogue()
DEFINITIONS = load_definitions(CATALOGUE)
NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
SOURCE = Source(system="app", number="1")


def asked(*pairs: tuple[str, str], definitions: Definitions = DEFINITIONS) -> Request:
    form = read_form(pairs)
    return read_request(
        form, definitions=definitions, catalogue=CATALOGUE, source=SOURCE, line=None
    )


def lamp(**fields: str) -> list[tuple[str, str]]:
    return list({"service_code": "0205", "address_string": "河湾锦苑", **fields}.items())


def test_every_minor_category_is_a_service() -> None:
    listed = {each["service_code"]: each for each in services(CATALOGUE, DEFINITIONS)}
    assert set(listed) == set(CATALOGUE.categories)
    assert listed["0205"]["group"] == "市政设施"
    assert {code for code, each in listed.items() if each["metadata"]} == set(
        DEFINITIONS.attributes
    )
    assert (listed["0205"]["type"], listed["1501"]["type"]) == ("realtime", "batch")


def test_a_form_becomes_a_request() -> None:
    made = asked(
        *lamp(description="灯不亮\n三天了", phone="139 0000 1111", first_name="小明",
              last_name="赵", email="a@b.cn", device_id="x", account_id="7",
              media_url="https://img.example.cn/1.jpg"),
        ("attribute[LAMP]", "BH-0427"),
    )  # fmt: skip
    assert made.description == (
        "灯不亮\n三天了\n灯杆编号（灯杆号牌上的数字）：BH-0427\n图片：https://img.example.cn/1.jpg"
    )
    assert (made.channel, made.category, made.source) == (Channel.OPEN311, "0205", SOURCE)
    assert (made.reporter.name, made.reporter.phone) == ("赵小明", "13900001111")
    assert made.place.address == "河湾锦苑"
    # nothing but the service and the place
    assert asked(*lamp(description=" ")).description == "路灯不亮"


def test_several_values_of_one_attribute() -> None:
    noise = [("service_code", "1101"), ("address_id", "159902001001")]
    for names in (("attribute[HOURS][]",) * 2, ("attribute[HOURS]",) * 2,
                  ("attribute[HOURS][0]", "attribute[HOURS][1]")):  # fmt: skip
        made = asked(*noise, *zip(names, ("night", "noon"), strict=True))
        assert made.description.endswith("：夜间（22点后）、午间")
    assert made.place.region == "159902001001"


HEAT = [("service_code", "0701"), ("lat", "41.6"), ("long", "108.3")]
WRONG: list[tuple[list[tuple[str, str]], int, str]] = [
    ([], 400, "service_code is missing"),
    (lamp(service_code=""), 400, "service_code is missing"),
    (lamp(service_code="9999"), 404, "no such service_code"),
    (lamp(jurisdiction_id="gotham"), 404, "no such jurisdiction"),
    ([("service_code", "0205")], 400, "one of lat and long"),
    (lamp(lat="41"), 400, "go together"),
    (lamp(lat="91", long="1"), 400, "from -90 to 90"),
    (lamp(lat="nan", long="inf"), 400, "from -180 to 180"),
    (lamp(lat="１", long="1"), 400, "from -90 to 90"),
    (lamp(address_id="159999999"), 400, "no such address_id"),
    (lamp(address_string="长" * 201), 400, "more than 200"),
    (lamp(description="长" * 4001), 400, "more than 4000"),
    (lamp(phone="电话"), 400, "no phone"),
    (lamp(media_url="javascript:alert(1)"), 400, "no address"),
    ([*lamp(), ("attribute[COLOUR]", "red")], 400, "no attribute COLOUR"),
    ([*lamp(), ("attribute[LAMP]", "a\nb")], 400, "one line"),
    ([*lamp(), ("attribute[LAMP]", "a"), ("attribute[LAMP]", "b")], 400, "takes one value"),
    (HEAT, 400, "attribute[TEMPERATURE]"),
    ([*HEAT, ("attribute[TEMPERATURE]", "warm")], 400, "must be a number"),
    ([*HEAT, ("attribute[TEMPERATURE]", "99")], 400, "within -30 and 50"),
    ([*HEAT, ("attribute[TEMPERATURE]", "9"), ("attribute[SINCE]", "2026-11-20")], 400, "zone"),
    ([("service_code", "0503"), ("address_string", "x"), ("attribute[LIFT]", "?")], 400, "one of"),
]


@pytest.mark.parametrize(("pairs", "status", "words"), WRONG)
def test_a_wrong_form_is_refused(pairs: list[tuple[str, str]], status: int, words: str) -> None:
    with pytest.raises(GeoReportError, match=r".*") as caught:
        asked(*pairs)
    assert caught.value.status == status
    assert words in " ".join(caught.value.descriptions)


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(GeoReportError) as caught:
        asked(("service_code", "0701"), ("phone", "x"), ("lat", "1"))
    assert len(caught.value.descriptions) == 3


def test_clicks_on_a_chinese_map_are_converted() -> None:
    lat, lon = to_gcj02(41.604608, 108.312169)
    point = {"lat": str(lat), "long": str(lon)}
    as_given = asked(*lamp(**point))
    assert (as_given.place.lat, as_given.place.lon) == (lat, lon)
    converted = asked(*lamp(**point, jurisdiction_id="gcj02.yunchuan.example")).place
    assert converted.lat == pytest.approx(41.604608, abs=1e-6)
    assert converted.lon == pytest.approx(108.312169, abs=1e-6)


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=40)), max_size=20))
def test_any_form_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    status = 400
    try:
        asked(*pairs)
    except GeoReportError as error:
        status = error.status
    assert status in (400, 404)


def span(**given: str | None) -> Any:
    wanted: dict[str, Any] = dict.fromkeys(("service_code", "start_date", "end_date", "status"))
    return read_span(**{**wanted, **given}, now=NOW, catalogue=CATALOGUE)


def test_a_list_spans_90_days() -> None:
    days = timedelta(days=90)
    assert (span().start, span().end) == (NOW - days, NOW)
    first = datetime(2026, 1, 1, tzinfo=UTC)
    assert (span(start_date="2026-01-01T00:00:00Z").end) == first + days
    assert (span(end_date="2026-01-01T08:00:00+08:00").start) == first - days
    assert span(end_date="2026-01-01T08:00:00 08:00").end == first  # a "+" that was not escaped
    both = span(start_date="2026-01-01T00:00:00Z", end_date="2026-04-01T00:00:00Z")
    assert both.end - both.start == days
    assert (span(status="open,closed").closed, span(status="closed").closed) == (None, True)
    assert span(service_code="0205, 0101").service_codes == ("0205", "0101")
    for wrong in (
        {"start_date": "2026-01-01T00:00:00Z", "end_date": "2026-04-01T00:00:01Z"},
        {"start_date": "2026-02-01T00:00:00Z", "end_date": "2026-01-01T00:00:00Z"},
        {"start_date": "2026-01-01"},
        {"start_date": "0001-01-01T00:00:00Z"},
        {"end_date": "yesterday"},
        {"status": "done"},
    ):
        with pytest.raises(GeoReportError) as caught:
            span(**wrong)
        assert caught.value.status == 400
    with pytest.raises(GeoReportError) as caught:
        span(service_code="0205,9999")
    assert caught.value.status == 404


def test_ids_of_a_list() -> None:
    assert read_ids(" 1,2 ,,1") == ("1", "2")
    assert read_ids(None) == read_ids(" , ") == ()
    with pytest.raises(GeoReportError):
        read_ids(",".join(map(str, range(1001))))


def test_ids_begin_with_their_time() -> None:
    assert lowest_id(NOW) <= new_id(NOW) < lowest_id(NOW + timedelta(milliseconds=1))
    assert lowest_id(datetime(1900, 1, 1, tzinfo=UTC)) == UUID(int=0)


TICKET = Ticket(
    ticket_id=uuid4(),
    number="1599202609140000427",
    state=TicketState.RESOLVED,
    seq=5,
    round=1,
    channel=Channel.OPEN311,
    type=TicketType.HELP,
    urgency=Urgency.NORMAL,
    category="0205",
    title="路灯不亮",
    summary="灯不亮",
    place=Place(region="159902001001", address="河湾锦苑", lat=41.604608, lon=108.312169),
    line=None,
    choice=None,
    source=SOURCE,
    confidential=False,
    contactable=True,
    hard_case=False,
    registered_at=NOW,
    history_hash=b"",
)


def view(ticket: Ticket) -> dict[str, Any]:
    published = Published(
        ticket=ticket, updated_at=NOW, expected_at=None, unit="C-SZZ", photo_id=None
    )
    return request_view(published, CATALOGUE, media_url="https://x/photo")


def test_closed_is_only_what_has_ended() -> None:
    for state in TicketState:
        shown = view(replace(TICKET, state=state))
        assert shown["status"] == ("closed" if state in ENDED else "open")
    assert view(TICKET)["requested_datetime"] == "2026-09-14T09:00:00+08:00"
    assert view(TICKET)["agency_responsible"] == "云川市市政设施服务中心"


def test_whoever_asked_elsewhere_did_not_publish_it() -> None:
    own, other = view(TICKET), view(replace(TICKET, channel=Channel.HOTLINE))
    assert (own["description"], own["lat"], own["media_url"]) == (
        "灯不亮", 41.604608, "https://x/photo",
    )  # fmt: skip
    assert (other["description"], other["lat"], other["media_url"]) == (None, 41.605, None)


def test_definitions_are_checked() -> None:
    good = {
        "changeset": "1", "contact": "", "key_service": "",
        "jurisdiction": [{"id": "a", "coordinates": "wgs84"}],
        "attribute": [{"code": "A", "services": ["0205"], "datatype": "string", "required": False,
                       "description": "", "datatype_description": ""}],
    }  # fmt: skip
    assert read_definitions(good, CATALOGUE).jurisdictions[0].jurisdiction_id == "a"
    attribute = good["attribute"][0]
    assert isinstance(attribute, dict)
    for change in (
        {"services": ["9999"]},
        {"services": ["0205", "0205"]},
        {"datatype": "colour"},
        {"datatype": "singlevaluelist"},
        {"values": {"a": "b"}},
        {"least": 1},
    ):
        with pytest.raises(ValueError):
            read_definitions({**good, "attribute": [{**attribute, **change}]}, CATALOGUE)
    with pytest.raises(ValueError):
        read_definitions({**good, "jurisdiction": []}, CATALOGUE)


def test_a_definition_keeps_its_order() -> None:
    asks = definition("0701", DEFINITIONS.attributes["0701"])["attributes"]
    assert [(each["order"], each["code"]) for each in asks] == [(1, "TEMPERATURE"), (2, "SINCE")]
    hours = definition("1101", DEFINITIONS.attributes["1101"])["attributes"][0]
    assert hours["values"][0] == {"key": "morning", "name": "清晨（6点前）"}


@given(st.text(), st.text())
def test_xml_is_always_xml(first: str, second: str) -> None:
    try:
        (first + second).encode()
    except UnicodeEncodeError:
        return
    content = [{"description": first, "address": second, "zipcode": None}]
    body = answer(content, Format.XML, root="service_requests").body
    root = ElementTree.fromstring(bytes(body))
    assert [each.tag for each in root] == ["request"]
    assert [each.tag for each in root[0]] == ["description", "address", "zipcode"]
