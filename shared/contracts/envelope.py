"""The envelope of every event: CloudEvents 1.0, structured JSON, with typed data.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and the distributed tracing
extension (`traceparent`). Reading is tolerant (unknown attributes and new optional fields are
passed over), writing is strict: one spelling, `data` serialised once.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from shared.records import record

CONTENT_TYPE: Final = "application/cloudevents+json; charset=UTF-8"
MAX_BYTES: Final = 900_000  # a larger value is refused unread
_TIME: Final = TypeAdapter(datetime).validator
_TRACEPARENT: Final = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class MalformedEventError(ValueError):
    """A record is not an event of the contract.

    `code` is a short reason for grouping; `event_id`, `subject` and `type` are what could be read.
    """

    def __init__(
        self, code: str, words: str, *, event_id: str = "", subject: str = "", type_: str = ""
    ) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.event_id = event_id
        self.subject = subject
        self.type = type_


@record
class Envelope:
    """An event as read; `data` is an instance of a contract class."""

    event_id: str
    source: str
    type: str
    subject: str
    time: datetime
    data: Any
    traceparent: str | None = None


@cache
def adapter(cls: type) -> TypeAdapter[Any]:
    """The validator and serialiser of a contract class, made once."""
    return TypeAdapter(cls)


class Reader:
    """Reads the events of one topic; types it does not know come back as None, unread."""

    def __init__(self, events: Iterable[type]) -> None:
        self._validate = {
            cls.TYPE: adapter(cls).validator.validate_python  # type: ignore[attr-defined]
            for cls in events
        }

    def read(self, value: bytes | None) -> Envelope | None:
        """Parse one record's value.

        Raises MalformedEventError when it is no CloudEvent or its data breaks the contract.
        """
        attributes = _attributes(value)
        event_id, subject, type_ = (attributes[name] for name in ("id", "subject", "type"))
        validate = self._validate.get(type_)
        if validate is None:
            return None
        try:
            return Envelope(
                event_id=event_id,
                source=attributes["source"],
                type=type_,
                subject=subject,
                time=_time(attributes["time"]),
                data=validate(attributes.get("data")),
                traceparent=_traceparent(attributes.get("traceparent")),
            )
        except ValidationError as error:
            raise MalformedEventError(
                "invalid_data", _words(error), event_id=event_id, subject=subject, type_=type_
            ) from error


def _time(text: str) -> datetime:
    moment: datetime = _TIME.validate_python(text)
    if moment.tzinfo is None:
        raise MalformedEventError("invalid_envelope", "time: has no zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise MalformedEventError("invalid_envelope", "time: outside the calendar") from error


def _traceparent(text: Any) -> str | None:
    """Only a well-formed one is passed on; another is ignored, as W3C trace context asks."""
    return text if isinstance(text, str) and _TRACEPARENT.fullmatch(text) else None


def _attributes(value: bytes | None) -> dict[str, Any]:
    if not value:
        raise MalformedEventError("empty", "the record has no value")
    if len(value) > MAX_BYTES:
        raise MalformedEventError("too_large", f"{len(value)} bytes, at most {MAX_BYTES}")
    if b"\\u0000" in value:
        raise MalformedEventError("not_text", "a NUL character, which no text may hold")
    try:
        attributes = from_json(value, allow_inf_nan=False, cache_strings="keys")
    except ValueError as error:
        raise MalformedEventError("not_json", str(error)) from error
    if not isinstance(attributes, dict) or attributes.get("specversion") != "1.0":
        raise MalformedEventError("not_cloudevent", "not a CloudEvents 1.0 object")
    for name in ("id", "source", "type", "subject", "time"):
        text = attributes.get(name)
        if not isinstance(text, str) or not text or len(text) > 300 or "\x00" in text:
            raise MalformedEventError("invalid_envelope", f"{name}: a text of 1 to 300 characters")
    return attributes


def _words(error: ValidationError) -> str:
    return "; ".join(
        f"data.{'.'.join(str(part) for part in item['loc'])}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False)[:5]
    )


def write(
    *,
    event_id: UUID,
    source: str,
    subject: str,
    time: datetime,
    data: Any,
    traceparent: str | None = None,
) -> str:
    """The event as structured JSON; `data` is an instance of a contract class."""
    cls: type = type(data)
    body = _to_json(cls)(data).decode()
    trace = f',"traceparent":"{traceparent}"' if traceparent else ""
    subject_json = to_json(subject).decode()
    return (
        f'{{"specversion":"1.0","id":"{event_id}","source":"{source}","type":"{data.TYPE}"'
        f',"subject":{subject_json},"time":"{_stamp(time)}","datacontenttype":"application/json"'
        f'{trace},"data":{body}}}'
    )


@cache
def _to_json(cls: type) -> Callable[[Any], bytes]:
    """The core's own serialiser: the adapter's method costs as much again for a small event."""
    serializer: Callable[[Any], bytes] = adapter(cls).serializer.to_json
    return serializer


@lru_cache(maxsize=1024)
def _stamp(time: datetime) -> str:
    """As it is written; the events of a batch share their times."""
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
