"""Reopens a closed ticket for the citizen: within the term, once."""

from datetime import datetime, timedelta
from uuid import UUID

from services.intake import metrics
from services.intake.domain import reopening
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Command
from services.intake.settle import clean
from services.intake.store import changes
from services.intake.store import tickets as store
from services.intake.store.vault import Vault
from services.intake.take import take
from shared.catalogue.terms import Term
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def reopen(
    connection: Connection,
    ticket_id: UUID,
    *,
    reason: str,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """It was not solved after all: out again, in the next round."""
    case = await take(connection, ticket_id, version=version, rules=rules)
    reopening.reopen(
        case,
        await clean(connection, ticket_id, reason, vault=vault),
        Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent),
        within=timedelta(seconds=rules.limits.term(Term.REOPEN).amount),
        reopened=await changes.was_done(connection, ticket_id, Command.REOPEN),
    )
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.count_moves([case])
    return case
