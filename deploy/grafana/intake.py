"""Intake: whether people and systems that come are answered, quickly, and what they bring."""

from typing import Final

from deploy.grafana.board import Board, Choice, Rows
from deploy.grafana.city import IN_DISTRICT
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
    mean,
    most,
    or_zero,
    per_hour,
    per_second,
    quantile,
    seen,
    share,
    total,
)

HERE: Final = "intake"
JOB: Final = 'job="shaodao-intake"'
HTTP: Final = "shaodao_http_request_duration_seconds"
REQUESTS: Final = "shaodao_http_requests_total"


def board() -> Board:
    """The service that people meet."""
    return Board(
        uid="intake",
        title="哨到 · 受理",
        description="Intake: requests over HTTP, registrations, search, photos, personal data.",
        section=HERE,
        rows=[
            Rows("请求 Requests", _requests()),
            Rows("工单 Tickets", _tickets()),
            Rows("检索、提示、照片与个人信息 Search, hints, photos, personal data", _rest()),
        ],
        choices=[Choice("district", "区 district", "shaodao_intake_tickets_total", "district")],
    )


def _requests() -> list[Panel]:
    failed = per_second(REQUESTS, f'{JOB},status=~"5.."')
    return [
        value(
            About("每秒请求", "全部副本合计。", "Requests a second over all copies.", HERE),
            per_second(REQUESTS, JOB),
            unit=RATE,
            decimals=1,
        ),
        value(
            About(
                "失败比例",
                "5xx 占比。先看数据库是否可达，再看日志。",
                "Share of 5xx.",
                HERE,
            ),
            share(failed, per_second(REQUESTS, JOB)),
            unit=SHARE,
            limits=above(0.001, 0.01),
            decimals=2,
        ),
        value(
            About(
                "p95 应答",
                "95% 的请求在此时间内应答。",
                "95 % of requests are answered within.",
                HERE,
            ),
            quantile(0.95, HTTP, JOB),
            unit=SECONDS,
            limits=above(0.5, 2),
        ),
        value(
            About(
                "被限流的请求",
                "所选时段内被拒（429/503）的请求，见手册中的限额。",
                "Requests refused before any work in the time shown.",
                HERE,
            ),
            in_range("shaodao_requests_refused_total", JOB),
            limits=above(1, 100),
            decimals=0,
        ),
        value(
            About(
                "等待提交",
                "正排队共用一个事务的命令；持续上涨说明数据库慢。",
                "Commands that wait for their transaction.",
                HERE,
            ),
            or_zero(total("shaodao_group_commit_waiting_requests", JOB)),
            limits=above(50, 150),
        ),
        value(
            About(
                "未编入检索",
                "检索尚不知道的变更。",
                "Changes that the search does not know yet.",
                HERE,
            ),
            seen("shaodao_intake_unindexed_changes"),
            limits=above(1000, 10000),
        ),
        course(
            About(
                "每秒请求（按状态码）",
                "5xx 出现即查；429/503 为限流。",
                "Requests a second, by status.",
                HERE,
            ),
            Line(per_second(REQUESTS, JOB, by="status"), "{{status}}"),
            unit=RATE,
            stacked=True,
        ),
        course(
            About("应答时间", "p99 陡升而 p50 不变：个别慢查询。", "Time to answer.", HERE),
            *(Line(quantile(q, HTTP, JOB), f"p{round(100 * q)}") for q in (0.5, 0.95, 0.99)),
            unit=SECONDS,
            limits=above(0.5, 2),
        ),
        ranking(
            About(
                "最慢的接口",
                "各接口 p95，前十。",
                "The slowest routes by their 95th percentile.",
                HERE,
            ),
            Line(
                most(10, f"{quantile(0.95, HTTP, JOB, by='method, route')} > 0"),
                "{{method}} {{route}}",
            ),
            unit=SECONDS,
            limits=above(0.5, 2),
        ),
        course(
            About(
                "拒绝的请求（按原因）",
                "capacity 容量；disk 出件箱过长；rate 单个来源过快；draining 正在退出。",
                "Requests refused a second, by reason.",
                HERE,
            ),
            Line(per_second("shaodao_requests_refused_total", JOB, by="reason"), "{{reason}}"),
            unit=RATE,
        ),
    ]


