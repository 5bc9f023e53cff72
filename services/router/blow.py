"""Blows a whistle for a street or community: its units are called at once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from services.router import files, metrics, rows
from services.router.domain import calling
from services.router.domain.book import Book, Request, Said
from services.router.domain.calling import Call
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint.blowing import (
    Blow,
    check,
    crosses,
    may_blow,
    own_effort_by,
    takeover_by,
)
from services.router.domain.joint.place_key import place_key
from services.router.domain.whistle import Whistle
from services.router.store import files as file_store
from services.router.store import joint as joint_store
from services.router.store import whistles as store
from shared.catalogue.model import Unit
from shared.contracts import whistles
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, Attachment, BlownBy, DeadlineKind
from shared.contracts.values import WhistleKind
from shared.errors import ConflictError, ForbiddenError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Blown:
    """The whistle that was blown, or had been by the same request."""

    whistle: Whistle
    new: bool


async def blow(
    connection: Connection,
    request: Blow,
    *,
    actor: Actor,
    key: str | None,
    city: City,
    now: datetime,
    traceparent: str | None,
    files_at: str = "",
) -> Blown:
    """Call the units; the same `key` of the same unit gives the same whistle.

    `files_at`: the address that the units fetch attachments from.

    Raises ForbiddenError, InvalidError naming every wrong field, ConflictError when the key was
    used for another request.
    """
    unit = _unit(city, actor)
    may_blow(request, role=actor.role, unit=unit)
    digest = hashlib.sha256(rows.json_of(request).encode()).digest()
    if key is not None:
        before = await store.by_key(connection, unit.code, key)
        if before is not None:
            return await _same(connection, before, digest)
    book = Book(Promises(city, now))
    attached = await files.attachments(
        connection, request.attachments, unit=unit.code, address=files_at
    )
    whistle = await _blow(connection, book, request, unit, attached, actor, traceparent)
    if key is not None:
        book.requests[whistle.whistle_id] = Request(key=key, hash=digest)
    await store.save(connection, book)
    await _owe(connection, book, unit)
    named = [(file_id, whistle.whistle_id) for file_id in request.attachments]
    await file_store.link(connection, named)
    metrics.count(book)
    return Blown(whistle=whistle, new=True)


async def _owe(connection: Connection, book: Book, unit: Unit) -> None:
    """The note of its own effort that may follow."""
    for fact in (each.step.fact for each in book.said if isinstance(each, Said)):
        if isinstance(fact, whistles.Blown) and fact.own_effort_by is not None:
            kind, due = DeadlineKind.OWN_EFFORT, fact.own_effort_by
            await joint_store.owe(connection, fact.whistle_id, kind, [unit.code], due)


def _unit(city: City, actor: Actor) -> Unit:
    unit = city.catalogue.units.get(actor.unit or "")
    if unit is None:
        raise ForbiddenError(
            "您的账号没有所属单位，不能吹哨", "the caller has no unit that could blow a whistle"
        )
    return unit


async def _same(connection: Connection, before: store.Requested, digest: bytes) -> Blown:
    if before.request_hash != digest:
        raise ConflictError(
            "该 Idempotency-Key 已用于另一请求",
            "this Idempotency-Key was used for another request",
            code="idempotency_key_reused",
        )
    (whistle,) = await store.read_whistles(connection, [before.whistle_id])
    return Blown(whistle=whistle, new=False)


async def _blow(
    connection: Connection,
    book: Book,
    request: Blow,
    unit: Unit,
    attached: tuple[Attachment, ...],
    actor: Actor,
    traceparent: str | None,
) -> Whistle:
    tickets = {t.ticket_id: t for t in await store.read_tickets(connection, request.tickets)}
    summonses = check(
        request,
        role=actor.role,
        unit=unit,
        tickets=tickets,
        demanded=await store.demanded(connection, request.tickets),
        promises=book.promises,
    )
    await store.take_numbers(connection, book, 1)
    matter = request.matter([tickets[ticket_id] for ticket_id in request.tickets], attached)
    demand = request.kind is WhistleKind.CITIZEN_DEMAND and bool(request.tickets)
    whistle = calling.new_whistle(
        new_id(book.now),
        number=book.number(),
        kind=request.kind,
        matter=matter,
        round=tickets[request.tickets[0]].round if demand else 1,
        ticket_ids=tuple(sorted(request.tickets)),
        demand_ticket=request.tickets[0] if demand else None,
        place_key=place_key(matter, book.city.catalogue),
    )
    blown_by = BlownBy(unit=unit.code, level=unit.level.value, on_behalf_of=request.on_behalf_of)
    call = Call(
        actor=actor,
        blown_by=blown_by,
        trace=(f"blown by {unit.code}",),
        cross_district=crosses(request, unit, book.city),
        takeover_by=None if demand else takeover_by(unit, book.promises),
        own_effort_by=own_effort_by(request, unit, book.promises),
    )
    outcome = calling.blow(whistle, matter, summonses, call, promises=book.promises)
    book.contents[whistle.whistle_id] = calling.content_of(matter, call)
    book.put(outcome, traceparent)
    return outcome.whistle
