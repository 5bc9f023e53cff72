"""Metrics of deliveries, the same in every service that sends; no recipient as a label."""

from prometheus_client import Counter, Gauge, Histogram

TRIES = Counter(
    "shaodao_delivery_tries_total",
    "Tries to send, by channel and what they came to: sent, again, refused, nobody (or too late), "
    "failed (the last try), overtaken (another had the lease), broken (a fault of ours).",
    ["channel", "outcome"],
)
SECONDS = Histogram(
    "shaodao_delivery_duration_seconds",
    "Time of one try.",
    ["channel"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)
WAITING = Gauge(
    "shaodao_deliveries_waiting", "Deliveries not done yet, at most 10,000 counted.", ["channel"]
)
OLDEST = Gauge(
    "shaodao_delivery_oldest_age_seconds",
    "Age of the oldest delivery that is not done yet; 0 if none.",
    ["channel"],
)
OPEN_CIRCUITS = Gauge(
    "shaodao_delivery_open_circuits", "Destinations that count as down in this process."
)
