"""Residents on a cheap phone: three taps, no signal, a neighbour's report, and nobody else's."""

import io
import re
from typing import Any
from uuid import UUID

from PIL import Image
from playwright.async_api import Page, expect

from tests.support.browser import Window, axe, fits, smallest_text
from tests.support.intake import Intake
from tests.support.played_router import Whistle
from tests.support.residents import jpeg
from tests.support.waiting import eventually

JINYUAN = {"latitude": 41.604608, "longitude": 108.312169}  # 河湾锦苑
HERE: dict[str, Any] = {"geolocation": JINYUAN, "permissions": ["geolocation"], "mobile": True}
EVIL = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>{{7*7}}'
GRID = "报网格员"


def photo(name: str = "lamp.jpg", data: bytes | None = None) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data or jpeg(size=(1200, 900))}


def placed_jpeg(lat: float, lon: float) -> bytes:
    """A photo whose camera wrote down where it was."""
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: _degrees(lat), 3: "E", 4: _degrees(lon)}
    out = io.BytesIO()
    Image.new("RGB", (640, 480), "gray").save(out, "JPEG", exif=exif)
    return out.getvalue()


def _degrees(value: float) -> tuple[float, float, float]:
    whole, minutes = int(value), (value % 1) * 60
    return float(whole), float(int(minutes)), (minutes % 1) * 60


async def opened(page: Page) -> None:
    """The form, once its scripts run."""
    await page.goto("/r")
    await expect(page.locator("html[data-ready=yes]")).to_be_attached()


async def number_on(page: Page) -> str:
    """The number of the ticket in large print."""
    text = await page.locator("[data-test=number]").first.inner_text()
    return "".join(text.split())


async def ticket_id_of(intake: Intake, number: str) -> str:
    rows = await intake.rows("select ticket_id from ticket where number = $1", number)
    return str(rows[0]["ticket_id"])


async def looked_over(page: Page, shot: Any, name: str) -> None:
    await fits(page)
    await axe(page)
    await shot(page, name)


