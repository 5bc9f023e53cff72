"""Follows the whistles and promises of tickets: hears router and notifier, batch by batch."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.intake import metrics
from services.intake.domain.heard import Heard
from services.intake.domain.hearing import hear
from services.intake.domain.registration import Rules
from services.intake.store import tickets as store
from shared.contracts.deadlines import DeadlineFact
from shared.contracts.whistles import WhistleFact
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming


async def follow(
    connection: Connection, events: Sequence[Incoming], now: datetime, *, rules: Rules
) -> None:
    """Apply the events, in order, to the tickets they are about.

    A whistle without tickets is a street's own matter and passes by.
    """
    about = await _tickets_of(connection, events)
    cases = await store.load_cases(connection, {each for ids in about for each in ids})
    for event, ticket_ids in zip(events, about, strict=True):
        heard = Heard(
            at=event.time,
            now=now,
            catalogue=rules.catalogue,
            policy=rules.policy,
            callback_by=lambda start: rules.due(rules.limits.callback_end(), start),
            traceparent=event.traceparent,
        )
        for ticket_id in ticket_ids:
            if ticket_id in cases:
                hear(cases[ticket_id], event.data, heard)
    await store.save_cases(connection, cases.values(), policy=rules.policy)
    metrics.count_moves(cases.values())


async def _tickets_of(connection: Connection, events: Sequence[Incoming]) -> list[tuple[UUID, ...]]:
    """The tickets of each event: those it names, else those of its whistle."""
    unnamed = {
        event.data.whistle_id
        for event in events
        if isinstance(event.data, DeadlineFact) and event.data.whistle_id is not None
    }
    linked = await store.tickets_of_whistles(connection, unnamed) if unnamed else {}
    about: list[tuple[UUID, ...]] = []
    for event in events:
        data = event.data
        if isinstance(data, WhistleFact):
            about.append(data.ticket_ids)
            continue
        ticket_ids = set(linked.get(data.whistle_id, ()))
        if data.ticket_id is not None:
            ticket_ids.add(data.ticket_id)
        about.append(tuple(sorted(ticket_ids)))
    return about
