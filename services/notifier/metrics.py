"""Metrics of the notifier, each with its meaning."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping

from prometheus_client import Counter, Gauge, Histogram

from services.notifier.domain.promises import Change
from shared.runtime.outbox import Outgoing

LATENESS = Histogram(
    "shaodao_deadline_lateness_seconds",
    "Wall time from the moment a rung was due to fire to the commit of its firing.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
CLAIMED = Histogram(
    "shaodao_deadline_claimed",
    "Promises fired in one claimed batch.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
)
STEPS = Counter(
    "shaodao_deadline_steps_total",
    "What happened to promises: opened, warned, missed, met, met_late, and so on.",
    ["kind", "what"],
)
FAILED = Counter(
    "shaodao_deadlines_failed_total",
    "Promises whose rung could not be worked out, put off to be tried again.",
    ["kind"],
)
UNENDED = Gauge(
    "shaodao_deadlines_unended", "Promises that have not ended, by state.", ["kind", "state"]
)
OLDEST_FIRE = Gauge(
    "shaodao_deadline_oldest_fire_age_seconds",
    "Wall time since the oldest rung that should have fired and has not; 0 if none.",
)
SUPERVISIONS = Counter(
    "shaodao_supervisions_total",
    "Written answers asked for, answered, answered late, or not wanted any more.",
    ["source", "what"],
)
NOTICES = Counter("shaodao_notices_total", "Notices written for units.", ["type"])


def count_steps(changes: Iterable[Change]) -> None:
    """Count every step of a batch."""
    tally = Tally((change.after.kind, step.what) for change in changes for step in change.steps)
    for (kind, what), number in tally.items():
        STEPS.labels(kind, what).inc(number)


def count_notices(rows: Iterable[Outgoing]) -> None:
    """Count the notices written in a transaction."""
    for type_, number in Tally(row.type for row in rows).items():
        NOTICES.labels(type_).inc(number)


def show_unended(counts: Mapping[tuple[str, str], int]) -> None:
    """Show how many promises are open; what is no more shows nothing."""
    UNENDED.clear()
    for (kind, state), number in counts.items():
        UNENDED.labels(kind, state).set(number)
