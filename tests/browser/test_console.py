"""吹哨台: a community blows by keyboard alone, a street follows, accepts and rates; a phone."""

from uuid import uuid4

from playwright.async_api import expect

from tests.support.browser import axe, fits, smallest_text, taken

LEAD, OTHER = "BH-CGJ", "BH-SCJ"
STREET, COMMUNITY = "S-159902001", "Q-159902001001"
OFFICER = {"role": "street_officer", "unit": STREET, "name": "孟和"}
WORKER = {"role": "community_worker", "unit": COMMUNITY, "name": "周敏"}
HERE = {"latitude": 41.6046, "longitude": 108.3122}


async def ready(page) -> None:
    await page.locator("html[data-ready=yes]").wait_for(state="attached")


async def tab_to(page, selector: str) -> None:
    """Go on with Tab, as a hand would, until the field has the focus."""
    for _ in range(60):
        if await page.locator(f"{selector}:focus").count():
            return
        await page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {selector}")


async def blown(router, **fields) -> str:
    answer = await router.call(
        "POST",
        "/whistles",
        **WORKER,
        json={
            "kind": "joint_enforcement",
            "title": "早市占道联合整治",
            "summary": "河湾路早市占道，须多部门到场会商。",
            "own_effort": "已三次上门劝导",
            "place": {"region": "159902001001", "address": "河湾街早市"},
            "units": [
                {"unit": LEAD, "relation": "lead", "task": "清理占道摊点"},
                {"unit": OTHER, "relation": "assisting", "task": "核查证照"},
            ],
            **fields,
        },
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["whistle_id"])


async def says(router, whistle_id: str, unit: str, type_: str) -> None:
    """A report of a unit that must be taken."""
    data = {
        "arrived": {"mode": "on_site", "head_count": 2},
        "resolved": {
            "result": "solved",
            "facts_true": "yes",
            "measures": "已安排人员到现场处理完毕",
            "public_reply": f"{unit} 已处理，编号 {uuid4()}。",
            "contacted_how": "visit",
        },
    }.get(type_, {})
    answer = await router.report(whistle_id, type_, unit=unit, **data)
    assert answer.status_code == 201, (unit, type_, answer.text)


