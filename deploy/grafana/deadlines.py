"""Deadlines and ladders: whether promises fire in time, and what is owed and overdue."""

from typing import Final

from deploy.grafana.board import Board, Rows
from deploy.grafana.city import DISTRICT, OF_UNIT, PART, UNIT
from deploy.grafana.panels import (
    SECONDS,
    SHARE,
    Line,
    Panels,
    above,
    below,
    course,
    quantiles,
    ranking,
    spread,
    value,
    wide,
)
from deploy.grafana.queries import (
    buckets,
    in_range,
    mean,
    most,
    or_zero,
    per_hour,
    seen,
    summed,
    within,
)

LATENESS: Final = "shaodao_deadline_lateness_seconds"
BATCH: Final = "shaodao_deadline_batch"
STEPS: Final = "shaodao_deadline_steps_total"


def board() -> Board:
    """The service that keeps every promise of time."""
    return Board(
        uid="deadlines",
        title="哨到 · 时限与升级",
        description="Deadlines and ladders: lateness of firing, promises open and overdue.",
        section="deadlines-and-ladders",
        rows=[
            Rows("触发 Firing", _firing()),
            Rows("承诺 Promises", _promises()),
            Rows("单位与督办 Units and supervision", _units()),
        ],
        choices=[DISTRICT, UNIT],
    )


def _firing() -> Panels:
    in_time, waiting = within(LATENESS, "1.0"), seen("shaodao_deadline_oldest_fire_age_seconds")
    failed, gaps = in_range("shaodao_deadlines_failed_total"), in_range("shaodao_watch_gaps_total")
    late = quantiles(LATENESS, 0.5, 0.95, 0.99)
    took = quantiles(f"{BATCH}_duration_seconds", 0.5, 0.95)
    return [
        *wide(
            4,
            fired_in_time=value(in_time, unit=SHARE, limits=below(0.999, 0.99), decimals=2),
            unfired=value(waiting, unit=SECONDS, limits=above(2, 5)),
            failed=value(failed, limits=above(1), decimals=0),
            gaps=value(gaps, limits=above(1), decimals=0),
            clock=value(seen("shaodao_clock_rate_ratio"), limits=above(1.001)),
            figures_behind=value(seen("shaodao_figures_behind_facts"), limits=above(1000, 10000)),
        ),
        *wide(
            12,
            spread=spread(buckets(LATENESS)),
            lateness=course(*late, unit=SECONDS, limits=above(1, 5)),
            batch_size=course(Line(mean(f"{BATCH}_deadlines"), "件数 deadlines")),
            batch_duration=course(*took, unit=SECONDS, limits=above(0.5, 2)),
        ),
    ]


def _promises() -> Panels:
    by_state = summed("shaodao_open_deadlines", "", of="kind, state", by="state")
    overdue = summed("shaodao_open_deadlines", 'state="missed"', of="kind, state", by="kind")
    oldest = seen("shaodao_deadline_oldest_overdue_age_seconds", by="kind")
    missed = per_hour(STEPS, 'what="missed"', by="kind")
    return [
        *wide(
            12,
            steps=course(Line(per_hour(STEPS, by="what"), "{{what}}")),
            open=course(Line(by_state, "{{state}}"), stacked=True, names="promise"),
        ),
        *wide(
            8,
            overdue=ranking(
                Line(most(20, overdue), "{{kind}}"), limits=above(10, 100), names="deadline"
            ),
            oldest_overdue=course(Line(oldest, "{{kind}}"), unit=SECONDS, names="deadline"),
            missed=course(Line(missed, "{{kind}}"), names="deadline"),
        ),
    ]


def _units() -> Panels:
    gauge, missed = "shaodao_unit_open_deadlines", f'state="missed",{OF_UNIT}'
    by_unit = most(10, summed(gauge, missed, of=PART, by="unit"))
    by_district = summed(gauge, missed, of=PART, by="district")
    by_state = summed(gauge, OF_UNIT, of=PART, by="state")
    supervisions = per_hour("shaodao_supervisions_total", by="what")
    put_away = or_zero(per_hour("shaodao_deadlines_put_away_total"))
    return [
        *wide(
            8,
            latest_units=ranking(Line(by_unit, "{{unit}}"), limits=above(10, 50)),
            by_district=course(Line(by_district, "{{district}}"), stacked=True),
            of_units=course(Line(by_state, "{{state}}"), names="promise"),
        ),
        *wide(
            12,
            supervisions=course(Line(supervisions, "{{what}}")),
            put_away=course(Line(put_away, "归档 put away")),
        ),
    ]
