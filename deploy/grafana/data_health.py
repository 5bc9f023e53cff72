"""Data health: whether what the system holds is true, and whether its processes are well."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.panels import (
    BYTES,
    COUNT,
    RATE,
    SECONDS,
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
    or_zero,
    per_hour,
    per_second,
    quantile,
    seen,
    total,
)

HERE: Final = "data-health"
PARKED: Final = "what-could-not-be-read-and-what-failed"
AUDITOR: Final = "the-auditor"
CANARY: Final = "the-canary"
EACH: Final = "{{job}}"
OURS: Final = 'job=~"shaodao-.+"'
PROCESS: Final = "{{job}} {{instance}}"
DAY: Final = 86_400


def board() -> Board:
    """Two who check everything, what could not be read, and the processes."""
    return Board(
        uid="data-health",
        title="哨到 · 数据健康",
        description="Data health: auditor, canary, dead letters, parked events; the processes.",
        section=HERE,
        rows=[
            Rows("现在 Now", _now()),
            Rows("审计与探测 Auditor and canary", _checked()),
            Rows("未能处理的事件 Events that failed", _failed()),
            Rows("进程 Processes", _processes()),
        ],
    )


def _now() -> list[Panel]:
    return [
        value(
            About(
                "审计差异",
                "事实与实际不符的承诺，应为 0；不会自行修复。",
                "Differences between the facts and what was done, not settled.",
                AUDITOR,
            ),
            f"sum({seen('shaodao_audit_mismatches', by='kind')})",
            limits=above(1),
        ),
        value(
            About(
                "上次审计距今",
                "每分钟一次；停住说明审计没有运行。",
                "Time since an audit finished.",
                AUDITOR,
            ),
            f"time() - {seen('shaodao_audit_finished_timestamp_seconds')}",
            unit=SECONDS,
            limits=above(180, 600),
        ),
        value(
            About(
                "全程探测距今",
                "150 秒未走通为迟，300 秒为断。",
                "Time since a canary ticket came through the whole path.",
                CANARY,
            ),
            "min(shaodao_canary_age_seconds)",
            unit=SECONDS,
            limits=above(150, 300),
        ),
        value(
            About(
                "死信",
                "无法读取而未重放的事件，三个服务合计。",
                "Dead letters that were not replayed, of all services.",
                PARKED,
            ),
            f"sum({seen('shaodao_dead_letters', by='job')})",
            limits=above(1, 100),
        ),
        value(
            About(
                "搁置的事件",
                "我方处理失败、按序重试的事件；出现即是缺陷。",
                "Events parked after a failure, of all services.",
                PARKED,
            ),
            f"sum({seen('shaodao_parked_events', by='job')})",
            limits=above(1),
        ),
        value(
            About(
                "降级的部分",
                "各副本 /ready 所说的降级项数。",
                "Parts that /ready calls degraded, over all copies.",
                "look",
            ),
            or_zero("sum(shaodao_degraded_parts)"),
            limits=above(1),
        ),
    ]


def _checked() -> list[Panel]:
    return [
        ranking(
            About(
                "审计差异（按种类）",
                "每一类先看什么，见手册表格。",
                "Differences, by kind.",
                AUDITOR,
            ),
            Line(f"sort_desc({seen('shaodao_audit_mismatches', by='kind')})", "{{kind}}"),
            limits=above(1),
            width=8,
        ),
        course(
            About(
                "每秒审计",
                "看过的对象、承诺与事实；unknown 为审计不认识的。",
                "What the auditor looked at, a second.",
                AUDITOR,
            ),
            Line(per_second("shaodao_audited_total", by="what"), "{{what}}"),
            unit=RATE,
            width=8,
        ),
        course(
            About("审计耗时 p95", "超过一分钟即追不上。", "Wall time of one audit.", AUDITOR),
            Line(
                "histogram_quantile(0.95, sum by (le) "
                "(increase(shaodao_audit_duration_seconds_bucket[1h])))",
                "p95",
            ),
            unit=SECONDS,
            limits=above(30, 60),
            width=8,
        ),
        course(
            About(
                "探测各段耗时",
                "哪一段变慢，就看哪一段的服务。",
                "Wall time of each stretch of the canary's path, on average over the last hour.",
                CANARY,
            ),
            Line(
                "sum by (hop) (increase(shaodao_canary_hop_seconds_sum[1h])) / "
                "(sum by (hop) (increase(shaodao_canary_hop_seconds_count[1h])) > 0)",
                "{{hop}}",
            ),
            unit=SECONDS,
            limits=above(5, 30),
        ),
        course(
            About(
                "考核数据与检索的落后",
                "尚未计入考核数据的事实，和检索尚不知道的变更。",
                "Facts that the figures, and changes that the search, do not know yet.",
                "figures",
            ),
            Line(seen("shaodao_figures_behind_facts"), "考核数据 figures"),
            Line(seen("shaodao_intake_unindexed_changes"), "检索 search"),
        ),
    ]


def _failed() -> list[Panel]:
    return [
        course(
            About(
                "死信与搁置（按服务）",
                "先用 shaodao dead-letters list 看原因，再重放。",
                "Dead letters and parked events, by service.",
                PARKED,
            ),
            Line(seen("shaodao_dead_letters", by="job"), "死信 dead {{job}}"),
            Line(seen("shaodao_parked_events", by="job"), "搁置 parked {{job}}"),
            width=8,
        ),
        course(
            About(
                "搁置最久",
                "最早搁置的事件已等待多久；其后同一对象的事件都在等它。",
                "Wall time since the oldest parked event was parked.",
                PARKED,
            ),
            Line(seen("shaodao_parked_oldest_age_seconds", by="job"), EACH),
            unit=SECONDS,
            limits=above(300, 3600),
            names="service",
            width=8,
        ),
        course(
            About(
                "每小时未能处理",
                "死信、搁置与未知类型的事件。",
                "Events an hour that were dead, parked or of an unknown type.",
                PARKED,
            ),
            Line(
                per_hour(
                    "shaodao_events_total",
                    'outcome=~"dead|parked|unknown_type"',
                    by="outcome",
                ),
                "{{outcome}}",
            ),
            names="event",
            width=8,
        ),
    ]


def _processes() -> list[Panel]:
    expiry = "min by (job, certificate) (shaodao_certificate_expiry_timestamp_seconds)"
    return [
        value(
            About(
                "两周内到期的证书",
                "数据库与 Kafka 的证书。",
                "Certificates that end within 14 days.",
                HERE,
            ),
            or_zero(f"count({expiry} - time() < {14 * DAY})"),
            limits=above(1),
            width=6,
        ),
        value(
            About(
                "最近一小时重启",
                "一小时内启动的副本；部署之外应为 0。",
                "Copies that were started within the last hour.",
                HERE,
            ),
            or_zero(f"count(time() - process_start_time_seconds{{{OURS}}} < 3600)"),
            limits=above(4, 10),
            width=6,
        ),
        value(
            About(
                "版本数",
                "同时运行的版本；部署之外应为 1。",
                "Versions that run now; 1 but during a deployment.",
                HERE,
            ),
            "count(count by (version) (shaodao_build_info))",
            limits=above(2),
            width=6,
        ),
        value(
            About(
                "登录失败",
                "所选时段内密码错误、锁定、过期或被拒。",
                "Tries to sign in that failed, in the time shown.",
                "who-may-sign-in",
            ),
            in_range("shaodao_logins_total", 'outcome!="signed_in"'),
            limits=above(100, 1000),
            decimals=0,
            width=6,
        ),
        course(
            About(
                "事件循环迟延 p99",
                "超过 0.25 秒：处理器不足，或有阻塞的代码。",
                "How much later than asked the event loop woke, 99th percentile.",
                HERE,
            ),
            Line(quantile(0.99, "shaodao_event_loop_lag_seconds", by="job, instance"), PROCESS),
            unit=SECONDS,
            limits=above(0.25, 1),
            width=8,
        ),
        course(
            About(
                "处理器",
                "每个副本用满一核即 1；长期近 1 请加副本。",
                "Processor cores used by each copy.",
                HERE,
            ),
            Line(f"rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval])", PROCESS),
            limits=above(0.8, 0.95),
            width=8,
        ),
        course(
            About(
                "内存",
                "只涨不降请重启该副本并报告。",
                "Resident memory of each copy.",
                HERE,
            ),
            Line(f"process_resident_memory_bytes{{{OURS}}}", PROCESS),
            unit=BYTES,
            width=8,
        ),
        course(
            About(
                "打开的文件",
                "连接与文件；接近上限前会先变慢。",
                "Open files and connections of each copy.",
                HERE,
            ),
            Line(f"process_open_fds{{{OURS}}}", PROCESS),
            unit=COUNT,
            width=8,
        ),
        course(
            About(
                "实时页面与正在退出的副本",
                "退出超过半分钟即被强制结束。",
                "Pages that follow live, and copies that are draining.",
                HERE,
            ),
            Line(total("shaodao_live_pages"), "实时页面 live pages"),
            Line(total("shaodao_draining"), "正在退出 draining"),
            width=8,
        ),
        course(
            About(
                "登录（每小时）",
                "wrong 突增：可能有人在猜密码。",
                "Tries to sign in an hour, by outcome.",
                "who-may-sign-in",
            ),
            Line(per_hour("shaodao_logins_total", by="outcome"), "{{outcome}}"),
            width=8,
        ),
    ]
