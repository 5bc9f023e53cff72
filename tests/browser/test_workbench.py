"""承办工作台: a liaison's day, by keyboard, with what others do meanwhile; a phone out of doors."""

from playwright.async_api import expect

from tests.support.browser import axe, fits, smallest_text, taken

LEAD = "BH-CGJ"
HERE = {"latitude": 40.8221, "longitude": 111.6543}


async def whistled(router, number: int, **fields) -> list[str]:
    """Whistles of so many tickets, their units called."""
    tickets = [
        await router.registers(title=f"占道经营 {n + 1}", number=f"1599202609140{n:06d}8", **fields)
        for n in range(number)
    ]
    return [await router.blown(ticket_id) for ticket_id in tickets]


async def ready(page) -> None:
    await page.locator("html[data-ready=yes]").wait_for(state="attached")


async def test_forty_whistles_are_acknowledged_by_keyboard_alone(router, router_page, shot):
    await whistled(router, 40)
    page = await router_page("liaison", LEAD)
    await page.goto("/workbench?tab=offered")
    await ready(page)
    await expect(page.locator("#results tbody tr")).to_have_count(40)
    await fits(page)
    await axe(page)
    await shot(page, "work-inbox")
    await page.keyboard.press("j")
    await expect(page.locator("tr[aria-selected=true]")).to_have_count(1)
    await page.keyboard.press("a")  # this one
    await expect(page.locator("#results tbody tr")).to_have_count(39)
    for key in "xjxjxa":  # three picked, taken together
        await page.keyboard.press(key)
    await expect(page.locator("#results tbody tr")).to_have_count(36)
    await page.keyboard.press("Shift+A")
    await page.locator("dialog.ask").wait_for()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#results .empty")).to_be_visible()
    states = await router.rows(
        "select state, count(*) from assignment where unit = $1 group by 1", LEAD
    )
    assert [tuple(row) for row in states] == [("acknowledged", 40)]
    # what is next is due first, and opened with Enter
    await page.goto("/workbench?tab=working")
    await ready(page)
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await ready(page)
    await axe(page)
    await fits(page)
    await shot(page, "work-job")
    # one's own figures, and the list behind one of them
    await page.goto("/workbench/figures")
    await page.get_by_role("link", name="按时签收率 100.0%").click()
    await axe(page)
    await fits(page)
    await page.get_by_role("link", name="在办 40").click()
    await expect(page.locator("#behind tbody tr")).to_have_count(40)


async def test_a_page_is_right_after_its_line_was_broken(router, router_page):
    page = await router_page("liaison", LEAD)
    await page.goto("/workbench")
    await ready(page)
    await expect(page.locator("#live")).to_have_attribute("data-state", "on")
    await whistled(router, 1)
    await expect(page.locator("#results tbody tr")).to_have_count(1)
    await page.context.set_offline(True)
    await expect(page.locator("#live")).to_have_attribute("data-state", "off")
    ticket_id = await router.registers(title="夜间施工", number="15992026091400088818")
    await router.blown(ticket_id)  # nobody tells the page
    await page.context.set_offline(False)
    await expect(page.locator("#results tbody tr")).to_have_count(2)
    await expect(page.locator("#live")).to_have_attribute("data-state", "on")


