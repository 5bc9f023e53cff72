"""Data health: whether what the system holds is true, and whether its processes are well."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.panels import (
    BYTES,
    COUNT,
    RATE,
    SECONDS,
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
ABOUT: Final = words_of("data_health")


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
            Rows("进程 Processes", [*_process_numbers(), *_process_courses()]),
        ],
    )


def _now() -> list[Panel]:
    return [
        value(
            ABOUT["mismatches"],
            f"sum({seen('shaodao_audit_mismatches', by='kind')})",
            limits=above(1),
        ),
        value(
            ABOUT["audited_ago"],
            f"time() - {seen('shaodao_audit_finished_timestamp_seconds')}",
            unit=SECONDS,
            limits=above(180, 600),
        ),
        value(
            ABOUT["canary"],
            "min(shaodao_canary_age_seconds)",
            unit=SECONDS,
            limits=above(150, 300),
        ),
        value(
            ABOUT["dead"],
            f"sum({seen('shaodao_dead_letters', by='job')})",
            limits=above(1, 100),
        ),
        value(
            ABOUT["parked"],
            f"sum({seen('shaodao_parked_events', by='job')})",
            limits=above(1),
        ),
        value(
            ABOUT["degraded"],
            or_zero("sum(shaodao_degraded_parts)"),
            limits=above(1),
        ),
    ]


def _checked() -> list[Panel]:
    return [
        ranking(
            ABOUT["mismatches_by_kind"],
            Line(f"sort_desc({seen('shaodao_audit_mismatches', by='kind')})", "{{kind}}"),
            limits=above(1),
            width=8,
        ),
        course(
            ABOUT["audited"],
            Line(per_second("shaodao_audited_total", by="what"), "{{what}}"),
            unit=RATE,
            width=8,
        ),
        course(
            ABOUT["audit_duration"],
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
            ABOUT["hops"],
            Line(
                "sum by (hop) (increase(shaodao_canary_hop_seconds_sum[1h])) / "
                "(sum by (hop) (increase(shaodao_canary_hop_seconds_count[1h])) > 0)",
                "{{hop}}",
            ),
            unit=SECONDS,
            limits=above(5, 30),
        ),
        course(
            ABOUT["behind"],
            Line(seen("shaodao_figures_behind_facts"), "考核数据 figures"),
            Line(seen("shaodao_intake_unindexed_changes"), "检索 search"),
        ),
    ]


def _failed() -> list[Panel]:
    return [
        course(
            ABOUT["dead_and_parked"],
            Line(seen("shaodao_dead_letters", by="job"), "死信 dead {{job}}"),
            Line(seen("shaodao_parked_events", by="job"), "搁置 parked {{job}}"),
            width=8,
        ),
        course(
            ABOUT["oldest_parked"],
            Line(seen("shaodao_parked_oldest_age_seconds", by="job"), EACH),
            unit=SECONDS,
            limits=above(300, 3600),
            names="service",
            width=8,
        ),
        course(
            ABOUT["unhandled"],
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


def _process_numbers() -> list[Panel]:
    expiry = "min by (job, certificate) (shaodao_certificate_expiry_timestamp_seconds)"
    return [
        value(
            ABOUT["certificates"],
            or_zero(f"count({expiry} - time() < {14 * DAY})"),
            limits=above(1),
            width=6,
        ),
        value(
            ABOUT["restarted"],
            or_zero(f"count(time() - process_start_time_seconds{{{OURS}}} < 3600)"),
            limits=above(4, 10),
            width=6,
        ),
        value(
            ABOUT["versions"],
            "count(count by (version) (shaodao_build_info))",
            limits=above(2),
            width=6,
        ),
        value(
            ABOUT["sign_ins_failed"],
            in_range("shaodao_logins_total", 'outcome!="signed_in"'),
            limits=above(100, 1000),
            decimals=0,
            width=6,
        ),
    ]


def _process_courses() -> list[Panel]:
    return [
        course(
            ABOUT["loop"],
            Line(quantile(0.99, "shaodao_event_loop_lag_seconds", by="job, instance"), PROCESS),
            unit=SECONDS,
            limits=above(0.25, 1),
            width=8,
        ),
        course(
            ABOUT["processor"],
            Line(f"rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval])", PROCESS),
            limits=above(0.8, 0.95),
            width=8,
        ),
        course(
            ABOUT["memory"],
            Line(f"process_resident_memory_bytes{{{OURS}}}", PROCESS),
            unit=BYTES,
            width=8,
        ),
        course(
            ABOUT["files"],
            Line(f"process_open_fds{{{OURS}}}", PROCESS),
            unit=COUNT,
            width=8,
        ),
        course(
            ABOUT["pages"],
            Line(total("shaodao_live_pages"), "实时页面 live pages"),
            Line(total("shaodao_draining"), "正在退出 draining"),
            width=8,
        ),
        course(
            ABOUT["sign_ins"],
            Line(per_hour("shaodao_logins_total", by="outcome"), "{{outcome}}"),
            width=8,
        ),
    ]
