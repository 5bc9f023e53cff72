"""One trace from a request to the deadline that fires of it, through everything between."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.local.data_folder import SERVICES
from deploy.local.ports import LOOPBACK
from deploy.local.processes import Reaper
from deploy.local.program import Program
from services.intake import app as intake
from services.notifier import app as notifier
from services.router import app as router
from shared.runtime import exporting, tracing
from shared.web.app import Server
from tests.support.city import City, envelope
from tests.support.collector import Collector, Seen, read
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually

LEAD = "C-SZZ"
UNITS = (LEAD, "BH-GOV", "S-159902001", "Q-159902001001", "C-RXZX", "BH-RXZX")
MADE = {
    "intake": (intake.IntakeSettings, intake.create_app),
    "router": (router.RouterSettings, router.create_app),
    "notifier": (notifier.NotifierSettings, notifier.create_app),
}
Spans = Callable[[], Awaitable[list[Seen]]]


class Served:
    """A service within this process."""

    def __init__(self, service: str, env: dict[str, str]) -> None:
        settings_of, create_app = MADE[service]
        said = {k.removeprefix("SHAODAO_").lower(): v for k, v in env.items() if "SHAODAO_" in k}
        settings: Any = settings_of(**said)
        app = create_app(settings)
        config = uvicorn.Config(app, host=LOOPBACK, port=settings.http_port, log_config=None)
        self._server = Server(config)

    async def start(self) -> None:
        self._task = asyncio.create_task(self._server._serve())

        async def started() -> bool:
            if self._task.done():
                self._task.result()
            return self._server.started

        await eventually(started, within=60)

    async def stop(self) -> None:
        self._server.should_exit = True
        await self._task


class CityWithin(City):
    """The city with its services in this process."""

    def program(self, service: str, *, port: int | None = None) -> Program:
        served: Any = Served(service, self.environment(service, port or self.ports[service]))
        return served


def told(city: City, address: str) -> None:
    for service in SERVICES:
        city.more[service] = {
            "SHAODAO_OTLP_ENDPOINT": address,
            "SHAODAO_TRACE_RATIO": "1",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }


async def test_a_trace_in_memory(servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    memory: list[InMemorySpanExporter] = []

    def exporter(endpoint: str) -> InMemorySpanExporter:
        assert endpoint == "http://nowhere/v1/traces"
        memory.append(InMemorySpanExporter())
        return memory[-1]

    async def seen() -> list[Seen]:
        finished = [span for each in memory for span in each.get_finished_spans()]
        return read(encode_spans(finished).SerializeToString()) if finished else []

    monkeypatch.setattr(exporting, "OTLPSpanExporter", exporter)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    city = CityWithin(servers, tmp_path, topic_prefix(), UNITS)
    told(city, "http://nowhere")
    try:
        await city.start()
        assert len(memory) == 3
        await a_report_passes_the_trace_on(city, seen)
        await a_report_without_one_begins_another(city, seen)
    finally:
        await city.stop()


@pytest.fixture
async def collected(servers: Servers, tmp_path: Path) -> AsyncIterator[tuple[City, Collector]]:
    """The services as processes, and a collector that they export to."""
    reaper = Reaper()
    collector = Collector(tmp_path, reaper)
    city = City(servers, tmp_path, topic_prefix(), UNITS)
    try:
        told(city, await collector.start())
        await city.start()
        yield city, collector
    finally:
        await city.stop()
        await collector.stop()
        reaper.close()


async def test_a_trace_at_a_collector(collected: tuple[City, Collector]):
    city, collector = collected
    await a_report_passes_the_trace_on(city, collector.spans)


async def a_report_passes_the_trace_on(city: City, spans: Spans) -> None:
    given = tracing.continued(None)
    lead = await city.bureau(LEAD)
    body = {
        "channel": "hotline",
        "description": "楼下的路灯已经三天不亮了，晚上走路看不见，请尽快来修。",
        "place": {"region": "159902001001"},
        "category": "0205",
    }
    answer = await city.call(
        "POST", "intake", "/api/v1/tickets", role="operator", json=body,
        headers={"traceparent": given},
    )  # fmt: skip
    assert answer.status_code == 201, answer.text
    ticket_id = answer.json()["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    passed_on = context_of(lead, "bureau.whistled", whistle_id)
    report_id = await lead.send(acknowledged(city, whistle_id) | {"traceparent": passed_on})
    await lead.accepted(report_id)
    await city.deadline(lambda d: d["state"] == "met", kind="acknowledge", whistle_id=whistle_id)
    city.forward(days=30)
    await lead.hears("notice.overdue", whistle_id=whistle_id, kind="resolve")

    async def fired() -> list[Seen]:
        found = [each for each in await spans() if each.trace_id == given[3:35]]
        kinds = {each.attributes.get("shaodao.rung") for each in found}
        named = {(each.service, each.name) for each in found}
        whole = {
            ("notifier", "send deadlines"), ("router", "send bureau.{code}.whistles"),
            ("intake", "commit registrations"),
        }  # fmt: skip
        return found if "due" in kinds and whole <= named else []

    found = await eventually(fired, within=30)
    request = one(found, "intake", "POST /api/v1/tickets")
    assert request.kind == "SERVER"
    assert request.parent == given[36:52]
    assert request.attributes["http.response.status_code"] == 201
    assert one(found, "intake", "commit registrations").parent == request.span_id
    registered = one(found, "intake", "send tickets", event_type=None)
    assert registered.parent == request.span_id
    assert registered.kind == "PRODUCER"
    dispatched = one(found, "router", "process tickets", "shaodao.ticket.registered.v1")
    assert dispatched.parent == request.span_id
    assert dispatched.kind == "CONSUMER"
    assert dispatched.attributes["shaodao.ticket_id"] == ticket_id
    blown = one(found, "notifier", "process whistles", "shaodao.whistle.blown.v1")
    assert blown.parent == dispatched.span_id
    view = [s for s in found if s.name == "send bureau.{code}.whistles"]
    assert dispatched.span_id in {s.parent for s in view}
    reported = one(found, "router", "process bureau.{code}.reports")
    assert reported.parent == passed_on[36:52] == dispatched.span_id
    assert reported.attributes["messaging.message.id"] == report_id
    accepted = one(found, "notifier", "process whistles", "shaodao.whistle.acknowledged.v1")
    assert accepted.parent == reported.span_id
    late = [s for s in found if s.name == "fire deadline" and s.attributes["shaodao.rung"] == "due"]
    resolve = next(s for s in late if s.attributes["shaodao.deadline_kind"] == "resolve")
    assert resolve.parent in {blown.span_id, accepted.span_id}
    said = [s for s in found if s.name == "send deadlines"]
    assert {s.span_id for s in late} & {s.parent for s in said}
    batches_are_linked(await spans(), (dispatched, blown, reported, accepted, resolve))


def batches_are_linked(everything: Sequence[Seen], parts: Sequence[Seen]) -> None:
    """What was done at once with others has a span of its own trace, linked both ways."""
    by_context = {each.context: each for each in everything}
    for part in parts:
        ((trace_id, span_id),) = part.links
        whole = by_context[trace_id, span_id]
        assert whole.parent is None
        assert whole.trace_id != part.trace_id
        assert (part.trace_id, part.parent) in whole.links
        inner = [s for s in everything if s.context[0] == trace_id and s.parent == span_id]
        if part.name.startswith("process"):
            assert "transaction" in {each.name for each in inner}


async def a_report_without_one_begins_another(city: City, spans: Spans) -> None:
    """And what its sender says of sampling is not taken over."""
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit(category="0205"))["ticket_id"]
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    report_id = await lead.report("acknowledged", whistle_id)
    await lead.accepted(report_id)
    answer = context_of(lead, "bureau.report_accepted", whistle_id, report_id=report_id)

    async def begun() -> list[Seen]:
        return [each for each in await spans() if each.trace_id == answer[3:35]]

    found = await eventually(
        begun, until=lambda seen: any(each.name.startswith("process bureau") for each in seen)
    )
    first = one(found, "router", "process bureau.{code}.reports")
    assert first.parent is None
    assert first.attributes["shaodao.whistle_id"] == whistle_id
    assert answer[36:52] == first.span_id


def acknowledged(city: City, whistle_id: str) -> dict[str, Any]:
    now = city.clock.now()
    data = {"whistle_id": whistle_id, "handler": {"name": "王工"}, "at": now.isoformat()}
    return envelope("report.acknowledged", whistle_id, data, now)


def context_of(lead: Any, what: str, whistle_id: str, **data: str) -> str:
    """The context of an event that the unit heard."""
    return next(
        str(event["traceparent"])
        for event in lead.heard
        if event["type"] == f"shaodao.{what}.v1"
        and {"whistle_id": whistle_id, **data}.items() <= event["data"].items()
    )


def one(found: Sequence[Seen], service: str, name: str, event_type: str | None = None) -> Seen:
    matching = [
        each
        for each in found
        if (each.service, each.name) == (service, name)
        and event_type in (None, each.attributes.get("shaodao.event_type"))
    ]
    assert matching, (service, name, sorted({(s.service, s.name) for s in found}))
    return matching[0]
