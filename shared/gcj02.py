"""GCJ-02, the shifted coordinates of Chinese maps, to and from WGS84, which is what we store.

The shift is the published approximation (Krasovsky ellipsoid); the way back has no formula and is
found by iteration, to well under a metre. Outside the frame of China nothing is shifted.
"""

import math
from typing import Final

AXIS: Final = 6_378_245.0  # Krasovsky 1940, metres
ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
CLOSE_ENOUGH: Final = 1e-9  # degrees, a tenth of a millimetre
MOST_STEPS: Final = 12
SOUTH, NORTH = 0.8293, 55.8271
WEST, EAST = 72.004, 137.8347


def in_china(lat: float, lon: float) -> bool:
    """Whether the shift applies there: the rectangle that all maps use."""
    return SOUTH <= lat <= NORTH and WEST <= lon <= EAST


def to_gcj02(lat: float, lon: float) -> tuple[float, float]:
    """A WGS84 point as a Chinese map shows it."""
    if not in_china(lat, lon):
        return lat, lon
    d_lat, d_lon = _shift(lat, lon)
    return lat + d_lat, lon + d_lon


def to_wgs84(lat: float, lon: float) -> tuple[float, float]:
    """The WGS84 point that a Chinese map shows there."""
    if not in_china(lat, lon):
        return lat, lon
    found_lat, found_lon = lat, lon
    for _ in range(MOST_STEPS):
        d_lat, d_lon = _shift(found_lat, found_lon)
        off_lat, off_lon = found_lat + d_lat - lat, found_lon + d_lon - lon
        found_lat, found_lon = found_lat - off_lat, found_lon - off_lon
        if abs(off_lat) < CLOSE_ENOUGH and abs(off_lon) < CLOSE_ENOUGH:
            break
    return found_lat, found_lon


def _shift(lat: float, lon: float) -> tuple[float, float]:
    """By how many degrees a point is moved."""
    x, y = lon - 105.0, lat - 35.0
    radians = math.radians(lat)
    flat = 1 - ECCENTRICITY_SQUARED * math.sin(radians) ** 2
    north = _north(x, y) * 180.0 / (AXIS * (1 - ECCENTRICITY_SQUARED) / flat**1.5 * math.pi)
    east = _east(x, y) * 180.0 / (AXIS / math.sqrt(flat) * math.cos(radians) * math.pi)
    return north, east


def _wave(at: float, *amplitudes: tuple[float, float]) -> float:
    """Sines of `at`, each with its amplitude and how often it swings."""
    return sum(size * math.sin(at * often * math.pi) for size, often in amplitudes) * 2.0 / 3.0


def _north(x: float, y: float) -> float:
    return (
        -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * math.sqrt(abs(x))
        + _wave(x, (20.0, 6.0), (20.0, 2.0))
        + _wave(y, (20.0, 1.0), (40.0, 1 / 3))
        + _wave(y, (160.0, 1 / 12), (320.0, 1 / 30))
    )


def _east(x: float, y: float) -> float:
    return (
        300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * math.sqrt(abs(x))
        + _wave(x, (20.0, 6.0), (20.0, 2.0))
        + _wave(x, (20.0, 1.0), (40.0, 1 / 3))
        + _wave(x, (150.0, 1 / 12), (300.0, 1 / 30))
    )
