"""Metrics of the runtime, the same in every service; each with its meaning."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from shared.runtime.instruments import (
    GROUP,
    NAN,
    Copies,
    Open,
    counter,
    gauge,
    histogram,
    show_all,
)

BUCKETS_SECONDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)  # fmt: skip
BUCKETS_ROWS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
OUTCOMES: Final = ("handled", "duplicate", "unknown_type", "dead", "parked")
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ROUTE: Final = Open("the route's template; unmatched where there is none", 300)
COMMAND: Final = Open("the HTTP command whose requests share transactions", 6)

EVENTS = counter(
    "shaodao_events_total",
    "Events heard, by what became of them.",
    group=GROUP,
    outcome=OUTCOMES,
)
BATCH_EVENTS = histogram(
    "shaodao_batch_events",
    "Events in one consumed batch.",
    group=GROUP,
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
)
BATCH_SECONDS = histogram(
    "shaodao_batch_duration_seconds",
    "Time from a batch's arrival to its commit.",
    group=GROUP,
    buckets=BUCKETS_SECONDS,
)
BATCH_AGE = histogram(
    "shaodao_batch_event_age_seconds",
    "Wall time from the broker's timestamp of a batch's oldest record to the batch's commit.",
    group=GROUP,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600),
)
BATCH_RETRIES = counter(
    "shaodao_batch_retries_total",
    "Batches tried again because the database was away or busy.",
    group=GROUP,
)
LAG = gauge(
    "shaodao_consumer_lag_records",
    "Records in the partitions of this copy that are not handled yet; NaN without Kafka.",
    group=GROUP,
    over=Copies.SUM,
)
PARTITIONS = gauge(
    "shaodao_consumer_partitions",
    "Partitions that this copy hears; a sum of 0 means that nobody does.",
    group=GROUP,
    over=Copies.SUM,
)
STALLED = gauge(
    "shaodao_consumer_stalled_seconds",
    "Time for which there were records and no batch was finished; 0 if none waits.",
    group=GROUP,
    over=Copies.MAX,
)
OUTBOX_ROWS = gauge(
    "shaodao_outbox_rows",
    "Rows waiting in the outbox, at most 10,000 counted.",
    over=Copies.MAX,
    begins=NAN,
)
OUTBOX_AGE = gauge(
    "shaodao_outbox_oldest_age_seconds",
    "Wall time since the oldest row waiting in the outbox was written; 0 if none.",
    over=Copies.MAX,
    begins=NAN,
)
OUTBOX_SENT = counter("shaodao_outbox_sent_total", "Outbox rows acknowledged by Kafka.")
OUTBOX_UNROUTABLE = gauge(
    "shaodao_outbox_unroutable_topics",
    "Topics that outbox rows wait for and Kafka does not have, as the leader sees it.",
    over=Copies.MAX,
)
RELAY_LEADER = gauge(
    "shaodao_relay_leader",
    "1 where this process sends the outbox; of all copies one does.",
    over=Copies.SUM,
)
RELAY_ERRORS = counter("shaodao_relay_errors_total", "Times the relay had to start again.")
RELAY_ROWS = histogram(
    "shaodao_relay_batch_rows", "Outbox rows sent at once.", buckets=BUCKETS_ROWS
)
RELAY_SECONDS = histogram(
    "shaodao_relay_batch_duration_seconds",
    "Time from reading outbox rows to their deletion after Kafka's acknowledgement.",
    buckets=BUCKETS_SECONDS,
)
RELAY_SENT_AT = gauge(
    "shaodao_relay_sent_timestamp_seconds",
    "Wall time at which Kafka last acknowledged outbox rows; 0 if never to this process.",
    over=Copies.MAX,
)
KAFKA_REACHABLE = gauge(
    "shaodao_kafka_reachable",
    "1 where Kafka answered the relay and every consumer at the last look, every 3 s.",
    over=Copies.MIN,
    begins=NAN,
)
DATABASE_REACHABLE = gauge(
    "shaodao_database_reachable",
    "1 where the database answered at the last look, every 3 s.",
    over=Copies.MIN,
    begins=NAN,
)
DEGRADED = gauge(
    "shaodao_degraded_parts",
    "1 for each part that /ready calls degraded; no series where none is.",
    part=Open("a part of the service, as /ready names it", 20),
    over=Copies.EACH,
)
DEAD_LETTERS = gauge(
    "shaodao_dead_letters", "Dead letters that were not replayed.", over=Copies.MAX, begins=NAN
)
PARKED = gauge(
    "shaodao_parked_events",
    "Events parked after a failure, to be retried in order.",
    over=Copies.MAX,
    begins=NAN,
)
PARKED_AGE = gauge(
    "shaodao_parked_oldest_age_seconds",
    "Wall time since the oldest parked event was parked; 0 if none.",
    over=Copies.MAX,
    begins=NAN,
)
COMMIT_REQUESTS = histogram(
    "shaodao_group_commit_requests",
    "HTTP commands that shared one transaction.",
    command=COMMAND,
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
COMMIT_WAITING = gauge(
    "shaodao_group_commit_waiting_requests",
    "HTTP commands that wait now to be carried out together.",
    command=COMMAND,
    over=Copies.SUM,
)
HTTP_REQUESTS = counter(
    "shaodao_http_requests_total",
    "Requests answered.",
    method=(*METHODS, "other"),
    route=ROUTE,
    status=Open("the status code of the answer", 25),
)
HTTP_SECONDS = histogram(
    "shaodao_http_request_duration_seconds",
    "Time to answer a request.",
    method=(*METHODS, "other"),
    route=ROUTE,
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUESTS_REFUSED = counter(
    "shaodao_requests_refused_total",
    "Requests refused before any work: the pool or a queue is over its limit (capacity), the "
    "places of critical tickets are taken (critical), the outbox is over its limit (disk), the "
    "caller is over its own rate (rate), the process ends (draining).",
    reason=("capacity", "critical", "disk", "rate", "draining"),
)
DRAINING = gauge(
    "shaodao_draining",
    "1 while the process ends and finishes what was begun.",
    over=Copies.SUM,
)
LOGINS = counter(
    "shaodao_logins_total",
    "Tries to sign in: signed_in, wrong (login or password), locked (too many tries), expired (an "
    "old form), refused (known, but may not).",
    way=("password", "oidc"),
    outcome=("signed_in", "wrong", "locked", "expired", "refused"),
)
LIVE_PAGES = gauge("shaodao_live_pages", "Pages that are followed live now.", over=Copies.SUM)
POOL_CONNECTIONS = gauge(
    "shaodao_pool_connections",
    "Connections of the database pool.",
    state=("used", "idle"),
    over=Copies.SUM,
)
POOL_LIMIT = gauge(
    "shaodao_pool_limit_connections",
    "Most connections of the database pool.",
    over=Copies.SUM,
)
POOL_WAIT = histogram(
    "shaodao_pool_wait_seconds",
    "Time it took to get a connection from the pool.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
POOL_WAITING = gauge(
    "shaodao_pool_waiting_requests",
    "Who waits now for a connection of the pool.",
    over=Copies.SUM,
)
LOOP_LAG = histogram(
    "shaodao_event_loop_lag_seconds",
    "How much later than asked the event loop woke a sleeper, looked at twice a second.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CLOCK_REAL = gauge("shaodao_clock_real", "1 where domain time is real time.", over=Copies.MIN)
CLOCK_RATE = gauge(
    "shaodao_clock_rate_ratio",
    "Domain seconds that pass in a wall second.",
    over=Copies.MAX,
)
BUILD = gauge(
    "shaodao_build_info",
    "1; the version of the running code.",
    service=Open("the service", 1),
    version=Open("the version of the code", 1),
    over=Copies.EACH,
)
CERTIFICATES = gauge(
    "shaodao_certificate_expiry_timestamp_seconds",
    "Wall time at which a configured certificate ends; no series where none is configured.",
    certificate=Open("what the certificate is for", 10),
    over=Copies.MIN,
)


def answered(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request; a method nobody knows is one of `other`."""
    known = method if method in METHODS else "other"
    HTTP_REQUESTS.labels(known, route, str(status)).inc()
    HTTP_SECONDS.labels(known, route).observe(seconds)


