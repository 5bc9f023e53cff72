"""Files in the database: what is known of each, and which whistles they are about."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.router.domain.file import File, FileState, FileType
from shared.contracts.parts import Role
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "files.sql")


async def add(connection: Connection, file: File) -> UUID | None:
    """Write a file whose bytes are about to be stored; None where the unit has it already."""
    names = [name for name in (file.sha256, file.thumb_sha256) if name is not None]
    await connection.execute(SQL.lock_objects, [bytes.fromhex(name) for name in names])
    added: UUID | None = await connection.fetchval(
        SQL.file_arrives,
        *(file.file_id, file.unit, file.role.value, file.name),
        *(bytes.fromhex(file.original_sha256), bytes.fromhex(file.sha256)),
        bytes.fromhex(file.thumb_sha256) if file.thumb_sha256 else None,
        *(file.media_type.value, file.size, file.width, file.height),
        *(file.taken_at, file.lat, file.lon, file.created_at),
    )
    return added


async def kept(connection: Connection, file_id: UUID) -> None:
    """Its bytes are in the store."""
    await connection.execute(SQL.file_kept, file_id)


async def load(connection: Connection, file_id: UUID) -> File | None:
    """A file whose bytes are stored."""
    row = await connection.fetchrow(SQL.file, file_id)
    return _file(row) if row is not None else None


async def of_hash(connection: Connection, unit: str | None, original_sha256: str) -> File | None:
    """The file that the unit uploaded before, by the hash of what came."""
    row = await connection.fetchrow(SQL.file_of_hash, unit, bytes.fromhex(original_sha256))
    return _file(row) if row is not None else None


async def of_whistle(connection: Connection, whistle_id: UUID) -> list[File]:
    """The files a whistle is about, oldest first."""
    return [_file(row) for row in await connection.fetch(SQL.files_of_whistle, whistle_id)]


async def of_unit(
    connection: Connection, unit: str | None, file_ids: Iterable[UUID]
) -> dict[UUID, File]:
    """Those of these files that the unit uploaded."""
    rows = await connection.fetch(SQL.files_of_unit, list(set(file_ids)), unit)
    return {row["file_id"]: _file(row) for row in rows}


async def whistles_of(connection: Connection, file_id: UUID) -> list[UUID]:
    """The whistles a file is about."""
    return [row["whistle_id"] for row in await connection.fetch(SQL.whistles_of_file, file_id)]


async def link(connection: Connection, links: Sequence[tuple[UUID, UUID]]) -> None:
    """Files belong to whistles from now on: (file_id, whistle_id)."""
    if links:
        await connection.execute(
            SQL.link_files, [file_id for file_id, _ in links], [whistle for _, whistle in links]
        )


async def link_named(connection: Connection, named: Sequence[tuple[UUID, str, str]]) -> None:
    """Files that units' reports name belong to the whistle: (whistle_id, unit, id or sha256).

    What names no file of the unit is passed over: evidence may lie with the department itself.
    """
    if not named:
        return
    await connection.execute(
        SQL.link_named,
        [whistle_id for whistle_id, _, _ in named],
        [unit for _, unit, _ in named],
        [_id(name) for _, _, name in named],
        [_hash(name) for _, _, name in named],
    )


async def remove_unnamed(connection: Connection, *, before: datetime, limit: int) -> int:
    """Remove files that came before then and are of no whistle; how many there were looked at."""
    rows = await connection.fetch(SQL.unnamed_files, before, limit)
    removed = await connection.fetch(SQL.remove_files, [row["file_id"] for row in rows])
    objects = [row[name] for row in removed for name in ("sha256", "thumb_sha256") if row[name]]
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


def _id(name: str) -> UUID | None:
    try:
        return UUID(name) if len(name) == 36 else None
    except ValueError:
        return None


def _hash(name: str) -> bytes | None:
    try:
        return bytes.fromhex(name) if len(name) == 64 else None
    except ValueError:
        return None


def _file(row: Mapping[str, Any]) -> File:
    return File(
        file_id=row["file_id"],
        state=FileState(row["state"]),
        unit=row["unit"],
        role=Role(row["role"]),
        name=row["name"],
        original_sha256=row["original_sha256"].hex(),
        sha256=row["sha256"].hex(),
        thumb_sha256=row["thumb_sha256"].hex() if row["thumb_sha256"] else None,
        media_type=FileType(row["media_type"]),
        size=row["size"],
        width=row["width"],
        height=row["height"],
        taken_at=row["taken_at"],
        lat=row["lat"],
        lon=row["lon"],
        created_at=row["created_at"],
    )
