"""City today: is everybody heard, whistled and answered in time, and if not, where."""

from typing import Final

from deploy.grafana.board import Board, Choice, Rows
from deploy.grafana.panels import (
    SECONDS,
    SHARE,
    Line,
    Panels,
    above,
    below,
    course,
    ranking,
    value,
    wide,
)
from deploy.grafana.queries import in_range, most, or_zero, per_hour, summed, within

DISTRICT: Final = Choice("district", "区 district", "shaodao_intake_tickets_total", "district")
UNIT: Final = Choice("unit", "单位 unit", "shaodao_router_open_assignments", "unit")
IN_DISTRICT: Final = 'district=~"$district"'
OF_UNIT: Final = f'{IN_DISTRICT},unit=~"$unit"'
TICKETS: Final = "shaodao_intake_tickets_total"
TICKET: Final = "channel, state, district"  # the labels of gauges of tickets, whistles and units
WHISTLE: Final = "kind, state, district"
PART: Final = "unit, district, state"


def board() -> Board:
    """The first page of whoever is on duty."""
    return Board(
        uid="city",
        title="哨到 · 全城今日",
        description="City today: tickets, whistles and promises of time, by district and unit.",
        section="city-today",
        rows=[
            Rows("此刻 Now", _now()),
            Rows("今天 Today", _today()),
            Rows("单位 Units", _units()),
        ],
        choices=[DISTRICT, UNIT],
        since="now/d",
    )


def _now() -> Panels:
    in_time = within("shaodao_router_whistle_latency_seconds", "5.0")
    fired = within("shaodao_deadline_lateness_seconds", "1.0")
    opened = summed("shaodao_intake_open_tickets", IN_DISTRICT, of=TICKET)
    held = summed("shaodao_router_open_whistles", f'state="held",{IN_DISTRICT}', of=WHISTLE)
    overdue = summed("shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART)
    return wide(
        3,
        canary=value("min(shaodao_canary_age_seconds)", unit=SECONDS, limits=above(150, 300)),
        unanswered=value(or_zero('count(up{job=~"shaodao-.+"} == 0)'), limits=above(1)),
        whistled_in_time=value(in_time, unit=SHARE, limits=below(0.999, 0.99), decimals=2),
        fired_in_time=value(fired, unit=SHARE, limits=below(0.999, 0.99), decimals=2),
        registered=value(in_range(TICKETS, IN_DISTRICT), decimals=0),
        open_tickets=value(or_zero(opened)),
        held=value(or_zero(held), limits=above(20, 50)),
        overdue=value(or_zero(overdue), limits=above(50, 200)),
    )


def _today() -> Panels:
    by_channel = per_hour(TICKETS, IN_DISTRICT, by="channel")
    by_state = summed("shaodao_intake_open_tickets", IN_DISTRICT, of=TICKET, by="state")
    by_kind = per_hour("shaodao_router_blown_total", IN_DISTRICT, by="kind")
    promises = summed("shaodao_open_deadlines", "", of="kind, state", by="state")
    return [
        *wide(
            12,
            by_channel=course(Line(by_channel, "{{channel}}"), stacked=True, names="channel"),
            by_state=course(Line(by_state, "{{state}}"), stacked=True, names="ticket"),
        ),
        *wide(
            8,
            by_district=course(Line(per_hour(TICKETS, IN_DISTRICT, by="district"), "{{district}}")),
            by_kind=course(Line(by_kind, "{{kind}}"), stacked=True, names="whistle"),
            promises=course(Line(promises, "{{state}}"), names="promise"),
        ),
    ]


def _units() -> Panels:
    by_state = summed("shaodao_router_open_assignments", OF_UNIT, of=PART, by="state")
    parts = summed("shaodao_router_open_assignments", OF_UNIT, of=PART, by="unit")
    overdue = summed("shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART, by="unit")
    refused = in_range("shaodao_router_reports_total", f'outcome!="counted",{OF_UNIT}', by="unit")
    return [
        *wide(
            8,
            latest_units=ranking(Line(most(10, overdue), "{{unit}}"), limits=above(10, 50)),
            busiest_units=ranking(Line(most(10, parts), "{{unit}}")),
            refused_reports=ranking(Line(most(10, refused), "{{unit}}"), limits=above(20, 100)),
        ),
        *wide(
            12,
            calls_and_reports=course(
                Line(per_hour("shaodao_router_calls_total", OF_UNIT), "吹哨 calls"),
                Line(per_hour("shaodao_router_reports_total", OF_UNIT), "报告 reports"),
            ),
            parts=course(Line(by_state, "{{state}}"), stacked=True, names="assignment"),
        ),
    ]
