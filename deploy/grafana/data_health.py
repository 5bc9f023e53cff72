"""Data health: whether what the system holds is true, and whether its processes are well."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.panels import (
    BYTES,
    RATE,
    SECONDS,
    Line,
    Panels,
    above,
    course,
    ranking,
    value,
    wide,
)
from deploy.grafana.queries import in_range, or_zero, per_hour, per_second, quantile, seen, total

OURS: Final = 'job=~"shaodao-.+"'
PROCESS: Final = "{{job}} {{instance}}"
DAY: Final = 86_400


def board() -> Board:
    """Two who check everything, what could not be read, and the processes."""
    return Board(
        uid="data-health",
        title="哨到 · 数据健康",
        description="Data health: auditor, canary, dead letters, parked events; the processes.",
        section="data-health",
        rows=[
            Rows("现在 Now", _now()),
            Rows("审计与探测 Auditor and canary", _checked()),
            Rows("未能处理的事件 Events that failed", _failed()),
            Rows("进程 Processes", [*_process_numbers(), *_process_courses()]),
        ],
    )


def _now() -> Panels:
    mismatches = f"sum({seen('shaodao_audit_mismatches', by='kind')})"
    audited_ago = f"time() - {seen('shaodao_audit_finished_timestamp_seconds')}"
    dead = f"sum({seen('shaodao_dead_letters', by='job')})"
    parked = f"sum({seen('shaodao_parked_events', by='job')})"
    return wide(
        4,
        mismatches=value(mismatches, limits=above(1)),
        audited_ago=value(audited_ago, unit=SECONDS, limits=above(180, 600)),
        canary=value("min(shaodao_canary_age_seconds)", unit=SECONDS, limits=above(150, 300)),
        dead=value(dead, limits=above(1, 100)),
        parked=value(parked, limits=above(1)),
        degraded=value(or_zero("sum(shaodao_degraded_parts)"), limits=above(1)),
    )


def _checked() -> Panels:
    mismatches = f"sort_desc({seen('shaodao_audit_mismatches', by='kind')})"
    took = (
        "histogram_quantile(0.95, sum by (le) "
        "(increase(shaodao_audit_duration_seconds_bucket[1h])))"
    )
    hops = (
        "sum by (hop) (increase(shaodao_canary_hop_seconds_sum[1h])) / "
        "(sum by (hop) (increase(shaodao_canary_hop_seconds_count[1h])) > 0)"
    )
    return [
        *wide(
            8,
            mismatches_by_kind=ranking(Line(mismatches, "{{kind}}"), limits=above(1)),
            audited=course(
                Line(per_second("shaodao_audited_total", by="what"), "{{what}}"), unit=RATE
            ),
            audit_duration=course(Line(took, "p95"), unit=SECONDS, limits=above(30, 60)),
        ),
        *wide(
            12,
            hops=course(Line(hops, "{{hop}}"), unit=SECONDS, limits=above(5, 30)),
            behind=course(
                Line(seen("shaodao_figures_behind_facts"), "考核数据 figures"),
                Line(seen("shaodao_intake_unindexed_changes"), "检索 search"),
            ),
        ),
    ]


def _failed() -> Panels:
    oldest = seen("shaodao_parked_oldest_age_seconds", by="job")
    unhandled = per_hour(
        "shaodao_events_total", 'outcome=~"dead|parked|unknown_type"', by="outcome"
    )
    return wide(
        8,
        dead_and_parked=course(
            Line(seen("shaodao_dead_letters", by="job"), "死信 dead {{job}}"),
            Line(seen("shaodao_parked_events", by="job"), "搁置 parked {{job}}"),
        ),
        oldest_parked=course(
            Line(oldest, "{{job}}"), unit=SECONDS, limits=above(300, 3600), names="service"
        ),
        unhandled=course(Line(unhandled, "{{outcome}}"), names="event"),
    )


def _process_numbers() -> Panels:
    expiry = "min by (job, certificate) (shaodao_certificate_expiry_timestamp_seconds)"
    restarted = f"count(time() - process_start_time_seconds{{{OURS}}} < 3600)"
    failed = in_range("shaodao_logins_total", 'outcome!="signed_in"')
    return wide(
        6,
        certificates=value(or_zero(f"count({expiry} - time() < {14 * DAY})"), limits=above(1)),
        restarted=value(or_zero(restarted), limits=above(4, 10)),
        versions=value("count(count by (version) (shaodao_build_info))", limits=above(2)),
        sign_ins_failed=value(failed, limits=above(100, 1000), decimals=0),
    )


def _process_courses() -> Panels:
    lag = quantile(0.99, "shaodao_event_loop_lag_seconds", by="job, instance")
    used = f"rate(process_cpu_seconds_total{{{OURS}}}[$__rate_interval])"
    return wide(
        8,
        loop=course(Line(lag, PROCESS), unit=SECONDS, limits=above(0.25, 1)),
        processor=course(Line(used, PROCESS), limits=above(0.8, 0.95)),
        memory=course(Line(f"process_resident_memory_bytes{{{OURS}}}", PROCESS), unit=BYTES),
        files=course(Line(f"process_open_fds{{{OURS}}}", PROCESS)),
        pages=course(
            Line(total("shaodao_live_pages"), "实时页面 live pages"),
            Line(total("shaodao_draining"), "正在退出 draining"),
        ),
        sign_ins=course(Line(per_hour("shaodao_logins_total", by="outcome"), "{{outcome}}")),
    )
