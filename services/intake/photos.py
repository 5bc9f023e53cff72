"""Photos of tickets: attached at registration and by supplements, shown by links that expire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake import metrics
from services.intake.album import no_such_photo
from services.intake.domain.photo import (
    Claim,
    Photo,
    PhotoState,
    attachment,
    in_order,
    judge,
)
from services.intake.domain.photo_link import Size, link_key, signed
from services.intake.store import photos as store
from shared.contracts.parts import Attachment
from shared.errors import InvalidError
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection
from shared.uploads.media import MediaType

LINK_MINUTES: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoView:
    """A photo of a ticket; `thumb` and `url` are signed at the edge and expire."""

    photo_id: UUID
    media_type: MediaType
    size: int
    width: int
    height: int
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    created_at: datetime
    thumb: str = ""
    url: str = ""


async def match(
    connection: Connection, claims: Sequence[Claim]
) -> tuple[dict[UUID, list[Photo]], dict[UUID, InvalidError]]:
    """The photos new tickets claim, locked, and the claims that cannot be met, by ticket_id."""
    known = await store.lock(connection, [each for claim in claims for each in claim.photo_ids])
    problems = judge(claims, known)
    good = [claim for claim in claims if claim.ticket_id not in problems]
    return {claim.ticket_id: list(in_order(claim, known)) for claim in good}, problems


async def attach_all(
    connection: Connection, photos: Mapping[UUID, Sequence[Photo]], *, confidential: set[UUID]
) -> None:
    """Give matched photos to their tickets, whose rows are written by now."""
    places = [
        (photo.photo_id, ticket_id, place)
        for ticket_id, own in photos.items()
        for place, photo in enumerate(own, 1)
    ]
    await store.attach(connection, places, confidential=confidential)
    metrics.PHOTOS.labels("attached").inc(len(places))


async def attach(
    connection: Connection,
    ticket_id: UUID,
    photo_ids: Sequence[UUID],
    *,
    owner: str,
    address: str,
    confidential: bool,
) -> tuple[Attachment, ...]:
    """Add photos to a ticket that the caller holds locked; as its event names them.

    InvalidError names those that are unknown, another's or used, and a tenth one.
    """
    if not photo_ids:
        return ()
    there = await store.of_ticket(connection, ticket_id)
    claim = Claim(ticket_id=ticket_id, owner=owner, photo_ids=tuple(photo_ids))
    known = await store.lock(connection, claim.photo_ids)
    problems = judge([claim], known, there=len(there))
    if problems:
        raise problems[ticket_id]
    photos = in_order(claim, known)
    places = [(each.photo_id, ticket_id, at) for at, each in enumerate(photos, len(there) + 1)]
    await store.attach(connection, places, confidential={ticket_id} if confidential else set())
    metrics.PHOTOS.labels("attached").inc(len(places))
    return tuple(attachment(each, address=address) for each in photos)


async def photos_of(connection: Connection, ticket_id: UUID) -> tuple[PhotoView, ...]:
    """The photos of a ticket in their order, without links."""
    return tuple(view(photo) for photo in await store.of_ticket(connection, ticket_id))


def view(photo: Photo) -> PhotoView:
    """A photo as those see it who may."""
    return PhotoView(
        photo_id=photo.photo_id,
        media_type=photo.media_type,
        size=photo.size,
        width=photo.width,
        height=photo.height,
        taken_at=photo.taken_at,
        lat=photo.lat,
        lon=photo.lon,
        created_at=photo.created_at,
    )


def photo_link(secret: str, photo_id: UUID, *, size: str, minutes: int = LINK_MINUTES) -> str:
    """An address of the photo, "thumb" or "full", that expires; `secret` is the stack's."""
    lasts = timedelta(minutes=minutes)
    return signed(link_key(secret), photo_id, Size(size), now=wall_now(), lasts=lasts)


def linked(
    views: Sequence[PhotoView], secret: str, *, minutes: int = LINK_MINUTES
) -> tuple[PhotoView, ...]:
    """The photos with addresses to show them by, for those who may see the ticket now."""
    return tuple(
        replace(
            each,
            thumb=photo_link(secret, each.photo_id, size=Size.THUMB, minutes=minutes),
            url=photo_link(secret, each.photo_id, size=Size.FULL, minutes=minutes),
        )
        for each in views
    )


async def load(connection: Connection, photo_id: UUID) -> Photo:
    """A photo whose bytes are stored; NotFoundError where there is none."""
    photo = await store.load(connection, photo_id)
    if photo is None or photo.state is PhotoState.ARRIVING:
        raise no_such_photo()
    return photo


async def load_for_unit(connection: Connection, photo_id: UUID, *, unit: str | None) -> Photo:
    """A photo of a ticket that the unit is called for; NotFoundError for any other."""
    photo = await load(connection, photo_id)
    is_called = (
        photo.ticket_id is not None
        and unit is not None
        and await store.is_called(connection, photo.ticket_id, unit)
    )
    if not is_called:
        raise no_such_photo()
    return photo
