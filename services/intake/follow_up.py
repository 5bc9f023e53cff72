"""What people add to a ticket on its way: supplement, urge, withdraw."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.intake import metrics
from services.intake.domain import asking, follow_up
from services.intake.domain.case import SYSTEM, Case
from services.intake.domain.doing import Doing
from services.intake.domain.photo import owner_of
from services.intake.domain.redaction import redact
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import TicketState
from services.intake.find import no_such_ticket
from services.intake.merge import release_children
from services.intake.photos import attach
from services.intake.store import info_requests, merges
from services.intake.store import tickets as store
from services.intake.store.vault import Vault, keep_supplement, person_of
from shared.catalogue.terms import Term
from shared.contracts.parts import Actor
from shared.contracts.values import Due
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
    photo_ids: Sequence[UUID] = (),
    photo_owner: str | None = None,
) -> Case:
    """Add the person's words, redacted, and photos; the original words go to the vault.

    `photo_owner` is who uploaded the photos; None is the actor.
    """
    case, parent = await _with_parent(connection, ticket_id)
    follow_up.demand_open(case)
    person = await person_of(connection, ticket_id, vault=vault)
    redacted = redact(text, names=(person.name,) if person.name else ())
    doing = Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent)
    follow_up.supplement(
        case,
        redacted.text,
        doing,
        attachments=await attach(
            connection,
            ticket_id,
            photo_ids,
            owner=photo_owner or owner_of(actor),
            address=rules.address,
            confidential=case.ticket.confidential,
        ),
        dispatch_by=await _supplied(connection, case, doing, rules),
    )
    if parent is not None and redacted.text:
        follow_up.supplement(parent, redacted.text, _forwarded(doing))
    if redacted.found:
        await keep_supplement(connection, ticket_id, text=text, vault=vault, at=now)
    for kind, found in redacted.found.items():
        metrics.REDACTIONS.labels(kind).inc(found)
    return await _saved(connection, case, parent, rules)


async def _supplied(connection: Connection, case: Case, doing: Doing, rules: Rules) -> Due | None:
    """Where the person was asked for more, this is it; the dispatch limit as it runs on."""
    if case.ticket.state is not TicketState.PENDING_INFO:
        return None
    request = await info_requests.of_ticket(connection, case.ticket.ticket_id)
    await info_requests.supplied(connection, case.ticket.ticket_id, at=doing.now)
    return asking.supplied(case, doing, rules, request)


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
    case, parent = await _with_parent(connection, ticket_id)
    every = timedelta(seconds=rules.limits.term(Term.URGE_AGAIN).amount)
    doing = Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent)
    follow_up.urge(case, doing, every=every)
    if parent is not None:
        follow_up.urge(parent, _forwarded(doing), every=every)
    return await _saved(connection, case, parent, rules)


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
    case, _ = await _with_parent(connection, ticket_id)
    merged = case.ticket.state is TicketState.MERGED
    doing = Doing(now=now, actor=actor, policy=rules.policy, traceparent=traceparent)
    follow_up.withdraw(case, doing, rules.catalogue)
    if merged and case.ticket.has_ended:
        await merges.end_merges(connection, [ticket_id], at=now, undone=True)
    await release_children(connection, case, doing, rules)
    return await _saved(connection, case, None, rules)


async def _with_parent(connection: Connection, ticket_id: UUID) -> tuple[Case, Case | None]:
    """The ticket and, where it is merged, the one at the top that it follows; both locked."""
    top: UUID | None = None
    above = await merges.parent_of(connection, ticket_id)
    while above is not None:
        top, above = above, await merges.parent_of(connection, above)
    cases = await store.load_cases(connection, [ticket_id, *([top] if top is not None else [])])
    case = cases.get(ticket_id)
    if case is None:
        raise no_such_ticket()
    parent = cases.get(top) if top is not None else None
    followed = case.ticket.state is TicketState.MERGED and parent is not None
    return case, parent if followed and parent and not parent.ticket.has_ended else None


def _forwarded(doing: Doing) -> Doing:
    """What is said of a merged ticket reaches the units by the one that it follows."""
    return replace(doing, actor=SYSTEM)


async def _saved(connection: Connection, case: Case, parent: Case | None, rules: Rules) -> Case:
    cases = [case] if parent is None else [case, parent]
    await store.save_cases(connection, cases, policy=rules.policy)
    metrics.count_moves(cases)
    return case
