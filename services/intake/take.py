"""Takes tickets in hand to change them: locked, and as the caller saw them."""

from collections.abc import Collection
from uuid import UUID

from services.intake.domain.case import Case
from services.intake.domain.registration import Rules
from services.intake.find import no_such_ticket
from services.intake.store import changes
from services.intake.store import tickets as store
from shared.errors import ConflictError
from shared.runtime.database import Connection


async def take(
    connection: Connection, ticket_id: UUID, *, version: int | None, rules: Rules
) -> Case:
    """The ticket, locked.

    Raises NotFoundError, and ConflictError with who changed what since when `version` is old.
    """
    return (await take_many(connection, [ticket_id], version=version, rules=rules))[ticket_id]


async def take_many(
    connection: Connection,
    ticket_ids: Collection[UUID],
    *,
    version: int | None,
    rules: Rules,
) -> dict[UUID, Case]:
    """Several at once, so that two commands never wait for each other; `version` is the first's."""
    cases = await store.load_cases(connection, ticket_ids)
    if len(cases) < len(set(ticket_ids)):
        raise no_such_ticket()
    first = cases[next(iter(ticket_ids))]
    if version is not None and version != first.ticket.seq:
        ticket = first.ticket
        raise ConflictError(
            "工单已被更新，请核对变化后再操作",
            "the ticket has changed meanwhile",
            state=ticket.state.value,
            version=ticket.seq,
            changes=await changes.since(
                connection, ticket.ticket_id, version, catalogue=rules.catalogue
            ),
        )
    return cases
