"""Metrics of the notifier, each with its meaning."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from prometheus_client import Counter, Gauge, Histogram

from services.notifier.domain.audit.found import MismatchKind
from services.notifier.domain.promises import Change
from services.notifier.domain.telling.bundle import Bundle
from services.notifier.domain.telling.message import Message, MessageState, Settled, Way
from services.notifier.domain.telling.posts import OF_A_UNIT, Post
from shared.runtime.clock import wall_now
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
PUT_AWAY = Counter(
    "shaodao_deadlines_put_away_total", "Promises that had ended and were put away by month."
)
FIGURES_BEHIND = Gauge(
    "shaodao_figures_behind_facts", "Facts in the log that the figures do not count yet, at most."
)
NOTICES = Counter("shaodao_notices_total", "Notices written for units.", ["type"])
MESSAGES = Counter(
    "shaodao_messages_total",
    "Messages written for people, by the post that was to hear and how they go: at_once, bundle, "
    "daily, or held.",
    ["post", "way"],
)
FALLEN = Counter(
    "shaodao_messages_fallen_total",
    "Messages for a post where nobody was on duty, and the higher post that heard instead.",
    ["post", "heard"],
)
UNREACHED = Counter(
    "shaodao_messages_unreached_total",
    "Rungs that nobody heard of, as nobody at all was on duty at its post or above.",
)
TOLD = Counter(
    "shaodao_messages_told_total",
    "What became of messages: told, repeated, moot (nothing owed any more), passed_on (to who is "
    "on duty now).",
    ["outcome"],
)
BUNDLES = Counter(
    "shaodao_message_bundles_total",
    "What people were sent: single, bundle, daily, released.",
    ["kind"],
)
HELD = Gauge("shaodao_messages_held", "Messages held back after an outage or a leap of the clock.")
HELD_AGE = Gauge(
    "shaodao_messages_held_age_seconds",
    "Domain time since the oldest message that is held fired; 0 if none.",
)
MESSAGES_WAITING = Gauge("shaodao_messages_waiting", "Messages that wait to be told.", ["way"])
MESSAGES_LATE = Gauge(
    "shaodao_messages_late_seconds",
    "Domain time since the oldest message that should have been told and was not; 0 if none.",
)
GAPS = Counter(
    "shaodao_watch_gaps_total", "Times that nobody watched, longer than allowed.", ["why"]
)
VACANT = Gauge("shaodao_rota_vacant_posts", "Posts of units at which nobody is on duty.", ["post"])

MISMATCHES = Gauge(
    "shaodao_audit_mismatches",
    "Differences between what the facts say should have fired and what did, not settled.",
    ["kind"],
)
AUDITED = Counter(
    "shaodao_audited_total",
    "What the auditor looked at: subjects, deadlines, facts; what it has no model of: unknown.",
    ["what"],
)
AUDIT_SECONDS = Histogram(
    "shaodao_audit_seconds",
    "Wall time of one audit.",
    buckets=(0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
)
AUDIT_FINISHED = Gauge(
    "shaodao_audit_finished_timestamp_seconds", "Wall time at which this copy finished an audit."
)

CANARY_AGE = Gauge(
    "shaodao_canary_age_seconds",
    "Wall time since a canary ticket last came through the whole path; grows when any part fails.",
)
CANARY_OK = Gauge(
    "shaodao_canary_ok_timestamp_seconds",
    "Wall time at which a canary ticket last came through the whole path; 0 if never.",
)
CANARY_HOP = Histogram(
    "shaodao_canary_hop_seconds",
    "Wall time that a canary ticket took for one stretch of the path.",
    ["hop"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)


def show_canary(*, since: datetime, last_ok: datetime | None) -> None:
    """The age is worked out when it is read, so that it grows even if nobody looks any more."""
    CANARY_AGE.set_function(lambda: (wall_now() - since) / timedelta(seconds=1))
    CANARY_OK.set(0 if last_ok is None else last_ok.timestamp())


def audited(
    counts: Mapping[str, int], open_: Mapping[MismatchKind, int], *, seconds: float, at: datetime
) -> None:
    """Count one audit, and show what is open after it."""
    for what in ("subjects", "deadlines", "facts", "unknown"):
        AUDITED.labels(what).inc(counts.get(what, 0))
    AUDIT_SECONDS.observe(seconds)
    AUDIT_FINISHED.set(at.timestamp())
    show_mismatches(open_)


def show_mismatches(open_: Mapping[MismatchKind, int]) -> None:
    """Every kind is shown, with 0 where there is none: an alert needs the row."""
    for kind in MismatchKind:
        MISMATCHES.labels(kind).set(open_.get(kind, 0))


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


def count_messages(messages: Iterable[Message], *, unreached: int) -> None:
    """Count the messages written in a transaction, and what nobody hears."""
    for (post, way), number in Tally((m.post, _how(m)) for m in messages).items():
        MESSAGES.labels(post, way).inc(number)
    for (post, heard), number in Tally((m.post, m.seat.post) for m in messages if m.fell).items():
        FALLEN.labels(post, heard).inc(number)
    if unreached:
        UNREACHED.inc(unreached)


def _how(message: Message) -> str:
    return message.way if message.send_at is not None else message.state


def count_bundles(bundles: Iterable[Bundle]) -> None:
    """Count what people were sent."""
    for kind, number in Tally(bundle.kind for bundle in bundles).items():
        BUNDLES.labels(kind).inc(number)


def count_outcomes(settled: Iterable[Settled]) -> None:
    """Count what became of messages."""
    for outcome, number in Tally(map(_outcome, settled)).items():
        TOLD.labels(outcome).inc(number)


def _outcome(settled: Settled) -> str:
    waits = settled.message.state is MessageState.WAITING
    if settled.told_at is None:
        return "passed_on" if waits else "moot"
    return "repeated" if settled.message.told > 1 else "told"


def show_messages(
    waiting: Mapping[Way, tuple[int, datetime]],
    held: int,
    *,
    oldest_held: datetime | None,
    now: datetime,
) -> None:
    """Show what waits, what is late, and what is held back."""
    for way in Way:
        MESSAGES_WAITING.labels(way).set(waiting[way][0] if way in waiting else 0)
    late = [(now - send_at) / timedelta(seconds=1) for _, send_at in waiting.values()]
    MESSAGES_LATE.set(max([0.0, *late]))
    HELD.set(held)
    HELD_AGE.set((now - oldest_held) / timedelta(seconds=1) if oldest_held else 0)


def show_vacant(vacant: Mapping[Post, int]) -> None:
    """Show at how many units nobody is on duty at a post."""
    for post in sorted(OF_A_UNIT):
        VACANT.labels(post).set(vacant.get(post, 0))
