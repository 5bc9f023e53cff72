"""One trace from a request to the deadline that fires of it, through everything between."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from deploy.local.data_folder import SERVICES
from deploy.local.processes import Reaper
from services.intake.links import ticket_link
from shared.runtime import exporting, tracing
from shared.web.identity import issue_token
from tests.stories.test_no_leak import told as told_of
from tests.support.city import SECRET, City, envelope
from tests.support.city_within import CityWithin, settings_of
from tests.support.collector import Collector, Seen, read
from tests.support.persons import Invented, complaint, invent
from tests.support.residents import Phone
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually

LEAD = "C-SZZ"
UNITS = (LEAD, "U-GD1", "BH-GOV", "S-159902001", "Q-159902001001", "C-RXZX", "BH-RXZX")
SMS_KEY = "a key of the gateway 5bA9cQx2"
Spans = Callable[[], Awaitable[list[Seen]]]


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


@pytest.fixture(scope="module")
async def collected(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[City, Collector]]:
    """The services as processes, and a collector that they export to."""
    folder, reaper = tmp_path_factory.mktemp("traced"), Reaper()
    collector = Collector(folder, reaper)
    city = City(servers, folder, topic_prefix(), UNITS)
    try:
        told(city, await collector.start())
        city.more["intake"]["SHAODAO_SMS_URL"] = "http://127.0.0.1:9/sms"  # nobody is there
        city.more["intake"]["SHAODAO_SMS_KEY"] = SMS_KEY
        await city.start()
        yield city, collector
    finally:
        await city.stop()
        await collector.stop()
        reaper.close()


async def test_a_trace_at_a_collector(collected: tuple[City, Collector]):
    city, collector = collected
    await a_report_passes_the_trace_on(city, collector.spans)


async def test_logs_and_spans_tell_what_failed_and_of_nobody(collected: tuple[City, Collector]):
    city, collector = collected
    person = invent(Random("quiet"))
    lead = await city.bureau(LEAD)
    ticket_id, link = await asked_at_desk_and_by_phone(city, person)
    whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
    await reported_wrongly(city, person, whistle_id)
    asked = await supervised(city, person, whistle_id)
    failed = [
        await fails(city, "intake", "ticket", submit(city, person)),
        await fails(city, "notifier", "supervision", supervise(city, person, whistle_id)),
    ]
    parked = await a_report_is_parked(city, person, whistle_id)
    secrets = {*vars_of(person), SMS_KEY, link, asked, issue_token(SECRET, role="operator")}
    lines = {service: lines_of(city, service) for service in SERVICES}
    for service, said in lines.items():
        text = "\n".join(map(str, said))
        assert said, service
        assert leaks(text, person, secrets) == [], service
        for line in said:
            assert {"timestamp", "level", "event", "service", "version"} <= line.keys(), line
            assert line["service"] == service
            assert "ASGI" not in line["event"], "an error is told once"
    for service, error_id in zip(("intake", "notifier"), failed, strict=True):
        (line,) = [each for each in lines[service] if each.get("trace_id") == error_id]
        assert (line["event"], line["level"]) == ("request_failed", "error")
        assert "RaiseError" in line["exception"]
        assert line["span_id"]
    (line,) = [each for each in lines["router"] if each["event"] == "event_parked"]
    assert line["trace_id"] == parked
    assert line["whistle_id"] == whistle_id

    async def exported() -> set[str]:
        return {each.trace_id for each in await collector.spans() if each.failed}

    await eventually(exported, until=lambda ids: {*failed, parked} <= ids, within=60, every=0.3)
    everything = await collector.spans()
    assert leaks("\n".join(map(str, everything)), person, secrets) == []
    assert any(each.name == "deliver sms" and each.failed for each in everything)


async def asked_at_desk_and_by_phone(city: City, person: Invented) -> tuple[str, str]:
    """A ticket with all that tells who asked, refusals of the same, a report by phone."""
    created = await submit(city, person)
    assert created.status_code == 201, created.text
    ticket_id = str(created.json()["ticket_id"])
    wrong = request_of(person) | {"urgency": person.phone, person.name: person.plate}
    refused = await city.call("POST", "intake", TICKETS, role="operator", json=wrong)
    assert refused.status_code == 422
    looked = await city.call(
        "GET", "intake", f"{TICKETS}/{person.phone}", role="operator", params={"q": person.name}
    )
    assert looked.status_code == 422
    more = {"text": f"我是{person.name}，住{person.door}，可打{person.phone}"}
    path = f"{TICKETS}/{ticket_id}/supplements"
    assert (await city.call("POST", "intake", path, role="operator", json=more)).is_success
    async with httpx.AsyncClient(base_url=city.url("intake", ""), trust_env=False) as http:
        phone = Phone(http)
        made = await phone.report(text=str(request_of(person)["description"]), name=person.name)
        assert made.is_success, made.text
        link = ticket_link(settings_of(city, "intake"), UUID(ticket_id))
        seen = await http.get(link)
        assert seen.status_code < 400, seen.text
    return ticket_id, link.rsplit("/", 1)[-1]


TICKETS = "/api/v1/tickets"


def request_of(person: Invented) -> dict[str, Any]:
    return {
        "channel": "hotline",
        "title": f"{person.name}（{person.phone}）反映的问题",
        "description": complaint(person, Random(person.phone)),
        "place": {"region": "159902001001", "address": f"河湾锦苑3号楼{person.door}室"},
        "category": "0205",
        "reporter": {
            "name": person.name, "phone": person.phone, "id_number": person.id_number,
        },
    }  # fmt: skip


async def submit(city: City, person: Invented) -> httpx.Response:
    body = request_of(person)
    return await city.call("POST", "intake", TICKETS, role="operator", json=body)


async def supervise(city: City, person: Invented, whistle_id: str) -> httpx.Response:
    words = f"{person.name}家（{person.plate}，{person.id_number}）的事请抓紧，电话{person.phone}"
    body = {"words": words, "whistle_id": whistle_id}
    return await city.call("POST", "notifier", "/api/v1/supervisions", role="leader", json=body)


async def supervised(city: City, person: Invented, whistle_id: str) -> str:
    """A supervision, and one that is refused; the words, which nobody repeats."""

    async def asked() -> httpx.Response:
        return await supervise(city, person, whistle_id)

    made = await eventually(asked, until=lambda answer: answer.status_code == 201)
    wrong = {"words": person.phone, "level": person.name, "whistle_id": person.id_number}
    refused = await city.call("POST", "notifier", "/api/v1/supervisions", role="leader", json=wrong)
    assert refused.status_code == 422
    return str(made.json()["words"])


async def reported_wrongly(city: City, person: Invented, whistle_id: str) -> None:
    """Reports that are dead letters or refused, each with what tells of a person."""
    lead = await city.bureau(LEAD)
    await lead.send_bytes(f"{person.name}{person.phone}".encode())
    await lead.refused(await lead.report("contacted", whistle_id, how=person.phone))
    await lead.refused(await lead.report(
        "resolved", whistle_id, result="solved", facts_true="yes", contacted_how="phone",
        measures=f"已联系{person.name}，{person.phone}", public_reply=f"{person.name}：已处理。",
    ))  # fmt: skip
    push = await city.call(
        "POST", "router", "/api/v1/department/reports", role="department", unit=LEAD,
        json={"id": person.phone, "source": person.name},
    )  # fmt: skip
    assert push.status_code == 200, push.text


async def fails(
    city: City, service: str, table: str, asked: Coroutine[Any, Any, httpx.Response]
) -> str:
    """A request that the database refuses as never before: the id that the answer gives."""
    async with broken(city, service, table):
        answer = await asked
    assert answer.status_code == 500, answer.text
    return str(answer.json()["error_id"])


async def a_report_is_parked(city: City, person: Invented, whistle_id: str) -> str:
    """It fails in the middle of its transaction, and counts later; its trace."""
    lead = await city.bureau(LEAD)
    traceparent = tracing.continued(None)
    event = acknowledged(city, whistle_id) | {"traceparent": traceparent}
    event["data"]["handler"] = {"name": person.name, "phone": person.phone}
    async with broken(city, "router", "assignment"):
        await lead.send(event)

        async def waits() -> list[Any]:
            path = "/api/v1/dead-letters?kind=parked"
            items: list[Any] = (await city.call("GET", "router", path, role="ops")).json()["items"]
            return items

        await eventually(waits)
    await lead.accepted(event["id"])
    return traceparent[3:35]


@asynccontextmanager
async def broken(city: City, service: str, table: str) -> AsyncIterator[None]:
    """A table that takes no row, and quotes each in its refusal."""
    database = city.databases[service].rpartition("/")[2]
    admin = city.servers.admin_dsn.rpartition("/")[0]  # as no service may
    connection = await asyncpg.connect(f"{admin}/{database}")
    try:
        await connection.execute(REFUSAL + REFUSED.format(table=table))
        yield
        await connection.execute(f"drop trigger planted on {table}")
    finally:
        await connection.close()


REFUSAL = """
create or replace function planted() returns trigger language plpgsql as $$
begin
    raise exception 'there may be no such row as %', new;
