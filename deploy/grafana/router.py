"""The router and Kafka: whether events flow, and what becomes of whistles and reports."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.city import DISTRICT, IN_DISTRICT, OF_UNIT, PART, UNIT, WHISTLE
from deploy.grafana.panels import (
    RATE,
    SECONDS,
    SERVICE,
    SHARE,
    UP_OR_DOWN,
    Line,
    Panels,
    above,
    below,
    course,
    ranking,
    spread,
    value,
    wide,
)
from deploy.grafana.queries import (
    buckets,
    in_range,
    mean,
    most,
    or_zero,
    per_hour,
    per_second,
    quantile,
    seen,
    summed,
    total,
    within,
)

LATENCY: Final = "shaodao_router_whistle_latency_seconds"
GROUP: Final = "job, group"


def board() -> Board:
    """The path of events, the same in every service, and the service that decides who must come."""
    return Board(
        uid="router",
        title="哨到 · 派单与 Kafka",
        description="Router and Kafka: lag, outboxes, relays; whistles, calls, reports.",
        section="router-and-kafka",
        rows=[
            Rows("通路 The path", _path()),
            Rows("消费 Consuming", _consuming()),
            Rows("出件箱 Outboxes", _outboxes()),
            Rows("哨子 Whistles", [*_whistles_now(), *_whistles()]),
            Rows("单位 Units", _units()),
        ],
        choices=[DISTRICT, UNIT],
    )


def _path() -> Panels:
    reachable = "min by (job) (shaodao_kafka_reachable)"
    leaders = total("shaodao_relay_leader", by="job")
    lag = total("shaodao_consumer_lag_records", by="job")
    oldest = seen("shaodao_outbox_oldest_age_seconds", by="job")
    return wide(
        6,
        kafka=value(reachable, limits=below(1), words=UP_OR_DOWN, services=True),
        leaders=value(leaders, limits=below(1), services=True),
        lag=value(lag, limits=above(1000, 10000), services=True),
        oldest_row=value(oldest, unit=SECONDS, limits=above(5, 30), services=True),
    )


def _consuming() -> Panels:
    by_group = "{{job}} {{group}}"
    lag = total("shaodao_consumer_lag_records", by=GROUP)
    age = quantile(0.99, "shaodao_batch_event_age_seconds", by=GROUP)
    outcomes = per_second("shaodao_events_total", by="outcome")
    took = quantile(0.95, "shaodao_batch_duration_seconds", by=GROUP)
    retried = per_second("shaodao_batch_retries_total", by=GROUP)
    stalled = seen("shaodao_consumer_stalled_seconds", by=GROUP)
    partitions = total("shaodao_consumer_partitions", by=GROUP)
    return [
        *wide(
            12,
            lag_by_group=course(Line(lag, by_group)),
            event_age=course(Line(age, by_group), unit=SECONDS, limits=above(1, 5)),
        ),
        *wide(
            8,
            outcomes=course(Line(outcomes, "{{outcome}}"), unit=RATE, names="event"),
            batch_duration=course(Line(took, by_group), unit=SECONDS, limits=above(1, 5)),
            batch_size=course(Line(mean("shaodao_batch_events", by=GROUP), by_group)),
            retried=course(Line(retried, by_group), unit=RATE),
            stalled=course(Line(stalled, by_group), unit=SECONDS, limits=above(15, 45)),
            partitions=course(Line(partitions, by_group)),
        ),
    ]


def _outboxes() -> Panels:
    rows = Line(seen("shaodao_outbox_rows", by="job"), SERVICE)
    sent = Line(per_second("shaodao_outbox_sent_total", by="job"), SERVICE)
    took = Line(quantile(0.95, "shaodao_relay_batch_duration_seconds", by="job"), SERVICE)
    size = Line(mean("shaodao_relay_batch_rows", by="job"), SERVICE)
    errors = Line(per_hour("shaodao_relay_errors_total", by="job"), SERVICE)
    unroutable = Line(seen("shaodao_outbox_unroutable_topics", by="job"), SERVICE)
    return wide(
        8,
        rows=course(rows, limits=above(2000, 10000), names="service"),
        sent=course(sent, unit=RATE, names="service"),
        relay_duration=course(took, unit=SECONDS, limits=above(0.5, 2), names="service"),
        relay_size=course(size, names="service"),
        relay_errors=course(errors, names="service"),
        unroutable=course(unroutable, limits=above(1), names="service"),
    )


def _whistles_now() -> Panels:
    in_time, held = within(LATENCY, "5.0"), seen("shaodao_router_oldest_held_age_seconds")
    too_long = in_range("shaodao_router_held_too_long_total")
    refused = or_zero(in_range("shaodao_router_reports_refused_total"))
    return wide(
        4,
        whistled_in_time=value(in_time, unit=SHARE, limits=below(0.999, 0.99), decimals=2),
        oldest_held=value(held, unit=SECONDS, limits=above(900, 3600)),
        held_too_long=value(too_long, limits=above(1, 20), decimals=0),
        refused=value(refused, limits=above(50, 500), decimals=0),
        pushed=value(in_range("shaodao_router_pushed_reports_total"), decimals=0),
        files=value(in_range("shaodao_router_files_total"), decimals=0),
    )


def _whistles() -> Panels:
    by_state, by_kind = (
        summed("shaodao_router_open_whistles", IN_DISTRICT, of=WHISTLE, by=by)
        for by in ("state", "kind")
    )
    by_whom = per_hour("shaodao_router_blown_total", IN_DISTRICT, by="by")
    return [
        *wide(
            12,
            latency=spread(buckets(LATENCY)),
            facts=course(Line(per_hour("shaodao_router_facts_total", by="what"), "{{what}}")),
        ),
        *wide(
            8,
            by_state=course(Line(by_state, "{{state}}"), stacked=True),
            by_kind=course(Line(by_kind, "{{kind}}"), stacked=True, names="whistle"),
            by_whom=course(Line(by_whom, "{{by}}"), stacked=True),
        ),
    ]


def _units() -> Panels:
    gauge, offered = "shaodao_router_open_assignments", f'state="offered",{OF_UNIT}'
    waiting = most(10, summed(gauge, offered, of=PART, by="unit"))
    parts = most(10, summed(gauge, OF_UNIT, of=PART, by="unit"))
    called = most(10, in_range("shaodao_router_calls_total", OF_UNIT, by="unit"))
    reports = per_hour("shaodao_router_reports_total", OF_UNIT, by="outcome")
    refusals = or_zero(per_hour("shaodao_router_reports_refused_total", by="code"))
    late = per_hour("shaodao_router_late_reports_total", by="verb")
    return wide(
        8,
        unacknowledged=ranking(Line(waiting, "{{unit}}"), limits=above(10, 50)),
        busiest=ranking(Line(parts, "{{unit}}")),
        called=ranking(Line(called, "{{unit}}")),
        reports=course(Line(reports, "{{outcome}}"), names="report"),
        refusals=course(Line(refusals, "{{code}}")),
        late=course(Line(late, "{{verb}}")),
    )
