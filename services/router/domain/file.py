"""What a file of a unit is: evidence or a photo, judged by its bytes, and where it is fetched."""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from shared.contracts.parts import Attachment, Evidence, Role
from shared.contracts.reports import Report
from shared.errors import FieldError, InvalidError
from shared.records import record
from shared.uploads.media import refused

FILES_PATH: Final = "/api/v1/files"
PDF_BEGINS: Final = b"%PDF-"
PDF_ENDS: Final = b"%%EOF"
TRAILER_BYTES: Final = 2048  # writers may leave some room behind the end


class FileState(StrEnum):
    """Where a file stands."""

    ARRIVING = "arriving"  # 存储中
    KEPT = "kept"  # 已存


class FileType(StrEnum):
    """The kinds of files that are taken."""

    JPEG = "image/jpeg"  # JPEG 照片
    PNG = "image/png"  # PNG 图片
    WEBP = "image/webp"  # WebP 图片
    PDF = "application/pdf"  # PDF 文件


EXTENSIONS: Final = {
    FileType.JPEG: "jpg",
    FileType.PNG: "png",
    FileType.WEBP: "webp",
    FileType.PDF: "pdf",
}


@record
class File:
    """A stored file; the hashes are SHA-256 in hex, `original_sha256` of the file as it came.

    `lat`, `lon` (WGS84) and `taken_at` are what the camera wrote. A PDF has no size in pixels.
    """

    file_id: UUID
    state: FileState
    unit: str | None
    role: Role
    name: str | None
    original_sha256: str
    sha256: str
    thumb_sha256: str | None
    media_type: FileType
    size: int  # bytes
    width: int | None
    height: int | None
    taken_at: datetime | None
    lat: float | None
    lon: float | None
    created_at: datetime


def is_pdf(data: bytes) -> bool:
    """Whether a file says of itself that it is a PDF."""
    return data.startswith(PDF_BEGINS)


def check_pdf(data: bytes) -> None:
    """InvalidError for a PDF that is cut off or locked."""
    if PDF_ENDS not in data[-TRAILER_BYTES:] or b"startxref" not in data[-TRAILER_BYTES:]:
        raise refused(
            "PDF 文件不完整或已损坏，请重新导出",
            "the PDF is incomplete or damaged, export it again",
        )
    if b"/Encrypt" in data:
        raise refused(
            "PDF 文件已加密，请去掉密码后再上传",
            "the PDF is encrypted, upload it without a password",
        )


def url_of(file: File, *, address: str) -> str:
    """Where a file is fetched with the unit's own token: it lasts."""
    return f"{address.rstrip('/')}{FILES_PATH}/{file.file_id}"


def attachment(file: File, *, address: str) -> Attachment:
    """A file as events name it."""
    return Attachment(
        url=url_of(file, address=address), media_type=file.media_type.value, sha256=file.sha256
    )


def names_in(report: Report) -> tuple[str, ...]:
    """The files a report names: photos by their file_id, evidence by its hash."""
    photos: tuple[str, ...] = getattr(report, "photos", ())
    evidence: tuple[Evidence, ...] = getattr(report, "evidence", ())
    return photos + tuple(each.sha256 for each in evidence if each.sha256 is not None)


def unknown_file(field: str, file_id: object) -> InvalidError:
    """A request names a file that is none of the caller's."""
    return InvalidError(
        FieldError(
            field=field,
            zh=f"{field}：没有文件 {file_id}，请先上传",
            en=f"{field}: there is no file {file_id}, upload it first",
        )
    )
