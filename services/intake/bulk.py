"""Does one thing to many tickets: first shown what would be refused and why, then one by one.

The preview decides with the very rules of the verb on locked tickets and saves nothing. What is
then carried out has a transaction a ticket, so that one that is refused keeps no other back.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.intake import follow_up, merge, settle
from services.intake.domain import follow_up as urging
from services.intake.domain import merging
from services.intake.domain import settle as settling
from services.intake.domain.case import Case
from services.intake.domain.doing import Doing
from services.intake.domain.registration import Rules
from services.intake.domain.settle import Reason
from services.intake.find import no_such_ticket
from services.intake.store import search
from services.intake.store import tickets as store
from services.intake.store.vault import Vault
from shared.catalogue.rights import may
from shared.catalogue.terms import Term
from shared.errors import ConflictError, FieldError, ForbiddenError, InvalidError, ShaodaoError
from shared.runtime.database import Connection
from shared.runtime.service import Runtime

MOST: Final = 100


class Action(StrEnum):
    """What may be done to many at once."""

    URGE = "urge"  # 催办
    MERGE = "merge"  # 并单
    LINK = "link"  # 关联
    VOID = "void"  # 作废


RIGHTS: Final[Mapping[Action, str]] = {
    Action.URGE: "tickets.add",
    Action.MERGE: "tickets.merge",
    Action.LINK: "tickets.merge",
    Action.VOID: "tickets.refuse",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """One action; `other` is the number of the ticket that the others are merged into or linked to.

    `versions` are the tickets as the caller saw them: one that moved on since is refused.
    """

    action: Action
    ticket_ids: tuple[UUID, ...]
    other: str | None = None
    reason: Reason | None = None
    note: str | None = None
    versions: Mapping[UUID, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes, or would become, of one ticket; a refusal says why."""

    ticket_id: UUID
    number: str | None
    version: int | None
    done: bool
    code: str | None = None
    zh: str | None = None
    en: str | None = None


async def preview(runtime: Runtime, bulk: Bulk, doing: Doing, *, rules: Rules) -> list[Outcome]:
    """What would become of each, nothing changed. Raises InvalidError on the action itself."""
    _demand(bulk, doing)
    outcomes: list[Outcome] = []
    async with runtime.pool.acquire() as connection, connection.transaction():
        other_id = await _other(connection, bulk)
        wanted = [*bulk.ticket_ids, *([other_id] if other_id is not None else [])]
        cases = await store.load_cases(connection, wanted)
    for ticket_id in bulk.ticket_ids:
        case = cases.get(ticket_id)
        other = cases.get(other_id) if other_id is not None else None
        try:
            if case is None:
                raise no_such_ticket()
            before = case.ticket.seq
            _decide(case, other, bulk, doing, rules)
        except ShaodaoError as error:
            outcomes.append(_refused(ticket_id, case, error))
        else:
            outcomes.append(_done(case, version=before))
    return outcomes


async def carry_out(
    runtime: Runtime, bulk: Bulk, doing: Doing, *, rules: Rules, vault: Vault
) -> list[Outcome]:
    """Each in a transaction of its own, in the order given; the result of each."""
    _demand(bulk, doing)
    async with runtime.pool.acquire() as connection:
        other_id = await _other(connection, bulk)
    outcomes: list[Outcome] = []
    for ticket_id in bulk.ticket_ids:
        try:
            async with runtime.transaction() as connection:
                case = await _do(
                    connection, ticket_id, other_id, bulk, doing, rules=rules, vault=vault
                )
        except ShaodaoError as error:
            outcomes.append(_refused(ticket_id, None, error))
        else:
            outcomes.append(_done(case, version=case.ticket.seq))
    return outcomes


def _demand(bulk: Bulk, doing: Doing) -> None:
    if not may(doing.actor.role, RIGHTS[bulk.action]):
        raise ForbiddenError("您的角色无权进行此操作", f"role {doing.actor.role} may not do this")
    if bulk.action is Action.VOID and bulk.reason is None:
        raise InvalidError(
            FieldError(field="reason", zh="reason：请选择作废原因", en="reason: is required")
        )
    if bulk.action in (Action.MERGE, Action.LINK) and not bulk.other:
        raise _no_other()


def _no_other() -> InvalidError:
    return InvalidError(
        FieldError(
            field="other",
            zh="other：请填写存在的工单编号",
            en="other: must be the number of a ticket",
        )
    )


async def _other(connection: Connection, bulk: Bulk) -> UUID | None:
    if bulk.action not in (Action.MERGE, Action.LINK):
        return None
    found = await search.id_of_number(connection, (bulk.other or "").strip())
    if found is None:
        raise _no_other()
    return found


def _decide(case: Case, other: Case | None, bulk: Bulk, doing: Doing, rules: Rules) -> None:
    """Apply the rules to loaded tickets; raises what the verb would raise."""
    match bulk.action, other:
        case Action.URGE, _:
            every = timedelta(seconds=rules.limits.term(Term.URGE_AGAIN).amount)
            urging.urge(case, doing, every=every)
        case Action.MERGE, Case():
            merging.merge(case, other, doing, rules)
        case Action.LINK, Case():
            merging.link(case, other, doing, rules)
        case Action.VOID, _ if bulk.reason is not None:
            settling.void(case, bulk.reason, bulk.note, doing, rules)
        case _:
            raise _no_other()


async def _do(
    connection: Connection,
    ticket_id: UUID,
    other_id: UUID | None,
    bulk: Bulk,
    doing: Doing,
    *,
    rules: Rules,
    vault: Vault,
) -> Case:
    by: dict[str, Any] = {
        "actor": doing.actor,
        "now": doing.now,
        "rules": rules,
        "traceparent": doing.traceparent,
    }
    version = bulk.versions.get(ticket_id)
    match bulk.action, other_id:
        case Action.URGE, _:
            case = await follow_up.urge(connection, ticket_id, **by)
            if version is not None and case.ticket.seq > version + 1:
                raise ConflictError(
                    "工单已被更新，请核对变化后再操作",
                    "the ticket has changed meanwhile",
                    state=case.ticket.state,
                    version=case.ticket.seq,
                )
            return case
        case Action.MERGE, UUID():
            return await merge.merge(connection, ticket_id, into=other_id, version=version, **by)
        case Action.LINK, UUID():
            return await merge.link(connection, ticket_id, to=other_id, version=version, **by)
        case _:
            assert bulk.reason is not None
            return await settle.void(
                connection,
                ticket_id,
                reason=bulk.reason,
                note=bulk.note,
                version=version,
                vault=vault,
                **by,
            )


def _done(case: Case, *, version: int) -> Outcome:
    ticket = case.ticket
    return Outcome(ticket_id=ticket.ticket_id, number=ticket.number, version=version, done=True)


def _refused(ticket_id: UUID, case: Case | None, error: ShaodaoError) -> Outcome:
    ticket = case.ticket if case is not None else None
    version = error.version if isinstance(error, ConflictError) else None
    return Outcome(
        ticket_id=ticket_id,
        number=ticket.number if ticket is not None else None,
        version=ticket.seq if ticket is not None else version,
        done=False,
        code=error.code,
        zh=error.zh,
        en=error.en,
    )
