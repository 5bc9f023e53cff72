"""Which pictures are taken and which are refused in which words.

A file is judged by its content. Its name and the type it claims are never looked at.
"""

from enum import StrEnum
from typing import Final

from shared.errors import FieldError, InvalidError

MOST_BYTES: Final = 10_000_000  # a file
MOST_RATIO: Final = 30  # a side to the other
MOST_SIDE: Final = 4096  # larger ones are scaled down
THUMB_SIDE: Final = 320


class MediaType(StrEnum):
    """The kinds of pictures that are taken."""

    JPEG = "image/jpeg"  # JPEG 照片
    PNG = "image/png"  # PNG 图片
    WEBP = "image/webp"  # WebP 图片


# Today's phones make JPEGs of 50 million; the other kinds need several times the memory.
MOST_PIXELS: Final = {
    MediaType.JPEG: 52_000_000,
    MediaType.PNG: 16_000_000,
    MediaType.WEBP: 16_000_000,
}
EXTENSIONS: Final = {MediaType.JPEG: "jpg", MediaType.PNG: "png", MediaType.WEBP: "webp"}


def media_type_of(head: bytes) -> MediaType:
    """The kind of a file by its first bytes; InvalidError tells what else to do."""
    if head.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    raise refused(*_words(head))


def _words(head: bytes) -> tuple[str, str]:
    if not head:
        return EMPTY
    if head[4:8] == b"ftyp":
        return HEIC if head[8:12] in HEIF_BRANDS else VIDEO
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:400].lower()
    if text.startswith(b"<svg") or (text.startswith((b"<?xml", b"<!")) and b"<svg" in text):
        return SVG
    return next((words for magic, words in MAGIC if head.startswith(magic)), OTHER)


def refused(zh: str, en: str) -> InvalidError:
    """This file is not taken, and why."""
    return InvalidError(FieldError(field="file", zh=zh, en=en))


TAKEN: Final = ("请上传 JPEG、PNG 或 WebP 照片", "please upload a JPEG, PNG or WebP photo")
HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}
)
HEIC: Final = (
    "暂不支持 HEIC 格式。苹果手机请打开“设置 → 相机 → 格式”，选“兼容性最佳”后重拍，"
    "或把这张照片截图后上传；安卓手机请在相机设置里关闭“高效格式（HEIF）”",
    "HEIC is not taken: on an iPhone choose Settings → Camera → Formats → Most Compatible, or "
    "upload a screenshot of the photo; on Android switch off the HEIF format of the camera",
)
VIDEO: Final = (f"暂不支持视频，{TAKEN[0]}", f"videos are not taken; {TAKEN[1]}")
SVG: Final = (f"不支持 SVG 图形，{TAKEN[0]}", f"SVG is not taken; {TAKEN[1]}")
OTHER: Final = (f"不是照片文件，{TAKEN[0]}", f"this file is no photo; {TAKEN[1]}")
EMPTY: Final = ("文件是空的，请重新选择", "the file is empty, choose it again")
MAGIC: Final[tuple[tuple[bytes, tuple[str, str]], ...]] = (
    (b"GIF8", (f"不支持 GIF 动图，{TAKEN[0]}", f"GIF is not taken; {TAKEN[1]}")),
    (b"BM", (f"不支持 BMP 图片，{TAKEN[0]}", f"BMP is not taken; {TAKEN[1]}")),
    (
        b"II*\x00",
        (f"不支持 TIFF 或 RAW 图片，{TAKEN[0]}", f"TIFF and RAW are not taken; {TAKEN[1]}"),
    ),
    (
        b"MM\x00*",
        (f"不支持 TIFF 或 RAW 图片，{TAKEN[0]}", f"TIFF and RAW are not taken; {TAKEN[1]}"),
    ),
    (b"%PDF", (f"不支持 PDF 文件，{TAKEN[0]}或截图", f"PDF is not taken; {TAKEN[1]}")),
    (b"PK\x03\x04", (f"不支持压缩包或文档，{TAKEN[0]}", f"archives are not taken; {TAKEN[1]}")),
)
TOO_LARGE: Final = (
    "照片超过 10 MB，请在手机里缩小后再上传",
    "the photo is larger than 10 MB, make it smaller first",
)
TOO_MANY_PIXELS: Final = (
    "照片像素过高（JPEG 最多 5200 万像素，PNG、WebP 最多 1600 万）或过于狭长，请缩小后再上传",
    "the photo has more than 52 million pixels (JPEG; others 16 million) or is too narrow",
)
MOVING: Final = (f"不支持动图，{TAKEN[0]}", f"moving pictures are not taken; {TAKEN[1]}")
DAMAGED: Final = (
    "照片不完整或已损坏，请重新拍摄或选择",
    "the photo is incomplete or damaged, take or choose it again",
)


def size_problem(media_type: MediaType, width: int, height: int) -> InvalidError | None:
    """What is told of a picture before it is decoded: too many pixels, or a mere line."""
    short, long = sorted((width, height))
    if short < 1:
        return refused(*DAMAGED)
    if width * height > MOST_PIXELS[media_type] or long > MOST_RATIO * short:
        return refused(*TOO_MANY_PIXELS)
    return None
