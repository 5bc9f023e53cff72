"""Reads one line of a file to be replayed as a request to intake, or says why it cannot be one.

Only `description` is needed. What else a line says is passed on where intake knows it (title,
category, place …), and left out where it does not. Nothing is cut silently.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.calendar import SHANGHAI
from shared.contracts.values import Channel

SYSTEM = "replay"
LONGEST = 10_000
DESK_LEAST = 10  # characters the hotline's desk needs; shorter texts come by the resident page
PASSED_ON = ("type", "category", "title", "urgency", "line")
PLACE_FIELDS = ("region", "address", "lat", "lon", "no_location")
REPORTER_FIELDS = ("name", "phone", "confidential")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The body of POST /api/v1/tickets and its Idempotency-Key."""

    body: dict[str, Any]
    key: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the line is not sent at all."""

    why: str


def parse_line(line: bytes) -> Request | Refusal:
    """The request of a line; a Refusal when it is no JSON object or has no usable description."""
    try:
        row = json.loads(line)
    except ValueError as error:
        return Refusal(f"不是 JSON（{error}）/ not JSON")
    if not isinstance(row, dict):
        return Refusal("不是 JSON 对象 / not a JSON object")
    description = row.get("description")
    if not isinstance(description, str) or not description.strip():
        return Refusal("缺少 description / no description")
    if len(description) > LONGEST:
        return Refusal(
            f"description 有 {len(description)} 个字符，最多 {LONGEST}，不会截断后登记 / too long"
        )
    number = _number(row, line)
    return Request(
        body={
            "channel": _channel(row, description),
            "description": description,
            "place": _place(row.get("place")),
            **{name: row[name] for name in PASSED_ON if isinstance(row.get(name), str)},
            **_reporter(row.get("reporter")),
            **_occurred(row.get("occurred_at") or row.get("at")),
            "source": {"system": SYSTEM, "number": number},
        },
        key=f"{SYSTEM}-{hashlib.sha256(number.encode()).hexdigest()[:32]}",
    )


def _number(row: dict[str, Any], line: bytes) -> str:
    """The line's own id, else its hash."""
    own = row.get("id")
    if isinstance(own, str | int) and not isinstance(own, bool) and 0 < len(str(own)) <= 64:
        return str(own)
    return hashlib.sha256(line.strip()).hexdigest()[:32]


def _channel(row: dict[str, Any], description: str) -> str:
    named = row.get("channel")
    if isinstance(named, str):
        return named
    short = len(description.strip()) < DESK_LEAST
    return Channel.RESIDENT_PAGE if short else Channel.HOTLINE


def _place(place: Any) -> dict[str, Any]:
    if isinstance(place, str) and place.strip():
        return {"address": place}
    if isinstance(place, dict):
        known = {name: place[name] for name in PLACE_FIELDS if place.get(name) is not None}
        if known:
            return known
    return {"no_location": True}


def _reporter(reporter: Any) -> dict[str, Any]:
    if isinstance(reporter, str) and reporter.strip():
        return {"reporter": {"name": reporter}}
    if isinstance(reporter, dict):
        known = {n: reporter[n] for n in REPORTER_FIELDS if reporter.get(n) is not None}
        return {"reporter": known} if known else {}
    return {}


def _occurred(at: Any) -> dict[str, Any]:
    """When it was said; a time without zone is Shanghai's."""
    try:
        moment = datetime.fromisoformat(at)
    except (TypeError, ValueError):
        return {}
    local = moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)
    return {"occurred_at": local.isoformat()}
