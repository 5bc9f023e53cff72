"""Signed addresses of photos that expire: made for the pages of those who may see the photo."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

PATH: Final = "/photos"
STEP: Final = timedelta(minutes=5)  # ends are rounded up, so that a page shown again asks the cache
LONGEST: Final = timedelta(days=7)


class Size(StrEnum):
    """Which picture of a photo."""

    THUMB = "thumb"  # 缩略图
    FULL = "full"  # 原尺寸


@lru_cache(maxsize=8)
def link_key(secret: str) -> bytes:
    """The key of these links, made from the stack's secret for this purpose alone."""
    hkdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"shaodao/photo-links")
    return hkdf.derive(secret.encode())


def signed(key: bytes, photo_id: UUID, size: Size, *, now: datetime, lasts: timedelta) -> str:
    """The address of a photo until `now + lasts`, rounded up; at most a week."""
    step = STEP.total_seconds()
    until = -int(-(now + min(lasts, LONGEST)).timestamp() // step) * int(step)
    values = {"size": size.value, "exp": until, "sig": _signature(key, photo_id, size, until)}
    return f"{PATH}/{photo_id}?{urlencode(values)}"


def holds(key: bytes, photo_id: UUID, size: Size, *, exp: int, sig: str, now: datetime) -> bool:
    """Whether a signature is ours, for this very picture, and has not expired."""
    wanted = _signature(key, photo_id, size, exp)
    is_ours = hmac.compare_digest(wanted.encode(), sig.encode("utf-8", "surrogatepass"))
    return is_ours and now.astimezone(UTC).timestamp() < exp


def _signature(key: bytes, photo_id: UUID, size: Size, until: int) -> str:
    words = f"{photo_id}|{size}|{until}".encode()
    return hmac.digest(key, words, hashlib.sha256).hex()