def _tickets() -> list[Panel]:
    return [
        course(
            About(
                "每小时登记（按类型）",
                "所选区的登记，按诉求类型。",
                "Registrations an hour, by type.",
                HERE,
            ),
            Line(per_hour("shaodao_intake_tickets_total", IN_DISTRICT, by="type"), "{{type}}"),
            width=8,
            stacked=True,
        ),
        course(
            About(
                "每小时状态变化",
                "工单的命令与其后的状态。",
                "Changes of tickets an hour, by the state after it.",
                HERE,
            ),
            Line(per_hour("shaodao_intake_transitions_total", by="state"), "{{state}}"),
            width=8,
            names="ticket",
        ),
        course(
            About(
                "重复登记",
                "repeated 同一请求再次到达，无害；refused 同一键内容不同，来源系统有误。",
                "Registrations under a key or source used before, an hour.",
                "source-systems-and-their-webhooks",
            ),
            Line(per_hour("shaodao_intake_repeats_total", by="outcome"), "{{outcome}}"),
            width=8,
        ),
        course(
            About(
                "呼叫中心事件",
                "一小时内来电事件；白天归零说明呼叫中心对接中断。",
                "Events of the call centre an hour.",
                HERE,
            ),
            Line(per_hour("shaodao_intake_calls_total", by="event"), "{{event}}"),
        ),
        course(
            About(
                "每个事务的命令数",
                "负载越高越大；为 1 而等待增多说明合并提交没有起作用。",
                "Commands that shared one transaction, on average.",
                HERE,
            ),
            Line(mean("shaodao_group_commit_requests", JOB, by="command"), "{{command}}"),
            unit=COUNT,
        ),
    ]


def _rest() -> list[Panel]:
    return [
        course(
            About(
                "提示耗时 p95",
                "录入时的分类与查重提示；超过 0.25 秒会被感觉到。",
                "Time of a hint while somebody types, 95th percentile.",
                HERE,
            ),
            Line(quantile(0.95, "shaodao_intake_hint_duration_seconds", by="kind"), "{{kind}}"),
            unit=SECONDS,
            limits=above(0.25, 1),
            width=8,
        ),
        course(
            About(
                "照片（每小时）",
                "refused 增多：页面或应用上传的不是照片。",
                "Photos an hour, by what became of them.",
                "photos-and-maps",
            ),
            Line(per_hour("shaodao_intake_photos_total", by="outcome"), "{{outcome}}"),
            width=8,
        ),
        course(
            About(
                "检索与到期清理（每小时）",
                "编入检索的变更，和到期删除的行。",
                "Changes taken into the search, and rows let go of at the end of their term.",
                HERE,
            ),
            Line(per_hour("shaodao_intake_indexed_total"), "编入检索 indexed"),
            Line(or_zero(per_hour("shaodao_intake_forgotten_total")), "到期清理 forgotten"),
            width=8,
        ),
        course(
            About(
                "脱敏（每小时）",
                "从文字中去掉的个人信息，按种类。",
                "Personal data taken out of texts an hour, by kind.",
                HERE,
            ),
            Line(per_hour("shaodao_intake_redactions_total", by="kind"), "{{kind}}"),
        ),
        course(
            About(
                "调取联系方式（每小时）",
                "given 突增：请核查是谁、为何。",
                "Requests of units for a person's contact an hour.",
                HERE,
            ),
            Line(per_hour("shaodao_intake_disclosures_total", by="outcome"), "{{outcome}}"),
            limits=above(200, 1000),
        ),
    ]
