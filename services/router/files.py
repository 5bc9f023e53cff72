"""Takes in the files of units, gives them out to who may see them, and names them in events.

The row comes before the bytes, so no object is without a row that knows it. The same file of the
same unit is kept once, however often it comes: a phone that was offline sends it again.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from services.router import metrics
from services.router.domain.file import (
    File,
    FileState,
    FileType,
    attachment,
    check_pdf,
    is_pdf,
    names_in,
    unknown_file,
)
from services.router.look import Sight
from services.router.store import files as store
from services.router.store import whistles
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, Attachment
from shared.contracts.reports import Report
from shared.errors import FieldError, InvalidError, NotFoundError, UnavailableError
from shared.runtime.database import Connection
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.uploads.exif import Taken
from shared.uploads.media import MOST_BYTES, TOO_LARGE, MediaType, refused
from shared.uploads.objects import ObjectStore
from shared.uploads.redraw import Easel

log = logger(__name__)
MOST_NAMED: Final = 20  # files that one request may name


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What keeping files needs; one a process. Without `objects` no file is taken."""

    objects: ObjectStore | None
    address: str  # of this service, as others reach it
    easel: Easel = field(default_factory=Easel)

    def store(self) -> ObjectStore:
        if self.objects is None:
            raise UnavailableError("本系统未配置文件存储", "no file store is configured")
        return self.objects


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file that is stored; `new` unless the unit had sent it before."""

    file: File
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    """What is stored of a file that came: a picture redrawn, or a PDF as it is."""

    media_type: FileType
    data: bytes
    sha256: str
    thumb: bytes | None = None
    thumb_sha256: str | None = None
    width: int | None = None
    height: int | None = None
    taken: Taken = field(default_factory=Taken)


async def keep(
    runtime: Runtime,
    shelf: Shelf,
    data: bytes,
    *,
    actor: Actor,
    whistle_id: UUID | None,
    sight: Sight,
    now: datetime,
) -> Kept:
    """Take in a file of the caller's unit, about a whistle where one is named.

    Raises InvalidError for a file that is not taken and for a whistle that the caller cannot see.
    """
    objects = shelf.store()
    original = (await asyncio.to_thread(hashlib.sha256, data)).hexdigest()
    async with runtime.transaction() as connection:
        if whistle_id is not None:
            await _check_whistle(connection, whistle_id, sight)
        before = await store.of_hash(connection, actor.unit, original)
        if before is not None and whistle_id is not None:
            await store.link(connection, [(before.file_id, whistle_id)])
    if before is not None:
        return Kept(file=before, new=False)
    content = await _content(shelf, data)
    file = _file(content, original, actor, now)
    async with runtime.transaction() as connection:
        added = await store.add(connection, file)
    if added is not None:  # else the same came twice at once, and the other is ahead
        await _put(objects, content)
    async with runtime.transaction() as connection:
        if added is not None:
            await store.kept(connection, added)
        found = await store.of_hash(connection, file.unit, original)
        assert found is not None, "what was kept once is not removed"
        if whistle_id is not None:
            await store.link(connection, [(found.file_id, whistle_id)])
    metrics.FILES.labels("kept").inc()
    return Kept(file=found, new=added is not None)


async def _check_whistle(connection: Connection, whistle_id: UUID, sight: Sight) -> None:
    found = await whistles.read_whistles(connection, [whistle_id])
    if not found or not sight.sees(found[0]):
        raise InvalidError(
            FieldError(
                field="whistle_id",
                zh="whistle_id：没有这张哨单",
                en="whistle_id: there is no such whistle",
            )
        )


async def _content(shelf: Shelf, data: bytes) -> _Content:
    """What is kept of a file; InvalidError names in words what cannot be taken."""
    try:
        if is_pdf(data):
            return await asyncio.to_thread(_document, data)
        picture = await shelf.easel.redraw(data)
    except InvalidError:
        metrics.FILES.labels("refused").inc()
        raise
    return _Content(
        media_type=FileType(picture.media_type.value),
        data=picture.data,
        sha256=picture.sha256,
        thumb=picture.thumb,
        thumb_sha256=picture.thumb_sha256,
        width=picture.width,
        height=picture.height,
        taken=picture.taken,
    )


def _document(data: bytes) -> _Content:
    if len(data) > MOST_BYTES:
        raise refused(*TOO_LARGE)
    check_pdf(data)
    return _Content(media_type=FileType.PDF, data=data, sha256=hashlib.sha256(data).hexdigest())


def _file(content: _Content, original: str, actor: Actor, now: datetime) -> File:
    return File(
        file_id=new_id(now),
        state=FileState.ARRIVING,
        unit=actor.unit,
        role=actor.role,
        name=actor.name,
        original_sha256=original,
        sha256=content.sha256,
        thumb_sha256=content.thumb_sha256,
        media_type=content.media_type,
        size=len(content.data),
        width=content.width,
        height=content.height,
        taken_at=content.taken.at,
        lat=content.taken.lat,
        lon=content.taken.lon,
        created_at=now,
    )


async def _put(objects: ObjectStore, content: _Content) -> None:
    if content.thumb is not None and content.thumb_sha256 is not None:
        await objects.put(content.thumb_sha256, content.thumb, media_type=MediaType.JPEG.value)
    await objects.put(content.sha256, content.data, media_type=content.media_type.value)


async def find(connection: Connection, file_id: UUID, *, sight: Sight) -> File:
    """A file that the caller may see: its unit's own, or of a whistle that concerns it.

    NotFoundError also for a file of others.
    """
    file = await store.load(connection, file_id)
    if file is None:
        raise no_such_file()
    if sight.unit is None or (file.unit is not None and file.unit == sight.unit):
        return file
    about = await whistles.read_whistles(connection, await store.whistles_of(connection, file_id))
    if not any(sight.sees(whistle) for whistle in about):
        raise no_such_file()
    return file


async def of_whistle(connection: Connection, whistle_id: UUID, *, sight: Sight) -> list[File]:
    """The files of a whistle, oldest first; NotFoundError where it does not concern the caller."""
    found = await whistles.read_whistles(connection, [whistle_id])
    if not found or not sight.sees(found[0]):
        raise NotFoundError("没有这张哨单", "there is no such whistle")
    return await store.of_whistle(connection, whistle_id)


async def data_of(shelf: Shelf, file: File, *, thumb: bool) -> AsyncIterator[bytes]:
    """The bytes of a file, or of its small picture, in chunks."""
    sha256 = file.thumb_sha256 if thumb else file.sha256
    data = await shelf.store().get(sha256) if sha256 is not None else None
    if data is None:
        if sha256 is not None:
            log.error("file_lost", file_id=str(file.file_id), sha256=sha256)
        raise no_such_file()
    return data


async def attachments(
    connection: Connection,
    file_ids: Sequence[UUID],
    *,
    unit: str | None,
    address: str,
    field: str = "attachments",
) -> tuple[Attachment, ...]:
    """Files of the caller's unit as events name them; InvalidError for one that is not its own."""
    if len(file_ids) > MOST_NAMED:
        zh, en = f"{field}：最多 {MOST_NAMED} 个文件", f"{field}: at most {MOST_NAMED} files"
        raise InvalidError(FieldError(field=field, zh=zh, en=en))
    known = await store.of_unit(connection, unit, file_ids)
    for index, file_id in enumerate(file_ids):
        if file_id not in known:
            raise unknown_file(f"{field}.{index}", file_id)
    return tuple(attachment(known[file_id], address=address) for file_id in file_ids)


async def reported(connection: Connection, reports: Iterable[tuple[str, Report]]) -> None:
    """Units' reports that count, as (unit, report): the files they name belong to the whistle."""
    named = [
        (report.whistle_id, unit, name) for unit, report in reports for name in names_in(report)
    ]
    await store.link_named(connection, named)


def no_such_file() -> NotFoundError:
    """What anybody is told who may not see a file, too."""
    return NotFoundError("没有这个文件", "there is no such file")
