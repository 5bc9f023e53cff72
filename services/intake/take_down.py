"""Makes a ticket of the desk's form: registered, its draft gone, its call and language noted."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from services.intake import merge, settle
from services.intake.domain.call import must_be_confirmed
from services.intake.domain.redaction import redact
from services.intake.domain.registration import Rules
from services.intake.domain.settle import Answer, Ending, Transfer
from services.intake.register import Receipt, Register, Registered, Registration
from services.intake.store import calls as calls_store
from services.intake.store import drafts as drafts_store
from services.intake.store.drafts import TakenDown
from services.intake.store.vault import Vault
from shared.errors import ConflictError, ShaodaoError
from shared.runtime.database import Connection

RECEIPT: Final = TypeAdapter(Receipt)


class JoinHow(StrEnum):
    """How a new ticket joins one about the same matter."""

    MERGE = "merge"  # 并单
    LINK = "link"  # 关联


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """The ticket that the new one follows or is related to."""

    ticket_id: UUID
    how: JoinHow


@dataclass(frozen=True, slots=True, kw_only=True)
class FilledIn:
    """The form as it was submitted; `version` is that of its draft, 0 where none was kept yet."""

    registration: Registration
    draft_id: UUID
    version: int
    account: str
    language: str
    urgency_reason: str | None
    call_id: str | None
    confirmed: bool  # the operator's word that the matter of a marked number is real
    then: Ending | Join | None = None

    @property
    def settled(self) -> bool:
        """Whether nobody is to be whistled for it."""
        return isinstance(self.then, Answer | Transfer) or (
            isinstance(self.then, Join) and self.then.how is JoinHow.MERGE
        )


async def take_down(
    connection: Connection,
    form: FilledIn,
    *,
    register: Register,
    now: datetime,
    rules: Rules,
    vault: Vault,
) -> Registered:
    """Register the form, once however often it is submitted, and end or join it in the same breath.

    Raises ConflictError when the draft went on elsewhere, a marked number needs a word, or what
    was to follow is not possible; then nothing is registered.
    """
    await _demand_draft(connection, form, vault=vault)
    await _demand_word(connection, form, now=now, vault=vault)
    (done,) = await register(connection, [replace(form.registration, settled=form.settled)], now)
    if isinstance(done, ShaodaoError):
        raise done
    if not done.repeated:
        ticket_id = RECEIPT.validate_json(done.receipt).ticket_id
        await _note(connection, ticket_id, form, now=now, vault=vault)
        await _follow(connection, ticket_id, form, now=now, rules=rules, vault=vault)
    await drafts_store.drop_draft(connection, form.draft_id)
    return done


async def _follow(
    connection: Connection,
    ticket_id: UUID,
    form: FilledIn,
    *,
    now: datetime,
    rules: Rules,
    vault: Vault,
) -> None:
    """What the operator wants done with the new ticket at once."""
    actor, trace = form.registration.actor, form.registration.traceparent
    match form.then:
        case Join(how=JoinHow.MERGE, ticket_id=into):
            await merge.merge(
                connection,
                ticket_id,
                into=into,
                version=None,
                actor=actor,
                now=now,
                rules=rules,
                traceparent=trace,
            )
        case Join(ticket_id=to):
            await merge.link(
                connection,
                ticket_id,
                to=to,
                version=None,
                actor=actor,
                now=now,
                rules=rules,
                traceparent=trace,
            )
        case Answer() | Transfer() as ending:
            await settle.end(
                connection,
                ticket_id,
                ending,
                version=None,
                actor=actor,
                now=now,
                rules=rules,
                vault=vault,
                traceparent=trace,
            )


async def _demand_draft(connection: Connection, form: FilledIn, *, vault: Vault) -> None:
    draft = await drafts_store.load_draft(connection, form.draft_id, vault=vault, lock=True)
    if draft is not None and (draft.version, draft.account) != (form.version, form.account):
        raise ConflictError(
            "这份草稿已在别处修改，请先查看那边的内容",
            "the draft was changed in another place",
            code="draft_changed",
            version=draft.version,
        )


async def _demand_word(
    connection: Connection, form: FilledIn, *, now: datetime, vault: Vault
) -> None:
    phone, urgency = form.registration.draft.person.phone, form.registration.draft.urgency
    mark = await calls_store.mark_of(connection, phone, now=now, vault=vault) if phone else None
    if mark is not None and must_be_confirmed(mark, urgency, now) and not form.confirmed:
        raise ConflictError(
            f"此号码已被班长标记（{mark.reason}），请确认诉求属实后提交",
            f"the number is marked ({mark.reason}): confirm that the matter is real",
            code="marked_number",
        )


async def _note(
    connection: Connection, ticket_id: UUID, form: FilledIn, *, now: datetime, vault: Vault
) -> None:
    reason = redact(form.urgency_reason).text if form.urgency_reason else None
    await drafts_store.add_taken_down(
        connection,
        TakenDown(
            ticket_id=ticket_id,
            account=form.account,
            language=form.language,
            urgency_reason=reason,
            call_id=form.call_id,
            at=now,
        ),
    )
    if form.call_id is not None:
        await calls_store.call_became(connection, form.call_id, ticket_id)
