"""The golden examples: one per event, read and written by us, and judged by two others."""

import json
import re
from collections import Counter
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from jsonschema import Draft202012Validator

from shared.calendar import WorkCalendar
from shared.catalogue.limits import due
from shared.catalogue.load import load_catalogue
from shared.contracts import deadlines, envelope, figures, ids, tickets, units, whistles
from shared.contracts.generate import HERE, examples
from shared.contracts.json_schemas import event_classes, event_schema
from shared.contracts.topics import TOPICS, UNIT_REPORTS

EVENTS = event_classes()
EXAMPLES = examples()
every_example = pytest.mark.parametrize("type_", sorted(EXAMPLES))


def values_of(node: Any, key: str) -> list[Any]:
    """Every value that stands under `key`, however deep."""
    if isinstance(node, dict):
        own = [value for name, value in node.items() if name == key]
        return own + [found for value in node.values() for found in values_of(value, key)]
    if isinstance(node, list):
        return [found for item in node for found in values_of(item, key)]
    return []


def dues_of(node: Any) -> list[dict[str, Any]]:
    """Every due time, however deep."""
    if isinstance(node, list):
        return [found for item in node for found in dues_of(item)]
    if not isinstance(node, dict):
        return []
    own = [node] if {"by", "rule", "started_at"} <= node.keys() else []
    return own + [found for value in node.values() for found in dues_of(value)]


def read(example: dict[str, Any]) -> envelope.Envelope:
    event = envelope.Reader(EVENTS.values()).read(json.dumps(example).encode())
    assert event is not None
    return event


def test_each_event_has_exactly_one_example_and_each_example_its_event() -> None:
    types = [cls.TYPE for topic in TOPICS for cls in topic.events]  # type: ignore[attr-defined]
    assert [type_ for type_, times in Counter(types).items() if times > 1] == []
    assert sorted(EXAMPLES) == sorted(types)
    assert sorted(path.name for path in (HERE / "examples").iterdir()) == sorted(
        f"{type_}.json" for type_ in types
    )


@every_example
def test_what_is_read_and_written_again_is_the_same(type_: str) -> None:
    example = EXAMPLES[type_]
    event = read(example)
    assert event.type == type_
    assert type(event.data) is EVENTS[type_]
    written = envelope.write(
        event_id=event.event_id,  # type: ignore[arg-type]  # a department's own id is any text
        source=event.source,
        subject=event.subject,
        time=event.time,
        data=event.data,
        traceparent=event.traceparent,
    )
    # Not equal? A field was added: add it to the example, with a value of its story.
    assert json.loads(written) == example


@every_example
def test_optional_fields_may_be_absent(type_: str) -> None:
    example = EXAMPLES[type_]
    required = event_schema(EVENTS[type_])["properties"]["data"]["required"]
    data = {name: value for name, value in example["data"].items() if name in required}
    read({**example, "data": data})


@every_example
def test_fields_of_a_later_version_are_passed_over(type_: str) -> None:
    example = EXAMPLES[type_]
    later = {**example, "later": "x", "data": {**example["data"], "later": {"a": 1}}}
    assert read(later) == read(example)


@every_example
def test_the_cloudevents_package_reads_it_too(type_: str) -> None:
    text = (HERE / "examples" / f"{type_}.json").read_bytes()
    theirs = JSONFormat().read(CloudEvent, text)
    ours = read(EXAMPLES[type_])
    assert theirs.get_specversion() == "1.0"
    assert (theirs.get_id(), theirs.get_source(), theirs.get_type(), theirs.get_subject()) == (
        ours.event_id,
        ours.source,
        ours.type,
        ours.subject,
    )
    assert theirs.get_time() == ours.time
    assert theirs.get_datacontenttype() == "application/json"
    assert theirs.get_extension("traceparent") == ours.traceparent
    assert theirs.get_data() == EXAMPLES[type_]["data"]


@every_example
def test_the_published_schema_accepts_it(type_: str) -> None:
    schema = json.loads((HERE / "schemas" / f"{type_}.json").read_text())
    Draft202012Validator.check_schema(schema)
    assert list(Draft202012Validator(schema).iter_errors(EXAMPLES[type_])) == []


@every_example
def test_the_published_schema_refuses_what_the_reader_refuses(type_: str) -> None:
    schema = json.loads((HERE / "schemas" / f"{type_}.json").read_text())
    validator = Draft202012Validator(schema)
    for name in schema["properties"]["data"]["required"]:
        data = {key: value for key, value in EXAMPLES[type_]["data"].items() if key != name}
        broken = {**EXAMPLES[type_], "data": data}
        assert not validator.is_valid(broken)
        with pytest.raises(envelope.MalformedEventError, match=name):
            read(broken)


