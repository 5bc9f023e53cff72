"""Deadlines and ladders: whether promises fire in time, and what is owed and overdue."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.city import DISTRICT, OF_UNIT, PART, UNIT
from deploy.grafana.panels import (
    SECONDS,
    SHARE,
    Line,
    Panel,
    above,
    below,
    course,
    ranking,
    spread,
    value,
    words_of,
)
from deploy.grafana.queries import (
    buckets,
    in_range,
    mean,
    most,
    or_zero,
    per_hour,
    quantile,
    seen,
    summed,
    within,
)

HERE: Final = "deadlines-and-ladders"
LATENESS: Final = "shaodao_deadline_lateness_seconds"
STEPS: Final = "shaodao_deadline_steps_total"
ABOUT: Final = words_of("deadlines")


def board() -> Board:
    """The service that keeps every promise of time."""
    return Board(
        uid="deadlines",
        title="哨到 · 时限与升级",
        description="Deadlines and ladders: lateness of firing, promises open and overdue.",
        section=HERE,
        rows=[
            Rows("触发 Firing", [*_firing_now(), *_firing()]),
            Rows("承诺 Promises", _promises()),
            Rows("单位与督办 Units and supervision", _units()),
        ],
        choices=[DISTRICT, UNIT],
    )


def _firing_now() -> list[Panel]:
    return [
        value(
            ABOUT["fired_in_time"],
            within(LATENESS, "1.0"),
            unit=SHARE,
            limits=below(0.999, 0.99),
            decimals=2,
        ),
        value(
            ABOUT["unfired"],
            seen("shaodao_deadline_oldest_fire_age_seconds"),
            unit=SECONDS,
            limits=above(2, 5),
        ),
        value(
            ABOUT["failed"],
            in_range("shaodao_deadlines_failed_total"),
            limits=above(1),
            decimals=0,
        ),
        value(
            ABOUT["gaps"],
            in_range("shaodao_watch_gaps_total"),
            limits=above(1),
            decimals=0,
        ),
        value(
            ABOUT["clock"],
            seen("shaodao_clock_rate_ratio"),
            limits=above(1.001),
        ),
        value(
            ABOUT["figures_behind"],
            seen("shaodao_figures_behind_facts"),
            limits=above(1000, 10000),
        ),
    ]


def _firing() -> list[Panel]:
    return [
        spread(
            ABOUT["spread"],
            buckets(LATENESS),
        ),
        course(
            ABOUT["lateness"],
            *(Line(quantile(q, LATENESS), f"p{round(100 * q)}") for q in (0.5, 0.95, 0.99)),
            unit=SECONDS,
            limits=above(1, 5),
        ),
        course(
            ABOUT["batch_size"],
            Line(mean("shaodao_deadline_batch_deadlines"), "件数 deadlines"),
        ),
        course(
            ABOUT["batch_duration"],
            *(
                Line(quantile(q, "shaodao_deadline_batch_duration_seconds"), f"p{round(100 * q)}")
                for q in (0.5, 0.95)
            ),
            unit=SECONDS,
            limits=above(0.5, 2),
        ),
    ]


def _promises() -> list[Panel]:
    kinds = summed("shaodao_open_deadlines", 'state="missed"', of="kind, state", by="kind")
    return [
        course(
            ABOUT["steps"],
            Line(per_hour(STEPS, by="what"), "{{what}}"),
        ),
        course(
            ABOUT["open"],
            Line(summed("shaodao_open_deadlines", "", of="kind, state", by="state"), "{{state}}"),
            stacked=True,
            names="promise",
        ),
        ranking(
            ABOUT["overdue"],
            Line(most(20, kinds), "{{kind}}"),
            limits=above(10, 100),
            width=8,
            names="deadline",
        ),
        course(
            ABOUT["oldest_overdue"],
            Line(seen("shaodao_deadline_oldest_overdue_age_seconds", by="kind"), "{{kind}}"),
            unit=SECONDS,
            width=8,
            names="deadline",
        ),
        course(
            ABOUT["missed"],
            Line(per_hour(STEPS, 'what="missed"', by="kind"), "{{kind}}"),
            width=8,
            names="deadline",
        ),
    ]


def _units() -> list[Panel]:
    missed = summed("shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART, by="unit")
    by_district = summed(
        "shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}', of=PART, by="district"
    )
    return [
        ranking(
            ABOUT["latest_units"],
            Line(most(10, missed), "{{unit}}"),
            limits=above(10, 50),
            width=8,
        ),
        course(
            ABOUT["by_district"],
            Line(by_district, "{{district}}"),
            stacked=True,
            width=8,
        ),
        course(
            ABOUT["of_units"],
            Line(summed("shaodao_unit_open_deadlines", OF_UNIT, of=PART, by="state"), "{{state}}"),
            names="promise",
            width=8,
        ),
        course(
            ABOUT["supervisions"],
            Line(per_hour("shaodao_supervisions_total", by="what"), "{{what}}"),
        ),
        course(
            ABOUT["put_away"],
            Line(or_zero(per_hour("shaodao_deadlines_put_away_total")), "归档 put away"),
        ),
    ]
