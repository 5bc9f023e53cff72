"""Asks the person once for all that is missing, and goes on when it is told."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.intake import follow_up, metrics
from services.intake.domain import asking
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing
from services.intake.domain.redaction import redact
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Command
from services.intake.store import changes, info_requests
from services.intake.store import tickets as store
from services.intake.store.vault import Vault, person_of
from services.intake.take import take
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def ask_info(
    connection: Connection,
    ticket_id: UUID,
    *,
    missing: Sequence[str],
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """Ask for everything in `missing`; refused a second time."""
    case = await take(connection, ticket_id, version=version, rules=rules)
    person = await person_of(connection, ticket_id, vault=vault)
    names = (person.name,) if person.name else ()
    request = asking.ask(
        case,
        tuple(redact(each, names=names).text for each in missing),
        Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent),
        rules,
        asked=await changes.was_done(connection, ticket_id, Command.ASK_INFO),
    )
    await info_requests.keep(connection, ticket_id, request)
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.count_moves([case])
    return case


async def supply(
    connection: Connection,
    ticket_id: UUID,
    *,
    text: str,
    photo_ids: Sequence[UUID] = (),
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
    traceparent: str | None,
) -> Case:
    """What was asked for, told to the operator: the ticket waits for dispatch again."""
    case = await take(connection, ticket_id, version=version, rules=rules)
    case.demand(Command.SUPPLY)
    return await follow_up.supplement(
        connection,
        ticket_id,
        text=text,
        photo_ids=photo_ids,
        actor=actor,
        now=now,
        rules=rules,
        vault=vault,
        traceparent=traceparent,
    )
