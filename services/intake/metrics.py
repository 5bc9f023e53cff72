"""Metrics of intake, each with its meaning; no ids and no personal data as labels."""

from collections import Counter as Tally
from collections.abc import Iterable, Mapping

from services.intake.domain.call import CallEvent
from services.intake.domain.case import Case
from services.intake.domain.redaction import Kind
from services.intake.domain.ticket import TicketState
from shared.contracts.values import Channel, TicketType
from shared.runtime.instruments import (
    DISTRICT,
    NAN,
    Copies,
    Open,
    counter,
    district_of_place,
    gauge,
    histogram,
    show_all,
)

TICKETS = counter(
    "shaodao_intake_tickets_total",
    "Tickets registered.",
    channel=Channel,
    type=TicketType,
    district=DISTRICT,
)
OPEN_TICKETS = gauge(
    "shaodao_intake_open_tickets",
    "Tickets that have not ended.",
    channel=Channel,
    state=TicketState,
    district=DISTRICT,
    over=Copies.MAX,
)
REPEATS = counter(
    "shaodao_intake_repeats_total",
    "Registrations under a key or source already used: repeated (same body) or refused (another).",
    outcome=("repeated", "refused"),
)
TRANSITIONS = counter(
    "shaodao_intake_transitions_total",
    "Changes of tickets, by command and the state after it.",
    command=Open("the command, or what was noted in the ticket's history", 60),
    state=TicketState,
)
REDACTIONS = counter(
    "shaodao_intake_redactions_total", "Personal data taken out of texts.", kind=Kind
)
DISCLOSURES = counter(
    "shaodao_intake_disclosures_total",
    "Requests of units for a person's contact.",
    outcome=("given", "refused"),
)
CALLS = counter(
    "shaodao_intake_calls_total",
    "Events of the call centre that changed a call.",
    event=CallEvent,
)
FORGOTTEN = counter(
    "shaodao_intake_forgotten_total",
    "Rows let go of at the end of their term.",
    kind=("persons", "keys", "looks", "tickets", "drafts", "numbers"),
)
RESEALED = counter(
    "shaodao_intake_resealed_total",
    "Sealed rows of an old vault key sealed under the new one.",
)
PHOTOS = counter(
    "shaodao_intake_photos_total",
    "Photos by what became of them.",
    outcome=("kept", "refused", "attached", "removed", "unused"),
)
INDEXED = counter("shaodao_intake_indexed_total", "Changes of tickets taken into the search.")
UNINDEXED = gauge(
    "shaodao_intake_unindexed_changes",
    "Changes of tickets that the search does not know yet.",
    over=Copies.MAX,
    begins=NAN,
)
HINT_SECONDS = histogram(
    "shaodao_intake_hint_duration_seconds",
    "Time a hint takes while somebody types.",
    kind=("categories", "duplicates"),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)


def count_registered(cases: Iterable[Case]) -> None:
    """Count the new tickets of a batch; the canary's are none."""
    tally = Tally(
        (ticket.channel, ticket.type, district_of_place(ticket.place.region))
        for ticket in (case.ticket for case in cases)
        if not ticket.canary
    )
    for labels, number in tally.items():
        TICKETS.labels(*labels).inc(number)


def count_moves(cases: Iterable[Case]) -> None:
    """Count the changes of saved cases."""
    tally = Tally((move.what, case.ticket.state) for case in cases for move in case.moves)
    for labels, number in tally.items():
        TRANSITIONS.labels(*labels).inc(number)


def show_open(counts: Mapping[tuple[str, str, str], int]) -> None:
    """Show how many tickets are open, by channel, state and district."""
    show_all(OPEN_TICKETS, counts)
