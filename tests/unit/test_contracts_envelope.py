"""Reading events from outside: what is none is refused with a reason, and nothing else happens."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts import envelope, reports, tickets
from shared.contracts.generate import examples
from shared.contracts.parts import Actor, Role
from shared.contracts.topics import UNIT_REPORTS

READER = envelope.Reader(UNIT_REPORTS.events)
REPORT = examples()["shaodao.report.resolved.v1"]
SOME_ID = UUID(int=7)


def refused(value: bytes | None) -> envelope.MalformedEventError:
    with pytest.raises(envelope.MalformedEventError) as caught:
        READER.read(value)
    return caught.value


def with_data(**changes: Any) -> bytes:
    return json.dumps({**REPORT, "data": {**REPORT["data"], **changes}}).encode()


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"garbage", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[" * 100_000, "not_json"),
        (b'{"id": "\\ud800"}', "not_json"),
        (b'{"id": NaN}', "not_json"),
        (b"[]", "not_cloudevent"),
        (b"{}", "not_cloudevent"),
        (b'{"specversion": "0.3"}', "not_cloudevent"),
        (b'{"specversion": "1.0"}', "invalid_envelope"),
        (b" " * (envelope.MAX_BYTES + 1), "too_large"),
        (with_data(measures="a\x00b"), "not_text"),
    ],
)
def test_what_is_no_event_is_refused_with_a_code(value: bytes | None, code: str) -> None:
    assert refused(value).code == code


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": ""},
        {"id": 5},
        {"id": "x" * 301},
        {"subject": None},
        {"time": "2026-11-23T09:40:12"},
        {"time": "0001-01-01T00:00:00+14:00"},
        {"time": "9999-12-31T23:59:59-14:00"},
    ],
)
def test_wrong_attributes_are_refused(wrong: dict[str, Any]) -> None:
    assert refused(json.dumps({**REPORT, **wrong}).encode()).code == "invalid_envelope"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"result": "finished"}, "data.result"),
        ({"whistle_id": "1"}, "data.whistle_id"),
        ({"handler": {"name": ""}}, "data.handler.name"),
        ({"handler": {"name": "张" * 65}}, "data.handler.name"),
        ({"at": "2026-11-23T09:40:12"}, "data.at"),
        ({"at": "0001-01-01T00:00:00+14:00"}, "data.at"),
        ({"measures": ""}, "data.measures"),
        ({"measures": "字" * 4001}, "data.measures"),
        ({"evidence": [{"kind": "photo"}] * 21}, "data.evidence"),
        ({"evidence": [{"kind": "photo", "taken_at": "2026-11-23T09:40:12"}]}, "data.evidence.0"),
    ],
)
def test_data_that_breaks_the_contract_names_the_field(changes: dict[str, Any], field: str) -> None:
    error = refused(with_data(**changes))
    assert error.code == "invalid_data"
    assert field in error.words
    assert (error.event_id, error.subject) == (REPORT["id"], REPORT["subject"])


def test_a_type_of_another_contract_is_passed_over() -> None:
    assert READER.read(json.dumps({**REPORT, "type": "shaodao.report.sung.v1"}).encode()) is None


@pytest.mark.parametrize("trace", [5, {"a": 1}, "x", 'x","subject":"other', "00-" + "0" * 32])
def test_a_trace_context_that_is_none_is_not_passed_on(trace: Any) -> None:
    """It would be written into our own events, where it could forge an attribute."""
    event = READER.read(json.dumps({**REPORT, "traceparent": trace}).encode())
    assert event is not None
    assert event.traceparent is None


def test_time_is_read_as_utc() -> None:
    event = READER.read(json.dumps({**REPORT, "time": "2026-11-23T09:40:12+08:00"}).encode())
    assert event is not None
    assert event.time == datetime(2026, 11, 23, 1, 40, 12, tzinfo=UTC)
    assert event.time.tzinfo is UTC


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_refused(value: bytes) -> None:
    refused(value)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(REPORT)), value=_JSON)
def test_any_value_of_an_attribute_is_read_or_refused(field: str, value: Any) -> None:
    _read_or_refuse({**REPORT, field: value})


@given(field=st.sampled_from(sorted(REPORT["data"])), value=_JSON)
def test_any_value_of_the_data_is_read_or_refused(field: str, value: Any) -> None:
    event = _read_or_refuse({**REPORT, "data": {**REPORT["data"], field: value}})
    if event is not None:
        assert isinstance(event.data, reports.Resolved)


def _read_or_refuse(event: dict[str, Any]) -> envelope.Envelope | None:
    try:
        return READER.read(json.dumps(event).encode())
    except envelope.MalformedEventError:
        return None


@given(reason=st.text(), subject=st.text(min_size=1, max_size=300), moment=st.datetimes())
def test_what_is_written_can_be_read(reason: str, subject: str, moment: datetime) -> None:
    data = tickets.Reopened(
        seq=3, actor=Actor(role=Role.CITIZEN), ticket_id=SOME_ID, round=2, reason=reason
    )
    text = envelope.write(
        event_id=SOME_ID,
        source="/shaodao/intake",
        subject=subject,
        time=moment.replace(tzinfo=UTC),
        data=data,
    )
    reader = envelope.Reader([tickets.Reopened])
    if "\x00" in reason or "\x00" in subject or "\\u0000" in text:
        with pytest.raises(envelope.MalformedEventError):
            reader.read(text.encode())
        return
    event = reader.read(text.encode())
    assert event is not None
    assert (event.data, event.subject) == (data, subject)
    assert event.time == moment.replace(tzinfo=UTC)
