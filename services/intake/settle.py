"""Ends tickets at the desk: answers, transfers, rejects, voids; and takes the one appeal."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.intake import knowledge, metrics
from services.intake.domain import settle
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing
from services.intake.domain.redaction import redact
from services.intake.domain.registration import Rules
from services.intake.domain.settle import Answer, Ending, Reason, Transfer
from services.intake.domain.ticket import Command
from services.intake.merge import release_children
from services.intake.store import changes
from services.intake.store import tickets as store
from services.intake.store.vault import Vault, person_of
from services.intake.take import take
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def end(
    connection: Connection,
    ticket_id: UUID,
    ending: Ending,
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """Answer it or hand it over; an article that is quoted must be published and not expired."""
    if isinstance(ending, Answer) and ending.article is not None:
        quoted = ending.article
        await knowledge.quote(connection, quoted.article_id, version=quoted.version, now=now)
    case = await take(connection, ticket_id, version=version, rules=rules)
    doing = Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent)
    settle.end(case, await _clean_ending(connection, ticket_id, ending, vault), doing, rules)
    return await _ended(connection, case, doing, rules)


async def reject(
    connection: Connection,
    ticket_id: UUID,
    *,
    reason: Reason,
    note: str | None,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """Not a matter for the hotline, by the shift lead's word."""
    return await _with_note(
        connection,
        ticket_id,
        settle.reject,
        reason,
        note,
        version=version,
        doing=Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent),
        rules=rules,
        vault=vault,
    )


async def void(
    connection: Connection,
    ticket_id: UUID,
    *,
    reason: Reason,
    note: str | None,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """Registered by mistake, by the shift lead's word; before dispatch only."""
    return await _with_note(
        connection,
        ticket_id,
        settle.void,
        reason,
        note,
        version=version,
        doing=Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent),
        rules=rules,
        vault=vault,
    )


async def appeal(
    connection: Connection,
    ticket_id: UUID,
    *,
    words: str,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """The person does not accept the rejection; once."""
    case = await take(connection, ticket_id, version=version, rules=rules)
    settle.appeal(
        case,
        await clean(connection, ticket_id, words, vault=vault),
        Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent),
        rules,
        appealed=await changes.was_done(connection, ticket_id, Command.APPEAL),
    )
    return await _saved(connection, case, rules)


async def clean(connection: Connection, ticket_id: UUID, text: str, *, vault: Vault) -> str:
    """Words about a ticket without what tells who asked."""
    person = await person_of(connection, ticket_id, vault=vault)
    return redact(text, names=(person.name,) if person.name else ()).text


async def _clean_ending(
    connection: Connection, ticket_id: UUID, ending: Ending, vault: Vault
) -> Ending:
    match ending:
        case Answer(text=text):
            return replace(ending, text=await clean(connection, ticket_id, text, vault=vault))
        case Transfer(note=str(note)):
            return replace(ending, note=await clean(connection, ticket_id, note, vault=vault))
    return ending


async def _with_note(
    connection: Connection,
    ticket_id: UUID,
    decide: Callable[[Case, Reason, str | None, Doing, Rules], None],
    reason: Reason,
    note: str | None,
    *,
    version: int | None,
    doing: Doing,
    rules: Rules,
    vault: Vault,
) -> Case:
    case = await take(connection, ticket_id, version=version, rules=rules)
    if note is not None:
        note = await clean(connection, ticket_id, note, vault=vault)
    decide(case, reason, note, doing, rules)
    return await _ended(connection, case, doing, rules)


async def _ended(connection: Connection, case: Case, doing: Doing, rules: Rules) -> Case:
    await release_children(connection, case, doing, rules)
    return await _saved(connection, case, rules)


async def _saved(connection: Connection, case: Case, rules: Rules) -> Case:
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.count_moves([case])
    return case
