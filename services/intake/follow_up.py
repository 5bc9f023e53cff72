"""What people add to a ticket on its way: supplement, urge, withdraw."""

from datetime import datetime, timedelta
from uuid import UUID

from services.intake import metrics
from services.intake.domain import follow_up
from services.intake.domain.case import Case
from services.intake.domain.redaction import redact
from services.intake.domain.registration import Rules
from services.intake.find import no_such_ticket
from services.intake.store import tickets as store
from services.intake.store.vault import Vault, keep_supplement, person_of
from shared.catalogue.terms import Term
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def supplement(
    connection: Connection,
    ticket_id: UUID,
    *,
    text: str,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """Add the person's words, redacted; the original goes to the vault where it differs."""
    case = await _case(connection, ticket_id)
    person = await person_of(connection, ticket_id, vault=vault)
    redacted = redact(text, names=(person.name,) if person.name else ())
    follow_up.supplement(
        case,
        redacted.text,
        now=now,
        actor=actor,
        policy=rules.policy,
        traceparent=traceparent,
    )
    if redacted.found:
        await keep_supplement(connection, ticket_id, text=text, vault=vault, at=now)
    for kind, found in redacted.found.items():
        metrics.REDACTIONS.labels(kind).inc(found)
    return await _saved(connection, case, rules)


async def urge(
    connection: Connection,
    ticket_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    rules: Rules,
    traceparent: str | None,
) -> Case:
    """Ask to hurry; for the citizen once in the term of the catalogue."""
    case = await _case(connection, ticket_id)
    every = timedelta(seconds=rules.limits.term(Term.URGE_AGAIN).amount)
    follow_up.urge(
        case, now=now, every=every, actor=actor, policy=rules.policy, traceparent=traceparent
    )
    return await _saved(connection, case, rules)


async def withdraw(
    connection: Connection,
    ticket_id: UUID,
    *,
    actor: Actor,
    now: datetime,
    rules: Rules,
    traceparent: str | None,
) -> Case:
    """Take the request back."""
    case = await _case(connection, ticket_id)
    follow_up.withdraw(
        case,
        now=now,
        actor=actor,
        catalogue=rules.catalogue,
        policy=rules.policy,
        traceparent=traceparent,
    )
    return await _saved(connection, case, rules)


async def _case(connection: Connection, ticket_id: UUID) -> Case:
    case = await store.load_case(connection, ticket_id)
    if case is None:
        raise no_such_ticket()
    return case


async def _saved(connection: Connection, case: Case, rules: Rules) -> Case:
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.count_moves([case])
    return case
