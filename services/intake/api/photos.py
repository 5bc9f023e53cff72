"""Photos over HTTP: uploaded before the ticket is, taken back, fetched by the units called."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import UploadFile

from services.intake import album
from services.intake.api.tickets import Intake, region_of
from services.intake.context import IntakeContext
from services.intake.domain.photo import FILES_PATH, Photo, owner_of
from services.intake.domain.photo_link import Size
from services.intake.find import find_ticket
from services.intake.photos import linked, load, load_for_unit, view
from shared.catalogue.rights import Scope
from shared.errors import FieldError, InvalidError
from shared.uploads.media import EXTENSIONS, MOST_BYTES, TOO_LARGE, MediaType, refused
from shared.web.identity import Caller, allow

router = APIRouter(prefix=FILES_PATH, tags=["photos"])

ENVELOPE_BYTES: Final = 20_000  # what a form adds around its file
LARGER_BODIES: Final[Mapping[str, int]] = {FILES_PATH: MOST_BYTES + ENVELOPE_BYTES}
Adding = Annotated[Caller, Depends(allow("photos.add"))]
FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}

PICTURE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {media_type.value: {} for media_type in MediaType}},
    304: {"description": "As it was"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A photo that waits for its ticket; `sha256` is of the picture as it is stored.

    `taken_at`, `lat` and `lon` (WGS84) are the camera's; `thumb` and `url` expire.
    """

    photo_id: UUID
    sha256: str
    media_type: MediaType
    size: int
    width: int
    height: int
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    thumb: str
    url: str


@router.post("", status_code=201, openapi_extra=FORM)
async def post_photo(request: Request, intake: Intake, caller: Adding) -> Uploaded:
    """Take in one photo, field `file`: JPEG, PNG or WebP, at most 10 MB.

    It is attached by naming its photo_id in a ticket or a supplement within a day.
    """
    return await take(request, intake, owner=owner_of(caller.actor()))


async def take(request: Request, intake: IntakeContext, *, owner: str) -> Uploaded:
    """Keep the file of a form for an owner, for any edge that knows who that is."""
    data = await _file(request)
    now = intake.runtime.clock.now()
    photo = await album.keep(intake.runtime, intake.album, data, owner=owner, now=now)
    secret = intake.runtime.settings.token_secret.get_secret_value()
    shown = linked([view(photo)], secret)[0]
    return Uploaded(
        photo_id=photo.photo_id,
        sha256=photo.sha256,
        media_type=photo.media_type,
        size=photo.size,
        width=photo.width,
        height=photo.height,
        taken_at=photo.taken_at,
        lat=photo.lat,
        lon=photo.lon,
        thumb=shown.thumb,
        url=shown.url,
    )


async def _file(request: Request) -> bytes:
    """The field `file` of a form; large ones are spooled to disk while they come."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise _missing()
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise _missing()
        if (file.size or 0) > MOST_BYTES:
            raise refused(*TOO_LARGE)
        return await file.read()


def _missing() -> InvalidError:
    return InvalidError(
        FieldError(
            field="file",
            zh="file：请用表单（multipart/form-data）上传一张照片",
            en="file: one photo is expected as multipart/form-data",
        )
    )


@router.delete("/{photo_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_photo(photo_id: UUID, intake: Intake, caller: Adding) -> None:
    """Take back an own photo that is on no ticket."""
    async with intake.runtime.transaction() as connection:
        await album.remove(connection, photo_id, owner=owner_of(caller.actor()))


@router.get("/{photo_id}/file", response_class=StreamingResponse, responses=PICTURE)
async def get_file(
    photo_id: UUID,
    request: Request,
    intake: Intake,
    caller: Annotated[Caller, Depends(allow("photos.see"))],
    size: Size = Size.FULL,
) -> Response:
    """The picture, for who sees its ticket or whose unit is called for it; this address lasts."""
    async with intake.runtime.pool.acquire() as connection:
        if caller.scope is Scope.UNIT:
            photo = await load_for_unit(connection, photo_id, unit=caller.unit)
        else:
            photo = await load(connection, photo_id)
            if photo.ticket_id is not None:
                region = region_of(intake, caller)
                await find_ticket(connection, photo.ticket_id, region=region)
            elif photo.owner != owner_of(caller.actor()):
                raise album.no_such_photo()
    return await picture(request, intake, photo, size, max_age=300)


async def picture(
    request: Request, intake: IntakeContext, photo: Photo, size: Size, *, max_age: int
) -> Response:
    """The bytes of one picture, as nothing but a picture."""
    media_type = MediaType.JPEG if size is Size.THUMB else photo.media_type
    sha256 = photo.thumb_sha256 if size is Size.THUMB else photo.sha256
    headers = {
        "Cache-Control": f"private, max-age={max_age}",
        "ETag": f'"{sha256[:32]}"',
        "Content-Disposition": f'inline; filename="{photo.photo_id}.{EXTENSIONS[media_type]}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if sha256[:32] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    data = await album.data_of(intake.album, photo, size)
    return StreamingResponse(data, media_type=media_type, headers=headers)