async def test_an_arrival_without_network_counts_once_it_is_back(router, router_page, shot):
    (whistle_id,) = await whistled(router, 1)
    await router.report(whistle_id, "acknowledged", unit=LEAD)
    page = await router_page(
        "handler", LEAD, mobile=True, name="王工", geolocation=HERE, permissions=["geolocation"]
    )
    for address in ("/workbench?tab=todo", "/workbench/figures", f"/workbench/{whistle_id}"):
        await page.goto(address)
        await page.locator("h1").wait_for()
        await fits(page)
    await ready(page)
    await axe(page)
    await shot(page, "work-phone-job")
    await page.context.set_offline(True)
    await page.get_by_role("button", name="到场报到").click()
    await page.locator("#arrived-files").set_input_files(taken())
    await shot(page, "work-phone-arrival")
    await page.locator("#do-arrived").get_by_role("button", name="到场报到").click()
    await expect(page.locator("#waiting [data-state=waiting]")).to_be_visible()
    await shot(page, "work-phone-waiting")
    assert (await part(router, whistle_id))["arrived_at"] is None
    await page.context.set_offline(False)
    await router.hears("whistle.arrived", whistle_id=whistle_id)
    await expect(page.locator("#state")).to_have_text("已到场")
    await expect(page.locator("#waiting")).to_be_hidden()
    said = [e for e in router.said if e["type"] == "shaodao.whistle.arrived.v1"]
    assert len(said) == 1
    assert (said[0]["data"]["lat"], len(said[0]["data"]["photos"])) == (40.8221, 1)


async def test_a_return_goes_step_by_step(router, router_page, shot):
    (whistle_id,) = await whistled(router, 1)
    page = await router_page("liaison", LEAD)
    await page.goto(f"/workbench/{whistle_id}")
    await ready(page)
    await page.get_by_role("button", name="申请退单").click()
    form = page.locator("#do-return_requested")
    await form.get_by_role("radio", name="非本单位职责").check()
    await form.get_by_role("button", name="下一步").click()
    await form.get_by_role("button", name="下一步").click()  # a clause is needed first
    await expect(form.locator("[data-page='2']")).to_be_visible()
    await form.get_by_label("依据条款").fill("《云川市城市管理条例》第十二条")
    await form.locator("input[type=file]").set_input_files(taken())
    await expect(form.locator("[data-shown]")).to_contain_text("已上传")
    await axe(page)
    await form.get_by_role("button", name="下一步").click()
    await expect(form.locator("[data-likely]")).not_to_be_empty()
    await form.get_by_role("button", name="滨河区市场监督管理局").click()
    await shot(page, "work-return")
    await form.get_by_role("button", name="申请退单").click()
    await expect(page.locator("#state")).to_have_text("退单待裁定")
    asked = await router.hears("whistle.return_requested", whistle_id=whistle_id)
    assert asked["data"]["suggested_unit"] == "BH-SCJ"
    assert len(asked["data"]["evidence"]) == 1


async def test_who_comes_late_sees_what_changed_and_keeps_the_text(router, router_page, shot):
    (whistle_id,) = await whistled(router, 1, confidential=True, contactable=False)
    await router.report(whistle_id, "acknowledged", unit=LEAD)
    page = await router_page("handler", LEAD, name="李工")
    await page.goto(f"/workbench/{whistle_id}")
    await ready(page)
    await page.get_by_role("button", name="反馈进展").click()
    await page.get_by_label("进展情况").fill("已约好明天上午清理")
    asked = {"reason": "not_duty", "clause": "《云川市城市管理条例》第十二条"}
    answer = await router.report(whistle_id, "return_requested", unit=LEAD, **asked)
    assert answer.status_code == 201, answer.text
    await expect(page.locator("#changed")).to_be_visible()  # told live, the form is left alone
    await page.locator("#do-progressed").get_by_role("button", name="提交").click()
    diff = page.locator("#diff")
    await expect(diff).to_contain_text("申请退单")
    await expect(diff).to_contain_text("联络员")
    await axe(page)
    await shot(page, "work-diff")
    await diff.get_by_role("button", name="知道了，继续").click()
    await expect(page.get_by_label("进展情况")).to_have_value("已约好明天上午清理")