@every_example
def test_ids_subjects_and_sources_are_made_as_the_contract_says(type_: str) -> None:
    event = read(EXAMPLES[type_])
    topic = next(topic for topic in TOPICS if EVENTS[type_] in topic.events)
    if topic is UNIT_REPORTS:
        assert event.source.startswith("/departments/")
        assert event.subject == str(event.data.whistle_id)
        return
    assert event.source == f"/shaodao/{topic.producer}"
    if isinstance(event.data, whistles.WhistleFact):
        assert event.subject == str(event.data.whistle_id)
        assert event.event_id == str(ids.fact_id(event.data.whistle_id, event.data.seq))
    elif isinstance(event.data, tickets.TicketFact):
        assert event.subject == str(event.data.ticket_id)
        assert event.event_id == str(ids.fact_id(event.data.ticket_id, event.data.seq))
    elif isinstance(event.data, deadlines.Warned | deadlines.RungClimbed):
        promise = event.data
        made = ids.rung_id(promise.deadline_id, promise.round, promise.rung)
        assert event.event_id == str(made)
    elif isinstance(event.data, figures.RulingFact):
        assert event.subject == str(event.data.ticket_id)
        assert event.event_id == str(ids.ruling_id(event.data.ticket_id, event.data.seq))
    elif isinstance(event.data, deadlines.OutageDeclared):
        assert event.subject == str(event.data.outage_id)
        assert event.event_id == str(ids.fact_id(event.data.outage_id, event.data.seq))
    elif not isinstance(event.data, units.UnitDeclared | units.RatingRecorded):
        assert event.subject == str(event.data.whistle_id)
    UUID(event.event_id)


def test_the_examples_tell_one_story() -> None:
    """The same ticket, whistle and part from the call to the callback."""
    ticket_id = EXAMPLES["shaodao.ticket.registered.v1"]["subject"]
    blown = EXAMPLES["shaodao.whistle.blown.v1"]["data"]
    lead = blown["assignments"][0]
    assert blown["ticket_ids"] == [ticket_id]
    assert EXAMPLES["shaodao.bureau.whistled.v1"]["data"]["assignment"] == lead
    for verb in ("acknowledged", "contacted", "arrived", "progressed", "resolved"):
        report = EXAMPLES[f"shaodao.report.{verb}.v1"]
        judged = EXAMPLES[f"shaodao.whistle.{verb}.v1"]["data"]
        assert report["subject"] == blown["whistle_id"] == judged["whistle_id"]
        assert judged["assignment_id"] == lead["assignment_id"]
        assert datetime.fromisoformat(judged["received_at"]) >= datetime.fromisoformat(
            report["time"]
        )
    assert (
        EXAMPLES["shaodao.bureau.report_accepted.v1"]["data"]["report_id"]
        == (EXAMPLES["shaodao.report.acknowledged.v1"]["id"])
    )
    assert (
        EXAMPLES["shaodao.ticket.callback_opened.v1"]["data"]["whistle_id"] == (blown["whistle_id"])
    )
    assert EXAMPLES["shaodao.ticket.rework_requested.v1"]["subject"] == ticket_id


def test_units_and_regions_are_the_catalogue_s() -> None:
    catalogue = load_catalogue()
    everything = list(EXAMPLES.values())
    codes = {
        *values_of(everything, "unit"),
        *values_of(everything, "suggested_unit"),
        *values_of(everything, "in_place_of"),
        *values_of(everything, "property_unit"),
    } - {None, "WD"}
    assert len(codes) > 10
    assert [code for code in codes if code not in catalogue.units] == []
    regions = {region for region in values_of(everything, "region") if region}
    assert [region for region in regions if not catalogue.knows_region(region)] == []
    categories = {category for category in values_of(everything, "category") if category}
    assert [code for code in categories if code not in catalogue.categories] == []


def test_due_times_are_what_the_calendar_computes() -> None:
    calendar = WorkCalendar()
    dues = dues_of(list(EXAMPLES.values()))
    assert len(dues) > 20
    for shown in dues:
        started_at = datetime.fromisoformat(shown["started_at"])
        made = due(shown["rule"], started_at, calendar, policy=shown["policy"])
        assert made.by == datetime.fromisoformat(shown["by"]), shown
        assert made.provisional is shown["provisional"]


PHONE_OR_ID_NUMBER = re.compile(r"(?<!\d)(1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|\d{17}[\dXx])(?!\d)")
DOOR = re.compile(r"\d+\s*(室|户)|\d+号楼\s*\d+单元\s*\d+")


@every_example
def test_nothing_tells_who_complained(type_: str) -> None:
    """No phone, ID number or door in any words; a citizen acts without a name (DOMAIN §2.6)."""
    words = [text for text in texts_of(EXAMPLES[type_]) if not text.isascii()]
    found = [text for text in words if PHONE_OR_ID_NUMBER.search(text) or DOOR.search(text)]
    assert found == []
    actors = values_of(EXAMPLES[type_], "actor")
    assert [actor for actor in actors if actor["role"] == "citizen" and actor["name"]] == []


def texts_of(node: Any) -> list[str]:
    """Every text, however deep."""
    if isinstance(node, dict):
        return [text for value in node.values() for text in texts_of(value)]
    if isinstance(node, list):
        return [text for item in node for text in texts_of(item)]
    return [node] if isinstance(node, str) else []
