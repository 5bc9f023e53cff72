"""The contract of departments as its page shows it: made from the AsyncAPI document itself."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import shared.contracts
from shared.contracts.documentation import VERSION, asyncapi
from shared.contracts.topics import TOPICS, UNIT_NOTICES, UNIT_REPORTS, UNIT_WHISTLES, Topic

FOLDER: Final = Path(shared.contracts.__file__).parent
CHANNELS: Final[tuple[tuple[str, Topic], ...]] = (
    ("whistles", UNIT_WHISTLES),
    ("reports", UNIT_REPORTS),
    ("notices", UNIT_NOTICES),
)
REFERENCE: Final = "#/components/schemas/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its name, what may stand there, and whether it must."""

    name: str
    of: str  # the short name of the event or part it belongs to
    kind: str
    part: str | None  # the part or choice of codes that `kind` names
    is_list: bool
    required: bool
    limits: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One type of event with its fields and its golden example."""

    type: str
    short: str  # "report_resolved"
    summary: str
    fields: tuple[Field, ...]
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One topic of a unit; `writes`: the department writes it, else it reads it."""

    name: str
    topic: str
    writes: bool
    days: int | None
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A value that several events carry."""

    name: str
    summary: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A choice of codes with their Chinese labels."""

    name: str
    summary: str
    codes: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """All that the page shows."""

    version: str
    channels: tuple[Channel, ...]
    parts: tuple[Part, ...]
    choices: tuple[Choice, ...]


@cache
def contract() -> Contract:
    """The contract of departments; read once a process."""
    document = asyncapi(examples())
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    messages: Mapping[str, Any] = document["components"]["messages"]
    channels = tuple(
        Channel(
            name=name,
            topic=topic.name,
            writes=topic is UNIT_REPORTS,
            days=topic.retention_days,
            events=tuple(
                _event(cls.TYPE, messages[cls.TYPE], schemas)  # type: ignore[attr-defined]
                for cls in topic.events
            ),
        )
        for name, topic in CHANNELS
    )
    used = _used(channels, schemas)
    return Contract(
        version=VERSION,
        channels=channels,
        parts=tuple(_part(name, schemas[name]) for name in used if "properties" in schemas[name]),
        choices=tuple(_choice(name, schemas[name]) for name in used if "enum" in schemas[name]),
    )


def examples() -> dict[str, dict[str, Any]]:
    """The golden example of every event, by type."""
    return {
        path.stem: json.loads(path.read_text("utf-8"))
        for path in sorted((FOLDER / "examples").glob("*.json"))
    }


@cache
def types() -> frozenset[str]:
    """Every type of event there is, also those between the services."""
    return frozenset(cls.TYPE for topic in TOPICS for cls in topic.events)  # type: ignore[attr-defined]


def _event(type_: str, message: Mapping[str, Any], schemas: Mapping[str, Any]) -> Event:
    short = short_of(type_)
    example = message["examples"][0]["payload"]
    return Event(
        type=type_,
        short=short,
        summary=message["summary"],
        fields=_fields(short, schemas[f"{type_}.data"]),
        example=json.dumps(example, ensure_ascii=False, indent=2),
    )


def short_of(type_: str) -> str:
    """`shaodao.report.resolved.v1` as texts name it."""
    _, area, what, version = type_.split(".")
    return f"{area}_{what}" if version == "v1" else f"{area}_{what}_{version}"


def _part(name: str, schema: Mapping[str, Any]) -> Part:
    return Part(name=name, summary=_first(schema), fields=_fields(name, schema))


def _choice(name: str, schema: Mapping[str, Any]) -> Choice:
    labels: Mapping[str, str] = schema.get("x-zh", {})
    codes = tuple((code, labels.get(code, "")) for code in schema["enum"])
    return Choice(name=name, summary=_first(schema), codes=codes)


def _first(schema: Mapping[str, Any]) -> str:
    text: str = schema.get("description", "")
    return text.split("\n\n")[0]


def _fields(of: str, schema: Mapping[str, Any]) -> tuple[Field, ...]:
    required = frozenset(schema.get("required", ()))
    return tuple(
        _field(of, name, each, name in required)
        for name, each in schema.get("properties", {}).items()
    )


def _field(of: str, name: str, schema: Mapping[str, Any], required: bool) -> Field:
    found = _present(schema)
    is_list = found.get("type") == "array"
    inner = _present(found.get("items", {})) if is_list else found
    part = _part_of(inner)
    return Field(
        name=name,
        of=of,
        kind=part or _kind(inner),
        part=part,
        is_list=is_list,
        required=required,
        limits=_limits(found, inner),
    )


def _present(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What stands there when it is not null."""
    for each in schema.get("anyOf", ()):
        if each.get("type") != "null":
            return dict(each)
    return schema


def _part_of(schema: Mapping[str, Any]) -> str | None:
    reference: str = schema.get("$ref", "")
    return reference.removeprefix(REFERENCE) or None


def _kind(schema: Mapping[str, Any]) -> str:
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(schema["enum"])
    return str(schema.get("format") or schema.get("type", ""))


def _limits(whole: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    """The least and the most of a text, a number or a list: "1–4000", "≤ 20"."""
    pairs = (
        (inner.get("minLength"), inner.get("maxLength")),
        (inner.get("minimum"), inner.get("maximum")),
        (whole.get("minItems"), whole.get("maxItems")),
    )
    return ", ".join(_span(least, most) for least, most in pairs if (least, most) != (None, None))


def _span(least: float | None, most: float | None) -> str:
    if least is None:
        return f"≤ {most:g}"
    return f"≥ {least:g}" if most is None else f"{least:g}–{most:g}"


def _used(channels: Iterable[Channel], schemas: Mapping[str, Any]) -> list[str]:
    """The parts that these channels carry, and those in them, by name."""
    found: set[str] = set()
    waiting = [f.part for c in channels for e in c.events for f in e.fields if f.part is not None]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [f.part for f in _fields(name, schemas[name]) if f.part is not None]
    return sorted(found)


def named(channels: Iterable[Channel], parts: Iterable[Part]) -> Iterator[Field]:
    """Every field that the page shows."""
    for channel in channels:
        for event in channel.events:
            yield from event.fields
    for part in parts:
        yield from part.fields
