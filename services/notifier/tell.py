"""Pass a citizen's urging on to the units that still owe something on the ticket's whistles."""

from collections.abc import Iterable, Sequence

from services.notifier import channels, metrics
from services.notifier.channels import Wording
from services.notifier.domain.known import Called, TicketKnown
from services.notifier.store import deadlines as store
from services.notifier.store import known as known_store
from shared.contracts import tickets, whistles
from shared.contracts.parts import Assignment
from shared.runtime import outbox
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming
from shared.runtime.outbox import Outgoing


async def tell_urgings(
    connection: Connection, events: Sequence[Incoming], *, wording: Wording
) -> None:
    """Tell the units called now; and units whose whistle is heard after the urging it was due.

    To be called after the batch was tracked, in the same transaction.
    """
    urgings = [event for event in events if isinstance(event.data, tickets.Urged)]
    blown = [event for event in events if isinstance(event.data, whistles.Blown)]
    told = {row.event_id: row for row in await _called_now(connection, urgings, wording)}
    told |= {row.event_id: row for row in await _urged_before(connection, blown, wording)}
    metrics.count_notices(told.values())
    await outbox.put(connection, list(told.values()))


async def _called_now(
    connection: Connection, urgings: Sequence[Incoming], wording: Wording
) -> list[Outgoing]:
    if not urgings:
        return []
    called = await store.called_now(connection, [event.data.ticket_id for event in urgings])
    return [
        channels.urged(
            each,
            ticket_id=event.data.ticket_id,
            seq=event.data.seq,
            count=event.data.count,
            at=event.time,
            wording=wording,
            traceparent=event.traceparent,
        )
        for event in urgings
        for each in called
        if event.data.ticket_id in each.ticket_ids
    ]


async def _urged_before(
    connection: Connection, blown: Sequence[Incoming], wording: Wording
) -> list[Outgoing]:
    ticket_ids = [ticket_id for event in blown for ticket_id in event.data.ticket_ids]
    if not ticket_ids:
        return []
    urged = await known_store.urged_tickets(connection, ticket_ids)
    return [
        row
        for event in blown
        for ticket in (urged[each] for each in event.data.ticket_ids if each in urged)
        if ticket.urged_at is not None and ticket.urged_at >= event.time
        for row in _late(event, ticket, wording)
    ]


def _late(event: Incoming, ticket: TicketKnown, wording: Wording) -> Iterable[Outgoing]:
    """The urging came after the whistle was blown, and was heard before it."""
    fact: whistles.Blown = event.data
    for assignment in fact.assignments:
        if _owes(assignment):
            yield channels.urged(
                Called(
                    whistle_id=fact.whistle_id,
                    number=fact.number,
                    unit=assignment.unit,
                    ticket_ids=fact.ticket_ids,
                ),
                ticket_id=ticket.ticket_id,
                seq=ticket.urged_seq or 0,
                count=ticket.urged_count,
                at=ticket.urged_at or event.time,
                wording=wording,
                traceparent=event.traceparent,
            )


def _owes(part: Assignment) -> bool:
    return any((part.acknowledge, part.contact, part.arrive, part.resolve))
