"""Follows the tickets into the index of terms, apart from the transactions that change them.

A registration only notes, by a trigger, that its ticket is new; indexing it there would take from
the measured path what no caller waits for. The price is that a search knows a ticket a moment
later (under a second unless thousands come at once). The index can be made anew from the tickets.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from services.intake import metrics
from services.intake.domain.postings import SEGMENT, segment_of
from services.intake.domain.subject import Subject, live_terms, word_terms
from services.intake.domain.terms import prepare
from services.intake.store import search as store
from services.intake.store.search import Doc
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

BATCH: Final = 500
AT_ONCE: Final = 25  # tickets read into terms before the loop turns to requests
IDLE_SECONDS: Final = 0.25
# After a batch it rests for twice as long as that took: requests come first.
REST: Final = 2.0
AWAY_SECONDS: Final = 2.0
COUNTED: Final = 100_000
log = logger(__name__)


async def index_for_ever(runtime: Runtime) -> None:
    """The loop; a database that is away is tried again."""
    await asyncio.to_thread(prepare)
    while True:
        started = time.monotonic()
        try:
            async with runtime.pool.acquire() as connection, connection.transaction():
                done = await index_pending(connection, limit=BATCH)
                if done == BATCH:
                    metrics.UNINDEXED.set(await store.waiting(connection, most=COUNTED))
                else:
                    metrics.UNINDEXED.set(0)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("index_unavailable", error=repr(error))
            await asyncio.sleep(AWAY_SECONDS)
            continue
        rest = REST * (time.monotonic() - started) if done else 0.0
        await asyncio.sleep(max(IDLE_SECONDS, rest))


async def index_pending(connection: Connection, *, limit: int = SEGMENT) -> int:
    """Index what waits, at most `limit` changes, in the caller's transaction; how many it took.

    Nothing where another process is at it. What is indexed twice is the same once.
    """
    if not await store.lock(connection):
        return 0
    taken, ticket_ids = await store.take_pending(connection, limit=limit)
    if ticket_ids:
        await _index(connection, await store.subjects(connection, ticket_ids))
        metrics.INDEXED.inc(len(ticket_ids))
    return taken


async def index_anew(connection: Connection) -> None:
    """Make the index again from the tickets; searches find less until the loop is through."""
    await store.begin_anew(connection)


class _Changes:
    """Places to be put into posting lists and taken out, by term and segment."""

    def __init__(self) -> None:
        self.add: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        self.remove: defaultdict[tuple[int, int], list[int]] = defaultdict(list)

    def note(self, subject: Subject, doc: Doc, before: Doc | None) -> None:
        """What becomes of the lists when `before` becomes `doc`."""
        held = before.live if before is not None else frozenset[int]()
        new = set(doc.live - held)
        if before is None or doc.pieces > before.pieces:
            new |= word_terms(subject)
        segment, place = segment_of(doc.doc), doc.doc % SEGMENT
        for term in new:
            self.add[term, segment].append(place)
        for term in held - doc.live:
            self.remove[term, segment].append(place)


async def _index(connection: Connection, subjects: Sequence[Subject]) -> None:
    known = await store.docs_of(connection, [each.ticket.ticket_id for each in subjects])
    coming = await store.next_doc(connection)
    changes = _Changes()
    new: list[Doc] = []
    moved: list[Doc] = []
    for turn, subject in enumerate(subjects):
        if turn % AT_ONCE == 0:
            await asyncio.sleep(0)
        before = known.get(subject.ticket.ticket_id)
        doc = _doc(subject, before.doc if before is not None else coming)
        if before is None:
            new.append(doc)
            coming += 1
        elif doc != before:
            moved.append(doc)
        changes.note(subject, doc, before)
    await store.change_postings(connection, add=changes.add, remove=changes.remove)
    await store.add_docs(connection, new)
    await store.change_docs(connection, moved)


def _doc(subject: Subject, number: int) -> Doc:
    return Doc(
        doc=number,
        ticket_id=subject.ticket.ticket_id,
        pieces=subject.pieces,
        live=live_terms(subject),
    )
