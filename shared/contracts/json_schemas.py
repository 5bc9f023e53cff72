"""The JSON Schema of every event: the whole envelope with its data, draft 2020-12.

The `$id` is a URN, so that no schema names a host; titles and descriptions are the docstrings of
the contract classes, and `x-zh` gives the Chinese labels that stand beside enum members.
"""

import ast
import inspect
import re
from enum import StrEnum
from functools import cache
from types import ModuleType
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema

from shared.contracts import bureaus, figures, parts, reports, tickets, values
from shared.contracts.envelope import adapter
from shared.contracts.topics import TOPICS

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
TRACEPARENT: Final = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
_ENUM_MODULES: Final[tuple[ModuleType, ...]] = (values, parts, tickets, reports, bureaus, figures)
_LABEL = re.compile(r"#\s*(\S.*?)\s*$")

Schema = dict[str, Any]


class _NoFieldTitles(GenerateJsonSchema):
    """Leaves out titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def event_classes() -> dict[str, type]:
    """Every event class of the topics table by its type, in the table's order."""
    return {cls.TYPE: cls for topic in TOPICS for cls in topic.events}  # type: ignore[attr-defined]


def summary_of(cls: type) -> str:
    """The first sentence of a class's docstring, without its full stop."""
    return (inspect.getdoc(cls) or "").split("\n\n")[0].replace("\n", " ").rstrip(".")


def labels_zh(enum: type[StrEnum]) -> dict[str, str]:
    """The Chinese label of each member: the comment at the end of its line."""
    lines = inspect.getsource(enum).splitlines()
    labels = {}
    for node in ast.walk(ast.parse("\n".join(lines))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found = _LABEL.search(lines[node.lineno - 1])
            if found:
                labels[str(enum[node.targets[0].id])] = found[1]
    return labels


@cache
def enums() -> dict[str, type[StrEnum]]:
    """Every choice that events use, by its name."""
    return {
        name: cls
        for module in _ENUM_MODULES
        for name, cls in vars(module).items()
        if isinstance(cls, type) and issubclass(cls, StrEnum) and cls.__module__ == module.__name__
    }


def data_schema(cls: type) -> tuple[Schema, dict[str, Schema]]:
    """The schema of an event's data and the definitions it refers to (`#/$defs/<name>`)."""
    schema = adapter(cls).json_schema(schema_generator=_NoFieldTitles)
    definitions = schema.pop("$defs", {})
    for name, definition in definitions.items():
        if "enum" in definition:
            definition["x-zh"] = labels_zh(enums()[name])
    return schema, definitions


def envelope_properties() -> Schema:
    """The attributes of an event but for `type` and `data`, as the reader demands them."""
    text = {"type": "string", "minLength": 1, "maxLength": 300}
    return {
        "specversion": {"const": "1.0"},
        "id": {**text, "description": "The same fact told twice has the same id."},
        "source": {**text, "format": "uri-reference", "description": "Who says it."},
        "subject": {**text, "description": "What it is about; the Kafka key of our own events."},
        "time": {
            **text,
            "format": "date-time",
            "description": "When it became true, by the sender's word; with a zone.",
        },
        "datacontenttype": {"const": "application/json"},
        "traceparent": {
            "type": "string",
            "pattern": TRACEPARENT,
            "description": "W3C trace context; passed on.",
        },
    }


REQUIRED: Final = ("specversion", "id", "source", "type", "subject", "time", "data")


def event_schema(cls: type) -> Schema:
    """The schema of one event, envelope and data, complete in itself."""
    type_ = cls.TYPE  # type: ignore[attr-defined]
    data, definitions = data_schema(cls)
    return {
        "$schema": DIALECT,
        "$id": f"urn:shaodao:schema:{type_}",
        "title": type_,
        "description": summary_of(cls) + ".",
        "type": "object",
        "properties": {**envelope_properties(), "type": {"const": type_}, "data": data},
        "required": list(REQUIRED),
        **({"$defs": definitions} if definitions else {}),
    }
