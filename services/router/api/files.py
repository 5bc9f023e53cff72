"""Files over HTTP: evidence and photos of units, uploaded here and named in their reports."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response, StreamingResponse
from starlette.datastructures import UploadFile

from services.router import files
from services.router.api.edge import Context, Looking, sight
from services.router.domain.file import EXTENSIONS, FILES_PATH, File, FileType, url_of
from shared.errors import FieldError, InvalidError
from shared.uploads.media import MOST_BYTES, TOO_LARGE, refused
from shared.web.description import MISSING
from shared.web.identity import Caller, allow

router = APIRouter(prefix=FILES_PATH, tags=["files"])

ENVELOPE_BYTES: Final = 20_000  # what a form adds around its file
LARGER_BODIES: Final[Mapping[str, int]] = {FILES_PATH: MOST_BYTES + ENVELOPE_BYTES}
KEPT_SECONDS: Final = 300  # by the browser of who may see it now
Uploading = Annotated[Caller, Depends(allow("files.add"))]


class Size(StrEnum):
    """How large a picture is wanted."""

    FULL = "full"  # 原图
    THUMB = "thumb"  # 缩略图


FORM: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "whistle_id": {"type": "string", "format": "uuid"},
                    },
                }
            }
        },
    }
}
CONTENT: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {media_type.value: {} for media_type in FileType}},
    304: {"description": "As it was"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileItem:
    """A file; `sha256` is of what `url` gives, `original_sha256` of what was uploaded.

    Evidence may name either. A picture is redrawn: nothing of the camera's file is kept but
    `taken_at`, `lat` and `lon` (WGS84), told here. `thumb` is a small JPEG, none of a PDF.
    """

    file_id: UUID
    sha256: str
    original_sha256: str
    media_type: FileType
    size: int
    width: int | None
    height: int | None
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    unit: str | None
    created_at: datetime
    url: str
    thumb: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileList:
    """The files of a whistle, oldest first."""

    items: tuple[FileItem, ...]


@router.post(
    "",
    status_code=201,
    openapi_extra=FORM,
    responses={200: {"description": "The unit sent the same file before", "model": FileItem}},
)
async def post_file(
    request: Request, here: Context, caller: Uploading, response: Response
) -> FileItem:
    """Take in one file, field `file`: JPEG, PNG, WebP or PDF, at most 10 MB.

    With `whistle_id` the units of that whistle see it, too; a report that names it does the same.
    """
    data, whistle_id = await _form(request)
    kept = await files.keep(
        here.runtime,
        here.shelf,
        data,
        actor=caller.actor(),
        whistle_id=whistle_id,
        sight=sight(caller, here),
        now=here.runtime.clock.now(),
    )
    response.status_code = 201 if kept.new else 200
    return item(kept.file, here.shelf.address)


async def _form(request: Request) -> tuple[bytes, UUID | None]:
    """The fields `file` and `whistle_id`; large files are spooled to disk while they come."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise _missing()
    async with request.form(max_files=1, max_fields=4) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise _missing()
        if (file.size or 0) > MOST_BYTES:
            raise refused(*TOO_LARGE)
        return await file.read(), _whistle_id(form.get("whistle_id"))


def _whistle_id(text: object) -> UUID | None:
    if text is None or text == "":
        return None
    try:
        return UUID(str(text))
    except ValueError:
        raise InvalidError(
            FieldError(
                field="whistle_id",
                zh="whistle_id：应为哨单的 UUID",
                en="whistle_id: must be the UUID of a whistle",
            )
        ) from None


def _missing() -> InvalidError:
    return InvalidError(
        FieldError(
            field="file",
            zh="file：请用表单（multipart/form-data）上传一个文件",
            en="file: one file is expected as multipart/form-data",
        )
    )


@router.get("", responses={404: MISSING})
async def list_files(whistle_id: UUID, here: Context, caller: Looking) -> FileList:
    """The files of a whistle: uploaded for it, or named in its units' reports."""
    async with here.runtime.pool.acquire() as connection:
        found = await files.of_whistle(connection, whistle_id, sight=sight(caller, here))
    return FileList(items=tuple(item(file, here.shelf.address) for file in found))


@router.get("/{file_id}", response_class=StreamingResponse, responses=CONTENT)
async def get_file(
    file_id: UUID,
    request: Request,
    here: Context,
    caller: Looking,
    size: Size = Size.FULL,
) -> Response:
    """The bytes of a file, for its unit and whom its whistle concerns; this address lasts."""
    async with here.runtime.pool.acquire() as connection:
        file = await files.find(connection, file_id, sight=sight(caller, here))
    thumb = size is Size.THUMB and file.thumb_sha256 is not None
    media_type = FileType.JPEG if thumb else file.media_type
    shown = "attachment" if media_type is FileType.PDF else "inline"
    tag = ((file.thumb_sha256 if thumb else None) or file.sha256)[:32]
    headers = {
        "Cache-Control": f"private, max-age={KEPT_SECONDS}",
        "ETag": f'"{tag}"',
        "Content-Disposition": f'{shown}; filename="{file.file_id}.{EXTENSIONS[media_type]}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    data = await files.data_of(here.shelf, file, thumb=thumb)
    return StreamingResponse(data, media_type=media_type.value, headers=headers)


def item(file: File, address: str) -> FileItem:
    """A file as answers show it."""
    url = url_of(file, address=address)
    return FileItem(
        file_id=file.file_id,
        sha256=file.sha256,
        original_sha256=file.original_sha256,
        media_type=file.media_type,
        size=file.size,
        width=file.width,
        height=file.height,
        taken_at=file.taken_at,
        lat=file.lat,
        lon=file.lon,
        unit=file.unit,
        created_at=file.created_at,
        url=url,
        thumb=f"{url}?size=thumb" if file.thumb_sha256 else None,
    )
