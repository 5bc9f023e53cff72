"""The rota: persons with their sealed addresses, shifts, substitutes, and where units are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from services.notifier.domain.telling.posts import Post, Seat
from services.notifier.domain.telling.roster import Shift, Substitute
from shared.runtime.database import Connection, queries
from shared.sealing import Sealed, Seals

SQL = queries(Path(__file__).parents[1] / "sql" / "rota.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where a person is reached; never shown, logged or told on."""

    sms: str | None = None
    wecom: str | None = None
    webhook: str | None = None
    webhook_secret: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """Which addresses there are."""
        named = {"sms": self.sms, "wecom": self.wecom, "webhook": self.webhook}
        return tuple(name for name, address in named.items() if address is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody of a unit or a region who may be on duty; `channels` are the addresses on file."""

    person_id: UUID
    name: str
    unit: str | None
    region: str | None
    channels: tuple[str, ...]
    seq: int = 1
    history_hash: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandIn:
    """A substitute as it is shown."""

    substitute_id: UUID
    person: Person
    starts_at: datetime
    ends_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftOnFile:
    """A shift as it is shown and changed."""

    shift_id: UUID
    post: Post
    unit: str | None
    region: str | None
    person: Person
    starts_at: datetime
    ends_at: datetime | None
    seq: int = 1
    history_hash: bytes = b""
    substitutes: tuple[StandIn, ...] = ()

    @property
    def place(self) -> str:
        return self.unit or self.region or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which shifts are asked for; `since` leaves out what ended before."""

    unit: str | None = None
    region: str | None = None
    post: Post | None = None
    since: datetime
    after: UUID | None = None
    limit: int = 200


@dataclass(frozen=True, slots=True)
class UnitOnFile:
    code: str
    name: str
    region: str


async def lock(connection: Connection) -> None:
    """Change the rota alone until this transaction ends."""
    await connection.execute(SQL.lock_rota)


async def version(connection: Connection) -> int:
    found: int = await connection.fetchval(SQL.rota_version)
    return found


async def changed(connection: Connection) -> None:
    """Every copy reads the rota anew."""
    await connection.execute(SQL.rota_changed)


async def is_empty(connection: Connection) -> bool:
    found: bool = await connection.fetchval(SQL.rota_is_empty)
    return found


async def shifts(connection: Connection, since: datetime) -> list[Shift]:
    """Every shift that has not ended by then, with who stands in."""
    standing: dict[UUID, list[Substitute]] = {}
    for row in await connection.fetch(SQL.substitutes_from, since):
        substitute = Substitute(
            substitute_id=row["substitute_id"],
            person_id=row["person_id"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
        )
        standing.setdefault(row["shift_id"], []).append(substitute)
    return [
        Shift(
            shift_id=row["shift_id"],
            seat=Seat(Post(row["post"]), row["unit"] or row["region"]),
            person_id=row["person_id"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            substitutes=tuple(standing.get(row["shift_id"], ())),
        )
        for row in await connection.fetch(SQL.shifts_from, since)
    ]


async def regions(connection: Connection) -> dict[str, str]:
    """The region of every unit there ever was."""
    return {row["code"]: row["region"] for row in await connection.fetch(SQL.units_on_file)}


async def units(connection: Connection) -> list[UnitOnFile]:
    """The units that may be called now."""
    return [UnitOnFile(*row) for row in await connection.fetch(SQL.active_units)]


async def declare_units(
    connection: Connection, declared: Sequence[tuple[str, str, str, bool]]
) -> bool:
    """Take over units as (code, name, region, active); whether any is new or another."""
    return bool(await connection.fetch(SQL.declare_units, *zip(*declared, strict=True)))


async def seed_units(connection: Connection, known: Sequence[tuple[str, str, str]]) -> None:
    """Units of the catalogue as (code, name, region); those declared already stay."""
    await connection.execute(SQL.seed_units, *zip(*known, strict=True))


async def listed(connection: Connection, wanted: Filter) -> list[ShiftOnFile]:
    """The shifts asked for, with who stands in, in the order in which they were made."""
    rows = await connection.fetch(
        SQL.list_shifts,
        *(wanted.unit, wanted.region, wanted.post, wanted.since, wanted.after, wanted.limit),
    )
    ids = [row["shift_id"] for row in rows]
    standing: dict[UUID, list[StandIn]] = {}
    for row in await connection.fetch(SQL.substitutes_of, ids, wanted.since):
        standing.setdefault(row["shift_id"], []).append(_stand_in(row))
    return [_shift(row, tuple(standing.get(row["shift_id"], ()))) for row in rows]


async def listed_substitutes(
    connection: Connection, shift_id: UUID, since: datetime
) -> list[StandIn]:
    """Who stands in for one shift, from then on."""
    rows = await connection.fetch(SQL.substitutes_of, [shift_id], since)
    return [_stand_in(row) for row in rows]


async def lock_shift(connection: Connection, shift_id: UUID) -> ShiftOnFile | None:
    """A shift that is going to be changed."""
    row = await connection.fetchrow(SQL.lock_shift, shift_id)
    return _shift(row, ()) if row else None


async def at_seats(
    connection: Connection, places: Iterable[str]
) -> list[tuple[Seat, UUID, datetime, datetime | None]]:
    """Who sits where, from when to when, at all posts of these places."""
    rows = await connection.fetch(SQL.shifts_of_seats, sorted(set(places)))
    return [
        (Seat(Post(r["post"]), r["place"]), r["person_id"], r["starts_at"], r["ends_at"])
        for r in rows
    ]


async def persons_of(connection: Connection, places: Iterable[str]) -> list[Person]:
    """The persons of these units and regions."""
    rows = await connection.fetch(SQL.persons_named, sorted(set(places)))
    return [_person(row, row["unit"], row["region"]) for row in rows]


async def lock_person(connection: Connection, person_id: UUID) -> Person | None:
    """A person whose addresses are going to be changed."""
    row = await connection.fetchrow(SQL.lock_person, person_id)
    if row is None:
        return None
    return Person(**{**row, "channels": tuple(row["channels"])})


async def add_persons(
    connection: Connection, persons: Sequence[tuple[Person, Contact]], *, seals: Seals
) -> None:
    """Write persons down with their addresses sealed; `history_hash` is the first entry's."""
    rows = []
    for person, contact in persons:
        sealed = _sealed(person.person_id, contact, seals)
        rows.append(
            (
                *(person.person_id, person.name, person.unit, person.region),
                *(" ".join(contact.channels), *sealed, person.history_hash),
            )
        )
    if rows:
        await connection.execute(SQL.add_persons, *zip(*rows, strict=True))


async def set_contact(
    connection: Connection, person: Person, contact: Contact, *, seals: Seals
) -> None:
    """Other addresses for a person; `seq` and `history_hash` are those after the change."""
    sealed = _sealed(person.person_id, contact, seals)
    channels = list(contact.channels)
    await connection.execute(
        SQL.set_contact, person.person_id, channels, *sealed, person.seq, person.history_hash
    )


async def contact_of(connection: Connection, person_id: UUID, *, seals: Seals) -> Contact | None:
    """Where a person is reached, at the moment of sending; None for nobody."""
    row = await connection.fetchrow(SQL.sealed_contact, person_id)
    if row is None:
        return None
    opened = seals.open(person_id, Sealed(key_id=row["key_id"], data=row["sealed"]))
    return Contact(**from_json(opened))


async def add_shifts(connection: Connection, made: Sequence[ShiftOnFile]) -> None:
    rows = [
        (
            *(each.shift_id, each.post, each.unit, each.region, each.person.person_id),
            *(each.starts_at, each.ends_at, each.history_hash),
        )
        for each in made
    ]
    if rows:
        await connection.execute(SQL.add_shifts, *zip(*rows, strict=True))


async def end_shift(connection: Connection, shift: ShiftOnFile, *, why: str) -> None:
    """Write its end; `seq` and `history_hash` are those after the change."""
    await connection.execute(
        SQL.end_shift, shift.shift_id, shift.ends_at, why, shift.seq, shift.history_hash
    )


async def add_substitute(
    connection: Connection, shift: ShiftOnFile, substitute: Substitute, *, reason: str
) -> None:
    """Somebody stands in; `seq` and `history_hash` of the shift are those after the change."""
    await connection.execute(
        SQL.add_substitute,
        *(substitute.substitute_id, shift.shift_id, substitute.person_id),
        *(substitute.starts_at, substitute.ends_at, reason),
    )
    await connection.execute(SQL.touch_shift, shift.shift_id, shift.seq, shift.history_hash)


def _sealed(person_id: UUID, contact: Contact, seals: Seals) -> tuple[str, bytes]:
    sealed = seals.seal(person_id, to_json(contact))
    return sealed.key_id, sealed.data


def _stand_in(row: Mapping[str, Any]) -> StandIn:
    return StandIn(
        substitute_id=row["substitute_id"],
        person=_person(row, None, None),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        reason=row["reason"],
    )


def _person(row: Mapping[str, Any], unit: str | None, region: str | None) -> Person:
    return Person(
        person_id=row["person_id"],
        name=row["name"],
        unit=unit,
        region=region,
        channels=tuple(row["channels"]),
    )


def _shift(row: Mapping[str, Any], substitutes: tuple[StandIn, ...]) -> ShiftOnFile:
    return ShiftOnFile(
        shift_id=row["shift_id"],
        post=Post(row["post"]),
        unit=row["unit"],
        region=row["region"],
        person=_person(row, row["unit"], row["region"]),
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        seq=row["seq"],
        history_hash=row["history_hash"],
        substitutes=substitutes,
    )
