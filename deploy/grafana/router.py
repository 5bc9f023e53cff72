"""The router and Kafka: whether events flow, and what becomes of whistles and reports."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.city import DISTRICT, IN_DISTRICT, OF_UNIT, PART, UNIT
from deploy.grafana.event_path import HERE, consuming, outboxes, path
from deploy.grafana.panels import (
    SECONDS,
    SHARE,
    Line,
    Panel,
    above,
    below,
    course,
    ranking,
    spread,
    value,
    words_of,
)
from deploy.grafana.queries import (
    buckets,
    in_range,
    most,
    or_zero,
    per_hour,
    seen,
    summed,
    within,
)

LATENCY: Final = "shaodao_router_whistle_latency_seconds"
ABOUT: Final = words_of("router")


def board() -> Board:
    """The path of events, and the service that decides who must come."""
    return Board(
        uid="router",
        title="哨到 · 派单与 Kafka",
        description="Router and Kafka: lag, outboxes, relays; whistles, calls, reports.",
        section=HERE,
        rows=[
            Rows("通路 The path", path()),
            Rows("消费 Consuming", consuming()),
            Rows("出件箱 Outboxes", outboxes()),
            Rows("哨子 Whistles", [*_whistles_now(), *_whistles()]),
            Rows("单位 Units", _units()),
        ],
        choices=[DISTRICT, UNIT],
    )


def _whistles_now() -> list[Panel]:
    return [
        value(
            ABOUT["whistled_in_time"],
            within(LATENCY, "5.0"),
            unit=SHARE,
            limits=below(0.999, 0.99),
            decimals=2,
        ),
        value(
            ABOUT["oldest_held"],
            seen("shaodao_router_oldest_held_age_seconds"),
            unit=SECONDS,
            limits=above(900, 3600),
        ),
        value(
            ABOUT["held_too_long"],
            in_range("shaodao_router_held_too_long_total"),
            limits=above(1, 20),
            decimals=0,
        ),
        value(
            ABOUT["refused"],
            or_zero(in_range("shaodao_router_reports_refused_total")),
            limits=above(50, 500),
            decimals=0,
        ),
        value(
            ABOUT["pushed"],
            in_range("shaodao_router_pushed_reports_total"),
            decimals=0,
        ),
        value(
            ABOUT["files"],
            in_range("shaodao_router_files_total"),
            decimals=0,
        ),
    ]


def _whistles() -> list[Panel]:
    return [
        spread(
            ABOUT["latency"],
            buckets(LATENCY),
        ),
        course(
            ABOUT["facts"],
            Line(per_hour("shaodao_router_facts_total", by="what"), "{{what}}"),
        ),
        course(
            ABOUT["by_state"],
            Line(
                summed(
                    "shaodao_router_open_whistles",
                    IN_DISTRICT,
                    of="kind, state, district",
                    by="state",
                ),
                "{{state}}",
            ),
            stacked=True,
            width=8,
        ),
        course(
            ABOUT["by_kind"],
            Line(
                summed(
                    "shaodao_router_open_whistles",
                    IN_DISTRICT,
                    of="kind, state, district",
                    by="kind",
                ),
                "{{kind}}",
            ),
            stacked=True,
            names="whistle",
            width=8,
        ),
        course(
            ABOUT["by_whom"],
            Line(per_hour("shaodao_router_blown_total", IN_DISTRICT, by="by"), "{{by}}"),
            stacked=True,
            width=8,
        ),
    ]


def _units() -> list[Panel]:
    reports = "shaodao_router_reports_total"
    parts = summed("shaodao_router_open_assignments", OF_UNIT, of=PART, by="unit")
    waiting = summed(
        "shaodao_router_open_assignments", f'state="offered",{OF_UNIT}', of=PART, by="unit"
    )
    return [
        ranking(
            ABOUT["unacknowledged"],
            Line(most(10, waiting), "{{unit}}"),
            limits=above(10, 50),
            width=8,
        ),
        ranking(
            ABOUT["busiest"],
            Line(most(10, parts), "{{unit}}"),
            width=8,
        ),
        ranking(
            ABOUT["called"],
            Line(most(10, in_range("shaodao_router_calls_total", OF_UNIT, by="unit")), "{{unit}}"),
            width=8,
        ),
        course(
            ABOUT["reports"],
            Line(per_hour(reports, OF_UNIT, by="outcome"), "{{outcome}}"),
            names="report",
            width=8,
        ),
        course(
            ABOUT["refusals"],
            Line(or_zero(per_hour("shaodao_router_reports_refused_total", by="code")), "{{code}}"),
            width=8,
        ),
        course(
            ABOUT["late"],
            Line(per_hour("shaodao_router_late_reports_total", by="verb"), "{{verb}}"),
            width=8,
        ),
    ]
