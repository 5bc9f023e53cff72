"""The path of events, the same in every service: consumers, outboxes, and Kafka between them."""

from typing import Final

from deploy.grafana.panels import (
    GREEN,
    RATE,
    RED,
    SECONDS,
    Line,
    Panel,
    above,
    below,
    course,
    value,
    words_of,
)
from deploy.grafana.queries import mean, per_hour, per_second, quantile, seen, total

HERE: Final = "router-and-kafka"
PARKED: Final = "what-could-not-be-read-and-what-failed"
LOST: Final = "losing-a-server"
EACH: Final = "{{job}}"
YES_NO: Final = {"0": ("断开 down", RED), "1": ("正常 up", GREEN)}
ABOUT: Final = words_of("event_path")


def path() -> list[Panel]:
    """Whether each service reaches Kafka, sends and keeps up."""
    return [
        value(
            ABOUT["kafka"],
            "min by (job) (shaodao_kafka_reachable)",
            legend=EACH,
            names="service",
            words=YES_NO,
            limits=below(1),
            width=6,
        ),
        value(
            ABOUT["leaders"],
            "sum by (job) (shaodao_relay_leader)",
            legend=EACH,
            names="service",
            limits=below(1),
            width=6,
        ),
        value(
            ABOUT["lag"],
            total("shaodao_consumer_lag_records", by="job"),
            legend=EACH,
            names="service",
            limits=above(1000, 10000),
            width=6,
        ),
        value(
            ABOUT["oldest_row"],
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
            ABOUT["lag_by_group"],
            Line(total("shaodao_consumer_lag_records", by="job, group"), by_group),
        ),
        course(
            ABOUT["event_age"],
            Line(quantile(0.99, "shaodao_batch_event_age_seconds", by="job, group"), by_group),
            unit=SECONDS,
            limits=above(1, 5),
        ),
        course(
            ABOUT["outcomes"],
            Line(per_second("shaodao_events_total", by="outcome"), "{{outcome}}"),
            unit=RATE,
            names="event",
            width=8,
        ),
        course(
            ABOUT["batch_duration"],
            Line(quantile(0.95, "shaodao_batch_duration_seconds", by="job, group"), by_group),
            unit=SECONDS,
            limits=above(1, 5),
            width=8,
        ),
        course(
            ABOUT["batch_size"],
            Line(mean("shaodao_batch_events", by="job, group"), by_group),
            width=8,
        ),
        course(
            ABOUT["retried"],
            Line(per_second("shaodao_batch_retries_total", by="job, group"), by_group),
            unit=RATE,
            width=8,
        ),
        course(
            ABOUT["stalled"],
            Line(seen("shaodao_consumer_stalled_seconds", by="job, group"), by_group),
            unit=SECONDS,
            limits=above(15, 45),
            width=8,
        ),
        course(
            ABOUT["partitions"],
            Line(total("shaodao_consumer_partitions", by="job, group"), by_group),
            width=8,
        ),
    ]


def outboxes() -> list[Panel]:
    """What waits to be sent, and how it goes out."""
    return [
        course(
            ABOUT["rows"],
            Line(seen("shaodao_outbox_rows", by="job"), EACH),
            names="service",
            limits=above(2000, 10000),
            width=8,
        ),
        course(
            ABOUT["sent"],
            Line(per_second("shaodao_outbox_sent_total", by="job"), EACH),
            names="service",
            unit=RATE,
            width=8,
        ),
        course(
            ABOUT["relay_duration"],
            Line(quantile(0.95, "shaodao_relay_batch_duration_seconds", by="job"), EACH),
            names="service",
            unit=SECONDS,
            limits=above(0.5, 2),
            width=8,
        ),
        course(
            ABOUT["relay_size"],
            Line(mean("shaodao_relay_batch_rows", by="job"), EACH),
            names="service",
            width=8,
        ),
        course(
            ABOUT["relay_errors"],
            Line(per_hour("shaodao_relay_errors_total", by="job"), EACH),
            names="service",
            width=8,
        ),
        course(
            ABOUT["unroutable"],
            Line(seen("shaodao_outbox_unroutable_topics", by="job"), EACH),
            names="service",
            limits=above(1),
            width=8,
        ),
    ]
