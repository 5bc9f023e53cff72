"""City today: is everybody heard, whistled and answered in time, and if not, where."""

from typing import Final

from deploy.grafana.board import Board, Choice, Rows
from deploy.grafana.panels import (
    SECONDS,
    SHARE,
    Line,
    Panel,
    above,
    below,
    course,
    ranking,
    value,
    words_of,
)
from deploy.grafana.queries import in_range, most, or_zero, per_hour, summed, within

HERE: Final = "city-today"
DISTRICT: Final = Choice("district", "区 district", "shaodao_intake_tickets_total", "district")
UNIT: Final = Choice("unit", "单位 unit", "shaodao_router_open_assignments", "unit")
IN_DISTRICT: Final = 'district=~"$district"'
OF_UNIT: Final = f'{IN_DISTRICT},unit=~"$unit"'
TICKET: Final = "channel, state, district"  # the labels of gauges of tickets, and of units
PART: Final = "unit, district, state"
ABOUT: Final = words_of("city")


def board() -> Board:
    """The first page of whoever is on duty."""
    return Board(
        uid="city",
        title="哨到 · 全城今日",
        description="City today: tickets, whistles and promises of time, by district and unit.",
        section=HERE,
        rows=[
            Rows("此刻 Now", [*_health(), *_amounts()]),
            Rows("今天 Today", _today()),
            Rows("单位 Units", _units()),
        ],
        choices=[DISTRICT, UNIT],
        since="now/d",
    )


def _health() -> list[Panel]:
    return [
        value(
            ABOUT["canary"],
            "min(shaodao_canary_age_seconds)",
            unit=SECONDS,
            limits=above(150, 300),
            width=3,
        ),
        value(
            ABOUT["unanswered"],
            or_zero('count(up{job=~"shaodao-.+"} == 0)'),
            limits=above(1),
            width=3,
        ),
        value(
            ABOUT["whistled_in_time"],
            within("shaodao_router_whistle_latency_seconds", "5.0"),
            unit=SHARE,
            limits=below(0.999, 0.99),
            decimals=2,
            width=3,
        ),
        value(
            ABOUT["fired_in_time"],
            within("shaodao_deadline_lateness_seconds", "1.0"),
            unit=SHARE,
            limits=below(0.999, 0.99),
            decimals=2,
            width=3,
        ),
    ]


def _amounts() -> list[Panel]:
    open_tickets = summed("shaodao_intake_open_tickets", IN_DISTRICT, of=TICKET)
    held = summed(
        "shaodao_router_open_whistles",
        f'state="held",{IN_DISTRICT}',
        of="kind, state, district",
    )
    overdue = summed("shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART)
    return [
        value(
            ABOUT["registered"],
            in_range("shaodao_intake_tickets_total", IN_DISTRICT),
            decimals=0,
            width=3,
        ),
        value(
            ABOUT["open_tickets"],
            or_zero(open_tickets),
            width=3,
        ),
        value(
            ABOUT["held"],
            or_zero(held),
            limits=above(20, 50),
            width=3,
        ),
        value(
            ABOUT["overdue"],
            or_zero(overdue),
            limits=above(50, 200),
            width=3,
        ),
    ]


def _today() -> list[Panel]:
    return [
        course(
            ABOUT["by_channel"],
            Line(
                per_hour("shaodao_intake_tickets_total", IN_DISTRICT, by="channel"), "{{channel}}"
            ),
            stacked=True,
            names="channel",
        ),
        course(
            ABOUT["by_state"],
            Line(
                summed("shaodao_intake_open_tickets", IN_DISTRICT, of=TICKET, by="state"),
                "{{state}}",
            ),
            stacked=True,
            names="ticket",
        ),
        course(
            ABOUT["by_district"],
            Line(
                per_hour("shaodao_intake_tickets_total", IN_DISTRICT, by="district"),
                "{{district}}",
            ),
            width=8,
        ),
        course(
            ABOUT["by_kind"],
            Line(per_hour("shaodao_router_blown_total", IN_DISTRICT, by="kind"), "{{kind}}"),
            width=8,
            stacked=True,
            names="whistle",
        ),
        course(
            ABOUT["promises"],
            Line(summed("shaodao_open_deadlines", "", of="kind, state", by="state"), "{{state}}"),
            width=8,
            names="promise",
        ),
    ]


def _units() -> list[Panel]:
    parts = summed("shaodao_router_open_assignments", OF_UNIT, of=PART, by="unit")
    overdue = summed("shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART, by="unit")
    refused = in_range("shaodao_router_reports_total", f'outcome!="counted",{OF_UNIT}', by="unit")
    return [
        ranking(
            ABOUT["latest_units"],
            Line(most(10, overdue), "{{unit}}"),
            limits=above(10, 50),
            width=8,
        ),
        ranking(
            ABOUT["busiest_units"],
            Line(most(10, parts), "{{unit}}"),
            width=8,
        ),
        ranking(
            ABOUT["refused_reports"],
            Line(most(10, refused), "{{unit}}"),
            limits=above(20, 100),
            width=8,
        ),
        course(
            ABOUT["calls_and_reports"],
            Line(per_hour("shaodao_router_calls_total", OF_UNIT), "吹哨 calls"),
            Line(per_hour("shaodao_router_reports_total", OF_UNIT), "报告 reports"),
        ),
        course(
            ABOUT["parts"],
            Line(
                summed("shaodao_router_open_assignments", OF_UNIT, of=PART, by="state"),
                "{{state}}",
            ),
            stacked=True,
            names="assignment",
        ),
    ]