async def test_a_community_blows_by_keyboard_and_its_street_takes_over(router, router_page, shot):
    street = await router_page(OFFICER["role"], STREET, name="孟和")
    await street.goto("/console")
    await ready(street)
    await expect(street.locator("#live")).to_have_attribute("data-state", "on")
    await expect(street.locator(".empty")).to_be_visible()
    await blown(router, title="上月同一早市")
    await expect(street.locator(".c-item")).to_have_count(1)

    page = await router_page(WORKER["role"], COMMUNITY, name="周敏")
    await page.goto("/console")
    await ready(page)
    await page.keyboard.press("n")
    await page.wait_for_url("**/console/blow")
    await ready(page)
    await fits(page)
    await axe(page)
    await page.keyboard.press("2")  # joint enforcement
    await expect(page.get_by_role("radio", name="综合执法")).to_be_checked()
    await page.keyboard.press("Control+Enter")  # too early: each fault at its field
    await expect(page.locator("#b-title")).to_be_focused()
    await expect(page.locator("[data-at=own_effort]")).to_contain_text("社区吹哨须写明")
    await page.keyboard.type("早市占道联合整治")
    await tab_to(page, "#b-summary")
    await page.keyboard.type("河湾路早市占道四十余处，须多部门到场会商。")
    await tab_to(page, "#b-category")
    await page.keyboard.type("0101")
    await page.keyboard.press("Enter")
    await tab_to(page, "#b-effort")
    await page.keyboard.type("已三次上门劝导")
    await tab_to(page, "#b-address")
    await page.keyboard.type("河湾街早市")
    await expect(page.locator("#earlier")).to_contain_text("上月同一早市")  # of this place
    await tab_to(page, "#b-unit")
    await page.keyboard.type("滨河区城市管理")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#units-shown [data-unit={LEAD}] select")).to_have_value("lead")
    suggested = page.locator("#suggested button", has_text="市场监督")
    await expect(suggested).to_contain_text("配合职能")
    await tab_to(page, "#suggested button:has-text('市场监督')")
    await page.keyboard.press("Enter")
    await expect(page.locator(f"#units-shown [data-unit={OTHER}] select")).to_have_value(
        "assisting"
    )
    await page.reload()  # the draft is kept until it is sent
    await ready(page)
    await expect(page.locator("#b-title")).to_have_value("早市占道联合整治")
    await expect(page.locator("#units-shown li")).to_have_count(2)
    await expect(page.locator("#earlier")).to_be_visible()
    called = await page.locator("#units-shown").bounding_box()
    send = await page.locator(".c-send").bounding_box()
    assert called["y"] + called["height"] <= send["y"], "whom one calls is seen without scrolling"
    await shot(page, "console-blow")
    await page.keyboard.press("Control+Enter")
    await page.keyboard.press("Control+Enter")  # a double click blows once
    await page.wait_for_url("**/console/*?blown=1")
    await expect(page.locator("#blown")).to_be_visible()
    assert await router.rows("select count(*) from whistle") == [(2,)]
    whistle_id = page.url.rpartition("/")[2].partition("?")[0]
    await ready(page)

    item = street.locator(f".c-item[data-id='{whistle_id}']")  # nobody reloaded it
    await expect(item).to_contain_text("早市占道联合整治")
    await expect(street.locator(".c-pin")).to_have_count(2)
    await expect(item).to_contain_text("此地第 1 次重复吹哨")
    stage = item.locator(f"[data-unit={LEAD}] [data-stage]")
    await expect(stage).to_have_attribute("data-stage", "sent")
    for type_, now in (
        ("acknowledged", "acknowledged"),
        ("departed", "on_the_way"),
        ("arrived", "on_site"),
    ):
        await says(router, whistle_id, LEAD, type_)
        await expect(stage).to_have_attribute("data-stage", now)
    await axe(street)
    await fits(street)
    await shot(street, "console-board")

    banner = street.locator(f"[data-fresh='{whistle_id}']")
    await expect(banner).to_contain_text("剩")
    await tab_to(street, f"[data-what=take-overs][data-id='{whistle_id}']")
    await street.keyboard.press("Enter")
    await street.keyboard.type("涉及多个社区，由街道统一组织")
    await tab_to(street, "#because-ok")
    await street.keyboard.press("Enter")
    await expect(banner).to_have_count(0)
    await expect(item).to_contain_text("由河湾街道办事处牵头")
    await expect(page.locator("#in-charge")).to_contain_text("河湾街道办事处")  # live as well
    await expect(page.locator("#timeline")).to_contain_text("涉及多个社区，由街道统一组织")


