"""Metrics of intake, each with its meaning; no ids and no personal data as labels."""

from collections.abc import Iterable

from prometheus_client import Counter

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

FORGOTTEN = Counter(
    "shaodao_intake_forgotten_total",
    "Rows let go of at the end of their term, by kind: persons, keys, looks.",
    ["kind"],
)
RESEALED = Counter(
    "shaodao_intake_resealed_total", "Sealed rows of an old vault key sealed under the new one."
)


def count_moves(cases: Iterable[Case]) -> None:
    """Count the changes of saved cases."""
    for case in cases:
        for move in case.moves:
            TRANSITIONS.labels(move.what, case.ticket.state).inc()
