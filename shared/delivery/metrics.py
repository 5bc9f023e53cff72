"""Metrics of deliveries, the same in every service that sends; no recipient as a label."""

from collections.abc import Iterable

from shared.delivery.outgoing import Channel
from shared.runtime.instruments import NAN, Copies, counter, gauge, histogram

TRIES = counter(
    "shaodao_delivery_tries_total",
    "Tries to send, by what they came to: sent, again, refused, nobody (or too late), failed (the "
    "last try), overtaken (another had the lease), broken (a fault of ours).",
    channel=Channel,
    outcome=("sent", "again", "refused", "nobody", "failed", "overtaken", "broken"),
)
SECONDS = histogram(
    "shaodao_delivery_duration_seconds",
    "Time of one try.",
    channel=Channel,
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15),
)
WAITING = gauge(
    "shaodao_deliveries_waiting",
    "Deliveries not done yet, at most 10,000 counted.",
    channel=Channel,
    over=Copies.MAX,
)
OLDEST = gauge(
    "shaodao_delivery_oldest_age_seconds",
    "Wall time since the oldest delivery that is not done yet was queued; 0 if none.",
    channel=Channel,
    over=Copies.MAX,
)
OPEN_CIRCUITS = gauge(
    "shaodao_delivery_open_circuits",
    "Destinations that count as down in this process.",
    over=Copies.MAX,
)


def show_waiting(queues: Iterable[tuple[Channel, float, float]]) -> None:
    """How many wait in each channel, and for how long the oldest of them."""
    for channel, waiting, age in queues:
        WAITING.labels(channel).set(waiting)
        OLDEST.labels(channel).set(age)


def waiting_unknown() -> None:
    """The database does not tell."""
    show_waiting((channel, NAN, NAN) for channel in Channel)
