"""Registers requests: many at once, each exactly once, with bulk writes in one transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from services.intake import metrics, photos
from services.intake.domain.case import Case
from services.intake.domain.photo import Claim, Photo, attachment, owner_of
from services.intake.domain.registration import Draft, Rules, open_ticket
from services.intake.domain.request import Request
from services.intake.domain.ticket import TicketState
from services.intake.hints import similar_of
from services.intake.links import registered_texts
from services.intake.store import claims
from services.intake.store import tickets as store
from services.intake.store.vault import Vault, keep_persons
from shared.calendar import SHANGHAI
from shared.catalogue.hint_limits import HintLimits
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, DeadlineKind
from shared.contracts.values import Due, Urgency
from shared.delivery.outgoing import put_many
from shared.errors import ConflictError, InvalidError, ShaodaoError
from shared.runtime.database import Connection
from shared.runtime.history import FIRST_HASH

SAME_CALLER: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to a registration; a repeat gets the first one's again."""

    ticket_id: UUID
    number: str
    state: TicketState
    version: int
    registered_at: datetime
    urgency: Urgency
    dispatch_by: Due


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A drafted request with who brought it and the key it came under."""

    draft: Draft
    actor: Actor
    idempotency_key: str | None = None
    traceparent: str | None = None
    photo_owner: str | None = None  # who uploaded its photos; None: the actor
    settled: bool = False  # it ends, or joins another, in this very transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A receipt as JSON, and whether the ticket was there before."""

    receipt: str
    repeated: bool


Register = Callable[
    [Connection, Sequence[Registration], datetime], Awaitable[list[Registered | ShaodaoError]]
]
"""`register_many` as the app has set it up, for whoever registers in a transaction of their own."""

_RECEIPT = TypeAdapter(Receipt)
_REQUEST = TypeAdapter(Request)


async def register_many(
    connection: Connection,
    registrations: Sequence[Registration],
    now: datetime,
    *,
    rules: Rules,
    vault: Vault,
    by_sms: bool = False,
    limits: HintLimits | None = None,
) -> list[Registered | ShaodaoError]:
    """One answer for each, in order: its receipt, or the conflict that refuses it.

    `by_sms`: who left a mobile phone is sent number and link. With `limits` the dispatcher is told
    of open requests alike.
    """
    claimants = [_claimant(each, now) for each in registrations]
    settled = await claims.settle(connection, claimants, vault=vault, now=now)
    fresh = [
        (each, claimant.ticket_id)
        for each, claimant, ticket_id in zip(registrations, claimants, settled, strict=True)
        if ticket_id == claimant.ticket_id
    ]
    shown, refused = await _photos(connection, fresh)
    if refused:
        fresh = [each for each in fresh if each[1] not in refused]
        lost = [c for c, each in zip(claimants, settled, strict=True) if each in refused]
        await claims.give_back(connection, [key for each in lost for key in each.keys])
    receipts = (
        await _add(
            connection,
            fresh,
            now,
            rules=rules,
            vault=vault,
            shown=shown,
            by_sms=by_sms,
            limits=limits,
        )
        if fresh
        else {}
    )
    earlier = {each for each in settled if each is not None} - receipts.keys() - refused.keys()
    known = await store.receipts(connection, earlier) if earlier else {}
    return [_answer(each, receipts, known, refused) for each in _once(settled)]


async def _photos(
    connection: Connection, fresh: Sequence[tuple[Registration, UUID]]
) -> tuple[dict[UUID, list[Photo]], dict[UUID, InvalidError]]:
    """The photos of each new ticket, and those whose photos cannot be had, by ticket_id."""
    wanted = [
        Claim(
            ticket_id=ticket_id,
            owner=each.photo_owner or owner_of(each.actor),
            photo_ids=each.draft.request.photos,
        )
        for each, ticket_id in fresh
        if each.draft.request.photos
    ]
    return await photos.match(connection, wanted) if wanted else ({}, {})


def _claimant(registration: Registration, now: datetime) -> claims.Claimant:
    request = registration.draft.request
    keys = claims.keys_of(registration.idempotency_key, request.source)
    return claims.Claimant(
        ticket_id=new_id(now), keys=keys, body=_REQUEST.dump_json(request) if keys else b""
    )


def _once(settled: Sequence[UUID | None]) -> list[tuple[UUID | None, bool]]:
    """Each ticket with whether it stood before in the same batch."""
    seen: set[UUID] = set()
    marked: list[tuple[UUID | None, bool]] = []
    for ticket_id in settled:
        marked.append((ticket_id, ticket_id in seen))
        if ticket_id is not None:
            seen.add(ticket_id)
    return marked


