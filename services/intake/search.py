"""Searches tickets: filters and words, newest first, a page at a time, as far as a caller may see.

The first page costs the same with ten thousand tickets and with a million: posting lists of the
newest segments are intersected first, and older ones only while the page is not full.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from services.intake.domain.listed import Listed
from services.intake.domain.number import is_ticket_number
from services.intake.domain.person import normal_phone
from services.intake.domain.postings import SEGMENT, Docs, Group, Window, matches, segment_of
from services.intake.domain.query import Query, fits, groups_of
from services.intake.store import search as store
from services.intake.store.tickets import NEWEST
from services.intake.store.vault import Vault
from shared.catalogue.rights import may
from shared.contracts.parts import Actor
from shared.runtime.database import Connection

COUNTED: Final = 100
CHUNK: Final = 500
FIRST_SEGMENTS: Final = 6  # for one word or filter; a page of most is in them
FIRST_OF_MANY: Final = 40  # for several at once, of which fewer tickets have all
WIDER: Final = 4
FEW: Final = 25  # found in a step: what is so rare is looked for far back at once
FAR: Final = 512  # segments, four million tickets
LATE: Final = timedelta(minutes=10)  # a ticket may be indexed after younger ones
PHONE_HITS: Final = 200
_PHONE: Final = re.compile(r"\+?[\d -]{7,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seer:
    """Who looks: bound to a region or not; `account` is the login that `mine` stands for."""

    actor: Actor
    region: str | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page, newest first; `next` continues below its last one.

    `count` is how many fit, at most COUNTED; it is None on later pages.
    """

    items: tuple[Listed, ...]
    next: UUID | None
    count: int | None
    more: bool = False  # than COUNTED


async def search(
    connection: Connection,
    query: Query,
    *,
    seer: Seer,
    cursor: UUID | None,
    limit: int,
    now: datetime,
    vault: Vault,
) -> Found:
    """A page of the tickets that fit; a whole number or a telephone finds its own alone."""
    named = await _named(connection, query, seer=seer, now=now, vault=vault)
    if named is not None:
        return _whole(named, limit)
    groups = groups_of(query, region=seer.region, account=seer.account)
    if not groups:
        return await _newest(connection, query, cursor=cursor, limit=limit)
    hits = _Hits(_matching(connection, groups, await _bounds(connection, query, cursor)))
    counted = cursor is None
    await hits.more_than(COUNTED if counted else limit)
    items = await _page(connection, query, hits, seer=seer, most=limit + 1)
    shown = tuple(items[:limit])
    return Found(
        items=shown,
        next=shown[-1].ticket.ticket_id if len(items) > limit else None,
        count=min(len(hits.docs), COUNTED) if counted else None,
        more=counted and len(hits.docs) > COUNTED,
    )


class _Hits:
    """The docs that fit, read from the index as far as they are wanted."""

    def __init__(self, coming: AsyncIterator[Docs]) -> None:
        self.docs: Docs = np.empty(0, dtype=np.int64)
        self._coming = coming

    async def more_than(self, number: int) -> bool:
        """Whether there are more than that; reads on as long as it takes to know."""
        while len(self.docs) <= number:
            more = await anext(self._coming, None)
            if more is None:
                return False
            self.docs = np.concatenate([self.docs, more])
        return True


async def _page(
    connection: Connection, query: Query, hits: _Hits, *, seer: Seer, most: int
) -> list[Listed]:
    """The first tickets that still fit; the index may name some that have moved on."""
    items: list[Listed] = []
    read = 0
    while len(items) < most and await hits.more_than(read):
        part = hits.docs[read : read + most - len(items)].tolist()
        read += len(part)
        rows = await store.listed_docs(connection, part)
        items += [each for each in rows if fits(query, each.ticket, region=seer.region)]
    return items


async def every(
    connection: Connection, query: Query, *, seer: Seer, most: int
) -> AsyncIterator[list[Listed]]:
    """All that fit, at most `most`, a few hundred at a time; for taking a list out."""
    left = most
    async for chunk in _chunks(connection, query, seer):
        fitting = [each for each in chunk if fits(query, each.ticket, region=seer.region)][:left]
        left -= len(fitting)
        yield fitting
        if left <= 0:
            return


