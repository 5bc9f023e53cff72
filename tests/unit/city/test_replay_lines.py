"""How a line of a file becomes a request that can be sent twice and is registered once."""

import json
from typing import Any

import httpx
import pytest

from deploy.cli.replay_lines import Refusal, Request, parse_line
from deploy.cli.replay_outcome import Outcome, Totals


def parsed(row: Any) -> Request:
    request = parse_line(json.dumps(row, ensure_ascii=False).encode())
    assert isinstance(request, Request)
    return request


def test_a_bare_description_is_enough() -> None:
    body = parsed({"description": "小区门口的路灯坏了很久没人修"}).body
    assert body["channel"] == "hotline"
    assert body["place"] == {"no_location": True}
    assert body["source"]["system"] == "replay"
    assert set(body) == {"channel", "description", "place", "source"}


def test_a_short_text_comes_by_the_resident_page() -> None:
    assert parsed({"description": "楼道灯坏了"}).body["channel"] == "resident_page"
    assert parsed({"description": "楼道灯坏了", "channel": "chat_group"}).body["channel"] == (
        "chat_group"
    )


def test_what_intake_knows_is_passed_on_and_the_rest_left_out() -> None:
    row = {
        "id": "m24",
        "title": "路灯",
        "description": "小区门口的路灯坏了很久没人修",
        "category": "0205",
        "reporter": "赵先生",
        "place": "光明路",
        "major": "市政",
        "likes": 3,
    }
    body = parsed(row).body
    assert body["source"] == {"system": "replay", "number": "m24"}
    assert body["reporter"] == {"name": "赵先生"}
    assert body["place"] == {"address": "光明路"}
    assert (body["title"], body["category"]) == ("路灯", "0205")
    assert "major" not in body
    assert "likes" not in body


@pytest.mark.parametrize(
    ("at", "occurred_at"),
    [
        ("2024-05-03 10:20:00", "2024-05-03T10:20:00+08:00"),
        ("2024-05-03T02:20:00+00:00", "2024-05-03T02:20:00+00:00"),
        ("昨天", None),
        (5, None),
    ],
)
def test_when_it_was_said_is_kept_where_it_can_be_read(at: Any, occurred_at: str | None) -> None:
    body = parsed({"description": "小区门口的路灯坏了很久没人修", "at": at}).body
    assert body.get("occurred_at") == occurred_at


def test_the_same_line_has_the_same_number_and_key_and_another_line_others() -> None:
    first, again = parsed({"description": "楼道灯坏了"}), parsed({"description": "楼道灯坏了"})
    other = parsed({"description": "楼道灯又坏了"})
    assert (first.key, first.body) == (again.key, again.body)
    assert first.key != other.key
    assert first.body["source"] != other.body["source"]
    assert parsed({"description": "楼道灯坏了", "id": 7}).body["source"]["number"] == "7"


@pytest.mark.parametrize(
    "line",
    [b"{", b"[1]", b"{}", b'{"description": 3}', b'{"description": "  "}', b"\xff\xfe"],
)
def test_what_is_no_request_is_refused(line: bytes) -> None:
    assert isinstance(parse_line(line), Refusal)


def test_a_text_that_is_too_long_is_refused_and_never_cut() -> None:
    exact = parsed({"description": "长" * 10_000}).body["description"]
    assert len(exact) == 10_000
    refusal = parse_line(json.dumps({"description": "长" * 10_001}).encode())
    assert isinstance(refusal, Refusal)
    assert "10001" in refusal.why


def test_outcomes_are_counted_with_their_line_numbers() -> None:
    totals = Totals()
    totals.add(1, Outcome.of(httpx.Response(201, json={})))
    totals.add(2, Outcome.of(httpx.Response(200, json={})))
    errors = [{"field": "place", "zh": "place：必填", "en": "place: is required"}]
    refused = Outcome.of(httpx.Response(422, json={"code": "invalid", "errors": errors}))
    totals.add(3, refused)
    totals.add(4, Outcome.of(httpx.Response(409, json={"code": "key_reused", "zh": "已用于"})))
    totals.add(5, Outcome.of(httpx.Response(404, text="not found")))
    assert (totals.created, totals.existing) == (1, 1)
    assert totals.refused == [(3, "422 place：必填"), (4, "409 已用于"), (5, "404 not found")]