def _answer(
    settled: tuple[UUID | None, bool],
    receipts: dict[UUID, str],
    known: dict[UUID, str],
    refused: dict[UUID, InvalidError],
) -> Registered | ShaodaoError:
    ticket_id, again = settled
    if ticket_id in refused:
        return refused[ticket_id]
    if ticket_id is None:
        metrics.REPEATS.labels("refused").inc()
        return ConflictError(
            "该幂等键或来源编号已用于内容不同的诉求",
            "this Idempotency-Key or source was used for another request",
            code="key_reused",
        )
    if again or ticket_id in known:
        metrics.REPEATS.labels("repeated").inc()
        receipt = receipts[ticket_id] if ticket_id in receipts else known[ticket_id]
        return Registered(receipt=receipt, repeated=True)
    return Registered(receipt=receipts[ticket_id], repeated=False)


async def _add(
    connection: Connection,
    fresh: Sequence[tuple[Registration, UUID]],
    now: datetime,
    *,
    rules: Rules,
    vault: Vault,
    shown: Mapping[UUID, Sequence[Photo]],
    by_sms: bool,
    limits: HintLimits | None,
) -> dict[UUID, str]:
    """Write the new tickets; the receipt of each."""
    running = await store.take_running(
        connection, now.astimezone(SHANGHAI).date(), count=len(fresh)
    )
    phones = {each.draft.person.phone for each, _ in fresh} - {None}
    callers = await _same_callers(connection, phones, now, vault=vault)
    drafts = [each.draft for each, _ in fresh]
    similar = await similar_of(connection, drafts, now=now, limits=limits)
    cases = [
        open_ticket(
            each.draft,
            ticket_id=ticket_id,
            running=number,
            now=now,
            actor=each.actor,
            rules=rules,
            same_caller_30d=callers.get(each.draft.person.phone, 0),
            history_hash=FIRST_HASH,
            traceparent=each.traceparent,
            attachments=tuple(
                attachment(photo, address=rules.address) for photo in shown.get(ticket_id, ())
            ),
            similar=others,
            settled=each.settled,
        )
        for (each, ticket_id), number, others in zip(fresh, running, similar, strict=True)
    ]
    receipts = [_receipt(case) for case in cases]
    await _keep_persons(connection, fresh, now, vault=vault)
    await store.add_cases(connection, cases, receipts, policy=rules.policy)
    if shown:
        hidden = {case.ticket.ticket_id for case in cases if case.ticket.confidential}
        await photos.attach_all(connection, shown, confidential=hidden)
    if by_sms:
        persons = [each.draft.person for each, _ in fresh]
        await put_many(connection, registered_texts(zip(cases, persons, strict=True), now))
    _count(cases, drafts)
    return {ticket_id: receipt for (_, ticket_id), receipt in zip(fresh, receipts, strict=True)}


def _receipt(case: Case) -> str:
    ticket = case.ticket
    dispatch = case.promises[ticket.ticket_id, DeadlineKind.DISPATCH, ticket.round]
    receipt = Receipt(
        ticket_id=ticket.ticket_id,
        number=ticket.number,
        state=ticket.state,
        version=ticket.seq,
        registered_at=ticket.registered_at,
        urgency=ticket.urgency,
        dispatch_by=dispatch.due,
    )
    return _RECEIPT.dump_json(receipt).decode()


async def _same_callers(
    connection: Connection, phones: set[str | None], now: datetime, *, vault: Vault
) -> dict[str | None, int]:
    """How many tickets each phone brought in the last 30 days."""
    by_index = {vault.phone_index(phone): phone for phone in phones if phone is not None}
    if not by_index:
        return {}
    counted = await store.same_callers(connection, list(by_index), since=now - SAME_CALLER)
    return {by_index[index]: count for index, count in counted.items()}


async def _keep_persons(
    connection: Connection,
    fresh: Sequence[tuple[Registration, UUID]],
    now: datetime,
    *,
    vault: Vault,
) -> None:
    persons = [(ticket_id, each.draft.person) for each, ticket_id in fresh]
    await keep_persons(connection, [p for p in persons if not p[1].is_empty], vault=vault, at=now)


def _count(cases: Sequence[Case], drafts: Sequence[Draft]) -> None:
    metrics.count_registered(cases)
    metrics.count_moves(cases)
    for draft in drafts:
        for kind, found in draft.redactions:
            metrics.REDACTIONS.labels(kind).inc(found)
