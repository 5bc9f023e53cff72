"""Exports spans over OTLP/HTTP, in batches, from a thread of its own; off without an endpoint.

What OpenTelemetry names for it works as everywhere: OTEL_EXPORTER_OTLP_ENDPOINT, …_HEADERS,
…_TIMEOUT, …_COMPRESSION, …_CERTIFICATE, OTEL_BSP_*, OTEL_RESOURCE_ATTRIBUTES, OTEL_SDK_DISABLED.
"""

import asyncio
import os
import socket
import threading
from importlib.metadata import version
from typing import Final

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from shared.runtime.settings import ServiceSettings
from shared.runtime.spans import Ids, Spans

LAST_SECONDS: Final = 2.0  # for what is left when the process ends; a collector may be away
LIMITS: Final = SpanLimits(
    max_span_attributes=32, max_events=16, max_links=128, max_span_attribute_length=200
)


def spans_of(settings: ServiceSettings, *, name: str) -> Spans | None:
    """What makes this service's spans; None where nobody collects them."""
    is_off = os.environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    if settings.otlp_endpoint is None or is_off:
        return None
    address = f"{str(settings.otlp_endpoint).rstrip('/')}/v1/traces"
    processor = BatchSpanProcessor(OTLPSpanExporter(endpoint=address))
    return spans_through(processor, name=name, ratio=settings.trace_ratio)


def spans_through(processor: SpanProcessor, *, name: str, ratio: float) -> Spans:
    """What makes the spans of a service of that name and hands them to a processor.

    Which traces are sampled is decided before a span is made, so that all made are kept.
    """
    ids = Ids()
    provider = TracerProvider(
        id_generator=ids,
        sampler=ALWAYS_ON,
        resource=Resource.create(
            {
                "service.namespace": "shaodao",
                "service.name": name,
                "service.version": version("shaodao"),
                "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
            }
        ),
        shutdown_on_exit=False,
        span_limits=LIMITS,
    )
    provider.add_span_processor(processor)
    return Spans(provider, ids, ratio=ratio)


async def export_the_rest(spans: Spans) -> None:
    """Hand over what was not sent yet, for at most LAST_SECONDS."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()

    def shut_down() -> None:
        spans.provider.shutdown()
        if not loop.is_closed():
            loop.call_soon_threadsafe(over.set)

    threading.Thread(target=shut_down, daemon=True).start()  # it may wait for a collector
    try:
        await asyncio.wait_for(over.wait(), LAST_SECONDS)
    except TimeoutError:
        return
