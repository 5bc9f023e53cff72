"""The path of events, the same in every service: consumers, outboxes, and Kafka between them."""

from typing import Final

from deploy.grafana.panels import (
    GREEN,
    RATE,
    RED,
    SECONDS,
    About,
    Line,
    Panel,
    above,
    below,
    course,
    value,
)
from deploy.grafana.queries import mean, per_hour, per_second, quantile, seen, total

HERE: Final = "router-and-kafka"
PARKED: Final = "what-could-not-be-read-and-what-failed"
LOST: Final = "losing-a-server"
EACH: Final = "{{job}}"
YES_NO: Final = {"0": ("断开 down", RED), "1": ("正常 up", GREEN)}


def path() -> list[Panel]:
    """Whether each service reaches Kafka, sends and keeps up."""
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


def consuming() -> list[Panel]:
    """What the consumer groups hear, how late and how fast."""
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


def outboxes() -> list[Panel]:
    """What waits to be sent, and how it goes out."""
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
