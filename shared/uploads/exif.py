"""What a camera wrote into a photo: where it stood (WGS84), when, and which side is up."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from shared.calendar import SHANGHAI
from shared.gcj02 import to_wgs84

# Tags of Exif 2.32
TAKEN, TAKEN_OFFSET = 0x9003, 0x9011  # DateTimeOriginal, OffsetTimeOriginal
WRITTEN = 0x9004  # DateTimeDigitized, where the first is absent
LAT_REF, LAT, LON_REF, LON = 1, 2, 3, 4
DATUM = 18
EARLIEST_YEAR, LATEST_YEAR = 1990, 2100  # a camera without a clock says 1970 or 1980
WIDEST_OFFSET: Final = timedelta(hours=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Where and when a photo was taken, as far as its camera told."""

    at: datetime | None = None  # UTC
    lat: float | None = None
    lon: float | None = None


def taken(photo: Mapping[int, Any], gps: Mapping[int, Any]) -> Taken:
    """From the Exif and the GPS directory; what makes no sense counts as absent."""
    point = _point(gps)
    lat, lon = point if point is not None else (None, None)
    return Taken(at=_moment(photo), lat=lat, lon=lon)


def _moment(tags: Mapping[int, Any]) -> datetime | None:
    """A camera's local time with its offset; without one it is the city's."""
    text = tags.get(TAKEN) or tags.get(WRITTEN)
    try:
        local = datetime.strptime(str(text).strip("\0 "), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return None
    if not EARLIEST_YEAR <= local.year <= LATEST_YEAR:
        return None
    zone = _zone(tags.get(TAKEN_OFFSET)) or SHANGHAI
    return local.replace(tzinfo=zone).astimezone(UTC)


def _zone(text: Any) -> timezone | None:
    """`+08:00` as a zone."""
    try:
        moment = datetime.strptime(str(text).strip("\0 "), "%z")
    except ValueError:
        return None
    offset = moment.utcoffset()
    return timezone(offset) if offset is not None and abs(offset) <= WIDEST_OFFSET else None


def _point(tags: Mapping[int, Any]) -> tuple[float, float] | None:
    lat = _degrees(tags.get(LAT), tags.get(LAT_REF), "NS", 90.0)
    lon = _degrees(tags.get(LON), tags.get(LON_REF), "EW", 180.0)
    if lat is None or lon is None or (lat == 0.0 and lon == 0.0):  # no fix
        return None
    if "GCJ" in str(tags.get(DATUM, "")).upper():
        lat, lon = to_wgs84(lat, lon)
    return round(lat, 7), round(lon, 7)


def _degrees(parts: Any, ref: Any, signs: str, most: float) -> float | None:
    """Degrees, minutes, seconds and a letter as a number."""
    letter = str(ref or "").strip("\0 ").upper()
    if letter not in tuple(signs) or not isinstance(parts, Sequence) or len(parts) != 3:
        return None
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    found = degrees + minutes / 60 + seconds / 3600
    if not math.isfinite(found) or not 0.0 <= found <= most or min(degrees, minutes, seconds) < 0:
        return None
    return -found if letter == signs[1] else found
