"""The contract's page: all that departments hear and say, and a word for every field of it."""

import json
from typing import Any

from services.router.app import HERE
from services.router.pages.contract_view import FOLDER, contract, named, short_of, types
from shared.contracts.bureaus import RefusalCode
from shared.contracts.topics import UNIT_NOTICES, UNIT_REPORTS, UNIT_WHISTLES
from shared.web.strings import Language, Strings

STRINGS = Strings(HERE / "strings")


def type_of(event: Any) -> str:
    return str(event.TYPE)


def test_it_has_every_event_of_a_units_topics_with_its_example() -> None:
    shown = {event.type: event for channel in contract().channels for event in channel.events}
    topics = (UNIT_WHISTLES, UNIT_REPORTS, UNIT_NOTICES)
    assert shown.keys() == {type_of(cls) for topic in topics for cls in topic.events}
    for type_, event in shown.items():
        assert json.loads(event.example)["type"] == type_
        assert event.summary
    resolved = {field.name: field for field in shown["shaodao.report.resolved.v1"].fields}
    assert (resolved["measures"].required, resolved["measures"].limits) == (True, "1–4000")
    assert (resolved["evidence"].part, resolved["evidence"].is_list) == ("Evidence", True)
    assert resolved["contacted_at"].kind == "date-time"
    assert not resolved["follow_up"].required


def test_every_event_field_and_refusal_has_its_words_in_both_languages() -> None:
    found = contract()
    events = {f"contracts.event.{e.short}" for c in found.channels for e in c.events}
    fields = {f"contracts.field.{f.name}" for f in named(found.channels, found.parts)}
    refusals = {f"contracts.do_{code}" for code in RefusalCode}
    for language in Language:
        keys = STRINGS.keys(language)
        assert not (events | fields | refusals) - keys
        told = {key for key in keys if key.startswith(("contracts.event.", "contracts.field."))}
        assert not told - events - fields, "words of what is not there any more"


def test_every_link_of_a_part_leads_somewhere() -> None:
    found = contract()
    there = {part.name for part in found.parts} | {choice.name for choice in found.choices}
    asked = {f.part for f in named(found.channels, found.parts) if f.part is not None}
    assert asked <= there
    assert all(label for choice in found.choices for _, label in choice.codes)


def test_the_documents_are_there_by_type() -> None:
    for type_ in types():
        assert short_of(type_)
        for folder in ("schemas", "examples"):
            assert (FOLDER / folder / f"{type_}.json").is_file()
