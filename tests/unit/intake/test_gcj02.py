"""GCJ-02 and back: published points, a metre nowhere lost, nothing shifted abroad."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.catalogue.gazetteer import metres_between
from shared.gcj02 import to_gcj02, to_wgs84

# WGS84 and GCJ-02 of Shanghai, Shenzhen and Beijing, as the open implementations publish them
PUBLISHED = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]


@pytest.mark.parametrize(("wgs84", "gcj02"), PUBLISHED)
def test_published_points(wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    assert metres_between(*to_gcj02(*wgs84), *gcj02) < 0.01
    assert metres_between(*to_wgs84(*gcj02), *wgs84) < 0.01


@given(lat=st.floats(18.5, 53.0), lon=st.floats(74.0, 134.5))
def test_there_and_back_is_the_same_point(lat: float, lon: float) -> None:
    shifted = to_gcj02(lat, lon)
    assert 50 < metres_between(lat, lon, *shifted) < 1500
    assert metres_between(lat, lon, *to_wgs84(*shifted)) < 0.1


@pytest.mark.parametrize("point", [(51.5, -0.12), (-33.9, 151.2), (60.0, 100.0), (35.0, 139.7)])
def test_abroad_nothing_is_shifted(point: tuple[float, float]) -> None:
    assert to_gcj02(*point) == point
    assert to_wgs84(*point) == point


def test_the_shift_of_our_city_is_some_hundred_metres() -> None:
    lat, lon = to_gcj02(41.604608, 108.312169)
    assert math.isclose(metres_between(41.604608, 108.312169, lat, lon), 430, abs_tol=150)