end $$;
"""
REFUSED = """
create trigger planted before insert or update on {table}
for each row execute function planted();
"""


def lines_of(city: City, service: str) -> list[dict[str, Any]]:
    text = (city.folder / f"{service}-{city.ports[service]}.log").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def vars_of(person: Invented) -> set[str]:
    return {person.name, person.phone, person.id_number, person.plate, person.door}


def leaks(text: str, person: Invented, secrets: set[str]) -> list[str]:
    return [*told_of(text, [person]), *(each for each in secrets if each in text)]


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
        named = {(each.service, each.name) for each in found}
        whole = {
            ("notifier", "send deadlines"), ("router", "send bureau.{code}.whistles"),
            ("intake", "commit register"), ("router", "process bureau.{code}.reports"),
        }  # fmt: skip
        said = {each.parent for each in found if each.name == "send deadlines"}
        told = missed(found) and missed(found)[0].span_id in said
        return found if told and whole <= named else []

    found = await eventually(fired, within=60, every=0.3)
    request = one(found, "intake", "POST /api/v1/tickets")
    assert request.kind == "SERVER"
    assert request.parent == given[36:52]
    assert request.attributes["http.response.status_code"] == 201
    assert one(found, "intake", "commit register").parent == request.span_id
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
    late = missed(found)[0]  # of the lead, or of who comes along
    assert late.parent in {blown.span_id, accepted.span_id}
    batches_are_linked(await spans(), (dispatched, blown, reported, accepted, late))


def missed(found: Sequence[Seen]) -> list[Seen]:
    """The promise to resolve was broken."""
    return [
        each
        for each in found
        if each.name == "fire deadline"
        and each.attributes["shaodao.deadline_kind"] == "resolve"
        and "missed" in each.attributes["shaodao.steps"].split()
    ]


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
        begun,
        until=lambda seen: any(each.name.startswith("process bureau") for each in seen),
        within=60,
        every=0.3,
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
