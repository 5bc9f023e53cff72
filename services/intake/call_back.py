"""Calls the person back: records what was said and closes the ticket or sends it out again."""

from datetime import datetime
from uuid import UUID

from services.intake import metrics
from services.intake.domain.callback import Answer
from services.intake.domain.callback import call_back as apply
from services.intake.domain.case import Case
from services.intake.domain.redaction import redact
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Command
from services.intake.find import no_such_ticket
from services.intake.store import tickets as store
from services.intake.store.vault import Vault, person_of
from shared.contracts.parts import Actor
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.runtime.database import Connection


async def call_back(
    connection: Connection,
    ticket_id: UUID,
    *,
    result: CallbackResult,
    satisfaction: Satisfaction,
    note: str | None,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """One try of the callback. Refused with state and version unless the ticket waits for it."""
    case = await store.load_case(connection, ticket_id)
    if case is None:
        raise no_such_ticket()
    case.demand(Command.CLOSE, version=version)
    if note is not None:
        person = await person_of(connection, ticket_id, vault=vault)
        note = redact(note, names=(person.name,) if person.name else ()).text
    answer = Answer(result=result, satisfaction=satisfaction, note=note)
    apply(case, answer, now=now, actor=actor, policy=rules.policy, traceparent=traceparent)
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.count_moves([case])
    return case
