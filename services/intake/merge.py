"""Merges tickets about one matter, takes that back, links what is related."""

from datetime import datetime
from uuid import UUID

from services.intake import metrics
from services.intake.domain import merging
from services.intake.domain.callback import open_callback
from services.intake.domain.case import SYSTEM, Case
from services.intake.domain.doing import Doing
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import TicketState
from services.intake.store import merges
from services.intake.store import tickets as store
from services.intake.take import take_many
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def merge(
    connection: Connection,
    ticket_id: UUID,
    *,
    into: UUID,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    traceparent: str | None,
) -> Case:
    """The ticket follows `into` until its own callback; a person says that it is one matter."""
    cases = await take_many(connection, [ticket_id, into], version=version, rules=rules)
    case, parent = cases[ticket_id], cases[into]
    doing = Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent)
    merging.merge(case, parent, doing, rules)
    await merges.keep_merge(connection, ticket_id, parent_id=into, at=now)
    await _save(connection, [case, parent], rules)
    return case


async def undo(
    connection: Connection,
    ticket_id: UUID,
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    traceparent: str | None,
) -> Case:
    """Not the same matter after all: the ticket goes on from where its own whistle stands."""
    into = await merges.parent_of(connection, ticket_id)
    both = [ticket_id, *([into] if into is not None else [])]
    cases = await take_many(connection, both, version=version, rules=rules)
    case = cases[ticket_id]
    if into is None:
        raise case.conflict("工单没有并入其他工单", "the ticket is not merged", code="not_merged")
    doing = Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent)
    await _part(connection, case, cases[into], doing, rules, why="经核实不是同一事项")
    await _save(connection, [case, cases[into]], rules)
    return case


async def link(
    connection: Connection,
    ticket_id: UUID,
    *,
    to: UUID,
    version: int | None,
    actor: Actor,
    now: datetime,
    rules: Rules,
    traceparent: str | None,
) -> Case:
    """Say that two tickets have to do with each other; said twice it is said once."""
    cases = await take_many(connection, [ticket_id, to], version=version, rules=rules)
    case, other = cases[ticket_id], cases[to]
    doing = Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent)
    merging.link(case, other, doing, rules)
    if await merges.keep_link(connection, ticket_id, other_id=to, at=now):
        await _save(connection, [case, other], rules)
        return case
    return (await store.load_cases(connection, [ticket_id]))[ticket_id]


async def release_children(
    connection: Connection, parent: Case, doing: Doing, rules: Rules
) -> None:
    """A ticket ended without a result: those that followed it go on by themselves.

    The caller saves the parent; the children are saved here.
    """
    found = await merges.children_of(connection, [parent.ticket.ticket_id])
    own = [child for child, into in found.items() if into == parent.ticket.ticket_id]
    if not own or not parent.ticket.has_ended:
        return
    cases = await store.load_cases(connection, own)
    system = Doing(now=doing.now, actor=SYSTEM, policy=doing.policy, traceparent=doing.traceparent)
    for case in cases.values():
        await _part(connection, case, parent, system, rules, why="主单已了结")
    await _save(connection, list(cases.values()), rules)


async def _part(
    connection: Connection, case: Case, parent: Case, doing: Doing, rules: Rules, *, why: str
) -> None:
    merging.undo(case, parent.ticket.ticket_id, doing)
    merging.tell_undone(case, parent, doing, rules, why=why)
    await merges.end_merges(connection, [case.ticket.ticket_id], at=doing.now, undone=True)
    whistle_id = case.ticket.whistle_id
    if case.ticket.state is TicketState.RESOLVED and whistle_id is not None:
        # its own unit had finished while it followed another
        open_callback(case, whistle_id, rules.callback_dues(doing.now), doing)


async def _save(connection: Connection, cases: list[Case], rules: Rules) -> None:
    await store.save_cases(connection, cases, policy=rules.policy)
    metrics.count_moves(cases)
