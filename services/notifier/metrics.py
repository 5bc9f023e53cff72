"""Metrics of the notifier, each with its meaning."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from services.notifier.domain.audit.found import MismatchKind
from services.notifier.domain.canary import Hop
from services.notifier.domain.deadline import DeadlineState
from services.notifier.domain.promises import Change, What
from services.notifier.domain.supervision import Source
from services.notifier.domain.telling.bundle import Bundle, BundleKind
from services.notifier.domain.telling.gap import GapWhy
from services.notifier.domain.telling.message import Message, MessageState, Settled, Way
from services.notifier.domain.telling.posts import OF_A_UNIT, Post
from shared.contracts.parts import DeadlineKind
from shared.runtime.clock import Clock, wall_now
from shared.runtime.instruments import (
    DISTRICT,
    NAN,
    UNIT,
    Copies,
    Open,
    counter,
    district_of_place,
    gauge,
    histogram,
    show_all,
)
from shared.runtime.metrics import BUCKETS_SECONDS
from shared.runtime.outbox import Outgoing

OPEN_STATES: Final = (DeadlineState.RUNNING, DeadlineState.PAUSED, DeadlineState.MISSED)
SECOND: Final = timedelta(seconds=1)

LATENESS = histogram(
    "shaodao_deadline_lateness_seconds",
    "Wall time from the moment a rung was due to fire to the commit of its firing.",
    kind=DeadlineKind,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
FIRED = histogram(
    "shaodao_deadline_batch_deadlines",
    "Promises fired in one claimed batch.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
FIRE_SECONDS = histogram(
    "shaodao_deadline_batch_duration_seconds",
    "Time from the claim of a batch of promises to the commit of what fired.",
    buckets=BUCKETS_SECONDS,
)
STEPS = counter(
    "shaodao_deadline_steps_total",
    "What happened to promises.",
    kind=DeadlineKind,
    what=What,
)
FAILED = counter(
    "shaodao_deadlines_failed_total",
    "Promises whose rung could not be worked out, put off to be tried again.",
    kind=DeadlineKind,
)
OPEN_DEADLINES = gauge(
    "shaodao_open_deadlines",
    "Promises that have not ended; missed ones are overdue.",
    kind=DeadlineKind,
    state=OPEN_STATES,
    over=Copies.MAX,
    begins=NAN,
)
UNIT_DEADLINES = gauge(
    "shaodao_unit_open_deadlines",
    "Promises that units owe, by the unit's own district; missed ones are overdue.",
    unit=UNIT,
    district=DISTRICT,
    state=OPEN_STATES,
    over=Copies.MAX,
)
OLDEST_OVERDUE = gauge(
    "shaodao_deadline_oldest_overdue_age_seconds",
    "Domain time since the oldest overdue promise was due; 0 if none is.",
    kind=DeadlineKind,
    over=Copies.MAX,
    begins=NAN,
)
OLDEST_FIRE = gauge(
    "shaodao_deadline_oldest_fire_age_seconds",
    "Wall time since the oldest rung that should have fired and has not; 0 if none.",
    over=Copies.MAX,
    begins=NAN,
)
SUPERVISIONS = counter(
    "shaodao_supervisions_total",
    "Written answers asked for, answered, answered late, or not wanted any more.",
    source=Source,
    what=("asked", "answered", "answered_late", "ended"),
)
PUT_AWAY = counter(
    "shaodao_deadlines_put_away_total", "Promises that had ended and were put away by month."
)
FIGURES_BEHIND = gauge(
    "shaodao_figures_behind_facts",
    "Facts in the log that the figures do not count yet, at most.",
    over=Copies.MAX,
    begins=NAN,
)
NOTICES = counter(
    "shaodao_notices_total",
    "Notices written for units.",
    type=Open("the type of the notice's event", 20),
)
MESSAGES = counter(
    "shaodao_messages_total",
    "Messages written for people, by the post that was to hear and how they go.",
    post=Post,
    way=(*Way, MessageState.HELD),
)
FALLEN = counter(
    "shaodao_messages_fallen_total",
    "Messages for a post where nobody was on duty, and the higher post that heard instead.",
    post=Post,
    heard=Post,
)
UNREACHED = counter(
    "shaodao_messages_unreached_total",
    "Rungs that nobody heard of, as nobody at all was on duty at its post or above.",
)
TOLD = counter(
    "shaodao_messages_told_total",
    "What became of messages: told, repeated, moot (nothing owed any more), passed_on (to who is "
    "on duty now).",
    outcome=("told", "repeated", "moot", "passed_on"),
)
BUNDLES = counter("shaodao_message_bundles_total", "What people were sent.", kind=BundleKind)
HELD = gauge(
    "shaodao_messages_held",
    "Messages held back after an outage or a leap of the clock.",
    over=Copies.MAX,
    begins=NAN,
)
HELD_AGE = gauge(
    "shaodao_messages_held_age_seconds",
    "Wall time since the oldest message that is held fired; 0 if none.",
    over=Copies.MAX,
    begins=NAN,
)
MESSAGES_WAITING = gauge(
    "shaodao_messages_waiting",
    "Messages that wait to be told.",
    way=Way,
    over=Copies.MAX,
    begins=NAN,
)
MESSAGES_LATE = gauge(
    "shaodao_messages_late_seconds",
    "Wall time since the oldest message that should have been told and was not; 0 if none.",
    over=Copies.MAX,
    begins=NAN,
)
GAPS = counter(
    "shaodao_watch_gaps_total", "Times that nobody watched, longer than allowed.", why=GapWhy
)
VACANT = gauge(
    "shaodao_rota_vacant_posts",
    "Posts of units at which nobody is on duty.",
    post=sorted(OF_A_UNIT),
    over=Copies.MAX,
    begins=NAN,
)
MISMATCHES = gauge(
    "shaodao_audit_mismatches",
    "Differences between what the facts say should have fired and what did, not settled.",
    kind=MismatchKind,
    over=Copies.MAX,
    begins=NAN,
)
AUDITED = counter(
    "shaodao_audited_total",
    "What the auditor looked at; unknown: what it has no model of.",
    what=("subjects", "deadlines", "facts", "unknown"),
)
AUDIT_SECONDS = histogram(
    "shaodao_audit_duration_seconds",
    "Wall time of one audit.",
    buckets=(0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600),
)
AUDIT_FINISHED = gauge(
    "shaodao_audit_finished_timestamp_seconds",
    "Wall time at which an audit was last done to its end, by whichever copy; 0 if never.",
    over=Copies.MAX,
    begins=NAN,
)
CANARY_AGE = gauge(
    "shaodao_canary_age_seconds",
    "Wall time since a canary ticket last came through the whole path; grows when any part fails.",
    over=Copies.MIN,
)
CANARY_OK = gauge(
    "shaodao_canary_ok_timestamp_seconds",
    "Wall time at which a canary ticket last came through the whole path; 0 if never.",
    over=Copies.MAX,
)
CANARY_HOP = histogram(
    "shaodao_canary_hop_seconds",
    "Wall time that a canary ticket took for one stretch of the path.",
    hop=Hop,
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)


def show_canary(*, since: datetime, last_ok: datetime | None) -> None:
    """The age is worked out when it is read, so that it grows even if nobody looks any more."""
    CANARY_AGE.set_function(lambda: (wall_now() - since) / SECOND)
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


def count_fired(changes: Sequence[Change], ages: Sequence[tuple[str, float]], took: float) -> None:
    """Count a batch that is committed; `ages` are the kind and lateness of each rung."""
    FIRED.observe(len(changes))
    FIRE_SECONDS.observe(took)
    count_steps(changes)
    of_kind = {kind: LATENESS.labels(kind) for kind in {kind for kind, _ in ages}}
    for kind, age in ages:
        of_kind[kind].observe(age)


def show_open(
    by_kind: Mapping[tuple[str, str], int],
    by_unit: Mapping[tuple[str, str | None, str], int],
    overdue_since: Mapping[str, datetime],
    *,
    now: datetime,
) -> None:
    """Show how many promises are open, and since when the oldest of each kind is overdue."""
    for kind in DeadlineKind:
        for state in OPEN_STATES:
            OPEN_DEADLINES.labels(kind, state).set(by_kind.get((kind, state), 0))
        since = overdue_since.get(kind)
        OLDEST_OVERDUE.labels(kind).set(max(0.0, (now - since) / SECOND) if since else 0)
    show_all(
        UNIT_DEADLINES,
        {
            (unit, district_of_place(region), state): number
            for (unit, region, state), number in by_unit.items()
        },
    )


def open_unknown() -> None:
    """The database does not tell."""
    for kind in DeadlineKind:
        OLDEST_OVERDUE.labels(kind).set(NAN)
        for state in OPEN_STATES:
            OPEN_DEADLINES.labels(kind, state).set(NAN)
    show_all(UNIT_DEADLINES, {})


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
    clock: Clock,
) -> None:
    """Show what waits, what is late, and what is held back."""
    for way in Way:
        MESSAGES_WAITING.labels(way).set(waiting[way][0] if way in waiting else 0)
    MESSAGES_LATE.set(max([0.0, *(_wall_age(send_at, clock) for _, send_at in waiting.values())]))
    HELD.set(held)
    HELD_AGE.set(_wall_age(oldest_held, clock) if oldest_held else 0)


def messages_unknown() -> None:
    """The database does not tell."""
    for shown in (HELD, HELD_AGE, MESSAGES_LATE, *map(MESSAGES_WAITING.labels, Way)):
        shown.set(NAN)


def _wall_age(moment: datetime, clock: Clock) -> float:
    return max(0.0, (wall_now() - clock.wall_at(moment)) / SECOND)


def show_vacant(vacant: Mapping[Post, int]) -> None:
    """Show at how many units nobody is on duty at a post."""
    for post in sorted(OF_A_UNIT):
        VACANT.labels(post).set(vacant.get(post, 0))
