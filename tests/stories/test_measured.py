"""What each service shows of itself after real traffic: every series declared, and bounded."""

import asyncio
import re
from asyncio.subprocess import PIPE, STDOUT
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator
from shutil import which
from typing import Final, TypeAlias
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from deploy import metrics_list
from deploy.local.data_folder import SERVICES
from deploy.local.ports import LOOPBACK, free_base
from shared.runtime.instruments import DECLARED, Open
from tests.support.city import RESOLVED, City
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually

MOST_SERIES: Final = 6_000  # of one copy, so that its page stays below a megabyte
PARTS: Final = re.compile(r"_(bucket|count|sum)$")
AN_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}|\d{7,}|1[3-9]\d{9}|DH|[\u4e00-\u9fff]")
LEAD, ASSISTING = "C-SZZ", "U-GD1"

Pages: TypeAlias = dict[str, list[Sample]]


async def page(city: City, service: str) -> str:
    answer = await city.call("GET", service, "/metrics", role="ops")
    assert answer.status_code == 200, answer.text
    return answer.text


def samples(text: str) -> Iterator[Sample]:
    """Our own; those of the process and of Python come along with the client."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name.startswith("shaodao_"):
                yield sample


def declared_name(sample: Sample) -> str:
    return sample.name if sample.name in DECLARED else PARTS.sub("", sample.name)


def value(found: Iterable[Sample], name: str, **labels: str) -> float:
    """The sum of the series with these labels, 0 where there is none."""
    return sum(
        sample.value
        for sample in found
        if sample.name == name and labels.items() <= sample.labels.items()
    )


@pytest.fixture(scope="module")
async def city(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[City]:
    """The services, whose gauges are not half a minute behind."""
    city = City(servers, tmp_path_factory.mktemp("city"), topic_prefix(), (LEAD, ASSISTING))
    city.more = {service: {"SHAODAO_GAUGES_SECONDS": "0.5"} for service in SERVICES}
    try:
        await city.start()
        yield city
    finally:
        await city.stop()


@pytest.fixture(scope="module")
async def pages(city: City) -> Pages:
    """Each service's page, once it has seen traffic of many kinds and promises are overdue."""
    for service in SERVICES:
        await strange_requests(city, service)
    lead, assisting = await city.bureau(LEAD), await city.bureau(ASSISTING)
    for _ in range(3):
        ticket_id = (await city.submit())["ticket_id"]
        whistle_id = (await lead.whistled(ticket_id))["whistle_id"]
        await assisting.whistled(ticket_id)
        await lead.accepted(await lead.report("acknowledged", whistle_id))
    await lead.refused(await lead.report("acknowledged", whistle_id))
    await lead.send_bytes(b"{")
    for verb, data in (("acknowledged", {}), ("resolved", RESOLVED)):
        await assisting.accepted(await assisting.report(verb, whistle_id, **data))
    city.forward(days=9)

    for service in SERVICES:  # looked at every three seconds, unknown before
        await shown(city, service, "shaodao_kafka_reachable", {}, at_least=1)
    for service, name, labels, number in (
        ("intake", "shaodao_intake_open_tickets", {"state": "processing"}, 3),
        ("router", "shaodao_router_open_assignments", {"unit": LEAD, "state": "acknowledged"}, 3),
        ("router", "shaodao_router_reports_total", {"unit": LEAD, "outcome": "unreadable"}, 1),
        ("router", "shaodao_dead_letters", {}, 1),
        ("notifier", "shaodao_unit_open_deadlines", {"unit": LEAD, "state": "missed"}, 3),
    ):
        await shown(city, service, name, labels, at_least=number)
    return {service: list(samples(await page(city, service))) for service in SERVICES}


async def shown(
    city: City, service: str, name: str, labels: dict[str, str], *, at_least: float
) -> None:
    """Gauges are a moment behind what happened."""

    async def look() -> float:
        return value(samples(await page(city, service)), name, **labels)

    await eventually(look, until=lambda seen: seen >= at_least, within=60, every=0.5)


async def strange_requests(city: City, service: str) -> None:
    """What comes from outside must make no series of its own."""
    async with httpx.AsyncClient(trust_env=False) as http:
        for method in ("GET", "PROPFIND", "REPORT", "DELETE"):
            for path in ("/", f"/{uuid4()}", f"/api/v1/tickets/{uuid4()}", "/static/none.css"):
                await http.request(method, city.url(service, path))


@pytest.mark.parametrize("service", SERVICES)
def test_every_series_is_declared_and_its_labels_are_bounded(pages: Pages, service: str) -> None:
    seen: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    assert metrics_list.SECTIONS  # with them the metrics of all services are declared
    series = pages[service]
    for sample in series:
        declared = DECLARED[declared_name(sample)]
        labels = {label: text for label, text in sample.labels.items() if label != "le"}
        assert labels.keys() == declared.labels.keys(), sample
        for label, text in labels.items():
            seen[declared.name, label].add(text)
    assert 500 < len(series) < MOST_SERIES
    for (name, label), texts in seen.items():
        values = DECLARED[name].labels[label]
        if isinstance(values, Open):
            assert len(texts) <= values.most, (name, label, texts)
            if label != "unit":  # a street's code holds its region
                assert not [text for text in texts if AN_ID.search(text)], (name, label, texts)
        else:
            assert texts <= set(values), (name, label, texts - set(values))


