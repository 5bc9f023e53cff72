"""Reading bodies: every wrong field named once, in both languages."""

import json
from typing import Any

import pytest

from services.intake.api.bodies import CallbackBody, read_body, read_key, read_request
from shared.catalogue.load import load_catalogue
from shared.catalogue.model import Catalogue
from shared.errors import InvalidError

GOOD: dict[str, Any] = {
    "channel": "hotline",
    "description": " 楼下的路灯已经三天不亮了，请来修。 ",
    "place": {"region": "159902001001"},
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def wrong(body: object, catalogue: Catalogue) -> list[str]:
    with pytest.raises(InvalidError) as caught:
        read_request(json.dumps(body).encode(), catalogue)
    assert all(each.zh and each.en for each in caught.value.errors)
    return sorted(each.field for each in caught.value.errors)


def test_a_good_body_is_read_trimmed(catalogue: Catalogue) -> None:
    phone = {"phone": "+86 139-0000-1111"}
    request = read_request(json.dumps({**GOOD, "reporter": phone}).encode(), catalogue)
    assert request.description == GOOD["description"].strip()
    assert request.reporter.phone == "13900001111"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["channel", "description", "place"]),
        ([], ["body"]),
        ({**GOOD, "category": "9999", "place": {"region": "1"}}, ["category", "place.region"]),
        ({**GOOD, "channel": "fax", "description": "坏"}, ["channel", "description"]),
        ({**GOOD, "place": {"lat": 91, "lon": 181, "x": 1}}, ["place.lat", "place.lon", "place.x"]),
        ({**GOOD, "type": "x", "place": {"lon": 1}}, ["place.lat", "type"]),
        ({**GOOD, "type": "x", "place": {}}, ["place", "type"]),
        ({**GOOD, "occurred_at": "2026-09-14T09:00:00"}, ["occurred_at"]),
        ({**GOOD, "place": {"lat": "NaN", "lon": 1}}, ["place.lat"]),
        ({**GOOD, "reporter": {"phone": "无", "name": 5}}, ["reporter.name", "reporter.phone"]),
        ({**GOOD, "title": "含\u0000空字符"}, ["title"]),
    ],
)
def test_every_wrong_field_is_named_once(
    catalogue: Catalogue, body: object, fields: list[str]
) -> None:
    assert wrong(body, catalogue) == fields


@pytest.mark.parametrize("body", [b"", b"{", b'{"channel": "\\ud800"}', b"\xff", b"null", b"NaN"])
def test_what_is_no_json_is_told(catalogue: Catalogue, body: bytes) -> None:
    with pytest.raises(InvalidError):
        read_request(body, catalogue)


def test_a_lone_surrogate_is_refused_everywhere(catalogue: Catalogue) -> None:
    text = json.dumps({**GOOD, "description": "楼下的路灯已经三天不亮了\ud800"})
    with pytest.raises(InvalidError):
        read_request(text.encode(), catalogue)


def test_small_bodies_know_their_fields() -> None:
    with pytest.raises(InvalidError) as caught:
        read_body(CallbackBody, b'{"result": "done", "mood": 1}')
    assert sorted(e.field for e in caught.value.errors) == ["mood", "result", "satisfaction"]


@pytest.mark.parametrize("header", ["", "中文", "a" * 201, "a\tb"])
def test_a_key_is_plain_text(header: str) -> None:
    with pytest.raises(InvalidError):
        read_key(header)
