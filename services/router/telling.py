"""What was decided, as history rows and outgoing events: written last, in the same transaction."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.router.domain.book import Book, Declined, Said
from shared.contracts import envelope, topics
from shared.contracts.bureaus import View, Whistled
from shared.contracts.ids import fact_id, view_id
from shared.contracts.parts import Assignment
from shared.runtime import history, outbox
from shared.runtime.database import Connection

SOURCE: Final = "/shaodao/router"


def told(book: Book) -> tuple[list[history.Entry], list[outbox.Outgoing]]:
    """The rows of everything the batch said, in order; the book's hashes move on."""
    entries: list[history.Entry] = []
    outgoing: list[outbox.Outgoing] = []
    policy = book.city.version
    for said in book.said:
        if isinstance(said, Declined):
            outgoing.append(_refusal(said))
            continue
        step = said.step
        before = book.hashes.get(said.whistle_id, history.FIRST_HASH)
        entry = history.entry(
            said.whistle_id,
            seq=step.seq,
            at=step.at,
            what=step.what,
            actor=step.actor,
            before=step.before,
            after=step.after,
            policy=policy,
            previous_hash=before,
        )
        book.hashes[said.whistle_id] = entry.hash
        entries.append(entry)
        outgoing += _events(said)
    return entries, outgoing


def _events(said: Said) -> list[outbox.Outgoing]:
    step, subject = said.step, str(said.whistle_id)
    events = []
    if step.fact is not None:
        events.append(
            outbox.outgoing(
                step.fact,
                topic=topics.WHISTLES.name,
                source=SOURCE,
                event_id=fact_id(said.whistle_id, step.seq),
                subject=subject,
                time=step.at,
                traceparent=said.traceparent,
            )
        )
    told: View | None = None
    for unit, view in step.views:
        event_id = view_id(said.whistle_id, step.seq, unit, view.TYPE)
        topic = topics.unit_topic(topics.UNIT_WHISTLES, unit)
        if told is not None and _is_like(view, told):
            events.append(_spliced(events[-1], told, view, topic=topic, event_id=event_id))
        else:
            events.append(
                outbox.outgoing(
                    view,
                    topic=topic,
                    source=SOURCE,
                    event_id=event_id,
                    subject=subject,
                    time=step.at,
                    traceparent=said.traceparent,
                )
            )
        told = view
    return events


def _is_like(view: View, told: View) -> bool:
    """Whether two views of one step differ in nothing but the unit's own assignment."""
    return view is told or (type(view) is Whistled and type(told) is Whistled)


def _json(assignment: Assignment) -> str:
    return envelope.adapter(Assignment).dump_json(assignment).decode()


def _spliced(
    before: outbox.Outgoing, told: View, view: View, *, topic: str, event_id: UUID
) -> outbox.Outgoing:
    """The event for the next unit from the one before: the long words are written once a step.

    Ids are unique in the text, and an assignment's JSON holds its id.
    """
    payload = before.payload.replace(str(before.event_id), str(event_id), 1)
    if isinstance(told, Whistled) and isinstance(view, Whistled):
        payload = payload.replace(_json(told.assignment), _json(view.assignment), 1)
    return outbox.Outgoing(
        event_id=event_id,
        topic=topic,
        key=before.key,
        type=before.type,
        payload=payload,
        traceparent=before.traceparent,
    )


def _refusal(declined: Declined) -> outbox.Outgoing:
    return outbox.outgoing(
        declined.refusal,
        topic=topics.unit_topic(topics.UNIT_WHISTLES, declined.unit),
        source=SOURCE,
        event_id=declined.event_id,
        subject=declined.subject,
        time=declined.at,
        traceparent=declined.traceparent,
    )


async def write(
    connection: Connection,
    entries: Sequence[history.Entry],
    outgoing: Sequence[outbox.Outgoing],
) -> None:
    """History first, the outbox last: its ids follow the order of facts."""
    await history.add(connection, entries)
    await outbox.put(connection, outgoing)
