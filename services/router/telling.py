"""What was decided, as history rows and outgoing events: written in the same transaction."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final

from services.router.domain.book import Book, Declined, Said
from shared.contracts import topics
from shared.contracts.ids import fact_id, view_id
from shared.runtime import history, outbox

SOURCE: Final = "/shaodao/router"
AT_ONCE: Final = 50  # steps told before the loop may look at what else has come


def recorded(book: Book) -> list[history.Entry]:
    """The history of everything the batch said, in order; the book's hashes move on."""
    entries: list[history.Entry] = []
    policy = book.city.version
    for said in book.said:
        if isinstance(said, Declined):
            continue
        step = said.step
        entry = history.entry(
            said.whistle_id,
            seq=step.seq,
            at=step.at,
            what=step.what,
            actor=step.actor,
            before=step.before,
            after=step.after,
            policy=policy,
            previous_hash=book.hashes.get(said.whistle_id, history.FIRST_HASH),
        )
        book.hashes[said.whistle_id] = entry.hash
        entries.append(entry)
    return entries


async def _told(book: Book) -> list[outbox.Outgoing]:
    """The events of everything the batch said, in order; now and then others may go on."""
    outgoing: list[outbox.Outgoing] = []
    for at, said in enumerate(book.said, 1):
        if isinstance(said, Declined):
            outgoing.append(_refusal(said))
        else:
            outgoing += _events(said)
        if at % AT_ONCE == 0:
            await asyncio.sleep(0)
    return outgoing


async def told_while(book: Book, writing: Coroutine[Any, Any, None]) -> list[outbox.Outgoing]:
    """The events of everything the batch said, once something else is written besides."""
    task = asyncio.create_task(writing)
    try:
        await asyncio.sleep(0)  # it begins
        return await _told(book)
    finally:
        await task


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
    for unit, view in step.views:
        events.append(
            outbox.outgoing(
                view,
                topic=topics.unit_topic(topics.UNIT_WHISTLES, unit),
                source=SOURCE,
                event_id=view_id(said.whistle_id, step.seq, unit, view.TYPE),
                subject=subject,
                time=step.at,
                traceparent=said.traceparent,
            )
        )
    return events


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