@pytest.mark.usefixtures("pages")
@pytest.mark.skipif(which("promtool") is None, reason="promtool comes with Debian's prometheus")
@pytest.mark.parametrize("service", SERVICES)
async def test_promtool_finds_nothing_to_say(city: City, service: str) -> None:
    promtool = await asyncio.create_subprocess_exec(
        *("promtool", "check", "metrics"), stdin=PIPE, stdout=PIPE, stderr=STDOUT
    )
    said, _ = await promtool.communicate((await page(city, service)).encode())
    assert (promtool.returncode, said.decode()) == (0, "")


def test_what_happened_is_counted_where_it_happened(pages: Pages) -> None:
    intake, router, notifier = pages["intake"], pages["router"], pages["notifier"]
    assert value(intake, "shaodao_intake_tickets_total", district="159902", channel="hotline") == 3
    assert value(intake, "shaodao_intake_open_tickets", district="159902") == 3
    assert value(router, "shaodao_router_calls_total", unit=LEAD, district="159900") == 3
    assert value(router, "shaodao_router_blown_total", district="159902", by="system") == 3
    assert value(router, "shaodao_router_whistle_latency_seconds_count") == 3
    reports = {
        outcome: value(router, "shaodao_router_reports_total", unit=LEAD, outcome=outcome)
        for outcome in ("counted", "refused", "unreadable")
    }
    assert reports == {"counted": 3, "refused": 1, "unreadable": 1}
    assert value(router, "shaodao_router_open_assignments", unit=LEAD, state="acknowledged") == 3
    assert value(router, "shaodao_router_open_whistles", state="open", district="159902") == 3
    missed = {"state": "missed", "district": "159900"}
    assert value(notifier, "shaodao_unit_open_deadlines", unit=LEAD, **missed) >= 3
    assert value(notifier, "shaodao_deadline_oldest_overdue_age_seconds", kind="resolve") > 86_400
    assert value(notifier, "shaodao_deadline_lateness_seconds_count", kind="resolve") >= 3
    assert value(router, "shaodao_dead_letters") == 1


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_tells_how_it_is(pages: Pages, service: str) -> None:
    found = pages[service]
    assert value(found, "shaodao_kafka_reachable") == 1
    assert value(found, "shaodao_database_reachable") == 1
    assert value(found, "shaodao_relay_leader") == 1
    assert value(found, "shaodao_clock_real") == 0
    assert value(found, "shaodao_clock_rate_ratio") == 1
    assert value(found, "shaodao_consumer_partitions") > 0
    assert value(found, "shaodao_batch_event_age_seconds_count") > 0
    assert value(found, "shaodao_relay_batch_rows_sum") > 0
    assert value(found, "shaodao_pool_wait_seconds_count") > 10
    assert value(found, "shaodao_pool_limit_connections") == 10
    assert value(found, "shaodao_event_loop_lag_seconds_count") > 0
    assert value(found, "shaodao_postgresql_database_bytes") > 1_000_000
    assert value(found, "shaodao_postgresql_connections") > 0
    assert value(found, "shaodao_postgresql_table_rows", table="history") >= 0
    assert value(found, "shaodao_http_requests_total", route="unmatched", method="other") > 0


@pytest.mark.proof
async def test_the_figures_of_two_copies_add_up_as_the_list_says(city: City, pages: Pages) -> None:
    port = free_base()
    other = city.program("notifier", port=port)
    await other.start()
    try:
        address = f"http://{LOOPBACK}:{port}/metrics"

        async def both() -> list[list[Sample]]:
            async with httpx.AsyncClient(trust_env=False) as http:
                second = (await http.get(address)).text
            return [list(samples(text)) for text in (await page(city, "notifier"), second)]

        def of_all(copies: list[list[Sample]], name: str, **labels: str) -> list[float]:
            return [value(copy, name, **labels) for copy in copies]

        heard = value(pages["notifier"], "shaodao_consumer_partitions")
        copies = await eventually(
            both,
            until=lambda seen: (
                sum(of_all(seen, "shaodao_consumer_partitions")) == heard
                and min(of_all(seen, "shaodao_consumer_partitions")) > 0
                and min(of_all(seen, "shaodao_unit_open_deadlines", unit=LEAD)) > 0
            ),
            within=60,
            every=0.5,
        )
        assert sum(of_all(copies, "shaodao_relay_leader")) == 1
        for name in ("shaodao_unit_open_deadlines", "shaodao_rota_vacant_posts"):
            assert DECLARED[name].copies == "max"
            await eventually(
                both, until=lambda seen, name=name: len(set(of_all(seen, name))) == 1, within=60
            )
    finally:
        await other.stop()
