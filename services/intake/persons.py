"""A person's right over their data: all of it shown, or erased, at their request, on the record.

Erasing takes away who asked; what was asked for and done stays, as the law on archives wants. A
matter that still goes on is kept: without the person it could not be called back.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.domain.case import Line
from services.intake.domain.person import Person, normal_phone
from services.intake.domain.registration import Rules
from services.intake.domain.ticket import TicketState
from services.intake.store import privacy, residents
from services.intake.store import tickets as store
from services.intake.store.privacy import PersonRequest, RequestKind
from services.intake.store.residents import Look
from services.intake.store.vault import Vault, person_of
from shared.contracts.parts import Actor
from shared.errors import FieldError, InvalidError, NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Words of the person as they were said."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Everything of one ticket that concerns the person."""

    ticket_id: UUID
    number: str
    state: TicketState
    registered_at: datetime
    person: Person
    text: str
    supplements: tuple[Said, ...]
    timeline: tuple[Line, ...]
    looks: tuple[Look, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is kept of the person of a phone."""

    at: datetime
    tickets: tuple[Kept, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Whose tickets lost their person, and which were kept because they go on (by number)."""

    erased: tuple[str, ...]
    kept: tuple[str, ...]


async def export(
    connection: Connection, *, phone: str, purpose: str, actor: Actor, now: datetime, vault: Vault
) -> Export:
    """All that is kept of a person; NotFoundError where nothing is."""
    found = await _tickets_of(connection, phone, vault=vault)
    kept = [await _kept(connection, ticket_id, vault=vault) for ticket_id in found]
    for each in kept:
        await store.record_disclosure(
            connection,
            each.ticket_id,
            at=now,
            actor=actor,
            unit=actor.unit or actor.role,
            purpose=purpose,
        )
    await privacy.record_request(
        connection, RequestKind.EXPORT, at=now, actor=actor, purpose=purpose, tickets=len(kept)
    )
    return Export(at=now, tickets=tuple(kept))


async def erase(
    connection: Connection,
    *,
    phone: str,
    purpose: str,
    actor: Actor,
    now: datetime,
    vault: Vault,
    rules: Rules,
) -> Erasure:
    """Take the person out of all tickets that have ended; NotFoundError where nothing is kept."""
    found = await _tickets_of(connection, phone, vault=vault)
    cases = await store.load_cases(connection, found)
    ended = {key: case for key, case in cases.items() if case.ticket.has_ended}
    for case in ended.values():
        case.note("person_erased", at=now, actor=actor)
        case.tell("person_erased", "应本人要求，个人信息已删除", at=now, who="系统")
    await privacy.forget_persons(connection, list(ended))
    kept = [case.ticket.number for key, case in cases.items() if key not in ended]
    if not kept:  # else the desk still needs to know who calls about it
        await privacy.forget_caller(connection, normal_phone(phone) or phone, vault=vault)
    await privacy.record_request(
        connection,
        RequestKind.ERASE,
        at=now,
        actor=actor,
        purpose=purpose,
        tickets=len(ended),
        kept=len(kept),
    )
    await store.save_cases(connection, ended.values(), policy=rules.policy)
    return Erasure(erased=tuple(case.ticket.number for case in ended.values()), kept=tuple(kept))


async def requests(connection: Connection, *, below: int | None, limit: int) -> list[PersonRequest]:
    """Who asked for whose data and why, newest first; nothing of the persons themselves."""
    return await privacy.person_requests(connection, below=below, limit=limit)


async def _tickets_of(connection: Connection, phone: str, *, vault: Vault) -> list[UUID]:
    normal = normal_phone(phone)
    if normal is None:
        raise InvalidError(
            FieldError(field="phone", zh="phone：不是电话号码", en="phone: is not a phone")
        )
    found = await privacy.tickets_of_phone(connection, normal, vault=vault)
    if not found:
        raise NotFoundError("没有此号码的个人信息", "nothing is kept of this phone")
    return found


async def _kept(connection: Connection, ticket_id: UUID, *, vault: Vault) -> Kept:
    ticket = await store.load_ticket(connection, ticket_id)
    assert ticket is not None  # the vault's row stands on it
    person = await person_of(connection, ticket_id, vault=vault)
    said = await privacy.supplements_of(connection, ticket_id, vault=vault)
    return Kept(
        ticket_id=ticket_id,
        number=ticket.number,
        state=ticket.state,
        registered_at=ticket.registered_at,
        person=person,
        text=person.text or ticket.summary,
        supplements=tuple(Said(at=at, text=text) for at, text in said),
        timeline=tuple(await store.timeline_of(connection, ticket_id)),
        looks=tuple(await residents.looks_of(connection, ticket_id)),
    )
