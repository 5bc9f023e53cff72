"""Rules a ticket out of the figures, and takes the ruling back; both are facts, and shown."""

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic_core import to_json

from services.notifier.channels import SOURCE
from services.notifier.fact_log import keep_own
from services.notifier.store import exclusions as store
from services.notifier.store.exclusions import CountedTicket, Exclusion, ListedExclusion
from shared.contracts.figures import Excluded, ExclusionEnded, ExclusionReason
from shared.contracts.ids import new_id, ruling_id
from shared.contracts.parts import Actor
from shared.contracts.topics import DEADLINES
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime import history, outbox
from shared.runtime.database import Connection

LEAST: Final = 4
MOST: Final = 2000
NOTHING_KNOWN: Final = CountedTicket(number=None, unit=None, day=None)  # the log begins later


async def exclude(
    connection: Connection,
    ticket_id: UUID,
    *,
    reason: ExclusionReason,
    words: str,
    actor: Actor,
    policy: str,
    now: datetime,
    traceparent: str | None = None,
) -> ListedExclusion:
    """The ticket counts in no figure from now on; raises ShaodaoError.

    Figures are of dispatched tickets (DOMAIN §8): there is nothing to rule out before.
    """
    words = _words(words)
    ticket = await store.lock_ticket(connection, ticket_id)
    if ticket is None:
        raise NotFoundError("没有这张工单", "there is no such ticket")
    if ticket.number is None or ticket.day is None:
        raise ConflictError(
            "该工单还没有派出（或派单信息还没有收到），不计入考核，无须剔除",
            "the ticket was not dispatched, as far as is known: it counts in no figure",
            code="wrong_state",
        )
    if (standing := await store.in_force(connection, ticket_id)) is not None:
        raise ConflictError(
            f"该工单已被剔除（{standing.words}）",
            "the ticket is ruled out already",
            code="wrong_state",
        )
    exclusion = Exclusion(
        exclusion_id=new_id(now),
        ticket_id=ticket_id,
        reason=reason,
        words=words,
        ruled_by=actor.name or actor.role,
        ruled_at=now,
        seq=await store.next_seq(connection, ticket_id),
        history_hash=history.FIRST_HASH,
    )
    entry = _entry(exclusion, 1, "excluded", words, actor, policy, now)
    exclusion = replace(exclusion, history_hash=entry.hash)
    await store.add(connection, exclusion)
    await history.add(connection, [entry])
    fact = Excluded(
        seq=exclusion.seq,
        actor=actor,
        policy=policy,
        ticket_id=ticket_id,
        exclusion_id=exclusion.exclusion_id,
        reason=reason,
        words=words,
    )
    await _say(connection, fact, now, traceparent)
    return ListedExclusion(exclusion=exclusion, ticket=ticket)


async def end_exclusion(
    connection: Connection,
    exclusion_id: UUID,
    *,
    words: str,
    actor: Actor,
    policy: str,
    now: datetime,
    traceparent: str | None = None,
) -> ListedExclusion:
    """The ticket counts again; raises ShaodaoError."""
    words = _words(words)
    found = await store.locked(connection, exclusion_id)
    if found is None:
        raise NotFoundError("没有这条剔除认定", "there is no such ruling")
    if found.ended_at is not None:
        raise ConflictError(
            "这条剔除认定已撤销", "the ruling has ended already", code="wrong_state"
        )
    ticket = await store.lock_ticket(connection, found.ticket_id)
    entry = _entry(found, 2, "exclusion_ended", words, actor, policy, now)
    ended = replace(
        found,
        ended_at=now,
        ended_words=words,
        ended_by=actor.name or actor.role,
        ended_seq=await store.next_seq(connection, found.ticket_id),
        history_hash=entry.hash,
    )
    await store.end(connection, ended)
    await history.add(connection, [entry])
    fact = ExclusionEnded(
        seq=ended.ended_seq or 0,
        actor=actor,
        policy=policy,
        ticket_id=found.ticket_id,
        exclusion_id=exclusion_id,
        reason=found.reason,
        words=words,
    )
    await _say(connection, fact, now, traceparent)
    return ListedExclusion(exclusion=ended, ticket=ticket or NOTHING_KNOWN)


def _words(words: str) -> str:
    words = words.strip()
    if not LEAST <= len(words) <= MOST:
        raise InvalidError(
            FieldError(
                field="words",
                zh=f"请写明认定依据（{LEAST}–{MOST} 字）",
                en=f"the grounds, {LEAST} to {MOST} characters",
            )
        )
    return words


def _entry(
    of: Exclusion, seq: int, what: str, words: str, actor: Actor, policy: str, now: datetime
) -> history.Entry:
    return history.entry(
        of.exclusion_id,
        seq=seq,
        at=now,
        what=what,
        actor=actor,
        before=None if seq == 1 else f'{{"reason":"{of.reason}"}}',
        after=to_json({"reason": of.reason, "ticket_id": of.ticket_id, "words": words}).decode(),
        policy=policy,
        previous_hash=of.history_hash,
    )


async def _say(
    connection: Connection, fact: Excluded | ExclusionEnded, now: datetime, trace: str | None
) -> None:
    row = outbox.outgoing(
        fact,
        topic=DEADLINES.name,
        source=SOURCE,
        event_id=ruling_id(fact.ticket_id, fact.seq),
        subject=str(fact.ticket_id),
        time=now,
        traceparent=trace,
    )
    await keep_own(connection, [row], now)
    await outbox.put(connection, [row])