async def _chunks(connection: Connection, query: Query, seer: Seer) -> AsyncIterator[list[Listed]]:
    groups = groups_of(query, region=seer.region, account=seer.account)
    if groups:
        bounds = await _bounds(connection, query, None)
        async for docs in _matching(connection, groups, bounds):
            for start in range(0, len(docs), CHUNK):
                part = docs[start : start + CHUNK].tolist()
                yield await store.listed_docs(connection, part)
        return
    below, since = _id_bounds(query, None)
    while ids := await store.newest_ids(connection, below=below, since=since, limit=CHUNK):
        yield await store.listed_tickets(connection, ids)
        below = ids[-1]


async def _matching(
    connection: Connection, groups: list[Group], bounds: Window
) -> AsyncIterator[Docs]:
    """The docs that fit, newest first, in ever wider steps back."""
    terms = {term for group in groups for term in group}
    last, bottom = segment_of(bounds.below - 1), segment_of(bounds.low)
    width = FIRST_SEGMENTS if len(groups) == 1 else FIRST_OF_MANY
    while last >= bottom and bounds.below > bounds.low:
        first = max(bottom, last - width + 1)
        lists = await store.postings(connection, terms, first=first, last=last)
        window = Window(
            low=max(bounds.low, first * SEGMENT), below=min(bounds.below, (last + 1) * SEGMENT)
        )
        docs = matches(groups, lists, window)
        yield docs
        last, width = first - 1, max(width * WIDER, FAR if len(docs) < FEW else 0)


async def _bounds(connection: Connection, query: Query, cursor: UUID | None) -> Window:
    newest = await store.last_doc(connection)
    low, below = 0, 0 if newest is None else newest + 1
    if cursor is not None:
        at = await store.doc_of(connection, cursor)
        below = below if at is None else at
    if query.begins is not None:
        first = await store.doc_from(connection, _id_at(query.begins - LATE))
        low = below if first is None else first
    if query.ends is not None:
        after = await store.doc_from(connection, _id_at(query.ends + LATE))
        below = below if after is None else min(below, after)
    return Window(low=low, below=below)


async def _newest(
    connection: Connection, query: Query, *, cursor: UUID | None, limit: int
) -> Found:
    below, since = _id_bounds(query, cursor)
    wanted = COUNTED + 1 if cursor is None else limit + 1
    ids = await store.newest_ids(connection, below=below, since=since, limit=wanted)
    items = tuple(await store.listed_tickets(connection, ids[:limit]))
    return Found(
        items=items,
        next=items[-1].ticket.ticket_id if len(ids) > limit else None,
        count=min(len(ids), COUNTED) if cursor is None else None,
        more=cursor is None and len(ids) > COUNTED,
    )


def _id_bounds(query: Query, cursor: UUID | None) -> tuple[UUID, UUID]:
    """Ids below the first and from the second on; they are ordered by time."""
    below = NEWEST if query.ends is None else _id_at(query.ends)
    since = UUID(int=0) if query.begins is None else _id_at(query.begins)
    return (below if cursor is None else min(below, cursor)), since


def _id_at(at: datetime) -> UUID:
    """The lowest UUIDv7 of a moment."""
    return UUID(int=max(0, int(at.timestamp() * 1000)) << 80)


async def _named(
    connection: Connection, query: Query, *, seer: Seer, now: datetime, vault: Vault
) -> list[Listed] | None:
    """What a whole number or a telephone names; None where the text is neither."""
    text = query.q.strip()
    phone = normal_phone(text) if _PHONE.fullmatch(text) else None
    if is_ticket_number(text):
        ticket_id = await store.id_of_number(connection, text)
        ids = [] if ticket_id is None else [ticket_id]
    elif phone is not None and may(seer.actor.role, "contact.see"):
        ids = await _by_phone(connection, phone, seer=seer, now=now, vault=vault)
    else:
        return None
    rows = await store.listed_tickets(connection, ids) if ids else []
    return [each for each in rows if fits(query, each.ticket, region=seer.region)]


async def _by_phone(
    connection: Connection, phone: str, *, seer: Seer, now: datetime, vault: Vault
) -> list[UUID]:
    """By the blind index, under every key; the look goes to the ledger."""
    ids = await store.ids_of_phone(connection, vault.phone_indexes(phone), limit=PHONE_HITS)
    await store.record_phone_lookup(
        connection,
        at=now,
        actor=seer.actor,
        account=seer.account,
        phone_index=vault.phone_index(phone),
        found=len(ids),
    )
    return ids


def _whole(items: list[Listed], limit: int) -> Found:
    return Found(items=tuple(items[:limit]), next=None, count=len(items))
