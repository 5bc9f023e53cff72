"""City today: is everybody heard, whistled and answered in time, and if not, where."""

from typing import Final

from deploy.grafana.board import Board, Choice, Rows
from deploy.grafana.panels import (
    SECONDS,
    SHARE,
    About,
    Line,
    Panel,
    above,
    below,
    course,
    ranking,
    value,
)
from deploy.grafana.queries import in_range, most, or_zero, per_hour, summed, within

HERE: Final = "city-today"
DISTRICT: Final = Choice("district", "区 district", "shaodao_intake_tickets_total", "district")
UNIT: Final = Choice("unit", "单位 unit", "shaodao_router_open_assignments", "unit")
IN_DISTRICT: Final = 'district=~"$district"'
OF_UNIT: Final = f'{IN_DISTRICT},unit=~"$unit"'
TICKET: Final = "channel, state, district"  # the labels of gauges of tickets, and of units
PART: Final = "unit, district, state"


def board() -> Board:
    """The first page of whoever is on duty."""
    return Board(
        uid="city",
        title="哨到 · 全城今日",
        description="City today: tickets, whistles and promises of time, by district and unit.",
        section=HERE,
        rows=[Rows("此刻 Now", _now()), Rows("今天 Today", _today()), Rows("单位 Units", _units())],
        choices=[DISTRICT, UNIT],
        since="now/d",
    )


def _now() -> list[Panel]:
    open_tickets = summed("shaodao_intake_open_tickets", IN_DISTRICT, of=TICKET)
    held = summed(
        "shaodao_router_open_whistles",
        f'state="held",{IN_DISTRICT}',
        of="kind, state, district",
    )
    overdue = summed("shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART)
    return [
        value(
            About(
                "全程探测",
                "最近一次走通全程距今。超过 150 秒说明某一段不通。",
                "Canary: age of the last whole round.",
                "the-canary",
            ),
            "min(shaodao_canary_age_seconds)",
            unit=SECONDS,
            limits=above(150, 300),
            width=3,
        ),
        value(
            About(
                "不应答的进程",
                "抓取不到指标的服务副本数，应为 0。",
                "Copies of services that do not answer the scrape.",
                "losing-a-server",
            ),
            or_zero('count(up{job=~"shaodao-.+"} == 0)'),
            limits=above(1),
            width=3,
        ),
        value(
            About(
                "五秒内吹哨",
                "登记后 5 秒内自动派出的占比，目标 99.9%。",
                "Whistled within 5 s of registration; the objective is 99.9 %.",
                HERE,
            ),
            within("shaodao_router_whistle_latency_seconds", "5.0"),
            unit=SHARE,
            limits=below(0.999, 0.99),
            decimals=2,
            width=3,
        ),
        value(
            About(
                "一秒内触发时限",
                "到点后 1 秒内触发的预警与超时占比，目标 99.9%。",
                "Rungs fired within 1 s of their due moment; the objective is 99.9 %.",
                HERE,
            ),
            within("shaodao_deadline_lateness_seconds", "1.0"),
            unit=SHARE,
            limits=below(0.999, 0.99),
            decimals=2,
            width=3,
        ),
        value(
            About(
                "今日登记",
                "所选时段登记的工单，可按区筛选。",
                "Tickets registered in the time shown.",
                HERE,
            ),
            in_range("shaodao_intake_tickets_total", IN_DISTRICT),
            decimals=0,
            width=3,
        ),
        value(
            About("未办结工单", "尚未结束的工单。", "Tickets that have not ended.", HERE),
            or_zero(open_tickets),
            width=3,
        ),
        value(
            About(
                "待人工派单",
                "等待派单员处理的哨子；超过派单时限会被临时派出。",
                "Held whistles that wait for a dispatcher.",
                HERE,
            ),
            or_zero(held),
            limits=above(20, 50),
            width=3,
        ),
        value(
            About(
                "单位超时事项",
                "单位已超时而未完成的承诺，可按区与单位筛选。",
                "Overdue promises of units.",
                HERE,
            ),
            or_zero(overdue),
            limits=above(50, 200),
            width=3,
        ),
    ]


def _today() -> list[Panel]:
    return [
        course(
            About(
                "每小时登记（按渠道）",
                "某个渠道突然归零，先看该渠道的入口。",
                "Registrations an hour, by channel.",
                "intake",
            ),
            Line(
                per_hour("shaodao_intake_tickets_total", IN_DISTRICT, by="channel"), "{{channel}}"
            ),
            stacked=True,
            names="channel",
        ),
        course(
            About(
                "未办结工单（按状态）",
                "已派单一直上涨：单位签收慢；待回访上涨：回访人手不足。",
                "Tickets that have not ended, by state.",
                HERE,
            ),
            Line(
                summed("shaodao_intake_open_tickets", IN_DISTRICT, of=TICKET, by="state"),
                "{{state}}",
            ),
            stacked=True,
            names="ticket",
        ),
        course(
            About(
                "每小时登记（按区）",
                "某区突然增多，往往是同一件事，可考虑并单。",
                "Registrations an hour, by district.",
                HERE,
            ),
            Line(
                per_hour("shaodao_intake_tickets_total", IN_DISTRICT, by="district"),
                "{{district}}",
            ),
            width=8,
        ),
        course(
            About(
                "每小时吹哨（按类型）",
                "应急处置突增时请核对值班安排。",
                "Whistles blown an hour, by kind.",
                "router-and-kafka",
            ),
            Line(per_hour("shaodao_router_blown_total", IN_DISTRICT, by="kind"), "{{kind}}"),
            width=8,
            stacked=True,
            names="whistle",
        ),
        course(
            About(
                "时限承诺（未结束）",
                "已超时一直上涨：看下方是哪些单位。",
                "Promises that have not ended, by state.",
                "deadlines-and-ladders",
            ),
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
            About(
                "超时最多的单位",
                "已超时未完成的承诺，前十。先看该单位系统是否连得上。",
                "Units with the most overdue promises.",
                HERE,
            ),
            Line(most(10, overdue), "{{unit}}"),
            limits=above(10, 50),
            width=8,
        ),
        ranking(
            About(
                "在办最多的单位", "尚在办理的任务，前十。", "Units with the most open parts.", HERE
            ),
            Line(most(10, parts), "{{unit}}"),
            width=8,
        ),
        ranking(
            About(
                "不予受理、迟到的报告（按单位）",
                "某单位的报告大量被拒：其系统与契约不符，请联系该单位。",
                "Reports of units that were refused, late or unreadable.",
                "departments-without-kafka",
            ),
            Line(most(10, refused), "{{unit}}"),
            limits=above(20, 100),
            width=8,
        ),
        course(
            About(
                "每小时吹哨与报到（所选单位）",
                "有哨无报：单位没有响应，或其系统断开。",
                "Calls of the chosen units and their reports, an hour.",
                HERE,
            ),
            Line(per_hour("shaodao_router_calls_total", OF_UNIT), "吹哨 calls"),
            Line(per_hour("shaodao_router_reports_total", OF_UNIT), "报告 reports"),
        ),
        course(
            About(
                "任务状态（所选单位）",
                "待签收堆积：无人值守；申请退单堆积：审核台人手不足。",
                "Parts of the chosen units, by state.",
                HERE,
            ),
            Line(
                summed("shaodao_router_open_assignments", OF_UNIT, of=PART, by="state"),
                "{{state}}",
            ),
            stacked=True,
            names="assignment",
        ),
    ]
