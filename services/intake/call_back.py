"""Calls the person back: records what was said and closes the ticket or sends it out again."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake import metrics
from services.intake.domain.callback import MOST_TRIES, Answer
from services.intake.domain.callback import call_back as apply
from services.intake.domain.callback_hours import next_from
from services.intake.domain.callback_task import HOLD, CallbackTask
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing
from services.intake.domain.redaction import redact
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import Command, Ticket
from services.intake.domain.words import ROLE_ZH, local
from services.intake.find import no_such_ticket
from services.intake.store import callbacks
from services.intake.store import tickets as store
from services.intake.store.merges import last_reply
from services.intake.store.vault import Vault, person_of
from services.intake.take import take
from shared.contracts.parts import Actor
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.runtime.database import Connection

PURPOSE: Final = "回访"
HOTLINE: Final = "12345"  # the unit of clerks whose account names none


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
    holder: str | None = None,
) -> Case:
    """One try of the callback. Refused with state and version unless the ticket waits for it.

    Nobody reached counts as a try at another hour only (code `too_soon`); what a person said
    counts whenever it was said. While a clerk holds the task, no other clerk's try counts.
    """
    case = await take(connection, ticket_id, version=version, rules=rules)
    case.demand(Command.CLOSE)
    task = await callbacks.task_of(connection, ticket_id)
    if task is not None and holder is not None and task.held_by_other(holder, now):
        raise case.conflict(
            f"{task.holder}正在回访此件", f"{task.holder} is calling them back", code="held"
        )
    person = await person_of(connection, ticket_id, vault=vault)
    if note is not None:
        note = redact(note, names=(person.name,) if person.name else ()).text
    answer = Answer(result=result, satisfaction=satisfaction, note=note)
    round_ = case.ticket.round
    tries = await callbacks.tries_of(connection, ticket_id, round=round_)
    if answer.result is CallbackResult.UNREACHABLE:
        _demand_hour(case, tries, now)
    final = apply(
        case,
        answer,
        Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent),
        most_tries=MOST_TRIES if person.phone else 1,
    )
    await callbacks.keep_try(
        connection,
        case,
        answer,
        round=round_,
        actor=actor,
        at=now,
        next_from=next_from([*tries, now], now),
        ended=final,
    )
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.count_moves([case])
    return case


def _demand_hour(case: Case, tries: list[datetime], now: datetime) -> None:
    earliest = next_from(tries, now)
    if earliest > now:
        raise case.conflict(
            f"应换个时段再联系，{local(earliest)}以后可再次回访",
            f"another hour is needed: the next try may be from {earliest.isoformat()} on",
            code="too_soon",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A callback in a clerk's hands: the person's contact, and what there is to ask about."""

    task: CallbackTask
    ticket: Ticket
    name: str | None
    phone: str | None
    reply: str | None  # what the unit said when it was done
    first: bool  # the contact was not shown to this clerk before


async def claim(
    connection: Connection,
    ticket_id: UUID,
    *,
    holder: str,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    vault: Vault,
) -> Claimed:
    """Take the task for a while and see the contact; the look is on record.

    Refused (code `held`) while another clerk has it, and when `version` of the task is old.
    """
    case = await take(connection, ticket_id, version=None, rules=rules)
    task = await callbacks.task_of(connection, ticket_id)
    if task is None:
        raise case.conflict("此件不在待回访", "it waits for no callback", code="no_task")
    until = now + HOLD
    taken = await callbacks.claim(
        connection, ticket_id, holder=holder, now=now, until=until, version=version
    )
    if taken is None:
        raise case.conflict(
            f"{task.holder}正在回访此件" if task.held_by_other(holder, now) else "此件已有变化",
            "another clerk has it, or it has changed",
            code="held",
        )
    first = task.held_until is None or task.holder != holder or now >= task.held_until
    if first:
        await _record_look(connection, case, actor=actor, now=now, rules=rules)
    now_held = replace(task, holder=holder, held_until=until, version=taken)
    return await _claimed(connection, case, now_held, vault=vault, first=first)


async def held(
    connection: Connection, ticket_id: UUID, *, holder: str, now: datetime, vault: Vault
) -> Claimed | None:
    """What this clerk has in hand, as it was shown when they took it; None where they have not."""
    task = await callbacks.task_of(connection, ticket_id)
    if task is None or task.holder != holder or task.held_until is None or now >= task.held_until:
        return None
    case = await store.load_case(connection, ticket_id)
    if case is None:
        raise no_such_ticket()
    return await _claimed(connection, case, task, vault=vault, first=False)


async def _record_look(
    connection: Connection, case: Case, *, actor: Actor, now: datetime, rules: Rules
) -> None:
    case.note("disclosed", at=now, actor=actor)
    who = ROLE_ZH[actor.role]
    case.tell("disclosed", f"{who}查看了联系方式，用途：{PURPOSE}", at=now, who=who)
    await store.record_disclosure(
        connection,
        case.ticket.ticket_id,
        at=now,
        actor=actor,
        unit=actor.unit or HOTLINE,
        purpose=PURPOSE,
    )
    await store.save_cases(connection, [case], policy=rules.policy)
    metrics.DISCLOSURES.labels("given").inc()


async def _claimed(
    connection: Connection, case: Case, task: CallbackTask, *, vault: Vault, first: bool
) -> Claimed:
    person = await person_of(connection, case.ticket.ticket_id, vault=vault)
    return Claimed(
        task=task,
        ticket=case.ticket,
        name=None if case.ticket.confidential else person.name,
        phone=person.phone,
        reply=await last_reply(connection, case.ticket.ticket_id),
        first=first,
    )
