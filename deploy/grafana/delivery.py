"""Delivery: whether people and units hear what they must, by every way out of the system."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.panels import (
    COUNT,
    RATE,
    SECONDS,
    SHARE,
    About,
    Line,
    Panel,
    above,
    course,
    ranking,
    value,
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
            About(
                "最终失败比例",
                "所选时段；不再重试而未送达的占比。",
                "Share of tries that were the last and failed, in the time shown.",
                OUTSIDE,
            ),
            share(in_range(TRIES, FAILED), in_range(TRIES)),
            unit=SHARE,
            limits=above(0.01, 0.05),
            decimals=2,
        ),
        value(
            About(
                "未送达最久",
                "最早一件已等待多久。",
                "Age of the oldest delivery that is not done.",
                OUTSIDE,
            ),
            seen("shaodao_delivery_oldest_age_seconds"),
            unit=SECONDS,
            limits=above(60, 600),
        ),
        value(
            About(
                "断开的目的地",
                "被视为不可达而暂停发送的地址。",
                "Destinations that count as down.",
                OUTSIDE,
            ),
            seen("shaodao_delivery_open_circuits"),
            limits=above(1, 5),
        ),
        value(
            About(
                "暂存待放行",
                "停机或时钟跳变后暂存的告知；须有人查看并放行。",
                "Messages held back: somebody must look and release.",
                AWAY,
            ),
            seen("shaodao_messages_held"),
            limits=above(1, 100),
        ),
        value(
            About(
                "告知迟延",
                "应告知而未告知的最久一条。",
                "Wall time since the oldest message that should have been told.",
                TOLD,
            ),
            seen("shaodao_messages_late_seconds"),
            unit=SECONDS,
            limits=above(30, 120),
        ),
        value(
            About(
                "无人可告知",
                "所选时段内所在岗位及其上级都无人值班的。",
                "Rungs that nobody heard of, in the time shown.",
                TOLD,
            ),
            in_range("shaodao_messages_unreached_total"),
            limits=above(1),
            decimals=0,
        ),
    ]


def _channels() -> list[Panel]:
    return [
        course(
            About(
                "每秒发送（按结果）",
                "稍后再试上涨：对方不稳定；本系统故障：见日志。",
                "Tries a second, by outcome.",
                OUTSIDE,
            ),
            Line(per_second(TRIES, by="outcome"), "{{outcome}}"),
            unit=RATE,
            names="delivery",
            width=8,
        ),
        course(
            About("每秒发送（按通道）", "全部结果。", "Tries a second, by channel.", OUTSIDE),
            Line(per_second(TRIES, by="channel"), "{{channel}}"),
            unit=RATE,
            names="outlet",
            width=8,
        ),
        course(
            About(
                "发送耗时 p95",
                "对方应答的时间；接近 10 秒将被放弃。",
                "Time of one try, 95th percentile.",
                OUTSIDE,
            ),
            Line(quantile(0.95, "shaodao_delivery_duration_seconds", by="channel"), "{{channel}}"),
            unit=SECONDS,
            limits=above(2.5, 10),
            names="outlet",
            width=8,
        ),
        course(
            About(
                "等待发送",
                "尚未送达的件数，最多数到一万。",
                "Deliveries that are not done.",
                OUTSIDE,
            ),
            Line(seen("shaodao_deliveries_waiting", by="job, channel"), "{{job}} {{channel}}"),
            limits=above(500, 5000),
            width=8,
        ),
        course(
            About(
                "等待最久",
                "只涨不降：该通道不通。",
                "Age of the oldest delivery that is not done.",
                OUTSIDE,
            ),
            Line(
                seen("shaodao_delivery_oldest_age_seconds", by="job, channel"),
                "{{job}} {{channel}}",
            ),
            unit=SECONDS,
            limits=above(60, 600),
            width=8,
        ),
        course(
            About(
                "给单位的通知与回调（每小时）",
                "写入单位主题的通知，和转成网络回调的事件。",
                "Notices written for units, and events queued for webhooks, an hour.",
                "departments-without-kafka",
            ),
            Line(per_hour("shaodao_notices_total"), "通知 notices"),
            Line(per_hour("shaodao_router_forwarded_total"), "回调 webhooks"),
            width=8,
        ),
    ]


def _messages() -> list[Panel]:
    fallen = in_range("shaodao_messages_fallen_total", by="post, heard")
    return [
        course(
            About(
                "写给人的告知（每小时）",
                "at_once 即时，bundle 合并，daily 日报，held 暂存。",
                "Messages written an hour, by how they go.",
                TOLD,
            ),
            Line(per_hour("shaodao_messages_total", by="way"), "{{way}}"),
            width=8,
        ),
        course(
            About(
                "告知的结果（每小时）",
                "told 已告知，repeated 再次，moot 已无必要，passed_on 转给现任。",
                "What became of messages, an hour.",
                TOLD,
            ),
            Line(per_hour("shaodao_messages_told_total", by="outcome"), "{{outcome}}"),
            width=8,
        ),
        course(
            About(
                "等待告知",
                "按方式；日报等到第二天早上是正常的。",
                "Messages that wait to be told, by way.",
                TOLD,
            ),
            Line(seen("shaodao_messages_waiting", by="way"), "{{way}}"),
            width=8,
        ),
        course(
            About(
                "发出的消息（每小时）",
                "single 单条，bundle 合并，daily 日报，released 放行。",
                "What people were sent, an hour.",
                TOLD,
            ),
            Line(per_hour("shaodao_message_bundles_total", by="kind"), "{{kind}}"),
            width=8,
        ),
        ranking(
            About(
                "落到上级的告知",
                "岗位无人值班，改由上级听到：请补排班。",
                "Messages for a post where nobody was on duty, and who heard instead.",
                TOLD,
            ),
            Line(or_zero(most(10, fallen)), "{{post}} → {{heard}}"),
            limits=above(5, 50),
            width=8,
        ),
        ranking(
            About(
                "空岗",
                "无人值班的单位数，按岗位。",
                "Units at which nobody is on duty at a post.",
                TOLD,
            ),
            Line(seen("shaodao_rota_vacant_posts", by="post"), "{{post}}"),
            unit=COUNT,
            limits=above(1, 10),
            width=8,
        ),
    ]
