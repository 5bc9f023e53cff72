"""The map with one pin in a real browser: clicked, dragged, moved by keys, named."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from shared.gcj02 import to_gcj02
from tests.support.browser import Window, axe
from tests.support.intake import Intake
from tests.support.waiting import eventually

JINYUAN = (41.604608, 108.312169)  # 河湾锦苑
SHOW = """async ([lat, lon]) => {
    const {pinMap} = await import("/static/intake/map.js");
    const place = document.createElement("div");
    place.id = "map";
    document.getElementById("main").replaceChildren(place);
    place.style.cssText = "height: 420px; width: min(94vw, 700px)";
    window.moves = [];
    window.places = [];
    window.pin = await pinMap(place, {lat, lon, onMove: p => moves.push(p),
        onPlace: p => places.push(p)});
}"""


async def shown(new_page: Window, point: tuple[float, float] | None, **options: Any) -> Page:
    page = await new_page(**options)
    await page.goto("/login")
    await page.evaluate(SHOW, list(point or (None, None)))
    return page


async def told(page: Page, times: int) -> None:
    """Wait until the page was told so many places; the policy forbids Playwright's own way."""
    await eventually(lambda: page.evaluate("places.length"), until=lambda count: count >= times)


async def test_a_pin_is_set_by_click_moved_by_keys_and_dragged(new_page: Window, shot: Any) -> None:
    page = await shown(new_page, None)
    words = page.locator(".pin-place")
    await expect(words).to_have_text("点一下地图，或拖动图钉，标出地点")
    await shot(page, "map")
    await expect(page.get_by_text("河湾街道", exact=True)).to_be_visible()
    await page.evaluate("pin.set(41.604608, 108.312169)")
    await expect(words).to_have_text("河湾锦苑，河湾社区")
    handle = page.get_by_role("button", name="图钉：拖动，或用方向键移动")
    await expect(handle).to_be_visible()
    await axe(page)
    await shot(page, "map-pin")
    # told by the page itself, so no move was told
    assert await page.evaluate("moves.length") == 0
    await handle.focus()
    await page.keyboard.press("Shift+ArrowUp")
    await page.keyboard.press("ArrowRight")
    await expect(words).to_have_text("河湾锦苑附近，河湾社区")
    point = await page.evaluate("pin.point()")
    assert (point["lat"] - JINYUAN[0]) * 111195 == pytest.approx(100, abs=1)
    assert (point["lon"] - JINYUAN[1]) * 111195 * 0.7477 == pytest.approx(10, abs=1)
    assert await page.evaluate("moves.at(-1)") == point
    box = await handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + 60, y - 40, steps=6)
    await page.mouse.up()
    await told(page, 3)
    dragged = await page.evaluate("pin.point()")
    assert dragged["lat"] > point["lat"]
    assert dragged["lon"] > point["lon"]
    where = await page.locator("#map").bounding_box()
    assert where is not None
    await page.mouse.click(where["x"] + 300, where["y"] + 300)
    await told(page, 4)
    place = await page.evaluate("places.at(-1)")
    assert place["region"].startswith("159902")
    await page.evaluate("pin.clear()")
    assert await page.evaluate("pin.point()") is None


async def test_far_from_everything_the_words_ask_to_check(new_page: Window) -> None:
    page = await shown(new_page, (41.7, 108.4), mobile=True, language="en")
    words = page.locator(".pin-place")
    await expect(words).to_contain_text("please check")
    await expect(words).to_have_class("pin-place is-doubtful")


async def test_the_browser_shifts_points_as_the_server_does(
    new_page: Window, intake: Intake
) -> None:
    page = await new_page()
    await page.goto("/login")
    shifted = await page.evaluate(
        """async ([lat, lon]) => {
            const {toGcj02, toWgs84} = await import("/static/intake/gcj02.js");
            return [toGcj02(lat, lon), toWgs84(...toGcj02(lat, lon)), toGcj02(51.5, -0.12)];
        }""",
        list(JINYUAN),
    )
    assert shifted[0] == pytest.approx(to_gcj02(*JINYUAN), abs=1e-9)
    assert shifted[1] == pytest.approx(JINYUAN, abs=1e-8)
    assert shifted[2] == [51.5, -0.12]
    answer = await intake.http.get(
        f"{intake.url}/map/locate",
        params={"lat": shifted[0][0], "lon": shifted[0][1], "datum": "gcj02"},
    )
    assert answer.json()["items"][0]["compound"] == "河湾锦苑"