async def test_a_street_confers_accepts_and_rates_to_the_end(router, router_page, shot):
    await blown(router, title="上月同一早市")
    whistle_id = await blown(router)
    await says(router, whistle_id, LEAD, "acknowledged")
    page = await router_page(OFFICER["role"], STREET, name="孟和")
    await page.goto(f"/console/{whistle_id}")
    await ready(page)
    await expect(page.locator("#earlier-h")).to_be_visible()
    await page.locator("[data-open=do-consult]").click()
    form = page.locator("#do-consult")
    await form.locator("#r-consult").fill("分工整治，三日内完成")
    await form.locator(f"#a-{LEAD}").fill("清理摊点")
    await form.locator(f"#d-{LEAD}").fill("2026-09-14T08:00")
    await axe(page)
    await shot(page, "console-consult")
    await form.get_by_role("button", name="提交").click()
    await expect(form.locator(".form-error")).to_have_text("办结时限须晚于现在")  # text kept
    await form.locator(f"#d-{LEAD}").fill("2026-09-17T17:00")
    await form.get_by_role("button", name="提交").click()
    await expect(page.locator(f"[data-unit={LEAD}] .c-action").last).to_contain_text("清理摊点")
    # another officer lets a unit go first: what one wrote is kept, what changed is shown
    await page.locator(f"[data-open=do-release][data-unit={OTHER}]").click()
    await page.locator("#r-release").fill("现场不需要")
    other = await router.call(
        "POST",
        f"/whistles/{whistle_id}/releases",
        **OFFICER,
        json={"unit": OTHER, "reason": "已完"},
    )
    assert other.status_code == 201, other.text
    await page.locator("#do-release").get_by_role("button", name="放行").click()
    await expect(page.locator("#diff")).to_contain_text("已完")
    await page.locator("#diff").get_by_role("button", name="知道了").click()
    await expect(page.locator("#r-release")).to_have_value("现场不需要")
    await page.locator("#do-release [data-close]").click()
    for type_ in ("arrived", "resolved"):
        await says(router, whistle_id, LEAD, type_)
    await expect(page.locator("#state")).to_have_text("待验收")

    await page.locator("[data-open=do-fail]").click()
    form = page.locator("#do-fail")
    await form.locator(f"[value={LEAD}]").check()
    await form.locator("#r-fail").fill("仍有三处摊点")
    await form.get_by_role("button", name="验收不通过").click()
    await expect(page.locator("#state")).to_have_text("办理中")
    await says(router, whistle_id, LEAD, "resolved")
    await page.locator("[data-open=do-accept]").click()
    form = page.locator("#do-accept")
    await form.locator("#r-accept").fill("摊点已清理")
    await form.get_by_role("button", name="联合验收").click()
    await expect(form.locator(".form-error")).to_contain_text("至少附 1 张")
    await form.locator("#p-accept").set_input_files(taken())
    await expect(form.locator("[data-shown] small")).to_have_text("已上传")
    await form.locator("[name=resident_joined]").check()
    await shot(page, "console-accept")
    await form.get_by_role("button", name="联合验收").click()
    await expect(page.locator("#acceptance")).to_contain_text("居民代表参加")
    await expect(page.locator("#state")).to_have_text("待评价")

    await page.locator(f"[data-open=do-evaluate-{LEAD}]").click()
    form = page.locator(f"#do-evaluate-{LEAD}")
    for name, points in (("timely", 28), ("present", 20), ("effect", 30), ("cooperation", 12)):
        await form.locator(f"[name={name}]").fill(str(points))
    await expect(form.locator("[data-total]")).to_have_text("90")
    await axe(page)
    await shot(page, "console-evaluate")
    await form.get_by_role("button", name="提交").click()
    await expect(page.locator(f"[data-score={LEAD}]")).to_contain_text("90")
    marks = {"timely": 30, "present": 20, "effect": 35, "cooperation": 15}
    answer = await router.call(
        "POST", f"/whistles/{whistle_id}/evaluations", **WORKER, json={"unit": LEAD, **marks}
    )
    assert answer.status_code == 201, answer.text
    await expect(page.locator("#state")).to_have_text("已结束")
    await expect(page.locator(f"[data-score={LEAD}]")).to_contain_text("96")  # 60 to 40
    await expect(page.locator("#actions")).to_have_count(0)
    await axe(page)
    await fits(page)
    await shot(page, "console-whistle")


async def test_an_officer_in_the_street_blows_with_a_phone(router, router_page, shot):
    await blown(router)
    page = await router_page(
        OFFICER["role"],
        STREET,
        mobile=True,
        name="孟和",
        geolocation=HERE,
        permissions=["geolocation"],
    )
    await page.goto("/console")
    await ready(page)
    await fits(page)
    await axe(page)
    await shot(page, "console-phone-board")
    await page.get_by_role("button", name="地图").tap()
    await page.locator(".c-pin").tap()
    await expect(page.get_by_role("link", name="早市占道联合整治 · 已发出")).to_be_visible()
    await page.get_by_role("link", name="吹哨", exact=True).first.tap()
    await page.wait_for_url("**/console/blow")
    await ready(page)
    await expect(page.locator("#kind-hint")).to_contain_text("30 分钟内到场")
    await page.locator("#phrases button", has_text="道路塌陷").tap()
    await page.locator("#b-title").fill("河湾街道路塌陷，请立即到场处置")
    await page.locator("#b-summary").fill("河湾街路面塌陷约两平方米，已拉警戒，无人员伤亡。")
    await page.locator("#locate").tap()
    await expect(page.locator("#point")).to_contain_text("河湾社区")
    await expect(page.locator("#b-region")).to_have_value("159902001001")
    await page.locator("#b-photos").set_input_files(taken())
    await expect(page.locator("#photos-shown small")).to_have_text("已上传")
    await page.locator("#suggested button").first.tap()
    await page.locator("#b-unit").fill("C-SZZ")
    await page.locator("#b-unit").press("Enter")
    await fits(page)
    await axe(page)
    assert await smallest_text(page) >= 12
    await shot(page, "console-phone-blow")
    await page.locator("#send").tap()
    await page.wait_for_url("**/console/*?blown=1")
    await ready(page)
    await fits(page)
    await axe(page)
    await shot(page, "console-phone-whistle")
    ((kind, region),) = await router.rows(
        "select kind, region from whistle order by whistle_id desc limit 1"
    )
    assert (kind, region[:12]) == ("emergency", "159902001001")
    assert await router.rows("select count(*) from file_whistle") == [(1,)]
