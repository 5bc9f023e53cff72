"""The documents made from the topics table: the AsyncAPI 3 document and the tables of the README.

Written straight from the table. FastStream's generator makes one channel a handler, knows no
channel parameters, partitions, retention or message keys, describes a correlation header nobody
sends, and mixes up classes of the same name (`reports.Acknowledged`, `whistles.Acknowledged`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.contracts.envelope import CONTENT_TYPE, MAX_BYTES
from shared.contracts.json_schemas import (
    REQUIRED,
    Schema,
    data_schema,
    enums,
    envelope_properties,
    labels_zh,
    summary_of,
)
from shared.contracts.topics import DAY_MS, TOPICS, Topic

VERSION: Final = "1.0.0"
DEPARTMENT: Final = "the department"
BINDING: Final = "0.5.0"
_REFERENCE = re.compile(r"^#/\$defs/(.+)$")
_INTRODUCTION: Final = f"""\
What the three services of Shaodao and the departments' own systems say to each other on Kafka.

Every message is a CloudEvents 1.0 event in structured JSON of at most {MAX_BYTES} bytes. A settable
prefix may stand before every address. A department reads `bureau.<its code>.whistles` and
`bureau.<its code>.notices` and writes `bureau.<its code>.reports`; nothing else is open to it.
Events only gain optional fields; a break is a new type. Unknown fields and types are passed over.
"""


def _slug(topic: Topic) -> str:
    return topic.name.replace(".<code>", "")


def _actor(participant: str) -> str:
    return "department" if participant == DEPARTMENT else participant


def _hoisted(value: Any) -> Any:
    """The same schema with references to the document's components."""
    if isinstance(value, Mapping):
        return {
            key: _REFERENCE.sub(r"#/components/schemas/\1", item)
            if key == "$ref"
            else _hoisted(item)
            for key, item in value.items()
        }
    return [_hoisted(item) for item in value] if isinstance(value, list) else value


def _schemas() -> dict[str, Schema]:
    """The envelope, every event's data, and the parts they share, each once."""
    shared: dict[str, Schema] = {}
    events: dict[str, Schema] = {}
    for topic in TOPICS:
        for cls in topic.events:
            data, definitions = data_schema(cls)
            events[f"{cls.TYPE}.data"] = _hoisted(data)  # type: ignore[attr-defined]
            for name, definition in definitions.items():
                hoisted = _hoisted(definition)
                if shared.setdefault(name, hoisted) != hoisted:
                    raise ValueError(f"two different parts of events are named {name}")
    envelope = {
        "type": "object",
        "description": "CloudEvents 1.0, structured JSON.",
        "properties": {**envelope_properties(), "type": {"type": "string"}, "data": {}},
        "required": list(REQUIRED),
    }
    return {"Envelope": envelope, **dict(sorted(shared.items())), **events}


def _message(topic: Topic, type_: str, cls: type, example: Mapping[str, Any]) -> Schema:
    return {
        "name": type_,
        "title": f"{topic.name}: {cls.__name__}",
        "summary": summary_of(cls),
        "contentType": CONTENT_TYPE,
        "payload": {
            "allOf": [
                {"$ref": "#/components/schemas/Envelope"},
                {
                    "type": "object",
                    "properties": {
                        "type": {"const": type_},
                        "data": {"$ref": f"#/components/schemas/{type_}.data"},
                    },
                },
            ]
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": topic.key},
                "bindingVersion": BINDING,
            }
        },
        "examples": [{"name": type_, "payload": dict(example)}],
    }


def _configuration(topic: Topic) -> Schema:
    days = topic.retention_days
    return {
        "cleanup.policy": ["compact" if days is None else "delete"],
        "retention.ms": -1 if days is None else days * DAY_MS,
        **({"message.timestamp.type": "LogAppendTime"} if topic.log_append_time else {}),
    }


def _channel(topic: Topic) -> Schema:
    of_unit = "<code>" in topic.name
    parameter = {
        "code": {
            "description": "The unit's code in the catalogue.",
            "examples": ["BH-CGJ", "S-159902001"],
        }
    }
    return {
        "address": topic.name.replace("<code>", "{code}"),
        "title": topic.name,
        "description": f"{topic.producer} → {', '.join(topic.consumers)}; key: {topic.key}.",
        "messages": {
            cls.TYPE: {"$ref": f"#/components/messages/{cls.TYPE}"}  # type: ignore[attr-defined]
            for cls in topic.events
        },
        **({"parameters": parameter} if of_unit else {}),
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": _configuration(topic),
                "bindingVersion": BINDING,
            }
        },
    }


def _operations() -> Iterator[tuple[str, Schema]]:
    for topic in TOPICS:
        parties = [(topic.producer, "send"), *((name, "receive") for name in topic.consumers)]
        for participant, action in parties:
            actor = _actor(participant)
            yield (
                f"{actor}.{action}s.{_slug(topic)}",
                {
                    "action": action,
                    "channel": {"$ref": f"#/channels/{_slug(topic)}"},
                    "title": f"{participant} {action}s {topic.name}",
                    "tags": [{"name": actor}],
                },
            )


def asyncapi(examples: Mapping[str, Mapping[str, Any]]) -> Schema:
    """The AsyncAPI 3 document; `examples` are the golden events by type."""
    messages = {
        cls.TYPE: _message(topic, cls.TYPE, cls, examples[cls.TYPE])  # type: ignore[attr-defined]
        for topic in TOPICS
        for cls in topic.events
    }
    return {
        "asyncapi": "3.0.0",
        "id": "urn:shaodao:asyncapi",
        "info": {
            "title": "哨到 · 吹哨报到平台 (Shaodao)",
            "version": VERSION,
            "description": _INTRODUCTION,
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {_slug(topic): _channel(topic) for topic in TOPICS},
        "operations": dict(_operations()),
        "components": {"messages": messages, "schemas": _schemas()},
    }


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _topic_rows() -> Iterator[tuple[str, ...]]:
    for topic in TOPICS:
        days = topic.retention_days
        yield (
            f"`{topic.name}`",
            f"{topic.producer} → {', '.join(topic.consumers)}",
            topic.key,
            str(topic.partitions),
            "ever, compacted" if days is None else f"{days} d",
            "LogAppendTime" if topic.log_append_time else "CreateTime",
        )


def _event_rows(topic: Topic) -> Iterator[tuple[str, ...]]:
    for cls in topic.events:
        type_ = cls.TYPE  # type: ignore[attr-defined]
        links = f"[example](examples/{type_}.json), [schema](schemas/{type_}.json)"
        yield f"`{type_}`", f"{summary_of(cls)}.", links


def _code_rows() -> Iterator[tuple[str, ...]]:
    for name, enum in enums().items():
        yield name, "、".join(f"`{code}` {zh}" for code, zh in labels_zh(enum).items())


def readme_parts() -> dict[str, str]:
    """The generated parts of the README, by the name of their marker."""
    topics = _table(("topic", "who → whom", "key", "partitions", "kept", "time"), _topic_rows())
    events = "\n\n".join(
        f"### `{topic.name}`\n\n" + _table(("type", "meaning", ""), _event_rows(topic))
        for topic in TOPICS
    )
    return {
        "topics": topics,
        "events": events,
        "codes": _table(("choice", "codes"), _code_rows()),
    }