class OfGroup:
    """The metrics of one consumer group, looked up once."""

    def __init__(self, group: str) -> None:
        self._events = {outcome: EVENTS.labels(group, outcome) for outcome in OUTCOMES}
        self._sizes = BATCH_EVENTS.labels(group)
        self._seconds = BATCH_SECONDS.labels(group)
        self._age = BATCH_AGE.labels(group)
        self.retries = BATCH_RETRIES.labels(group)
        for now in (LAG, PARTITIONS, STALLED):
            now.labels(group)

    def handled(
        self, outcomes: Mapping[str, int], *, records: int, seconds: float, age: float
    ) -> None:
        """Count a batch that is committed; `age` is that of its oldest record."""
        for outcome, number in outcomes.items():
            self._events[outcome].inc(number)
        self._sizes.observe(records)
        self._seconds.observe(seconds)
        self._age.observe(max(0.0, age))


@cache
def of_group(group: str) -> OfGroup:
    """A group's metrics; there at 0 before its first batch."""
    return OfGroup(group)


def show_degraded(parts: Iterable[str]) -> None:
    """Only what is degraded now has a series."""
    show_all(DEGRADED, {(part,): 1 for part in parts})


def database_away() -> None:
    """What the database says is not known; the last word must not stand as if it were."""
    DATABASE_REACHABLE.set(0)
    for said in (OUTBOX_ROWS, OUTBOX_AGE, DEAD_LETTERS, PARKED, PARKED_AGE):
        said.set(NAN)