async def test_three_buttons_for_who_works_out_of_doors(router, router_page, shot):
    ticket_id = await router.registers(title="楼道灯不亮", number="15992026091400099918")
    whistle_id = await router.blown(ticket_id)
    unit = (await router.whistle(whistle_id))["whistle"]["assignments"][0]["unit"]
    page = await router_page(
        "handler", unit, mobile=True, geolocation=HERE, permissions=["geolocation"]
    )
    await page.goto("/workbench/m")
    await ready(page)
    company = await router_page("handler", "P-01", mobile=True)
    await company.goto("/workbench")  # a property company's people begin here
    await expect(company.get_by_text("现在没有任务")).to_be_visible()
    assert await smallest_text(page) >= 15
    await fits(page)
    await axe(page)
    await shot(page, "work-m")
    await page.locator("html[data-kept=yes]").wait_for(state="attached")
    await page.context.set_offline(True)
    await page.reload()  # it opens in a cellar, too
    await ready(page)
    await page.get_by_role("button", name="接单").click()
    await expect(page.locator("#waiting [data-state=waiting]")).to_be_visible()
    await page.context.set_offline(False)
    await page.get_by_role("button", name="已接单").wait_for()
    await page.get_by_role("button", name="到场", exact=True).click()
    await page.get_by_role("button", name="已到场").wait_for()
    await page.get_by_role("button", name="办好").click()
    await page.locator(".w-m-done input[type=file]").set_input_files(taken())
    await page.get_by_label("一句话：怎么办好的").fill("3 号楼 2 单元楼道灯已换新，现在亮了")
    await page.get_by_role("radio", name="当面").check()
    await shot(page, "work-m-done")
    await page.get_by_role("button", name="报上去").click()
    await router.hears("whistle.arrived", whistle_id=whistle_id)


async def test_a_resolution_says_what_is_true_of_this_matter_alone(router, router_page, shot):
    first, second = await whistled(router, 2)
    for whistle_id in (first, second):
        await router.report(whistle_id, "acknowledged", unit=LEAD)
        for other in ("BH-SCJ", "S-159902001"):
            await router.report(whistle_id, "acknowledged", unit=other)
            await router.report(whistle_id, "resolved", unit=other, **RESOLVED)
    words = "经今日上午到河湾路现场核实，占道摊位已全部撤离，路面已清扫干净。"
    answer = await router.report(first, "resolved", unit=LEAD, **RESOLVED | {"public_reply": words})
    assert answer.status_code == 201, answer.text
    page = await router_page("handler", LEAD, name="王工")
    await page.goto(f"/workbench/{second}")
    await ready(page)
    await page.keyboard.press("r")
    form = page.locator("#do-resolved")
    await form.get_by_role("radio", name="已解决").check()
    await form.get_by_role("radio", name="属实", exact=True).check()
    await form.get_by_label("处置措施").fill("劝离摊贩 6 户，清扫路面")
    await form.get_by_role("radio", name="电话").check()
    reply = form.get_by_label("给群众的答复")
    await reply.fill(words)
    await expect(form.locator("[data-alike]")).to_contain_text("相同")
    await axe(page)
    await shot(page, "work-resolve")
    await reply.fill("")
    await form.get_by_role("button", name="已处置").click()
    await form.get_by_role("button", name="办结", exact=True).click()
    await expect(form.get_by_role("alert")).to_contain_text("还有没填的空")
    await reply.fill("6 户早点摊已劝返河湾便民市场 3 号棚经营，明早 6 点起安排专人值守。")
    await form.locator("input[type=file]").set_input_files(taken())
    await expect(form.locator("[data-shown]")).to_contain_text("已上传")
    await form.get_by_role("button", name="办结", exact=True).click()
    await expect(page.locator("#state")).to_have_text("已办结")
    said = await router.hears("whistle.resolved", whistle_id=second, unit=LEAD)
    assert len(said["data"]["evidence"]) == 1


RESOLVED = {
    "result": "solved",
    "facts_true": "yes",
    "measures": "已清理",
    "public_reply": "协办部分已完成。",
    "contacted_how": "phone",
}


async def part(router, whistle_id: str):
    (row,) = await router.rows(
        "select * from assignment where whistle_id = $1 and relation = 'lead'", whistle_id
    )
    return row
