"""What a photo of a ticket is, whose it is, and who may attach it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts.parts import Actor, Attachment
from shared.errors import FieldError, InvalidError
from shared.uploads.media import MediaType

MOST_PHOTOS: Final = 9  # a ticket
MOST_WAITING: Final = 100  # uploaded and not attached, of one owner
FILES_PATH: Final = "/api/v1/photos"


class PhotoState(StrEnum):
    """Where a photo stands."""

    ARRIVING = "arriving"  # 存储中
    WAITING = "waiting"  # 待附
    ATTACHED = "attached"  # 已附


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A stored photo; the hashes are SHA-256 in hex, `original_sha256` of the file as it came.

    `lat` and `lon` (WGS84) and `taken_at` are what the camera wrote; they are personal data.
    """

    photo_id: UUID
    state: PhotoState
    owner: str
    ticket_id: UUID | None = None
    place: int | None = None  # among the photos of its ticket, from 1
    original_sha256: str
    sha256: str
    thumb_sha256: str
    media_type: MediaType
    size: int  # bytes
    width: int
    height: int
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    created_at: datetime


def owner_of(actor: Actor, *, page: str | None = None) -> str:
    """Who may attach or remove a photo: a resident's page session, a unit's people, or one name.

    The people of a unit share theirs, so that a colleague can finish a draft.
    """
    if page is not None:
        return f"page:{page}"
    return f"unit:{actor.unit}" if actor.unit else f"{actor.role}:{actor.name or ''}"


def attachment(photo: Photo, *, address: str) -> Attachment:
    """A photo as other services hear of it: an address that lasts, below intake's own."""
    url = f"{address.rstrip('/')}{FILES_PATH}/{photo.photo_id}/file"
    return Attachment(url=url, media_type=photo.media_type, sha256=photo.sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Photos that are to go to one ticket, and who says so."""

    ticket_id: UUID
    owner: str
    photo_ids: tuple[UUID, ...]


def judge(
    claims: Iterable[Claim], known: Mapping[UUID, Photo], *, there: int = 0
) -> dict[UUID, InvalidError]:
    """The claims that cannot be met, by ticket_id; of two for the same photo the first has it.

    `there` is how many photos the ticket has already.
    """
    taken: set[UUID] = set()
    problems: dict[UUID, InvalidError] = {}
    for claim in claims:
        found = _problems(claim, known, taken, there)
        if found:
            problems[claim.ticket_id] = InvalidError(*found)
        else:
            taken.update(claim.photo_ids)
    return problems


def _problems(
    claim: Claim, known: Mapping[UUID, Photo], taken: set[UUID], there: int
) -> list[FieldError]:
    found = [_too_many()] if there + len(claim.photo_ids) > MOST_PHOTOS else []
    mine: set[UUID] = set()
    for index, photo_id in enumerate(claim.photo_ids):
        photo = known.get(photo_id)
        if photo is None or photo.owner != claim.owner or photo.state is PhotoState.ARRIVING:
            found.append(_wrong(index, "没有这张照片，请重新上传", "there is no such photo"))
        elif photo.state is PhotoState.ATTACHED or photo_id in taken or photo_id in mine:
            found.append(_wrong(index, "这张照片已经用过", "this photo is already used"))
        mine.add(photo_id)
    return found


def _too_many() -> FieldError:
    return FieldError(
        field="photos",
        zh=f"photos：一件最多 {MOST_PHOTOS} 张照片",
        en=f"photos: at most {MOST_PHOTOS} photos a ticket",
    )


def _wrong(index: int, zh: str, en: str) -> FieldError:
    field = f"photos.{index}"
    return FieldError(field=field, zh=f"{field}：{zh}", en=f"{field}: {en}")


def in_order(claim: Claim, known: Mapping[UUID, Photo]) -> Sequence[Photo]:
    """The photos of a claim that was found good, in the order they were given."""
    return [known[photo_id] for photo_id in claim.photo_ids]
