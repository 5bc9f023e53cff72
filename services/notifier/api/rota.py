"""The duty rota over HTTP: who is on duty where; shifts, substitutes, ends and addresses.

Phones, accounts and webhooks are taken and never told: an answer says which kinds are on file.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from annotated_types import Len
from fastapi import Depends, Query

from services.notifier import persons, rota
from services.notifier.api.edge import Context, Looking, visible_unit
from services.notifier.context import NotifierContext
from services.notifier.domain.telling.posts import Post, Seat
from services.notifier.persons import Addresses
from services.notifier.rota import NewShift, NewSubstitute
from services.notifier.store import rota as store
from services.notifier.store.rota import Filter, Person, ShiftOnFile
from shared.catalogue.rights import Scope
from shared.contracts.values import Instant
from shared.errors import ForbiddenError, UnavailableError
from shared.sealing import Seals
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1/rota", tags=["rota"])

Keeping = Annotated[Caller, Depends(allow("rota.keep"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonView:
    """Somebody of the rota; `channels` are the kinds of addresses on file."""

    person_id: UUID
    name: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubstituteView:
    substitute_id: UUID
    person: PersonView
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftView:
    """One shift; `on_duty` is who is there now, the substitute or the person; None outside it."""

    shift_id: UUID
    post: Post
    unit: str | None
    region: str | None
    person: PersonView
    starts_at: datetime
    ends_at: datetime | None
    substitutes: tuple[SubstituteView, ...]
    on_duty: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RotaPage:
    """A page of shifts that have not ended; `version` counts the changes of the rota."""

    now: datetime
    version: int
    items: list[ShiftView]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Who hears what is for a post: at the post itself, or at the next higher one."""

    post: Post
    heard_at: Post | None  # None: nobody at all
    place: str | None
    persons: tuple[UUID, ...]
    fell: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacancies:
    """Posts of units at which nobody is on duty, and how many units were looked at."""

    now: datetime
    units: int
    items: list[Seat]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewShifts:
    """Shifts that are put on the rota together, all or none."""

    shifts: Annotated[tuple[NewShift, ...], Len(1, 5000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedView:
    """The new shifts, and signing secrets of webhooks, told this once, by person."""

    shift_ids: tuple[UUID, ...]
    secrets: dict[UUID, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndOfShift:
    """Why a shift ends, and when; now where nothing is said."""

    words: Annotated[str, Len(1, 200)]
    at: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A webhook's signing secret where one was made; told this once."""

    secret: str | None


@router.get("")
async def list_rota(
    here: Context,
    caller: Looking,
    unit: str | None = None,
    region: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    post: Post | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> RotaPage:
    """Shifts that have not ended; a unit's people see their own unit's."""
    now = here.runtime.clock.now()
    own = visible_unit(caller, unit)
    if region is not None and caller.scope is not Scope.CITY:
        raise ForbiddenError("只能查看本单位的值班表", "you see the rota of your own unit only")
    wanted = Filter(
        unit=own if region is None else None,
        region=region,
        post=post,
        since=now,
        after=cursor,
        limit=limit + 1,
    )
    async with here.runtime.pool.acquire() as connection:
        version = await store.version(connection)
        found = await store.listed(connection, wanted)
    page = found[:limit]
    return RotaPage(
        now=now,
        version=version,
        items=[_view(each, now) for each in page],
        next=page[-1].shift_id if len(found) > limit else None,
    )


@router.get("/heard")
async def get_heard(here: Context, caller: Looking, unit: str) -> list[Heard]:
    """Who hears now what is for each post of a unit, with the posts that nobody is at."""
    visible_unit(caller, unit)
    on_duty = here.telling.rota.roster.at(here.runtime.clock.now())
    result = []
    for post in Post:
        found = on_duty.at_post(post, unit)
        first = found[0] if found else None
        result.append(
            Heard(
                post=post,
                heard_at=first.seat.post if first else None,
                place=first.seat.place if first else None,
                persons=tuple(each.person_id for each in found),
                fell=first is None or first.fell,
            )
        )
    return result


@router.get("/vacancies")
async def get_vacancies(here: Context, caller: Looking) -> Vacancies:
    """Posts of units at which nobody is on duty now: what is for them falls to the next."""
    now, roster = here.runtime.clock.now(), here.telling.rota.roster
    own = visible_unit(caller, None)
    vacant = [seat for seat in roster.vacant(now) if own in (None, seat.place)]
    return Vacancies(now=now, units=len(roster.units), items=vacant)


@router.post("/shifts", status_code=201)
async def post_shifts(body: NewShifts, here: Context, caller: Keeping) -> AddedView:
    """Put people on duty, new ones with their addresses; a liaison for the own unit."""
    runtime, seals = here.runtime, _seals(here)
    async with runtime.transaction() as connection:
        added = await rota.add(
            connection,
            body.shifts,
            actor=caller.actor(),
            now=runtime.clock.now(),
            seals=seals,
            roster=here.telling.rota.roster,
        )
    await here.telling.rota.refresh(runtime)
    return AddedView(shift_ids=added.shift_ids, secrets=added.secrets)


@router.post("/shifts/{shift_id}/substitutes", status_code=201)
async def post_substitute(
    shift_id: UUID, body: NewSubstitute, here: Context, caller: Keeping
) -> dict[str, UUID]:
    """Somebody stands in for a while; they hear what is for the post then."""
    runtime, seals = here.runtime, _seals(here)
    async with runtime.transaction() as connection:
        substitute_id = await rota.stand_in(
            connection,
            shift_id,
            body,
            actor=caller.actor(),
            now=runtime.clock.now(),
            seals=seals,
        )
    await here.telling.rota.refresh(runtime)
    return {"substitute_id": substitute_id}


@router.post("/shifts/{shift_id}/ends")
async def post_end(shift_id: UUID, body: EndOfShift, here: Context, caller: Keeping) -> ShiftView:
    """End a shift, now or later."""
    runtime = here.runtime
    async with runtime.transaction() as connection:
        await store.lock(connection)
        now = runtime.clock.now()  # after whoever ended it a moment before
        shift = await rota.end(
            connection, shift_id, words=body.words, at=body.at, actor=caller.actor(), now=now
        )
    await here.telling.rota.refresh(runtime)
    return _view(shift, now)


@router.post("/persons/{person_id}/contacts")
async def post_contact(person_id: UUID, body: Addresses, here: Context, caller: Keeping) -> Secret:
    """Other addresses for a person, instead of those on file."""
    runtime, seals = here.runtime, _seals(here)
    async with runtime.transaction() as connection:
        secret = await persons.set_contact(
            connection,
            person_id,
            body,
            actor=caller.actor(),
            now=runtime.clock.now(),
            seals=seals,
        )
    return Secret(secret=secret)


def _seals(here: NotifierContext) -> Seals:
    if here.seals is None:
        raise UnavailableError("本系统未配置密钥，不能登记联系方式", "no vault key is configured")
    return here.seals


def _view(shift: ShiftOnFile, now: datetime) -> ShiftView:
    there = shift.starts_at <= now and (shift.ends_at is None or now < shift.ends_at)
    standing = [s for s in shift.substitutes if s.starts_at <= now < s.ends_at]
    on_duty = standing[0].person if standing else shift.person
    return ShiftView(
        shift_id=shift.shift_id,
        post=shift.post,
        unit=shift.unit,
        region=shift.region,
        person=_person(shift.person),
        starts_at=shift.starts_at,
        ends_at=shift.ends_at,
        substitutes=tuple(
            SubstituteView(
                substitute_id=each.substitute_id,
                person=_person(each.person),
                starts_at=each.starts_at,
                ends_at=each.ends_at,
                reason=each.reason,
            )
            for each in shift.substitutes
        ),
        on_duty=on_duty.person_id if there else None,
    )


def _person(person: Person) -> PersonView:
    return PersonView(person_id=person.person_id, name=person.name, channels=person.channels)
