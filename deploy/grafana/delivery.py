"""Delivery: whether people and units hear what they must, by every way out of the system."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.panels import (
    RATE,
    SECONDS,
    SHARE,
    Line,
    Panels,
    above,
    course,
    ranking,
    value,
    wide,
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

TRIES: Final = "shaodao_delivery_tries_total"
FAILED: Final = 'outcome=~"failed|broken"'
OLDEST: Final = "shaodao_delivery_oldest_age_seconds"
OUTLET: Final = "{{job}} {{channel}}"


def board() -> Board:
    """Text messages, WeChat Work, webhooks; and the messages that people are to hear."""
    return Board(
        uid="delivery",
        title="哨到 · 送达",
        description="Delivery: text messages, WeChat Work and webhooks; messages for people.",
        section="delivery",
        rows=[
            Rows("现在 Now", _now()),
            Rows("通道 Channels", _channels()),
            Rows("告知 Messages for people", _messages()),
        ],
    )


def _now() -> Panels:
    failed = share(in_range(TRIES, FAILED), in_range(TRIES))
    unreached = in_range("shaodao_messages_unreached_total")
    return wide(
        4,
        failed=value(failed, unit=SHARE, limits=above(0.01, 0.05), decimals=2),
        oldest=value(seen(OLDEST), unit=SECONDS, limits=above(60, 600)),
        circuits=value(seen("shaodao_delivery_open_circuits"), limits=above(1, 5)),
        held=value(seen("shaodao_messages_held"), limits=above(1, 100)),
        late=value(seen("shaodao_messages_late_seconds"), unit=SECONDS, limits=above(30, 120)),
        unreached=value(unreached, limits=above(1), decimals=0),
    )


def _channels() -> Panels:
    by_outcome, by_channel = per_second(TRIES, by="outcome"), per_second(TRIES, by="channel")
    took = quantile(0.95, "shaodao_delivery_duration_seconds", by="channel")
    waiting = seen("shaodao_deliveries_waiting", by="job, channel")
    oldest = seen(OLDEST, by="job, channel")
    return wide(
        8,
        by_outcome=course(Line(by_outcome, "{{outcome}}"), unit=RATE, names="delivery"),
        by_channel=course(Line(by_channel, "{{channel}}"), unit=RATE, names="outlet"),
        duration=course(
            Line(took, "{{channel}}"), unit=SECONDS, limits=above(2.5, 10), names="outlet"
        ),
        waiting=course(Line(waiting, OUTLET), limits=above(500, 5000)),
        oldest_by_channel=course(Line(oldest, OUTLET), unit=SECONDS, limits=above(60, 600)),
        notices=course(
            Line(per_hour("shaodao_notices_total"), "通知 notices"),
            Line(per_hour("shaodao_router_forwarded_total"), "回调 webhooks"),
        ),
    )


def _messages() -> Panels:
    became = per_hour("shaodao_messages_told_total", by="outcome")
    bundles = per_hour("shaodao_message_bundles_total", by="kind")
    fallen = or_zero(most(10, in_range("shaodao_messages_fallen_total", by="post, heard")))
    vacant = seen("shaodao_rota_vacant_posts", by="post")
    return wide(
        8,
        written=course(Line(per_hour("shaodao_messages_total", by="way"), "{{way}}")),
        became=course(Line(became, "{{outcome}}")),
        waiting_by_way=course(Line(seen("shaodao_messages_waiting", by="way"), "{{way}}")),
        sent=course(Line(bundles, "{{kind}}")),
        fallen=ranking(Line(fallen, "{{post}} → {{heard}}"), limits=above(5, 50)),
        vacant=ranking(Line(vacant, "{{post}}"), limits=above(1, 10)),
    )
