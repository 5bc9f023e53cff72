"""Every kind of review has its case on the page 审核台, in both languages."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.router.app import MIGRATIONS
from shared.contracts.values import Urgency
from shared.web.identity import issue_token
from tests.support.router import Router, router_on
from tests.support.serving import SECRET
from tests.support.waiting import eventually

UNITS = ("BH-CGJ", "BH-SCJ", "S-159902001", "C-RXZX", "BH-RXZX", "BH-ZJJ")
EVIDENCE = [{"kind": "photo_after", "taken_at": "2026-09-14T01:00:00Z", "sha256": "a" * 64}]


@pytest.fixture
async def router(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Router]:
    await topics_of(prefix, UNITS)
    dsn = await database(MIGRATIONS)
    async with router_on(dsn, kafka, prefix, tmp_path, units=UNITS) as made:
        yield made


async def reported(
    router: Router, whistle_id: str, type_: str, *, by: str = "BH-CGJ", **data: Any
) -> None:
    answer = await router.call(
        "POST", f"/whistles/{whistle_id}/reports", role="liaison", unit=by, name="联络员",
        json={"type": type_, **data},
    )  # fmt: skip
    assert answer.status_code < 300, answer.text


async def acknowledged(router: Router, **fields: Any) -> str:
    whistle_id = await router.blown(await router.registers(**fields))
    await reported(router, whistle_id, "acknowledged")
    return whistle_id


async def test_every_kind_of_review_is_shown_with_its_rule(router: Router):
    returned = await router.blown(await router.registers())
    await reported(
        router, returned, "return_requested",
        reason="not_duty", clause="条例第十二条", suggested_unit="BH-ZJJ", evidence=EVIDENCE,
    )  # fmt: skip
    longer = await acknowledged(router)
    await reported(router, longer, "extension_requested", amount=3, unit="WD", reason="等待材料")
    paused = await acknowledged(router)
    await reported(
        router, paused, "suspension_requested", code="funds", reason="资金未到位", plan="明年列支"
    )
    done = await acknowledged(router, urgency=Urgency.URGENT)
    await reported(router, done, "contacted", how="phone")
    others = [
        part["unit"]
        for part in (await router.whistle(done))["whistle"]["assignments"]
        if part["relation"] == "assisting"
    ]
    for unit in others:
        await reported(router, done, "acknowledged", by=unit)
        await reported(router, done, "resolved", by=unit, **RESOLVED)
    await reported(router, done, "resolved", **RESOLVED)

    supervisor = {"role": "supervisor", "name": "罗督办"}
    halted = await acknowledged(router)
    await reported(
        router, halted, "suspension_requested", code="in_court", reason="诉讼中", plan="等判决"
    )
    said = await router.call(
        "POST", f"/whistles/{halted}/suspensions", **supervisor,
        json={"unit": "BH-CGJ", "decision": "granted", "reason": "同意"},
    )  # fmt: skip
    assert said.status_code == 201, said.text
    disputed = await router.blown(await router.registers())
    await reported(
        router,
        disputed,
        "return_requested",
        reason="not_duty",
        clause="第三条",
        suggested_unit="BH-ZJJ",
    )
    said = await router.call(
        "POST", f"/whistles/{disputed}/rulings", **supervisor,
        json={"unit": "BH-CGJ", "decision": "refused", "reason": "属其职责"},
    )  # fmt: skip
    assert said.status_code == 201, said.text
    await reported(router, disputed, "disputed", reason="条例已修订")

    await router.registers(summary="这处井盖产权不明，找谁都说不归自己管。", category="0202")

    async def waiting() -> list[dict[str, Any]]:
        answer = await router.call("GET", "/reviews", role="supervisor", name="罗督办")
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    items = await eventually(waiting, until=lambda found: len(found) >= 7)
    assert {
        *("return", "extension", "suspension", "resolution"),
        *("suspension_review", "dispute", "no_owner"),
    } <= {item["kind"] for item in items}
    token = issue_token(SECRET, role="supervisor", unit="C-RXZX", name="罗督办")
    for item in items:
        for lang in ("zh-CN", "en"):
            answer = await router.http.get(
                f"{router.url}/reviews/{item['whistle_id']}/{item['review_id']}?lang={lang}",
                headers={"Authorization": f"Bearer {token}"},
            )
            assert answer.status_code == 200, (item["kind"], answer.text)
            assert f'data-kind="{item["kind"]}"' in answer.text
            assert "data-decide" in answer.text


RESOLVED = {
    "result": "explained",
    "facts_true": "partly",
    "measures": "已到现场劝离并说明",
    "public_reply": "河湾路早市将于下周迁入室内市场，期间有人值守。",
    "evidence": EVIDENCE,
}
