"""Redraws an uploaded picture from its pixels alone: nothing else of the file is kept.

What was appended, hidden or written into the file (place, time, names, scripts) stays behind. The
way up is applied, a large picture is scaled down, and a thumbnail is made beside it. All of this
is slow and needs memory, so it is for a worker thread (`Easel`), a few at a time.
"""

import asyncio
import hashlib
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from threading import BoundedSemaphore
from typing import Any, Final

from PIL import Image

from shared.errors import UnavailableError
from shared.uploads.exif import Taken, taken
from shared.uploads.media import (
    DAMAGED,
    MOST_BYTES,
    MOST_SIDE,
    MOVING,
    THUMB_SIDE,
    TOO_LARGE,
    TOO_MANY_PIXELS,
    MediaType,
    media_type_of,
    refused,
    size_problem,
)

AT_ONCE: Final = 2  # each may need 350 MB for a moment
IN_LINE: Final = 16  # each holds its file
MOST_SCANS: Final = 200  # of a progressive JPEG; thousands would keep a core busy for minutes
START_OF_SCAN: Final = b"\xff\xda"
READ_SIDE: Final = 2600  # a JPEG twice as large on both sides is halved while it is read
ORIENTATION, EXIF, GPS = 0x0112, 0x8769, 0x8825
QUALITY, THUMB_QUALITY = 85, 75
# What Exif's orientation asks for; 1 is upright.
UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A redrawn picture with its thumbnail (JPEG), the hashes of all, and what the camera told."""

    media_type: MediaType
    data: bytes
    thumb: bytes
    width: int
    height: int
    taken: Taken
    original_sha256: str
    sha256: str
    thumb_sha256: str


class Easel:
    """Redraws in worker threads: two at once, a few in line, more are asked to come again."""

    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="redraw")
        self._room = BoundedSemaphore(AT_ONCE + IN_LINE)

    async def redraw(self, data: bytes) -> Picture:
        """`redraw` without holding up the loop; UnavailableError when too many wait."""
        if not self._room.acquire(blocking=False):
            raise UnavailableError("上传照片的人较多，请稍后重试", "too many uploads, try again")
        try:
            job = self._workers.submit(redraw, data)
        except BaseException:
            self._room.release()
            raise
        # a worker goes on when its request has gone away, so the place is given back by the worker
        job.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(job)


def redraw(data: bytes) -> Picture:
    """The picture in a file; InvalidError names in words what cannot be taken."""
    if len(data) > MOST_BYTES:
        raise refused(*TOO_LARGE)
    media_type = media_type_of(data[:512])
    if media_type is MediaType.JPEG and data.count(START_OF_SCAN) > MOST_SCANS:
        raise refused(*DAMAGED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of malformed parts that are left behind anyway
            camera, drawn = _draw(data, media_type)
    except Image.DecompressionBombError:
        raise refused(*TOO_MANY_PIXELS) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, TypeError):
        raise refused(*DAMAGED) from None  # Pillow's many ways of finding a file broken
    return _picture(data, media_type, camera, drawn)


def _draw(data: bytes, media_type: MediaType) -> tuple[Taken, Image.Image]:
    """What the camera told, and the pixels: upright, not too large, without anything beside."""
    with Image.open(BytesIO(data), formats=[media_type.name]) as image:
        problem = size_problem(media_type, *image.size)  # known before a pixel is decoded
        if problem is not None:
            raise problem
        if media_type is not MediaType.JPEG and getattr(image, "n_frames", 1) > 1:
            raise refused(*MOVING)  # a JPEG's further pictures are depth maps and previews
        camera, orientation = _camera(image)
        image.draft("RGB", (READ_SIDE, READ_SIDE))
        image.load()
        drawn = _plain(image)
    drawn.thumbnail((MOST_SIDE, MOST_SIDE))
    if orientation in UPRIGHT:
        drawn = drawn.transpose(UPRIGHT[orientation])
    drawn.info = {}
    return camera, drawn


def _camera(image: Image.Image) -> tuple[Taken, int]:
    """Where and when, and which side is up; broken Exif tells nothing."""
    try:
        exif: Any = image.getexif()
        return taken(exif.get_ifd(EXIF), exif.get_ifd(GPS)), exif.get(ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, IndexError):
        return Taken(), 1


def _plain(image: Image.Image) -> Image.Image:
    """Grey or RGB; what is transparent becomes white."""
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        white = Image.new("RGB", image.size, "white")
        white.paste(colours, mask=colours.getchannel("A"))
        return white
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256).convert("L")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _picture(original: bytes, media_type: MediaType, camera: Taken, drawn: Image.Image) -> Picture:
    data = _encoded(drawn, media_type)
    if len(data) > MOST_BYTES:  # noise as PNG
        media_type, data = MediaType.JPEG, _encoded(drawn, MediaType.JPEG)
    small = drawn.copy()
    small.thumbnail((THUMB_SIDE, THUMB_SIDE))
    thumb = _encoded(small, MediaType.JPEG, quality=THUMB_QUALITY)
    return Picture(
        media_type=media_type,
        data=data,
        thumb=thumb,
        width=drawn.width,
        height=drawn.height,
        taken=camera,
        original_sha256=hashlib.sha256(original).hexdigest(),
        sha256=hashlib.sha256(data).hexdigest(),
        thumb_sha256=hashlib.sha256(thumb).hexdigest(),
    )


def _encoded(image: Image.Image, media_type: MediaType, *, quality: int = QUALITY) -> bytes:
    out = BytesIO()
    image.save(out, format=media_type.name, quality=quality, compress_level=4)
    return out.getvalue()
