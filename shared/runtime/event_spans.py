"""Which events of a batch are sampled, and what their spans say: by the messaging conventions.

https://opentelemetry.io/docs/specs/semconv/messaging/. The outbox row and the envelope carry the
context of who made the event, and nobody changes it on the way.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import random
from typing import TYPE_CHECKING, Any, Final

from shared.contracts.topics import TICKETS, WHISTLES
from shared.runtime.incoming import Incoming
from shared.runtime.tracing import Attributes, Part, is_sampled

if TYPE_CHECKING:
    from shared.runtime.spans import Spans, Together

_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UNIT: Final = re.compile(r"^bureau\.[A-Za-z0-9-]+\.")
_ABOUT: Final = ("ticket_id", "whistle_id")
SAMPLED_HEADERS: Final = '-01"}'  # as `outbox.put` ends them


def is_id(text: str) -> bool:
    """Whether a text is a UUID: all else that others wrote may say more than which one."""
    return _ID.fullmatch(text) is not None


def named(event: Incoming) -> dict[str, str]:
    """Which ticket or whistle an event is of, as logs and spans name it."""
    found = {
        name: str(id_)
        for name in _ABOUT
        if (id_ := getattr(event.data, name, None)) is not None and is_id(str(id_))
    }
    return found or _of_subject(event.topic, event.subject)


def _of_subject(topic: str, subject: str) -> dict[str, str]:
    if not is_id(subject):
        return {}
    if topic == TICKETS.name:
        return {"ticket_id": subject}
    if topic == WHISTLES.name or topic.startswith("bureau."):
        return {"whistle_id": subject}
    return {}


def handling(
    spans: "Spans", group: str, events: list[Incoming], *, foreign: bool
) -> "tuple[Together | None, list[Incoming]]":
    """Spans for a batch that was heard, None for none; and its events in the name of these.

    `foreign`: a trace begins here with what others say without one.
    """
    parts = [
        Part(
            place=place,
            name=f"process {_template(event.topic)}",
            parent=event.traceparent,
            attributes=_heard(event, group),
        )
        for place, event in enumerate(events)
        if is_sampled(event.traceparent)
        or (foreign and event.traceparent is None and random() * 2**64 < spans.bound)  # nosec B311
    ]
    if not parts:
        return None, events
    together = spans.together(
        f"process {group}",
        parts,
        kind="consumer",
        each="consumer",
        attributes={
            **_messaging("process"),
            "messaging.consumer.group.name": group,
            "messaging.batch.message_count": len(events),
        },
    )
    continued = list(events)
    for place, traceparent in together.own.items():
        continued[place] = replace(events[place], traceparent=traceparent)
    return together, continued


def _heard(event: Incoming, group: str) -> Attributes:
    known = {"messaging.message.id": event.event_id} if is_id(event.event_id) else {}
    return {
        **_messaging("process"),
        "messaging.consumer.group.name": group,
        "messaging.destination.name": event.topic,
        "messaging.destination.partition.id": str(event.partition),
        "messaging.kafka.offset": event.offset,
        "shaodao.event_type": event.type,
        **{f"shaodao.{name}": id_ for name, id_ in named(event).items()},
        **known,
    }


def sending(spans: "Spans", rows: Sequence[Mapping[str, Any]]) -> "Together | None":
    """Spans for rows of the outbox that go to Kafka together; None for none."""
    parts = [
        Part(
            place=place,
            name=f"send {_template(row['aggregatetype'])}",
            parent=_traceparent(row["headers"]),
            attributes=_said(row),
        )
        for place, row in enumerate(rows)
        if row["headers"] is not None and row["headers"].endswith(SAMPLED_HEADERS)
    ]
    if not parts:
        return None
    return spans.together(
        "send outbox",
        parts,
        kind="client",
        each="producer",
        attributes={**_messaging("send"), "messaging.batch.message_count": len(rows)},
    )


def _said(row: Mapping[str, Any]) -> Attributes:
    topic, key = row["aggregatetype"], row["aggregateid"]
    return {
        **_messaging("send"),
        "messaging.destination.name": topic,
        "messaging.message.id": str(row["event_id"]),
        "messaging.message.body.size": len(row["payload"]),
        **{f"shaodao.{name}": id_ for name, id_ in _of_subject(topic, key).items()},
    }


def _traceparent(headers: str) -> str:
    return headers[-57:-2]  # before the end of the text and of the object


def _template(topic: str) -> str:
    """A topic's name without the unit it is of."""
    return _UNIT.sub("bureau.{code}.", topic)


def _messaging(operation: str) -> dict[str, str]:
    return {
        "messaging.system": "kafka",
        "messaging.operation.type": operation,
        "messaging.operation.name": operation,
    }
