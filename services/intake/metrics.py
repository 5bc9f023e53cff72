"""Metrics of intake, each with its meaning; no ids and no personal data as labels."""

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

from services.intake.domain.case import Case

TICKETS = Counter(
    "shaodao_intake_tickets_total", "Tickets registered, by channel and type.", ["channel", "type"]
)
REPEATS = Counter(
    "shaodao_intake_repeats_total",
    "Registrations under a key or source already used: repeated (same body) or refused (another).",
    ["outcome"],
)
TRANSITIONS = Counter(
    "shaodao_intake_transitions_total",
    "Changes of tickets, by command and the state after it.",
    ["command", "state"],
)
REDACTIONS = Counter(
    "shaodao_intake_redactions_total", "Personal data taken out of texts, by kind.", ["kind"]
)
DISCLOSURES = Counter(
    "shaodao_intake_disclosures_total",
    "Requests of units for a person's contact, by outcome: given, refused.",
    ["outcome"],
)

CALLS = Counter(
    "shaodao_intake_calls_total",
    "Events of the call centre that changed a call, by kind.",
    ["event"],
)
FORGOTTEN = Counter(
    "shaodao_intake_forgotten_total",
    "Rows let go of at the end of their term, by kind.",
    ["kind"],
)
RESEALED = Counter(
    "shaodao_intake_resealed_total", "Sealed rows of an old vault key sealed under the new one."
)
PHOTOS = Counter(
    "shaodao_intake_photos_total",
    "Photos by what became of them: kept, refused, attached, removed, unused.",
    ["outcome"],
)
INDEXED = Counter("shaodao_intake_indexed_total", "Changes of tickets taken into the search.")
INDEX_WAITS = Gauge(
    "shaodao_intake_index_waits", "Changes of tickets that the search does not know yet."
)

HINT_SECONDS = Histogram(
    "shaodao_intake_hint_seconds",
    "Time a hint takes while somebody types, by kind: categories, duplicates.",
    ["kind"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)


def count_moves(cases: Iterable[Case]) -> None:
    """Count the changes of saved cases."""
    for case in cases:
        for move in case.moves:
            TRANSITIONS.labels(move.what, case.ticket.state).inc()
