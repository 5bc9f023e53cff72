"""The city's requests: enough, varied, all different, and right against the catalogue."""

import csv
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy.city.rhythm import in_season
from shared.contracts.values import Channel, TicketType, Urgency

CITY = Path(__file__).parents[3] / "deploy" / "city"
DATA = Path(__file__).parents[3] / "shared" / "catalogue" / "data"
FIELDS = {"channel", "category", "type", "urgency", "description", "place", "reporter", "season"}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def requests() -> list[dict[str, Any]]:
    lines = (CITY / "requests.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_there_are_many_and_no_two_alike(requests: list[dict[str, Any]]) -> None:
    texts = [request["description"] for request in requests]
    assert len(texts) >= 150
    assert len(set(texts)) == len(texts)
    beginnings = Counter(text[:12] for text in texts if len(text) > 30)
    assert beginnings.most_common(1)[0][1] == 1
    phones = [request["reporter"]["phone"] for request in requests]
    assert len(set(phones)) == len(phones)


def test_each_is_a_request_the_desk_would_take(requests: list[dict[str, Any]]) -> None:
    for request in requests:
        assert set(request) <= FIELDS
        channel = Channel(request["channel"])
        least = 10 if channel is Channel.HOTLINE else 2
        assert least <= len(request["description"]) <= 10_000, request["description"]
        TicketType(request.get("type", "complain"))
        Urgency(request.get("urgency", "normal"))
        assert request["reporter"]["name"]
        assert request["reporter"]["phone"].startswith("155000"), "numbers are invented"


def test_categories_exist_and_cover_the_city(requests: list[dict[str, Any]]) -> None:
    majors = {row["minor_code"]: row["major_code"] for row in rows("categories.csv")}
    named = [request["category"] for request in requests if "category" in request]
    assert set(named) <= set(majors)
    by_major = Counter(majors[code] for code in named)
    assert len(by_major) >= 24
    often = sum(by_major[major] for major in ("01", "02", "05", "07", "11"))
    assert often > len(named) * 0.3


def test_all_kinds_of_hard_cases_occur(requests: list[dict[str, Any]]) -> None:
    assert sum("category" not in request for request in requests) >= 8
    assert sum(request.get("category", "").startswith("26") for request in requests) >= 4
    secret = [r for r in requests if r["reporter"].get("confidential")]
    assert len(secret) >= 6
    assert all(request.get("type") == "tip_off" for request in secret)
    urgencies = Counter(request.get("urgency") for request in requests)
    assert urgencies["critical"] >= 8
    assert urgencies["urgent"] >= 15


@pytest.mark.parametrize("month", [1, 4, 7, 9, 12])
def test_there_is_enough_to_say_in_every_season(requests: list[dict[str, Any]], month: int) -> None:
    now = datetime(2026, month, 14, 1, 0, tzinfo=UTC)
    assert sum(in_season(request, now) for request in requests) >= 150


def test_nobody_complains_of_cold_rooms_in_summer(requests: list[dict[str, Any]]) -> None:
    cold = [request for request in requests if request.get("category") == "0701"]
    assert len(cold) >= 5
    assert not any(in_season(request, datetime(2026, 7, 1, tzinfo=UTC)) for request in cold)
    assert all(in_season(request, datetime(2026, 12, 1, tzinfo=UTC)) for request in cold)


def test_places_exist_and_agree_with_what_is_written(requests: list[dict[str, Any]]) -> None:
    regions = {row["region_code"] for row in rows("bureaus.csv")}
    compounds = rows("compounds.csv")
    named = 0
    for request in requests:
        place = request["place"]
        assert set(place) <= {"region", "address", "no_location"}
        assert place, request["description"]
        region = place.get("region")
        assert region is None or region in regions, region
        for compound in compounds:
            if compound["name"] in place.get("address", ""):
                named += 1
                agrees = region is None or compound["region_code"].startswith(region)
                assert agrees, (request["description"], compound["region_code"])
    assert named >= 100
