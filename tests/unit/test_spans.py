"""Spans: which traces are sampled, what is linked to what, and what an attribute may hold."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shared.runtime import event_spans, exporting, tracing
from shared.runtime.exporting import spans_through
from shared.runtime.incoming import Incoming
from shared.runtime.settings import ServiceSettings
from shared.runtime.spans import Spans
from shared.runtime.tracing import Part

AT = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
ALL, NONE = 2**64, 0
TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def memory() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def spans(memory: InMemorySpanExporter) -> Iterator[Spans]:
    made = spans_through(SimpleSpanProcessor(memory), name="test", ratio=1.0)
    yield made
    made.provider.shutdown()


def exported(memory: InMemorySpanExporter, name: str) -> list[ReadableSpan]:
    return [span for span in memory.get_finished_spans() if span.name == name]


def one(memory: InMemorySpanExporter, name: str) -> Any:
    (span,) = exported(memory, name)
    return span


def trace_of(span: Any) -> str:
    return f"{span.context.trace_id:032x}"


def heard(**fields: Any) -> Incoming:
    subject = str(uuid4())
    return Incoming(
        **{
            "topic": "tickets", "partition": 3, "offset": 17, "received_at": AT,
            "event_id": str(uuid4()), "source": "/s", "type": "shaodao.ticket.registered.v1",
            "subject": subject, "time": AT, "data": SimpleNamespace(ticket_id=subject),
            "traceparent": tracing.continued(None, bound=ALL), "value": b"",
            **fields,
        }
    )  # fmt: skip


def test_a_trace_is_sampled_by_its_id_and_everywhere_alike():
    few = 2**64 // 100
    new = [tracing.continued(None, bound=few) for _ in range(5000)]
    sampled = [each for each in new if tracing.is_sampled(each)]
    assert 10 < len(sampled) < 150
    for each in new[:200] + sampled:
        assert tracing.is_sampled(tracing.continued(each, bound=few)) == tracing.is_sampled(each)
        assert tracing.judged(each, bound=few) == each


def test_the_canarys_trace_is_sampled_wherever_any_is():
    watched = tracing.watched()
    for ratio in (1.0, 0.01, 1e-6):
        assert tracing.is_sampled(tracing.judged(watched, bound=round(ratio * 2**64)))
        assert tracing.is_sampled(tracing.continued(watched, bound=round(ratio * 2**64)))
    assert not tracing.is_sampled(tracing.continued(watched, bound=NONE))


def test_what_an_outsider_says_of_sampling_counts_for_nothing():
    loud, quiet = f"00-{TRACE}-b7ad6b7169203331-01", f"00-{TRACE}-b7ad6b7169203331-00"
    assert tracing.judged(loud, bound=NONE) == quiet
    assert tracing.judged(quiet, bound=ALL) == loud
    assert tracing.judged(None, bound=ALL) is None
    assert not tracing.is_sampled(tracing.continued(loud, bound=NONE))


def test_a_request_has_the_context_that_was_handed_on(memory, spans):
    given = f"00-{TRACE}-b7ad6b7169203331-00"
    traceparent = tracing.continued(given, bound=spans.bound)
    with spans.serving(traceparent, parent=given, method="POST") as serving:
        with spans.below("transaction", "client"):
            pass
        serving.tell({"http.route": "/x"}, name="POST /x")
    request, inner = one(memory, "POST /x"), one(memory, "transaction")
    assert tracing.written(request.context.trace_id, request.context.span_id, sampled=True) == (
        traceparent
    )
    assert request.kind is SpanKind.SERVER
    assert f"{request.parent.span_id:016x}" == "b7ad6b7169203331"
    assert inner.parent.span_id == request.context.span_id
    begun = tracing.continued(None, bound=spans.bound)
    with spans.serving(begun, parent=None, method="GET"):
        pass
    root = one(memory, "GET")
    assert root.parent is None
    assert (trace_of(root), f"{root.context.span_id:016x}") == (begun[3:35], begun[36:52])


def test_an_error_tells_its_kind_and_not_its_words(memory, spans):
    traceparent = tracing.continued(None, bound=spans.bound)
    with (
        pytest.raises(ValueError),
        spans.serving(traceparent, parent=None, method="GET"),
        spans.below("transaction", "client"),
    ):
        raise ValueError("赵小明 13912345678")
    for span in memory.get_finished_spans():
        assert span.status.status_code is StatusCode.ERROR
        assert span.attributes["error.type"] == "ValueError"
        assert "13912345678" not in span.to_json()
        assert not span.events


def test_a_batch_is_linked_with_each_event_that_is_sampled(memory, spans):
    sampled = [heard(), heard()]
    silent = heard(traceparent=tracing.judged(sampled[0].traceparent, bound=NONE))
    together, events = event_spans.handling(
        spans, "router", [sampled[0], silent, sampled[1]], foreign=False
    )
    assert together is not None
    with together.under_way(), spans.below("transaction", "client"):
        together.failed(2, "parked")
    whole, own = one(memory, "process router"), exported(memory, "process tickets")
    assert len(own) == 2
    assert whole.attributes["messaging.batch.message_count"] == 3
    for event, span, after in zip(sampled, own, (events[0], events[2]), strict=True):
        assert trace_of(span) == event.traceparent[3:35]
        assert f"{span.parent.span_id:016x}" == event.traceparent[36:52]
        assert [link.context.span_id for link in span.links] == [whole.context.span_id]
        assert after == replace(
            event,
            traceparent=tracing.written(span.context.trace_id, span.context.span_id, sampled=True),
        )
        assert span.attributes["shaodao.ticket_id"] == event.subject
    assert {trace_of(link) for link in whole.links} == {e.traceparent[3:35] for e in sampled}
    assert events[1] is silent
    assert [span.status.status_code for span in own] == [StatusCode.UNSET, StatusCode.ERROR]
    assert one(memory, "transaction").parent.span_id == whole.context.span_id


def test_a_batch_without_sampled_events_costs_no_span(memory, spans):
    quiet = [heard(traceparent=None), heard(traceparent=f"00-{TRACE}-b7ad6b7169203331-00")]
    together, events = event_spans.handling(spans, "router", quiet, foreign=False)
    assert together is None
    assert events is quiet
    assert event_spans.sending(spans, [row(None), row(quiet[1].traceparent)]) is None
    assert memory.get_finished_spans() == ()


def test_what_a_department_says_without_a_trace_begins_one(memory, spans):
    report = heard(topic="bureau.C-SZZ.reports", traceparent=None, subject="赵小明", event_id="甲")
    together, (after,) = event_spans.handling(spans, "reports", [report], foreign=True)
    assert together is not None
    with together.under_way():
        pass
    span = one(memory, "process bureau.{code}.reports")
    assert span.parent is None
    assert tracing.trace_id(after.traceparent) == trace_of(span)
    assert span.attributes["messaging.destination.name"] == "bureau.C-SZZ.reports"
    assert not {"赵小明", "甲"} & {str(value) for value in span.attributes.values()}


def row(traceparent: str | None) -> dict[str, Any]:
    headers = f'{{"traceparent":"{traceparent}"}}' if traceparent else None
    return {
        "event_id": uuid4(), "aggregatetype": "bureau.C-SZZ.whistles", "aggregateid": str(uuid4()),
        "payload": b"{}", "headers": headers,
    }  # fmt: skip


def test_what_is_sent_is_a_child_of_who_said_it(memory, spans):
    rows = [row(tracing.continued(None, bound=ALL)), row(None)]
    together = event_spans.sending(spans, rows)
    assert together is not None
    with together.under_way():
        pass
    whole, sent = one(memory, "send outbox"), one(memory, "send bureau.{code}.whistles")
    assert sent.kind is SpanKind.PRODUCER
    said = rows[0]["headers"][16:-2]
    assert (trace_of(sent), f"{sent.parent.span_id:016x}") == (said[3:35], said[36:52])
    assert trace_of(whole.links[0]) == said[3:35]
    assert sent.attributes["shaodao.whistle_id"] == rows[0]["aggregateid"]
    assert sent.attributes["messaging.message.id"] == str(rows[0]["event_id"])


def test_links_of_a_batch_are_bounded_and_its_parts_are_not(memory, spans):
    parts = [
        Part(place=n, name="x", parent=tracing.continued(None, bound=ALL), attributes={})
        for n in range(300)
    ]
    with spans.together("many", parts).under_way():
        pass
    assert len(one(memory, "many").links) == 100
    assert len(exported(memory, "x")) == 300


def test_without_a_collector_nothing_of_it_is_loaded():
    code = (
        "import sys, shared.runtime.service, shared.web.edge, shared.delivery.deliver\n"
        "found = ('opentelemetry.sdk', 'opentelemetry.exporter')\n"
        "print([name for name in sys.modules if name.startswith(found)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_collector_that_is_away_holds_nobody_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "300")
    made = exporting.spans_of(settings(otlp_endpoint="http://127.0.0.1:9"), name="test")
    assert made is not None
    with made.together("x", [Part(place=0, name="y", parent=None, attributes={})]).under_way():
        pass
    async with asyncio.timeout(60):
        await exporting.export_the_rest(made)


def settings(**given: Any) -> ServiceSettings:
    return ServiceSettings(
        database_url="postgresql://h/d", kafka_bootstrap="k:9", token_secret="x" * 40, **given
    )


def test_the_usual_variables_work(monkeypatch: pytest.MonkeyPatch):
    for name in ("SHAODAO_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SDK_DISABLED"):
        monkeypatch.delenv(name, raising=False)
    assert settings().otlp_endpoint is None
    assert exporting.spans_of(settings(), name="test") is None
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://theirs:4318")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.5")
    assert (str(settings().otlp_endpoint), settings().trace_ratio) == ("http://theirs:4318/", 0.5)
    monkeypatch.setenv("SHAODAO_OTLP_ENDPOINT", "http://ours:4318")
    assert str(settings().otlp_endpoint) == "http://ours:4318/"
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert exporting.spans_of(settings(), name="test") is None
