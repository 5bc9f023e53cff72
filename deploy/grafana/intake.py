"""Intake: whether people and systems that come are answered, quickly, and what they bring."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.city import DISTRICT, IN_DISTRICT, TICKETS
from deploy.grafana.panels import (
    RATE,
    SECONDS,
    SHARE,
    Line,
    Panels,
    above,
    course,
    quantiles,
    ranking,
    value,
    wide,
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

JOB: Final = 'job="shaodao-intake"'
HTTP: Final = "shaodao_http_request_duration_seconds"
REQUESTS: Final = "shaodao_http_requests_total"
REFUSED: Final = "shaodao_requests_refused_total"


def board() -> Board:
    """The service that people meet."""
    return Board(
        uid="intake",
        title="哨到 · 受理",
        description="Intake: requests over HTTP, registrations, search, photos, personal data.",
        section="intake",
        rows=[
            Rows("请求 Requests", [*_requests_now(), *_requests()]),
            Rows("工单 Tickets", _tickets()),
            Rows("检索、提示、照片与个人信息 Search, hints, photos, personal data", _rest()),
        ],
        choices=[DISTRICT],
    )


def _requests_now() -> Panels:
    every = per_second(REQUESTS, JOB)
    failed = share(per_second(REQUESTS, f'{JOB},status=~"5.."'), every)
    waiting = or_zero(total("shaodao_group_commit_waiting_requests", JOB))
    unindexed = seen("shaodao_intake_unindexed_changes")
    return wide(
        4,
        requests=value(every, unit=RATE, decimals=1),
        failed=value(failed, unit=SHARE, limits=above(0.001, 0.01), decimals=2),
        answered_within=value(quantile(0.95, HTTP, JOB), unit=SECONDS, limits=above(0.5, 2)),
        refused=value(in_range(REFUSED, JOB), limits=above(1, 100), decimals=0),
        waiting=value(waiting, limits=above(50, 150)),
        unindexed=value(unindexed, limits=above(1000, 10000)),
    )


def _requests() -> Panels:
    by_status = Line(per_second(REQUESTS, JOB, by="status"), "{{status}}")
    answers = quantiles(HTTP, 0.5, 0.95, 0.99, labels=JOB)
    slow = most(10, f"{quantile(0.95, HTTP, JOB, by='method, route')} > 0")
    slowest = Line(slow, "{{method}} {{route}}")
    by_reason = Line(per_second(REFUSED, JOB, by="reason"), "{{reason}}")
    return wide(
        12,
        by_status=course(by_status, unit=RATE, stacked=True),
        answers=course(*answers, unit=SECONDS, limits=above(0.5, 2)),
        slowest=ranking(slowest, unit=SECONDS, limits=above(0.5, 2)),
        by_reason=course(by_reason, unit=RATE),
    )


def _tickets() -> Panels:
    by_type = Line(per_hour(TICKETS, IN_DISTRICT, by="type"), "{{type}}")
    moved = Line(per_hour("shaodao_intake_transitions_total", by="state"), "{{state}}")
    repeats = Line(per_hour("shaodao_intake_repeats_total", by="outcome"), "{{outcome}}")
    together = Line(mean("shaodao_group_commit_requests", JOB, by="command"), "{{command}}")
    return [
        *wide(
            8,
            by_type=course(by_type, stacked=True),
            transitions=course(moved, names="ticket"),
            repeats=course(repeats),
        ),
        *wide(
            12,
            calls=course(Line(per_hour("shaodao_intake_calls_total", by="event"), "{{event}}")),
            together=course(together),
        ),
    ]


def _rest() -> Panels:
    hints = Line(quantile(0.95, "shaodao_intake_hint_duration_seconds", by="kind"), "{{kind}}")
    photos = Line(per_hour("shaodao_intake_photos_total", by="outcome"), "{{outcome}}")
    redacted = Line(per_hour("shaodao_intake_redactions_total", by="kind"), "{{kind}}")
    disclosed = Line(per_hour("shaodao_intake_disclosures_total", by="outcome"), "{{outcome}}")
    return [
        *wide(
            8,
            hints=course(hints, unit=SECONDS, limits=above(0.25, 1)),
            photos=course(photos),
            indexed=course(
                Line(per_hour("shaodao_intake_indexed_total"), "编入检索 indexed"),
                Line(or_zero(per_hour("shaodao_intake_forgotten_total")), "到期清理 forgotten"),
            ),
        ),
        *wide(
            12,
            redacted=course(redacted),
            disclosed=course(disclosed, limits=above(200, 1000)),
        ),
    ]
