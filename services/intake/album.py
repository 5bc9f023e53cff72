"""The album: takes photos in, gives their bytes out, and removes what nobody uses.

The row comes before the bytes and the bytes are deleted after the row, under a lock on their name:
whatever fails in between, no photo lacks its bytes for good and no bytes stay for ever.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake import metrics
from services.intake.domain.photo import MOST_WAITING, Photo, PhotoState
from services.intake.domain.photo_link import Size
from services.intake.store import photos as store
from shared.contracts.ids import new_id
from shared.errors import ConflictError, InvalidError, NotFoundError, UnavailableError
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.uploads.media import MediaType
from shared.uploads.objects import ObjectStore
from shared.uploads.redraw import Easel

log = logger(__name__)
UNUSED_KEPT: Final = timedelta(hours=24)
CLEAN_EVERY_SECONDS: Final = 600.0
AT_A_TIME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Album:
    """What keeping photos needs; one a process. Without `objects` no photo is taken."""

    objects: ObjectStore | None
    easel: Easel = field(default_factory=Easel)

    def store(self) -> ObjectStore:
        if self.objects is None:
            raise UnavailableError("本系统未配置照片存储", "no photo store is configured")
        return self.objects


async def keep(runtime: Runtime, album: Album, data: bytes, *, owner: str, now: datetime) -> Photo:
    """Take in a file: redrawn, stored, waiting for a ticket.

    Raises InvalidError for what is no good photo, ConflictError when too many of the owner wait.
    """
    objects = album.store()
    try:
        picture = await album.easel.redraw(data)
    except InvalidError:
        metrics.PHOTOS.labels("refused").inc()
        raise
    photo = Photo(
        photo_id=new_id(now),
        state=PhotoState.ARRIVING,
        owner=owner,
        original_sha256=picture.original_sha256,
        sha256=picture.sha256,
        thumb_sha256=picture.thumb_sha256,
        media_type=picture.media_type,
        size=len(picture.data),
        width=picture.width,
        height=picture.height,
        taken_at=picture.taken.at,
        lat=picture.taken.lat,
        lon=picture.taken.lon,
        created_at=now,
    )
    async with runtime.transaction() as connection:
        if await store.count_waiting(connection, owner) >= MOST_WAITING:
            raise _too_many_waiting()
        await store.add(connection, photo)
    await objects.put(photo.thumb_sha256, picture.thumb, media_type=MediaType.JPEG)
    await objects.put(photo.sha256, picture.data, media_type=photo.media_type)
    async with runtime.transaction() as connection:
        await store.arrived(connection, photo.photo_id)
    metrics.PHOTOS.labels("kept").inc()
    return photo


def _too_many_waiting() -> ConflictError:
    return ConflictError(
        "有太多照片尚未随诉求提交，请先提交或删除", "too many photos wait, submit or remove some"
    )


async def remove(connection: Connection, photo_id: UUID, *, owner: str) -> None:
    """Take back an own photo that is on no ticket; NotFoundError where there is none."""
    if not await store.remove(connection, photo_id, owner=owner):
        raise no_such_photo()
    metrics.PHOTOS.labels("removed").inc()


async def data_of(album: Album, photo: Photo, size: Size) -> AsyncIterator[bytes]:
    """The bytes of one of its pictures, in chunks."""
    sha256 = photo.thumb_sha256 if size is Size.THUMB else photo.sha256
    data = await album.store().get(sha256)
    if data is None:
        log.error("photo_lost", photo_id=str(photo.photo_id), sha256=sha256)
        raise no_such_photo()
    return data


def no_such_photo() -> NotFoundError:
    """What anybody is told who may not see a photo, too."""
    return NotFoundError(
        "没有这张照片，或链接已过期", "there is no such photo, or the link expired"
    )


async def clean(runtime: Runtime, album: Album, *, now: datetime) -> tuple[int, int]:
    """Remove photos that nobody attached within a day, and objects nobody refers to."""
    before = now - UNUSED_KEPT
    removed, last = 0, AT_A_TIME
    while last == AT_A_TIME:
        async with runtime.transaction() as connection:
            last = await store.remove_stale(connection, before=before, limit=AT_A_TIME)
        removed += last
    metrics.PHOTOS.labels("unused").inc(removed)
    deleted = 0
    while await _delete_leftover(runtime, album):
        deleted += 1
    return removed, deleted


async def _delete_leftover(runtime: Runtime, album: Album) -> bool:
    """Delete one object; the transaction holds its name until it is gone."""
    async with runtime.transaction() as connection:
        leftover = await store.take_leftover(connection)
        if leftover is None:
            return False
        sha256, is_unused = leftover
        if is_unused:
            await album.store().delete(sha256)
    return True


async def clean_for_ever(runtime: Runtime, album: Album) -> None:
    """`clean` every ten minutes; what is away is tried again."""
    while True:
        try:
            await clean(runtime, album, now=runtime.clock.now())
        except UnavailableError as error:
            log.warning("photos_not_cleaned", error=repr(error.__cause__ or error))
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("photos_not_cleaned", error=repr(error))
        await asyncio.sleep(CLEAN_EVERY_SECONDS)
