"""Intake: whether people and systems that come are answered, quickly, and what they bring."""

from typing import Final

from deploy.grafana.board import Board, Choice, Rows
from deploy.grafana.city import IN_DISTRICT
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
ABOUT: Final = words_of("intake")


def board() -> Board:
    """The service that people meet."""
    return Board(
        uid="intake",
        title="哨到 · 受理",
        description="Intake: requests over HTTP, registrations, search, photos, personal data.",
        section=HERE,
        rows=[
            Rows("请求 Requests", [*_requests_now(), *_requests()]),
            Rows("工单 Tickets", _tickets()),
            Rows("检索、提示、照片与个人信息 Search, hints, photos, personal data", _rest()),
        ],
        choices=[Choice("district", "区 district", "shaodao_intake_tickets_total", "district")],
    )


def _requests_now() -> list[Panel]:
    failed = per_second(REQUESTS, f'{JOB},status=~"5.."')
    return [
        value(
            ABOUT["requests"],
            per_second(REQUESTS, JOB),
            unit=RATE,
            decimals=1,
        ),
        value(
            ABOUT["failed"],
            share(failed, per_second(REQUESTS, JOB)),
            unit=SHARE,
            limits=above(0.001, 0.01),
            decimals=2,
        ),
        value(
            ABOUT["answered_within"],
            quantile(0.95, HTTP, JOB),
            unit=SECONDS,
            limits=above(0.5, 2),
        ),
        value(
            ABOUT["refused"],
            in_range("shaodao_requests_refused_total", JOB),
            limits=above(1, 100),
            decimals=0,
        ),
        value(
            ABOUT["waiting"],
            or_zero(total("shaodao_group_commit_waiting_requests", JOB)),
            limits=above(50, 150),
        ),
        value(
            ABOUT["unindexed"],
            seen("shaodao_intake_unindexed_changes"),
            limits=above(1000, 10000),
        ),
    ]


def _requests() -> list[Panel]:
    return [
        course(
            ABOUT["by_status"],
            Line(per_second(REQUESTS, JOB, by="status"), "{{status}}"),
            unit=RATE,
            stacked=True,
        ),
        course(
            ABOUT["answers"],
            *(Line(quantile(q, HTTP, JOB), f"p{round(100 * q)}") for q in (0.5, 0.95, 0.99)),
            unit=SECONDS,
            limits=above(0.5, 2),
        ),
        ranking(
            ABOUT["slowest"],
            Line(
                most(10, f"{quantile(0.95, HTTP, JOB, by='method, route')} > 0"),
                "{{method}} {{route}}",
            ),
            unit=SECONDS,
            limits=above(0.5, 2),
        ),
        course(
            ABOUT["by_reason"],
            Line(per_second("shaodao_requests_refused_total", JOB, by="reason"), "{{reason}}"),
            unit=RATE,
        ),
    ]


def _tickets() -> list[Panel]:
    return [
        course(
            ABOUT["by_type"],
            Line(per_hour("shaodao_intake_tickets_total", IN_DISTRICT, by="type"), "{{type}}"),
            width=8,
            stacked=True,
        ),
        course(
            ABOUT["transitions"],
            Line(per_hour("shaodao_intake_transitions_total", by="state"), "{{state}}"),
            width=8,
            names="ticket",
        ),
        course(
            ABOUT["repeats"],
            Line(per_hour("shaodao_intake_repeats_total", by="outcome"), "{{outcome}}"),
            width=8,
        ),
        course(
            ABOUT["calls"],
            Line(per_hour("shaodao_intake_calls_total", by="event"), "{{event}}"),
        ),
        course(
            ABOUT["together"],
            Line(mean("shaodao_group_commit_requests", JOB, by="command"), "{{command}}"),
            unit=COUNT,
        ),
    ]


def _rest() -> list[Panel]:
    return [
        course(
            ABOUT["hints"],
            Line(quantile(0.95, "shaodao_intake_hint_duration_seconds", by="kind"), "{{kind}}"),
            unit=SECONDS,
            limits=above(0.25, 1),
            width=8,
        ),
        course(
            ABOUT["photos"],
            Line(per_hour("shaodao_intake_photos_total", by="outcome"), "{{outcome}}"),
            width=8,
        ),
        course(
            ABOUT["indexed"],
            Line(per_hour("shaodao_intake_indexed_total"), "编入检索 indexed"),
            Line(or_zero(per_hour("shaodao_intake_forgotten_total")), "到期清理 forgotten"),
            width=8,
        ),
        course(
            ABOUT["redacted"],
            Line(per_hour("shaodao_intake_redactions_total", by="kind"), "{{kind}}"),
        ),
        course(
            ABOUT["disclosed"],
            Line(per_hour("shaodao_intake_disclosures_total", by="outcome"), "{{outcome}}"),
            limits=above(200, 1000),
        ),
    ]
