"""Follows the fact log into the read model of the figures: every fact counts once, in its order.

The state of a ticket or whistle is the fold of its facts by `seq`, whatever the order of hearing:
one that comes late lets its subject be folded anew from the log. So a read model rebuilt from the
log comes out equal, and what was heard is counted although nothing is counted while it is heard.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.notifier.domain.figures.derive import derive, derive_alone
from services.notifier.domain.figures.ticket import TICKET_FACTS, fold_ruling, fold_ticket
from services.notifier.domain.figures.whistle import WHISTLE_FACTS, Whistle, fold_whistle, ticket_of
from services.notifier.metrics import FIGURES_BEHIND
from services.notifier.store import figure_rows as store
from services.notifier.store.fact_reading import LoggedFact, Settling, facts_after, facts_of
from services.notifier.store.figure_rows import Cases
from shared.contracts.figures import Excluded, ExclusionEnded
from shared.contracts.units import RatingRecorded, UnitDeclared
from shared.contracts.whistles import Blown
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

log = logger(__name__)

RULINGS = frozenset({Excluded, ExclusionEnded})
COUNTED: frozenset[Any] = TICKET_FACTS | WHISTLE_FACTS | RULINGS | {RatingRecorded, UnitDeclared}
TYPES = frozenset(cls.TYPE for cls in COUNTED)
_TICKET_TYPES = frozenset(cls.TYPE for cls in TICKET_FACTS)
_WHISTLE_TYPES = frozenset(cls.TYPE for cls in WHISTLE_FACTS)
BATCH_FACTS = 4000
POLL_SECONDS = 0.5


async def score(connection: Connection, settling: Settling, *, limit: int = BATCH_FACTS) -> int:
    """Follow one batch; returns how many facts are left, at least, 0 when there is no more.

    Call it first in a transaction. Another copy that follows is left alone.
    """
    until = await settling.settled(connection)
    if not await store.follow_alone(connection):
        return 0
    return await follow(connection, until=until, limit=limit)


async def follow(connection: Connection, *, until: int, limit: int = BATCH_FACTS) -> int:
    """Fold the next facts up to that place into the set that the search path names."""
    place = await store.position(connection)
    facts = await facts_after(connection, place, until=until, types=TYPES, limit=limit)
    if facts:
        await fold(connection, facts)
    reached = facts[-1].place if len(facts) == limit else until
    if reached > place:
        await store.move_position(connection, reached)
    return max(0, until - reached)


async def fold(connection: Connection, facts: Sequence[LoggedFact]) -> None:
    """Fold a batch of facts, in the order of hearing, into the rows they concern."""
    of_tickets = [fact for fact in facts if type(fact.data) in TICKET_FACTS]
    of_whistles = [fact for fact in facts if type(fact.data) in WHISTLE_FACTS]
    rulings = [fact for fact in facts if type(fact.data) in RULINGS]
    named = {fact.data.ticket_id for fact in (*of_tickets, *rulings)}
    named |= {ticket_of(f.data) for f in of_whistles if isinstance(f.data, Blown)} - {None}
    cases = await store.load(
        connection,
        ticket_ids=named,
        whistle_ids={fact.data.whistle_id for fact in of_whistles},
    )
    until = facts[-1].place
    for turn in await _turns(connection, of_tickets, cases.last_of_ticket, until, _TICKET_TYPES):
        ticket = cases.begin_ticket(turn.subject) if turn.anew else cases.ticket(turn.subject)
        for fact in turn.facts:
            fold_ticket(ticket, fact.data, fact.at)
    for turn in await _turns(connection, of_whistles, cases.last_of_whistle, until, _WHISTLE_TYPES):
        whistle = cases.begin_whistle(turn.subject) if turn.anew else cases.whistle(turn.subject)
        for fact in turn.facts:
            fold_whistle(whistle, fact.data, fact.at)
    for fact in rulings:
        fold_ruling(cases.ticket(fact.data.ticket_id), fact.data)
    _derive(cases)
    await store.save(connection, cases)
    await store.save_ratings(connection, [f for f in facts if isinstance(f.data, RatingRecorded)])
    await store.save_units(connection, [f for f in facts if isinstance(f.data, UnitDeclared)])


@dataclass(frozen=True, slots=True)
class _Turn:
    """The facts of one subject to be folded, by `seq`; `anew`: into nothing, as one came late."""

    subject: UUID
    facts: Sequence[LoggedFact]
    anew: bool


async def _turns(
    connection: Connection,
    facts: Iterable[LoggedFact],
    last_of: Callable[[UUID], int],
    until: int,
    types: Collection[str],
) -> list[_Turn]:
    """The facts subject by subject; those of a late one are read again from the log."""
    found = _by_subject(facts)
    late = {subject for subject, heard in found.items() if heard[0].data.seq <= last_of(subject)}
    if late:
        subjects = [str(each) for each in late]
        found |= _by_subject(await facts_of(connection, subjects, until=until, types=types))
    return [_Turn(subject, heard, subject in late) for subject, heard in found.items()]


def _by_subject(facts: Iterable[LoggedFact]) -> dict[UUID, list[LoggedFact]]:
    """In the order of their `seq`, each once."""
    found: defaultdict[UUID, dict[int, LoggedFact]] = defaultdict(dict)
    for fact in facts:
        found[UUID(fact.subject)].setdefault(fact.data.seq, fact)
    return {each: [heard[seq] for seq in sorted(heard)] for each, heard in found.items()}


def _derive(cases: Cases) -> None:
    called: defaultdict[UUID, list[Whistle]] = defaultdict(list)
    for whistle in cases.whistles.values():
        if whistle.ticket_id is None:
            derive_alone(whistle)
        else:
            called[whistle.ticket_id].append(whistle)
            cases.ticket(whistle.ticket_id)
    for ticket in cases.tickets.values():
        derive(ticket, called[ticket.ticket_id])


async def follow_for_ever(runtime: Runtime) -> None:
    """Follow the log as long as the service runs; trouble here is told, and stops nothing else."""
    settling = Settling()
    while True:
        left = 0
        try:
            async with runtime.pool.acquire() as connection, connection.transaction():
                left = await score(connection, settling)
            FIGURES_BEHIND.set(left)
            runtime.degraded.pop("figures", None)
        except Exception as error:
            if not is_transient(error):
                log.exception("figures_failed")
                runtime.degraded["figures"] = "the read model of the figures does not move on"
            else:
                log.warning("figures_retry", error=repr(error))
            left = 0
        if not left:
            await asyncio.sleep(POLL_SECONDS)
