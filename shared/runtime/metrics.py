"""Metrics of the runtime, the same in every service; each with its meaning."""

from prometheus_client import Counter, Gauge, Histogram

BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

EVENTS = Counter(
    "shaodao_events_total",
    "Events heard, by what became of them: handled, duplicate, unknown_type, dead, parked.",
    ["group", "outcome"],
)
BATCH_EVENTS = Histogram(
    "shaodao_batch_events",
    "Events in one consumed batch.",
    ["group"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
)
BATCH_SECONDS = Histogram(
    "shaodao_batch_duration_seconds",
    "Time from a batch's arrival to its commit.",
    ["group"],
    buckets=BUCKETS_SECONDS,
)
BATCH_RETRIES = Counter(
    "shaodao_batch_retries_total",
    "Batches tried again because the database was away or busy.",
    ["group"],
)
LAG = Gauge(
    "shaodao_consumer_lag_records",
    "Records in the assigned partitions that are not handled yet.",
    ["group"],
)
OUTBOX_ROWS = Gauge("shaodao_outbox_rows", "Rows waiting in the outbox, at most 10,000 counted.")
OUTBOX_AGE = Gauge(
    "shaodao_outbox_oldest_age_seconds", "Age of the oldest row waiting in the outbox; 0 if none."
)
OUTBOX_SENT = Counter("shaodao_outbox_sent_total", "Outbox rows acknowledged by Kafka.")
OUTBOX_UNROUTABLE = Gauge(
    "shaodao_outbox_unroutable_topics", "Topics that outbox rows wait for and Kafka does not have."
)
RELAY_LEADER = Gauge("shaodao_relay_leader", "1 where this process sends the outbox.")
RELAY_ERRORS = Counter("shaodao_relay_errors_total", "Times the relay had to start again.")
DEAD_LETTERS = Gauge("shaodao_dead_letters", "Dead letters that were not replayed.")
PARKED = Gauge("shaodao_parked_events", "Events parked after a failure, to be retried in order.")
COMMIT_REQUESTS = Histogram(
    "shaodao_group_commit_requests",
    "HTTP commands that shared one transaction.",
    ["command"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
)
HTTP_SECONDS = Histogram(
    "shaodao_http_request_duration_seconds",
    "Time to answer a request.",
    ["method", "route", "status"],
    buckets=BUCKETS_SECONDS,
)
POOL_CONNECTIONS = Gauge("shaodao_pool_connections", "Connections of the database pool.", ["state"])
CLOCK_REAL = Gauge("shaodao_clock_real", "1 where domain time is real time.")
BUILD = Gauge("shaodao_build_info", "1; the version of the running code.", ["service", "version"])
