"""Follows the whistles and promises of tickets: hears router and notifier, batch by batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake import metrics
from services.intake.domain.case import Case
from services.intake.domain.heard import Heard
from services.intake.domain.hearing import hear
from services.intake.domain.merging import open_own_callback
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import TicketState
from services.intake.rate import asking_texts
from services.intake.store import callbacks, merges
from services.intake.store import tickets as store
from shared.contracts import rulings, whistles
from shared.contracts.deadlines import DeadlineFact
from shared.contracts.figures import RulingFact
from shared.contracts.whistles import WhistleFact
from shared.delivery.outgoing import put_many
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming

# After these a ticket may wait for its callback, and with it those that are merged into it.
RESOLVING: Final = (whistles.Resolved, rulings.ReviewPassed)


async def follow(
    connection: Connection,
    events: Sequence[Incoming],
    now: datetime,
    *,
    rules: Rules,
    by_sms: bool = False,
) -> None:
    """Apply the events, in order, to the tickets they are about.

    A whistle without tickets is a street's own matter and passes by. `by_sms`: who is to be called
    back is asked by a text message, too.
    """
    about = await _tickets_of(connection, events)
    resolving = {
        ticket_id
        for event, ticket_ids in zip(events, about, strict=True)
        if isinstance(event.data, RESOLVING)
        for ticket_id in ticket_ids
    }
    children = await merges.children_of(connection, resolving) if resolving else {}
    wanted = {each for ids in about for each in ids} | children.keys()
    cases = await store.load_cases(connection, wanted)
    for event, ticket_ids in zip(events, about, strict=True):
        heard = Heard(
            at=event.time,
            now=now,
            catalogue=rules.catalogue,
            policy=rules.policy,
            callback_dues=rules.callback_dues,
            traceparent=event.traceparent,
        )
        before = {each: cases[each].ticket.state for each in ticket_ids if each in cases}
        for ticket_id in before:
            hear(cases[ticket_id], event.data, heard)
        if children and isinstance(event.data, RESOLVING):
            await _resolved_with(connection, cases, children, heard)
        if isinstance(event.data, whistles.MergeConflict):
            await _merges_ended(connection, cases, before, now)
    opened = await callbacks.open_tasks(connection, cases.values())
    if by_sms and opened:
        await put_many(connection, asking_texts(opened, now=now))
    await store.save_cases(connection, cases.values(), policy=rules.policy)
    metrics.count_moves(cases.values())


async def _resolved_with(
    connection: Connection, cases: Mapping[UUID, Case], children: Mapping[UUID, UUID], heard: Heard
) -> None:
    """Each ticket that follows a resolved one gets a callback of its own, parents first."""
    opened = []
    for ticket_id, parent_id in children.items():
        case, parent = cases[ticket_id], cases.get(parent_id)
        if parent is None or parent.ticket.state is not TicketState.CALLBACK:
            continue
        reply = next((x.zh for x in reversed(parent.lines) if x.what == "resolved"), None)
        if reply is None and case.ticket.state is TicketState.MERGED:
            reply = await merges.last_reply(connection, parent_id)
        if open_own_callback(case, parent, heard, reply=reply):
            opened.append(ticket_id)
    if opened:
        await merges.end_merges(connection, opened, at=heard.now, undone=False)


async def _merges_ended(
    connection: Connection,
    cases: Mapping[UUID, Case],
    before: Mapping[UUID, TicketState],
    now: datetime,
) -> None:
    """A merge that the router refused (its own unit had finished) is no more."""
    undone = [
        ticket_id
        for ticket_id, state in before.items()
        if state is TicketState.MERGED and cases[ticket_id].ticket.state is not TicketState.MERGED
    ]
    if undone:
        await merges.end_merges(connection, undone, at=now, undone=True)


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
        if isinstance(data, RulingFact):
            about.append((data.ticket_id,))
            continue
        ticket_ids = set(linked.get(data.whistle_id, ()))
        if data.ticket_id is not None:
            ticket_ids.add(data.ticket_id)
        about.append(tuple(sorted(ticket_ids)))
    return about
