"""The router and Kafka: whether events flow, and what becomes of whistles and reports."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.city import DISTRICT, IN_DISTRICT, OF_UNIT, PART, UNIT
from deploy.grafana.panels import (
    GREEN,
    RATE,
    RED,
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
    mean,
    most,
    per_hour,
    per_second,
    quantile,
    seen,
    summed,
    total,
    within,
)

HERE: Final = "router-and-kafka"
PARKED: Final = "what-could-not-be-read-and-what-failed"
LOST: Final = "losing-a-server"
EACH: Final = "{{job}}"
YES_NO: Final = {"0": ("断开 down", RED), "1": ("正常 up", GREEN)}
LATENCY: Final = "shaodao_router_whistle_latency_seconds"


def board() -> Board:
    """The path of events, and the service that decides who must come."""
    return Board(
        uid="router",
        title="哨到 · 派单与 Kafka",
        description="Router and Kafka: lag, outboxes, relays; whistles, calls, reports.",
        section=HERE,
        rows=[
            Rows("通路 The path", _path()),
            Rows("消费 Consuming", _consuming()),
            Rows("出件箱 Outboxes", _outboxes()),
            Rows("哨子 Whistles", _whistles()),
            Rows("单位 Units", _units()),
        ],
        choices=[DISTRICT, UNIT],
    )


def _path() -> list[Panel]:
    return [
        value(
            About(
                "Kafka 可达",
                "各服务 3 秒前能否连上 Kafka。断开时请求照收，留在出件箱。",
                "Whether Kafka answered each service.",
                LOST,
            ),
            "min by (job) (shaodao_kafka_reachable)",
            legend=EACH,
            names="service",
            words=YES_NO,
            limits=below(1),
            width=6,
        ),
        value(
            About(
                "发送主副本",
                "每个服务应恰有一个副本在发送出件箱。",
                "Copies that send the outbox; one of each service.",
                LOST,
            ),
            "sum by (job) (shaodao_relay_leader)",
            legend=EACH,
            names="service",
            limits=below(1),
            width=6,
        ),
        value(
            About(
                "消费积压",
                "已分配分区中未处理的记录。",
                "Records in the assigned partitions not handled yet.",
                HERE,
            ),
            total("shaodao_consumer_lag_records", by="job"),
            legend=EACH,
            names="service",
            limits=above(1000, 10000),
            width=6,
        ),
        value(
            About(
                "出件箱最久",
                "最早一行已等待多久；超过 30 秒说明 Kafka 断开或发送受阻。",
                "Age of the oldest row in the outbox.",
                HERE,
            ),
            seen("shaodao_outbox_oldest_age_seconds", by="job"),
            legend=EACH,
            names="service",
            unit=SECONDS,
            limits=above(5, 30),
            width=6,
        ),
    ]


def _consuming() -> list[Panel]:
    by_group = "{{job}} {{group}}"
    return [
        course(
            About(
                "消费积压（按消费组）",
                "只涨不降：处理太慢，或数据库不可用。",
                "Lag by consumer group.",
                HERE,
            ),
            Line(total("shaodao_consumer_lag_records", by="job, group"), by_group),
        ),
        course(
            About(
                "事件从发出到处理 p99",
                "含排队时间；积压时随之上涨。",
                "From the broker's timestamp to the commit, 99th percentile.",
                HERE,
            ),
            Line(quantile(0.99, "shaodao_batch_event_age_seconds", by="job, group"), by_group),
            unit=SECONDS,
            limits=above(1, 5),
        ),
        course(
            About(
                "每秒事件（按结果）",
                "死信：对方发来的不是事件；搁置：我方处理失败。",
                "Events heard a second, by what became of them.",
                PARKED,
            ),
            Line(per_second("shaodao_events_total", by="outcome"), "{{outcome}}"),
            unit=RATE,
            names="event",
            width=8,
        ),
        course(
            About(
                "批处理耗时 p95",
                "从批次到达到提交。",
                "From a batch's arrival to its commit, 95th percentile.",
                HERE,
            ),
            Line(quantile(0.95, "shaodao_batch_duration_seconds", by="job, group"), by_group),
            unit=SECONDS,
            limits=above(1, 5),
            width=8,
        ),
        course(
            About(
                "每批事件数",
                "平均值；负载越高越大。",
                "Events in one batch, on average.",
                HERE,
            ),
            Line(mean("shaodao_batch_events", by="job, group"), by_group),
            width=8,
        ),
        course(
            About(
                "每秒重试的批次",
                "数据库忙或断开时重试；长期不为零即查数据库。",
                "Batches tried again a second.",
                "postgresql",
            ),
            Line(per_second("shaodao_batch_retries_total", by="job, group"), by_group),
            unit=RATE,
            width=8,
        ),
        course(
            About(
                "停滞",
                "有记录而没有完成批次的时间；满 60 秒进程自行退出并重启。",
                "Seconds with records and without a finished batch; at 60 the process ends.",
                HERE,
            ),
            Line(seen("shaodao_consumer_stalled_seconds", by="job, group"), by_group),
            unit=SECONDS,
            limits=above(15, 45),
            width=8,
        ),
        course(
            About(
                "已分配的分区",
                "合计为 0：没有人在听。",
                "Partitions assigned over all copies; 0 means nobody hears.",
                HERE,
            ),
            Line(total("shaodao_consumer_partitions", by="job, group"), by_group),
            width=8,
        ),
    ]


def _outboxes() -> list[Panel]:
    return [
        course(
            About(
                "出件箱行数",
                "最多数到一万行。",
                "Rows that wait in the outbox; at most 10,000 are counted.",
                HERE,
            ),
            Line(seen("shaodao_outbox_rows", by="job"), EACH),
            names="service",
            limits=above(2000, 10000),
            width=8,
        ),
        course(
            About("每秒发出", "Kafka 已确认的行。", "Rows acknowledged by Kafka a second.", HERE),
            Line(per_second("shaodao_outbox_sent_total", by="job"), EACH),
            names="service",
            unit=RATE,
            width=8,
        ),
        course(
            About(
                "发送耗时 p95",
                "从读出到确认后删除。",
                "From reading rows to their deletion, 95th percentile.",
                HERE,
            ),
            Line(quantile(0.95, "shaodao_relay_batch_duration_seconds", by="job"), EACH),
            names="service",
            unit=SECONDS,
            limits=above(0.5, 2),
            width=8,
        ),
        course(
            About(
                "每次发送的行数", "平均值。", "Rows of one read of the outbox, on average.", HERE
            ),
            Line(mean("shaodao_relay_batch_rows", by="job"), EACH),
            names="service",
            width=8,
        ),
        course(
            About(
                "发送重新开始（每小时）",
                "连接断开或失去主副本；偶发无害。",
                "Times an hour that the relay began anew.",
                LOST,
            ),
            Line(per_hour("shaodao_relay_errors_total", by="job"), EACH),
            names="service",
            width=8,
        ),
        course(
            About(
                "缺少的主题",
                "出件箱在等而 Kafka 没有的主题：执行 shaodao topics apply。",
                "Topics that rows wait for and Kafka does not have.",
                HERE,
            ),
            Line(seen("shaodao_outbox_unroutable_topics", by="job"), EACH),
            names="service",
            limits=above(1),
            width=8,
        ),
    ]


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
            in_range("shaodao_router_reports_refused_total"),
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
            Line(per_hour("shaodao_router_reports_refused_total", by="code"), "{{code}}"),
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
