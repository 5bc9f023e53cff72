"""Spans of OpenTelemetry: one for what is done at once for many, one in each trace that is sampled.

By the semantic conventions of messaging: an event's own context is that of whoever made it; what
sends or handles it is a child of that context, and the batch it went with is linked, both ways.
Nothing here is called for a trace that is not sampled, and nothing is loaded without an exporter.
Attributes are ids, names of routes and topics, and numbers: never an address with its query, a
body, a header or a word of a person.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Literal, TypeAlias

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
)

from shared.runtime import tracing
from shared.runtime.tracing import Attributes, Part

Kind: TypeAlias = Literal["internal", "server", "client", "producer", "consumer"]
NONE: Final[Attributes] = {}
SCOPE: Final = "shaodao"
MOST_LINKS: Final = 100  # of a batch; the others of it link to the batch themselves


class Ids(RandomIdGenerator):
    """The ids of the next span where they are known before it begins, else new ones."""

    planned: tuple[int, int] | None = None

    def generate_trace_id(self) -> int:
        return self.planned[0] if self.planned else super().generate_trace_id()

    def generate_span_id(self) -> int:
        return self.planned[1] if self.planned else super().generate_span_id()


class Spans:
    """Makes the spans of one service; `bound` of 2**64 traces are sampled."""

    def __init__(self, provider: TracerProvider, ids: Ids, *, ratio: float) -> None:
        self._tracer = provider.get_tracer(SCOPE)
        self._ids = ids
        self.provider = provider
        self.bound = round(ratio * 2**64)

    def _start(
        self,
        name: str,
        kind: Kind,
        *,
        parent: str | None = None,
        links: Sequence[Link] = (),
        attributes: Attributes = NONE,
    ) -> Span:
        """A span below `parent`, or the first of a trace."""
        context = trace.set_span_in_context(NonRecordingSpan(_context_of(parent)))
        return self._tracer.start_span(
            name, context, kind=SpanKind[kind.upper()], links=links, attributes=dict(attributes)
        )

    @contextmanager
    def serving(self, traceparent: str, *, parent: str | None, method: str) -> "Iterator[One]":
        """A request is answered; its context is `traceparent`, which is handed on."""
        own = _context_of(traceparent)
        self._ids.planned = own.trace_id, own.span_id
        try:
            attributes: Attributes = {"http.request.method": method}
            span = self._start(method, "server", parent=parent, attributes=attributes)
        finally:
            self._ids.planned = None
        with One(span).under_way() as one:
            yield one

    @contextmanager
    def one(
        self, name: str, kind: Kind, *, parent: str | None, attributes: Attributes = NONE
    ) -> "Iterator[One]":
        """One thing is done for a trace that is sampled."""
        with One(self._start(name, kind, parent=parent, attributes=attributes)).under_way() as one:
            yield one

    def together(
        self,
        name: str,
        parts: Sequence[Part],
        *,
        kind: Kind = "internal",
        each: Kind = "internal",
        attributes: Attributes = NONE,
    ) -> "Together":
        """Begin what is done for all of these at once."""
        links = [Link(_context_of(part.parent)) for part in parts if part.parent][:MOST_LINKS]
        whole = self._start(name, kind, links=links, attributes=attributes)
        to_whole = (Link(whole.get_span_context()),)
        own = {
            part.place: self._start(
                part.name, each, parent=part.parent, links=to_whole, attributes=part.attributes
            )
            for part in parts
        }
        return Together(whole, own)

    @contextmanager
    def below(self, name: str, kind: Kind, attributes: Attributes = NONE) -> Iterator[None]:
        """Part of what this task has a span for; nothing where it has none."""
        if not trace.get_current_span().is_recording():
            yield
            return
        span = self._tracer.start_span(
            name, kind=SpanKind[kind.upper()], attributes=dict(attributes)
        )
        try:
            yield
        except BaseException as error:
            _failed(span, error)
            raise
        finally:
            span.end()


class One:
    """One thing under way."""

    def __init__(self, span: Span) -> None:
        self._span = span

    @property
    def traceparent(self) -> str:
        """Its context, as it is handed on."""
        return _traceparent_of(self._span)

    def tell(self, attributes: Attributes, *, name: str | None = None) -> None:
        """Say more of it, and what it turned out to be."""
        self._span.set_attributes(dict(attributes))
        if name is not None:
            self._span.update_name(name)

    def failed(self, kind: str) -> None:
        """It went wrong without an error of ours."""
        self._span.set_attribute("error.type", kind)
        self._span.set_status(Status(StatusCode.ERROR))

    @contextmanager
    def under_way(self) -> "Iterator[One]":
        """While it is done."""
        try:
            with _current(self._span):
                yield self
        except BaseException as error:
            _failed(self._span, error)
            raise
        finally:
            self._span.end()


class Together:
    """Work under way for many traces: a span of all of it, and one of each that is sampled."""

    def __init__(self, whole: Span, own: Mapping[int, Span]) -> None:
        self._whole = whole
        self._own = own

    @property
    def own(self) -> Mapping[int, str]:
        """The context of each part, by its place."""
        return {place: _traceparent_of(span) for place, span in self._own.items()}

    def tell(self, place: int, attributes: Attributes) -> None:
        """Say more of one part."""
        if (span := self._own.get(place)) is not None:
            span.set_attributes(dict(attributes))

    def failed(self, place: int, kind: str) -> None:
        """One part of it went wrong."""
        if (span := self._own.get(place)) is not None:
            span.set_attribute("error.type", kind)
            span.set_status(Status(StatusCode.ERROR))

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """While it is worked on; all spans end with it, as failed when it raises."""
        try:
            with _current(self._whole):
                yield
        except BaseException as error:
            for span in (self._whole, *self._own.values()):
                _failed(span, error)
            raise
        finally:
            for span in (*self._own.values(), self._whole):
                span.end()


@contextmanager
def _current(span: Span) -> Iterator[None]:
    """What this task works in; without an error's words, which may quote what somebody said."""
    with trace.use_span(span, record_exception=False, set_status_on_exception=False):
        yield


def _context_of(traceparent: str | None) -> SpanContext:
    """A traceparent as OpenTelemetry has it; an invalid context for none."""
    if traceparent is None:
        return trace.INVALID_SPAN_CONTEXT
    return SpanContext(
        trace_id=int(traceparent[3:35], 16),
        span_id=int(traceparent[36:52], 16),
        is_remote=True,
        trace_flags=TraceFlags(int(traceparent[53:], 16)),
    )


def _traceparent_of(span: Span) -> str:
    """The context of a span as it is handed on."""
    context = span.get_span_context()
    return tracing.written(context.trace_id, context.span_id, sampled=context.trace_flags.sampled)


def _failed(span: Span, error: BaseException) -> None:
    """Mark a span by the kind of the error."""
    span.set_attribute("error.type", type(error).__qualname__)
    span.set_status(Status(StatusCode.ERROR))
