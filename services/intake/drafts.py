"""Keeps the desk's form while it is filled in: no reload, crash or dropped call loses it."""

from datetime import datetime
from uuid import UUID

from services.intake.domain.call import PhoneCall
from services.intake.domain.draft import DeskDraft, Form, changed
from services.intake.store import calls as calls_store
from services.intake.store import drafts as store
from services.intake.store.vault import Vault
from shared.errors import ConflictError, NotFoundError
from shared.runtime.database import Connection


async def keep(
    connection: Connection,
    draft_id: UUID,
    form: Form,
    *,
    version: int,
    account: str,
    call_id: str | None,
    now: datetime,
    vault: Vault,
) -> DeskDraft:
    """Keep what was typed on top of `version` (0: a new draft).

    The same form again is no conflict: the answer to the first time may have been lost. Raises
    ConflictError with the version there is when another tab or desk has gone on with it.
    """
    known = await store.load_draft(connection, draft_id, vault=vault, lock=True)
    if known is None:
        if version:
            raise _gone()
        draft = DeskDraft(
            draft_id=draft_id,
            account=account,
            version=1,
            form=form,
            call_id=call_id,
            begun_at=now,
            changed_at=now,
        )
    elif known.account == account and known.form == form:
        return known
    elif known.version != version or known.account != account:
        raise _elsewhere(known)
    else:
        draft = changed(known, form, account=account, call_id=call_id, now=now)
    if not await store.save_draft(connection, draft, vault=vault):
        raise _elsewhere(draft)
    return draft


async def open_draft(
    connection: Connection,
    draft_id: UUID,
    *,
    account: str,
    call_id: str | None,
    now: datetime,
    vault: Vault,
) -> DeskDraft:
    """A draft to go on with: one's own, or one tied to the number that calls this desk now.

    The latter moves to this desk; whoever still has it open is told by the version.
    """
    draft = await store.load_draft(connection, draft_id, vault=vault, lock=True)
    if draft is None:
        raise _gone()
    if draft.account == account:
        return draft
    call = await calls_store.load_call(connection, call_id, vault=vault) if call_id else None
    if call is None or not await _called_here(connection, call, draft, account):
        raise _gone()
    moved = changed(draft, draft.form, account=account, call_id=call_id, now=now)
    if not await store.save_draft(connection, moved, vault=vault):
        raise _elsewhere(draft)
    return moved


async def _called_here(
    connection: Connection, call: PhoneCall, draft: DeskDraft, account: str
) -> bool:
    seats = await calls_store.seats_of(connection, [account])
    return call.operator in seats and call.phone is not None and call.phone == draft.phone


async def drop(connection: Connection, draft_id: UUID, *, account: str, vault: Vault) -> None:
    """Throw a draft of one's own away; none there is as good."""
    draft = await store.load_draft(connection, draft_id, vault=vault, lock=True)
    if draft is not None and draft.account == account:
        await store.drop_draft(connection, draft_id)


def _gone() -> NotFoundError:
    return NotFoundError("没有这份草稿，可能已提交或过期", "there is no such draft")


def _elsewhere(draft: DeskDraft) -> ConflictError:
    return ConflictError(
        "这份草稿已在别处修改，请先查看那边的内容",
        "the draft was changed in another place",
        code="draft_changed",
        version=draft.version,
    )
