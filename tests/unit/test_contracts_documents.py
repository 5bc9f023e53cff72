"""The generated documents: fresh, complete, without hosts, and told when they are stale."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from shared.contracts import generate
from shared.contracts.documentation import asyncapi
from shared.contracts.json_schemas import enums, event_classes, event_schema, labels_zh
from shared.contracts.parts import AssignmentState
from shared.contracts.topics import TOPICS

LINK = re.compile(r"\]\(([^)#]+)\)")


def test_every_document_is_fresh() -> None:
    """Run `python -m shared.contracts.generate` when this fails."""
    assert generate.stale(generate.documents()) == []


def test_check_tells_what_is_stale_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path, old = tmp_path / "schemas" / "a.json", tmp_path / "schemas" / "gone.json"
    old.parent.mkdir()
    old.write_text("{}")
    monkeypatch.setattr(generate, "HERE", tmp_path)
    monkeypatch.setattr(generate, "documents", lambda: {path: "new\n"})
    assert generate.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "stale: schemas/a.json",
        "stale: schemas/gone.json",
    ]
    assert not path.exists()
    assert generate.main([]) == 0
    assert path.read_text() == "new\n"
    assert not old.exists()
    assert generate.main(["--check"]) == 0


def test_a_readme_without_its_markers_is_an_error() -> None:
    text = "a\n<!-- topics: generated -->\nold\n<!-- topics: end -->\nb\n"
    assert generate.with_parts(text, {"topics": "new"}) == (
        "a\n<!-- topics: generated -->\n\nnew\n\n<!-- topics: end -->\nb\n"
    )
    with pytest.raises(ValueError, match="no markers for events"):
        generate.with_parts(text, {"events": "new"})


@pytest.mark.parametrize("type_", sorted(event_classes()))
def test_schemas_are_draft_2020_12_named_by_a_urn(type_: str) -> None:
    schema = event_schema(event_classes()[type_])
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"urn:shaodao:schema:{type_}"
    assert schema["$schema"].endswith("/2020-12/schema")
    assert schema["description"].endswith(".")
    for name, definition in schema.get("$defs", {}).items():
        assert "description" in definition or name in enums(), f"{name} has no docstring"


def test_choices_carry_their_chinese_labels() -> None:
    schema = event_schema(event_classes()["shaodao.bureau.report_accepted.v1"])
    labels = schema["$defs"]["AssignmentState"]["x-zh"]
    assert labels["offered"] == "待签收"
    assert list(labels) == [str(state) for state in AssignmentState]


@pytest.mark.parametrize("name", sorted(enums()))
def test_each_member_of_a_choice_has_its_label(name: str) -> None:
    labels = labels_zh(enums()[name])
    assert sorted(labels) == sorted(enums()[name])
    assert [label for label in labels.values() if label.isascii()] == []


def test_the_asyncapi_document_says_what_the_table_says() -> None:
    document = asyncapi(generate.examples())
    addresses = {channel["address"]: channel for channel in document["channels"].values()}
    assert list(addresses) == [topic.name.replace("<code>", "{code}") for topic in TOPICS]
    for topic, channel in zip(TOPICS, addresses.values(), strict=True):
        assert len(channel["messages"]) == len(topic.events)
        assert channel["bindings"]["kafka"]["partitions"] == topic.partitions
        assert ("parameters" in channel) == ("<code>" in topic.name)
    may = {
        (operation["action"], operation["channel"]["$ref"].rpartition("/")[2])
        for operation in document["operations"].values()
        if operation["tags"] == [{"name": "department"}]
    }
    assert may == {
        ("receive", "bureau.whistles"),
        ("send", "bureau.reports"),
        ("receive", "bureau.notices"),
    }


def test_links_of_the_readme_lead_somewhere() -> None:
    links = LINK.findall((generate.HERE / "README.md").read_text("utf-8"))
    assert len(links) > 2 * len(event_classes())
    assert [link for link in links if not (generate.HERE / link).exists()] == []


def test_the_documents_name_no_host() -> None:
    dialect = "https://json-schema.org/draft/2020-12/schema"
    for path, text in generate.documents().items():
        assert "://" not in text.replace(dialect, ""), path.name
        if path.suffix == ".json":
            json.loads(text)
