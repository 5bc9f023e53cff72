"""Which registration came first: keys that a request claims, once, also between two processes.

A request claims its Idempotency-Key and its source. Whoever inserts the row first has it; another
transaction that wants the same row waits for the first to end. The same body under a claimed key is
a repeat and gets the first answer, another body is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.store.rows import SQL, Key, source_key
from services.intake.store.vault import Vault
from shared.contracts.tickets import Source
from shared.runtime.database import Connection

BY_KEY: Final = "key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimant:
    """One request: the keys it claims, its canonical body, and the id its ticket would get."""

    ticket_id: UUID
    keys: tuple[Key, ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    ticket_id: UUID
    key_id: str
    body_hash: bytes


def keys_of(idempotency_key: str | None, source: Source | None) -> tuple[Key, ...]:
    """The keys of a request: none, one or two."""
    by_key = ((BY_KEY, idempotency_key),) if idempotency_key is not None else ()
    return (*by_key, source_key(source)) if source is not None else by_key


async def settle(
    connection: Connection, claimants: Sequence[Claimant], *, vault: Vault, now: datetime
) -> list[UUID | None]:
    """The ticket each request is: its own id where it is new, an earlier one's where it repeats.

    None where a key belongs to another body. Claims stand once the transaction commits.
    """
    won = await _claim(connection, claimants, vault=vault, now=now)
    lost = {key for each in claimants for key in each.keys if (key, each.ticket_id) not in won}
    if not lost:
        return [each.ticket_id for each in claimants]
    held = await _held(connection, lost)
    answers: list[UUID | None] = []
    repointed: dict[Key, UUID] = {}
    given_back: list[Key] = []
    for each in claimants:
        own = [key for key in each.keys if (key, each.ticket_id) in won]
        others = [key for key in each.keys if (key, each.ticket_id) not in won]
        if not others:
            answers.append(each.ticket_id)
            continue
        earlier = _earlier(each, others, held, repointed, vault)
        answers.append(earlier)
        if earlier is None:
            given_back += own
            for key in own:
                held.pop(key, None)
        else:
            repointed |= dict.fromkeys(own, earlier)
    await _correct(connection, repointed, given_back)
    return answers


async def give_back(connection: Connection, keys: Sequence[Key]) -> None:
    """Let go of keys whose registration was refused after all."""
    await _correct(connection, {}, keys)


async def _claim(
    connection: Connection, claimants: Sequence[Claimant], *, vault: Vault, now: datetime
) -> set[tuple[Key, UUID]]:
    asked = [(key, each) for each in claimants for key in each.keys]
    if not asked:
        return set()
    marks = {each.ticket_id: vault.mark(each.body) for each in claimants if each.keys}
    rows = await connection.fetch(
        SQL.claim_keys,
        [key[0] for key, _ in asked],
        [key[1] for key, _ in asked],
        [each.ticket_id for _, each in asked],
        [vault.key_id] * len(asked),
        [marks[each.ticket_id] for _, each in asked],
        [now] * len(asked),
    )
    return {((row["scope"], row["key"]), row["ticket_id"]) for row in rows}


async def _held(connection: Connection, keys: set[Key]) -> dict[Key, _Held]:
    ordered = sorted(keys)
    rows = await connection.fetch(
        SQL.claims, [scope for scope, _ in ordered], [key for _, key in ordered]
    )
    return {
        (row["scope"], row["key"]): _Held(
            ticket_id=row["ticket_id"], key_id=row["key_id"], body_hash=row["body_hash"]
        )
        for row in rows
    }


def _earlier(
    claimant: Claimant,
    others: Sequence[Key],
    held: dict[Key, _Held],
    repointed: dict[Key, UUID],
    vault: Vault,
) -> UUID | None:
    """The one earlier ticket that all of these keys point to with this very body."""
    tickets: set[UUID] = set()
    for key in others:
        claim = held.get(key)
        if claim is None or not _same_body(key, claimant.body, claim, vault):
            return None
        tickets.add(repointed.get(key, claim.ticket_id))
    return tickets.pop() if len(tickets) == 1 else None


def _same_body(key: Key, body: bytes, claim: _Held, vault: Vault) -> bool:
    """Whether the claim is this body's; a source's number stays one entry without its old key."""
    mark = vault.mark(body, claim.key_id)
    return mark == claim.body_hash or (mark is None and key[0] != BY_KEY)


async def _correct(
    connection: Connection, repointed: dict[Key, UUID], given_back: Sequence[Key]
) -> None:
    if repointed:
        await connection.execute(
            SQL.claim_points_to,
            [scope for scope, _ in repointed],
            [key for _, key in repointed],
            list(repointed.values()),
        )
    if given_back:
        await connection.execute(
            SQL.claim_give_back,
            [scope for scope, _ in given_back],
            [key for _, key in given_back],
        )
