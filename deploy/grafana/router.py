"""The router and Kafka: whether events flow, and what becomes of whistles and reports."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.city import DISTRICT, IN_DISTRICT, OF_UNIT, PART, UNIT
from deploy.grafana.event_path import HERE, consuming, outboxes, path
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
    spread,
    value,
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
            Rows("哨子 Whistles", _whistles()),
            Rows("单位 Units", _units()),
        ],
        choices=[DISTRICT, UNIT],
    )


def _whistles() -> list[Panel]:
    return [
        value(
            About(
                "五秒内吹哨",
                "目标 99.9%。",
                "Whistled within 5 s; the objective is 99.9 %.",
                "city-today",
            ),
            within(LATENCY, "5.0"),
            unit=SHARE,
            limits=below(0.999, 0.99),
            decimals=2,
        ),
        value(
            About(
                "最久待派",
                "等待派单员最久的哨子。",
                "Wall time since the oldest held whistle was made.",
                HERE,
            ),
            seen("shaodao_router_oldest_held_age_seconds"),
            unit=SECONDS,
            limits=above(900, 3600),
        ),
        value(
            About(
                "超过派单时限",
                "所选时段内未按时派单的；普通件告警值班长，其余已临时派出。",
                "Held past the dispatch limit in the time shown.",
                HERE,
            ),
            in_range("shaodao_router_held_too_long_total"),
            limits=above(1, 20),
            decimals=0,
        ),
        value(
            About(
                "不予受理的报告",
                "所选时段内单位被拒的报告。",
                "Reports of units that do not count, in the time shown.",
                "departments-without-kafka",
            ),
            or_zero(in_range("shaodao_router_reports_refused_total")),
            limits=above(50, 500),
            decimals=0,
        ),
        value(
            About(
                "推送的报告",
                "单位经 HTTP 推送的报告。",
                "Reports that departments pushed over HTTP, in the time shown.",
                "departments-without-kafka",
            ),
            in_range("shaodao_router_pushed_reports_total"),
            decimals=0,
        ),
        value(
            About(
                "证据文件",
                "单位上传的文件。",
                "Files that units sent, in the time shown.",
                "photos-and-maps",
            ),
            in_range("shaodao_router_files_total"),
            decimals=0,
        ),
        spread(
            About(
                "登记到吹哨的时间",
                "颜色越深件数越多；应集中在 1 秒以下。",
                "Wall time from registration to the whistle.",
                HERE,
            ),
            buckets(LATENCY),
        ),
        course(
            About(
                "每小时哨子事实",
                "blown 吹响，held 待派，closed 结束等；吹响归零而登记正常即查派单。",
                "Facts about whistles an hour, by what happened.",
                HERE,
            ),
            Line(per_hour("shaodao_router_facts_total", by="what"), "{{what}}"),
        ),
        course(
            About(
                "未结束的哨子（按状态）",
                "held 堆积：派单台人手不足。",
                "Whistles that run, by state.",
                HERE,
            ),
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
            About("未结束的哨子（按类型）", "所选区。", "Whistles that run, by kind.", HERE),
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
            About(
                "每小时吹哨（谁派出）",
                "system 自动；人工占比上升说明规则覆盖不足。",
                "Whistles blown an hour, by who dispatched.",
                "the-duty-list",
            ),
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
            About(
                "待签收最多的单位",
                "持续不签收：核对该单位系统与值班。",
                "Units with the most parts not acknowledged.",
                HERE,
            ),
            Line(most(10, waiting), "{{unit}}"),
            limits=above(10, 50),
            width=8,
        ),
        ranking(
            About("在办最多的单位", "前十。", "Units with the most open parts.", HERE),
            Line(most(10, parts), "{{unit}}"),
            width=8,
        ),
        ranking(
            About(
                "被吹哨最多的单位",
                "所选时段。",
                "Units called most in the time shown.",
                HERE,
            ),
            Line(most(10, in_range("shaodao_router_calls_total", OF_UNIT, by="unit")), "{{unit}}"),
            width=8,
        ),
        course(
            About(
                "每小时报告（按结果）",
                "所选单位；不予受理上涨见下图原因。",
                "Reports of the chosen units an hour, by outcome.",
                HERE,
            ),
            Line(per_hour(reports, OF_UNIT, by="outcome"), "{{outcome}}"),
            names="report",
            width=8,
        ),
        course(
            About(
                "不予受理的原因（每小时）",
                "wrong_state 时序不对；stale 已被取代；invalid 格式不符契约。",
                "Refused reports an hour, by reason.",
                "departments-without-kafka",
            ),
            Line(or_zero(per_hour("shaodao_router_reports_refused_total", by="code")), "{{code}}"),
            width=8,
        ),
        course(
            About(
                "迟到的报告（每小时）",
                "有效但超过时限，按动作。",
                "Reports after their limit an hour, by verb.",
                HERE,
            ),
            Line(per_hour("shaodao_router_late_reports_total", by="verb"), "{{verb}}"),
            width=8,
        ),
    ]
