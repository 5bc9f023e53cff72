"""Delivery: whether people and units hear what they must, by every way out of the system."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.panels import (
    COUNT,
    RATE,
    SECONDS,
    SHARE,
    Line,
    Panel,
    above,
    course,
    ranking,
    value,
    words_of,
)
from deploy.grafana.queries import (
    in_range,
    most,
    or_zero,
    per_hour,
    per_second,
    quantile,
    seen,
    share,
)

HERE: Final = "delivery"
OUTSIDE: Final = "what-is-sent-outside"
TOLD: Final = "who-is-told-and-when"
AWAY: Final = "when-the-system-was-away"
TRIES: Final = "shaodao_delivery_tries_total"
FAILED: Final = 'outcome=~"failed|broken"'
ABOUT: Final = words_of("delivery")


def board() -> Board:
    """Text messages, WeChat Work, webhooks; and the messages that people are to hear."""
    return Board(
        uid="delivery",
        title="哨到 · 送达",
        description="Delivery: text messages, WeChat Work and webhooks; messages for people.",
        section=HERE,
        rows=[
            Rows("现在 Now", _now()),
            Rows("通道 Channels", _channels()),
            Rows("告知 Messages for people", _messages()),
        ],
    )


def _now() -> list[Panel]:
    return [
        value(
            ABOUT["failed"],
            share(in_range(TRIES, FAILED), in_range(TRIES)),
            unit=SHARE,
            limits=above(0.01, 0.05),
            decimals=2,
        ),
        value(
            ABOUT["oldest"],
            seen("shaodao_delivery_oldest_age_seconds"),
            unit=SECONDS,
            limits=above(60, 600),
        ),
        value(
            ABOUT["circuits"],
            seen("shaodao_delivery_open_circuits"),
            limits=above(1, 5),
        ),
        value(
            ABOUT["held"],
            seen("shaodao_messages_held"),
            limits=above(1, 100),
        ),
        value(
            ABOUT["late"],
            seen("shaodao_messages_late_seconds"),
            unit=SECONDS,
            limits=above(30, 120),
        ),
        value(
            ABOUT["unreached"],
            in_range("shaodao_messages_unreached_total"),
            limits=above(1),
            decimals=0,
        ),
    ]


def _channels() -> list[Panel]:
    return [
        course(
            ABOUT["by_outcome"],
            Line(per_second(TRIES, by="outcome"), "{{outcome}}"),
            unit=RATE,
            names="delivery",
            width=8,
        ),
        course(
            ABOUT["by_channel"],
            Line(per_second(TRIES, by="channel"), "{{channel}}"),
            unit=RATE,
            names="outlet",
            width=8,
        ),
        course(
            ABOUT["duration"],
            Line(quantile(0.95, "shaodao_delivery_duration_seconds", by="channel"), "{{channel}}"),
            unit=SECONDS,
            limits=above(2.5, 10),
            names="outlet",
            width=8,
        ),
        course(
            ABOUT["waiting"],
            Line(seen("shaodao_deliveries_waiting", by="job, channel"), "{{job}} {{channel}}"),
            limits=above(500, 5000),
            width=8,
        ),
        course(
            ABOUT["oldest_by_channel"],
            Line(
                seen("shaodao_delivery_oldest_age_seconds", by="job, channel"),
                "{{job}} {{channel}}",
            ),
            unit=SECONDS,
            limits=above(60, 600),
            width=8,
        ),
        course(
            ABOUT["notices"],
            Line(per_hour("shaodao_notices_total"), "通知 notices"),
            Line(per_hour("shaodao_router_forwarded_total"), "回调 webhooks"),
            width=8,
        ),
    ]


def _messages() -> list[Panel]:
    fallen = in_range("shaodao_messages_fallen_total", by="post, heard")
    return [
        course(
            ABOUT["written"],
            Line(per_hour("shaodao_messages_total", by="way"), "{{way}}"),
            width=8,
        ),
        course(
            ABOUT["became"],
            Line(per_hour("shaodao_messages_told_total", by="outcome"), "{{outcome}}"),
            width=8,
        ),
        course(
            ABOUT["waiting_by_way"],
            Line(seen("shaodao_messages_waiting", by="way"), "{{way}}"),
            width=8,
        ),
        course(
            ABOUT["sent"],
            Line(per_hour("shaodao_message_bundles_total", by="kind"), "{{kind}}"),
            width=8,
        ),
        ranking(
            ABOUT["fallen"],
            Line(or_zero(most(10, fallen)), "{{post}} → {{heard}}"),
            limits=above(5, 50),
            width=8,
        ),
        ranking(
            ABOUT["vacant"],
            Line(seen("shaodao_rota_vacant_posts", by="post"), "{{post}}"),
            unit=COUNT,
            limits=above(1, 10),
            width=8,
        ),
    ]