async def test_a_photo_report_is_followed_to_its_rating(
    intake: Intake, new_page: Window, shot: Any
) -> None:
    page = await new_page(**HERE)
    await opened(page)
    await looked_over(page, shot, "resident-report")
    await page.locator("#gallery").set_input_files(photo())
    await expect(page.get_by_text("已上传")).to_be_visible()
    await page.get_by_role("radio", name="路灯不亮").tap()
    await page.get_by_role("button", name="用我现在的位置").tap()
    await expect(page.locator("#place")).to_contain_text("已定位：河湾锦苑")
    await page.get_by_text("在地图上指出来").tap()
    await expect(page.locator(".pin-place")).to_contain_text("河湾锦苑")
    await axe(page)
    await shot(page, "resident-report-map")
    await page.get_by_text("在地图上指出来").tap()
    await page.get_by_label("再说两句").fill(f"三天了 {EVIL}")
    await page.get_by_label("您的手机号").fill("13900007788")
    await looked_over(page, shot, "resident-report-filled")
    await page.get_by_role("button", name=GRID).tap()
    await page.wait_for_url("**/receipt")
    await expect(page.get_by_role("heading", name="已收到")).to_be_visible()
    number = await number_on(page)
    await looked_over(page, shot, "resident-receipt")
    await page.get_by_role("link", name="查看进度").tap()
    await expect(page.get_by_role("heading", level=1)).to_have_text("正在找负责的单位")
    await expect(page.get_by_text(EVIL)).to_be_visible()
    assert await page.evaluate("window.pwned") is None
    await looked_over(page, shot, "resident-follow")

    ticket_id = await ticket_id_of(intake, number)
    rows = await intake.rows("select channel, choice, category, compound from ticket")
    assert [tuple(row) for row in rows] == [("one_tap", "grid", "0205", "河湾锦苑")]
    whistle = Whistle(intake, UUID(ticket_id))
    await whistle.blow()
    await whistle.acknowledge()
    await intake.ticket_in(ticket_id, "processing")
    await page.get_by_role("button", name="催一催").tap()
    await expect(page.get_by_text("已经替您催了")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("正在办理")
    await page.locator("#supplement summary").tap()
    await page.get_by_label("补充什么").fill("晚上更黑了")
    await page.get_by_label("补充照片").set_input_files(photo())
    await page.get_by_role("button", name="发送补充").tap()
    await expect(page.get_by_text("补充已经收到")).to_be_visible()
    await expect(page.get_by_role("img", name="第 2 张照片")).to_be_visible()
    await looked_over(page, shot, "resident-follow-working")

    await whistle.resolve()
    await intake.ticket_in(ticket_id, "callback")
    await page.goto(f"/r/t/{number}")
    await expect(page.get_by_role("heading", level=1)).to_have_text("请您评价")
    await expect(page.get_by_text("已更换灯泡").first).to_be_visible()
    await looked_over(page, shot, "resident-rate")
    await page.get_by_role("radio", name="解决了", exact=True).tap()
    await page.get_by_role("radio", name="满意", exact=True).tap()
    await page.get_by_role("button", name="提交评价").tap()
    await expect(page.get_by_text("谢谢您的评价")).to_be_visible()
    await intake.ticket_in(ticket_id, "closed")
    await page.get_by_text("每一步经过").tap()
    await expect(page.get_by_text("收到您反映的问题")).to_be_visible()
    await looked_over(page, shot, "resident-closed")
    await page.get_by_role("link", name="谁看过我的联系方式").tap()
    await expect(page.get_by_text("还没有人看过")).to_be_visible()
    await looked_over(page, shot, "resident-looks")


async def test_three_taps_are_enough(intake: Intake, new_page: Window) -> None:
    page = await new_page(mobile=True)
    await opened(page)
    async with page.expect_file_chooser() as choosing:
        await page.get_by_text("拍照", exact=True).tap()  # 1
    await (await choosing.value).set_files(photo(data=placed_jpeg(41.604608, 108.312169)))
    await expect(page.locator("#place")).to_contain_text("用的是照片里的位置：河湾锦苑")
    await page.get_by_role("radio", name="垃圾没人清").tap()  # 2
    await page.get_by_role("button", name="报物业").tap()  # 3
    await page.wait_for_url("**/receipt")
    rows = await intake.rows("select choice, category, compound, title from ticket")
    assert [tuple(row) for row in rows] == [("property", "0107", "河湾锦苑", "垃圾没人清")]


async def test_without_signal_it_is_kept_and_sent_later(
    intake: Intake, new_page: Window, shot: Any
) -> None:
    page = await new_page(mobile=True)
    await opened(page)
    await page.evaluate(
        """async () => {
            await navigator.serviceWorker.ready;
            const kept = () => caches.match('/r', {ignoreVary: true});
            while (!(await kept())) await new Promise(r => setTimeout(r, 50));
        }"""
    )
    await page.context.set_offline(True)
    await page.locator("#gallery").set_input_files(photo())
    await expect(page.get_by_text("已保存，联网后上传")).to_be_visible()
    await page.get_by_role("radio", name="井盖坏了").tap()
    await page.get_by_label("小区、路名或门牌").fill("河湾锦苑门口")
    await expect(page.locator("#draft[data-saved=yes]")).to_have_text(re.compile("草稿已保存"))
    # the page is closed by mistake: what was written is still there
    await page.reload()
    await expect(page.locator("html[data-ready=yes]")).to_be_attached()
    await expect(page.get_by_role("radio", name="井盖坏了")).to_be_checked()
    await expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()
    await expect(page.get_by_label("小区、路名或门牌")).to_have_value("河湾锦苑门口")
    await page.get_by_role("button", name=GRID).tap()
    await expect(page.get_by_text("等待网络")).to_be_visible()
    await looked_over(page, shot, "resident-offline")
    assert await intake.rows("select from ticket") == []
    await page.context.set_offline(False)
    await expect(page.get_by_text("已发送，编号")).to_be_visible()
    await looked_over(page, shot, "resident-sent")
    await page.reload()
    await expect(page.get_by_text("已发送，编号")).to_be_visible()
    rows = await intake.rows("select category, compound from ticket")
    assert [tuple(row) for row in rows] == [("0203", "河湾锦苑")]
    assert len(await intake.rows("select from photo where ticket_id is not null")) == 1
    await page.get_by_role("link", name="查看").tap()
    await expect(page.get_by_role("heading", name="已收到")).to_be_visible()


async def test_a_neighbours_report_is_joined(intake: Intake, new_page: Window, shot: Any) -> None:
    earlier = await intake.registered(
        description="河湾锦苑3号楼下的路灯不亮，晚上看不见路", place={"address": "河湾锦苑3号楼"}
    )
    page = await new_page(mobile=True)
    await opened(page)
    await page.get_by_role("radio", name="路灯不亮").tap()
    await page.get_by_label("小区、路名或门牌").fill("河湾锦苑")
    await page.get_by_label("再说两句").fill("楼下路灯不亮了")
    near = page.locator("#near")
    await expect(near).to_contain_text("附近已有人反映")
    await expect(near).not_to_contain_text("晚上看不见路")  # another's words stay with them
    await looked_over(page, shot, "resident-near")
    await near.get_by_role("checkbox").tap()
    await page.get_by_role("button", name=GRID).tap()
    await page.wait_for_url("**/receipt?joined=1")
    await expect(page.get_by_text("您选了“同一件事”")).to_be_visible()
    number = await number_on(page)
    assert number != earlier["number"]
    wishes = await intake.rows(
        "select own.number, other.number as joins from join_wish "
        "join ticket own using (ticket_id) join ticket other on other.ticket_id = joins"
    )
    assert [tuple(row) for row in wishes] == [(number, earlier["number"])]
    # nothing is merged without a person
    assert (await intake.ticket(await ticket_id_of(intake, number)))["state"] == "registered"


async def test_another_persons_matter_stays_closed(
    intake: Intake, new_page: Window, shot: Any
) -> None:
    receipt = await intake.registered()
    page = await new_page(mobile=True)
    await page.goto(f"/r/t/{receipt['number']}")
    await expect(page.get_by_text("这件事只有本人能看")).to_be_visible()
    await looked_over(page, shot, "resident-refused")
    await page.get_by_role("link", name="查进度").last.tap()
    for tail, words in (("0000", "编号或手机号后四位不对"), ("1111", "已经收到")):
        await page.get_by_label("编号").fill(receipt["number"])
        await page.get_by_label("手机号后四位").fill(tail)
        await page.get_by_role("button", name="查询").tap()
        await expect(page.get_by_text(words)).to_be_visible()
    await expect(page.get_by_text("楼下的路灯已经三天不亮了")).to_be_hidden()
    await looked_over(page, shot, "resident-state")
    for _ in range(4):
        await page.get_by_label("手机号后四位").fill("0000")
        await page.get_by_role("button", name="查询").tap()
    await expect(page.get_by_text("一小时只能查 5 次")).to_be_visible()


async def test_large_text_reads_well(intake: Intake, new_page: Window, shot: Any) -> None:
    page = await new_page(elder=True, **HERE)
    await opened(page)
    assert await smallest_text(page) >= 22
    await looked_over(page, shot, "resident-elder-report")
    await page.get_by_role("radio", name="电梯坏了").tap()
    await page.get_by_label("小区、路名或门牌").fill("河湾锦苑")
    await page.get_by_label("再说两句").fill("电梯停了两天，老人下不了楼")
    await page.get_by_role("button", name="报物业").tap()
    await page.wait_for_url("**/receipt")
    assert await smallest_text(page) >= 22
    await looked_over(page, shot, "resident-elder-receipt")
    await page.get_by_role("link", name="查看进度").tap()
    await expect(page.get_by_role("heading", level=1)).to_have_text("正在找负责的单位")
    await looked_over(page, shot, "resident-elder-follow")
    for path, name in (("/r/mine", "mine"), ("/r/how", "how"), ("/r/code", "code")):
        await page.goto(path)
        assert await smallest_text(page) >= 22
        await looked_over(page, shot, f"resident-elder-{name}")


async def test_following_needs_no_scripts(intake: Intake, new_page: Window) -> None:
    page = await new_page(mobile=True, java_script_enabled=False)
    await page.goto("/r")
    await page.locator("#gallery").set_input_files(photo())
    await page.get_by_label("其他").check()
    await page.get_by_role("button", name="报 12345").tap()
    await expect(page.get_by_role("heading", name="已收到")).to_be_visible()
    await page.get_by_role("link", name="查看进度").tap()
    await expect(page.get_by_role("img", name="第 1 张照片")).to_be_visible()
    await page.get_by_role("button", name="催一催").tap()
    await expect(page.get_by_text("已经替您催了")).to_be_visible()
    rows = await eventually(lambda: intake.rows("select channel, category, urged from ticket"))
    assert [tuple(row) for row in rows] == [("resident_page", None, 1)]
