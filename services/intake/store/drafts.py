"""Keeps drafts of the desk's form, each sealed as one, and what the desk knows of tickets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter

from services.intake.domain.draft import DeskDraft, Form
from services.intake.domain.ticket import Ticket
from services.intake.store.calls import opened
from services.intake.store.rows import ticket_of
from services.intake.store.vault import Vault
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "drafts.sql")
DRAFTS_SHOWN = 100
_FORM = TypeAdapter(Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenDown:
    """What the desk knows of a ticket besides the ticket itself."""

    ticket_id: UUID
    account: str
    language: str
    urgency_reason: str | None
    call_id: str | None
    at: datetime


async def load_draft(
    connection: Connection, draft_id: UUID, *, vault: Vault, lock: bool = False
) -> DeskDraft | None:
    row = await connection.fetchrow(SQL.draft_for_update if lock else SQL.draft, draft_id)
    return _draft(row, vault) if row is not None else None


async def save_draft(connection: Connection, draft: DeskDraft, *, vault: Vault) -> bool:
    """False, and nothing written, when another has saved this version meanwhile."""
    sealed = vault.seal(draft.draft_id, _FORM.dump_json(draft.form))
    phone = draft.phone
    saved = await connection.fetchval(
        SQL.save_draft,
        draft.draft_id,
        draft.account,
        draft.version,
        sealed.key_id,
        sealed.data,
        vault.phone_index(phone) if phone else None,
        draft.call_id,
        draft.begun_at,
        draft.changed_at,
    )
    return saved is not None


async def drop_draft(connection: Connection, draft_id: UUID) -> bool:
    """Whether there was one."""
    return await connection.fetchval(SQL.drop_draft, draft_id) is not None


async def drafts_of_account(
    connection: Connection, account: str, *, vault: Vault
) -> list[DeskDraft]:
    """The drafts on a desk, last changed first."""
    rows = await connection.fetch(SQL.drafts_of_account, account, DRAFTS_SHOWN)
    return [_draft(row, vault) for row in rows]


async def drafts_of_phone(
    connection: Connection, phone: str, *, vault: Vault, limit: int = 3
) -> list[DeskDraft]:
    """The drafts tied to a number, last changed first."""
    rows = await connection.fetch(SQL.drafts_of_phone, vault.phone_indexes(phone), limit)
    return [_draft(row, vault) for row in rows]


async def forget_drafts(connection: Connection, since: datetime, *, limit: int) -> int:
    """Remove drafts not touched since; how many."""
    done: str = await connection.execute(SQL.forget_drafts, since, limit)
    return int(done.rpartition(" ")[2])


async def add_taken_down(connection: Connection, taken: TakenDown) -> None:
    await connection.execute(
        SQL.add_taken_down,
        taken.ticket_id,
        taken.account,
        taken.language,
        taken.urgency_reason,
        taken.call_id,
        taken.at,
    )


async def taken_down(connection: Connection, ticket_id: UUID) -> TakenDown | None:
    """None for a ticket that did not come from the desk's form."""
    row = await connection.fetchrow(SQL.taken_down, ticket_id)
    return TakenDown(**row) if row is not None else None


async def tickets_of_account(
    connection: Connection, account: str, *, below: UUID, limit: int, open_only: bool | None
) -> list[Ticket]:
    """What an operator took down, newest first."""
    rows = await connection.fetch(SQL.tickets_of_account, account, below, limit, open_only)
    return [ticket_of(row) for row in rows]


def _draft(row: Mapping[str, Any], vault: Vault) -> DeskDraft:
    return DeskDraft(
        draft_id=row["draft_id"],
        account=row["account"],
        version=row["version"],
        form=_FORM.validate_json(opened(row, row["draft_id"], vault)),
        call_id=row["call_id"],
        begun_at=row["begun_at"],
        changed_at=row["changed_at"],
    )
