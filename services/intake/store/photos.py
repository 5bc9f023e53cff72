"""Photos in the database: what is known of each, and which objects nobody needs any more."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.intake.domain.photo import Photo, PhotoState
from shared.runtime.database import Connection, queries
from shared.uploads.media import MediaType

SQL = queries(Path(__file__).parents[1] / "sql" / "photos.sql")


async def add(connection: Connection, photo: Photo) -> None:
    """Write a photo whose bytes are about to be stored."""
    objects = [bytes.fromhex(photo.sha256), bytes.fromhex(photo.thumb_sha256)]
    await connection.execute(SQL.lock_objects, objects)
    await connection.execute(
        SQL.add_photo,
        photo.photo_id,
        photo.owner,
        bytes.fromhex(photo.original_sha256),
        *objects,
        photo.media_type,
        photo.size,
        photo.width,
        photo.height,
        photo.taken_at,
        photo.lat,
        photo.lon,
        photo.created_at,
    )


async def arrived(connection: Connection, photo_id: UUID) -> None:
    """Its bytes are in the store."""
    await connection.execute(SQL.photo_arrived, photo_id)


async def count_waiting(connection: Connection, owner: str) -> int:
    """How many photos of an owner are on no ticket."""
    found: int = await connection.fetchval(SQL.waiting_photos, owner)
    return found


async def load(connection: Connection, photo_id: UUID) -> Photo | None:
    row = await connection.fetchrow(SQL.photo, photo_id)
    return photo_of(row) if row is not None else None


async def lock(connection: Connection, photo_ids: Iterable[UUID]) -> dict[UUID, Photo]:
    """The photos, locked; unknown ids are left out."""
    rows = await connection.fetch(SQL.photos_for_update, sorted(set(photo_ids)))
    return {row["photo_id"]: photo_of(row) for row in rows}


async def of_ticket(connection: Connection, ticket_id: UUID) -> list[Photo]:
    """The photos of a ticket in their order."""
    return [photo_of(row) for row in await connection.fetch(SQL.photos_of, ticket_id)]


async def is_called(connection: Connection, ticket_id: UUID, unit: str) -> bool:
    """Whether the unit works, or worked to the end, on the ticket."""
    found: bool = await connection.fetchval(SQL.is_called, ticket_id, unit)
    return found


async def attach(
    connection: Connection, places: Sequence[tuple[UUID, UUID, int]], *, confidential: set[UUID]
) -> None:
    """Give photos their tickets: (photo_id, ticket_id, place), all in one statement."""
    if places:
        await connection.execute(
            SQL.attach_photos,
            [photo_id for photo_id, _, _ in places],
            [ticket_id for _, ticket_id, _ in places],
            [place for _, _, place in places],
            [ticket_id in confidential for _, ticket_id, _ in places],
        )


async def remove(connection: Connection, photo_id: UUID, *, owner: str) -> bool:
    """Take back a photo that is on no ticket; False where the owner has none of that id."""
    return await _gone(connection, await connection.fetch(SQL.remove_photo, photo_id, owner)) > 0


async def remove_stale(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove photos that came before then and are on no ticket; how many there were."""
    rows = await connection.fetch(SQL.remove_stale_photos, before, limit)
    return await _gone(connection, rows)


async def remove_of(connection: Connection, ticket_ids: Sequence[UUID]) -> int:
    """Remove all photos of tickets; how many there were."""
    return await _gone(connection, await connection.fetch(SQL.remove_photos_of, ticket_ids))


async def _gone(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    objects = [row[name] for row in rows for name in ("sha256", "thumb_sha256")]
    if objects:
        await connection.execute(SQL.add_leftovers, objects)
    return len(rows)


async def take_leftover(connection: Connection) -> tuple[str, bool] | None:
    """An object to be deleted, and whether nobody uses it; it is locked until the end."""
    name = await connection.fetchval(SQL.take_leftover)
    if name is None:
        return None
    await connection.execute(SQL.lock_objects, [name])
    used = await connection.fetchval(SQL.is_object_used, name)
    return name.hex(), not used


def photo_of(row: Mapping[str, Any]) -> Photo:
    """A row of the table as a photo."""
    return Photo(
        photo_id=row["photo_id"],
        state=PhotoState(row["state"]),
        owner=row["owner"],
        ticket_id=row["ticket_id"],
        place=row["place"],
        original_sha256=row["original_sha256"].hex(),
        sha256=row["sha256"].hex(),
        thumb_sha256=row["thumb_sha256"].hex(),
        media_type=MediaType(row["media_type"]),
        size=row["size"],
        width=row["width"],
        height=row["height"],
        taken_at=row["taken_at"],
        lat=row["lat"],
        lon=row["lon"],
        created_at=row["created_at"],
    )
