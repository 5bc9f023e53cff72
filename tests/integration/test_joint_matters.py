"""Joint matters over HTTP on the real servers: every command once, races, tables and the board."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from PIL import Image

from deploy.city.settings import CitySettings
from deploy.city.street_rounds import Console
from services.router.app import MIGRATIONS
from services.router.store import joint as store
from shared.contracts.ids import new_id
from shared.runtime.clock import Clock
from tests.support.router import Router, router_on
from tests.support.serving import SECRET
from tests.support.stack import Servers, topic_prefix
from tests.unit.router.samples import COMMUNITY, MONDAY, STREET

LEAD, OTHER, COMMUNITY_UNIT = "BH-CGJ", "BH-SCJ", f"Q-{COMMUNITY}"
OFFICER = {"role": "street_officer", "unit": STREET, "name": "孟和"}
WORKER = {"role": "community_worker", "unit": COMMUNITY_UNIT, "name": "周敏"}
NEXT = {"role": "street_officer", "unit": "S-159902002", "name": "包勇"}
NEAR = {"role": "community_worker", "unit": "Q-159902002001", "name": "吴静"}
MARKS = {"timely": 30, "present": 20, "effect": 30, "cooperation": 15}
RESOLVED = {
    "result": "solved",
    "facts_true": "yes",
    "measures": "已安排人员到现场处理完毕",
    "public_reply": "您反映的问题已处理，感谢您的监督。",
    "contacted_how": "visit",
}


@pytest.fixture(scope="module")
async def router(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Router]:
    """One router for all of them: each test blows its own whistles."""
    heard = [LEAD, OTHER, STREET, COMMUNITY_UNIT]
    prefix, folder = topic_prefix(), tmp_path_factory.mktemp("router")
    await servers.make_topics(prefix, [*heard, "XS-CGJ", "XS-RXZX", NEXT["unit"], NEAR["unit"]])
    dsn = await servers.fresh_database(MIGRATIONS)
    async with router_on(dsn, servers.kafka_bootstrap, prefix, folder, units=heard) as router:
        yield router
    await servers.drop_database(dsn)


def whistle(**fields: Any) -> dict[str, Any]:
    return {
        "kind": "joint_enforcement",
        "title": "早市占道联合整治",
        "summary": "河湾路早市占道，须多部门到场会商。",
        "own_effort": "已三次上门劝导",
        "why_beyond": "社区没有执法权",
        "place": {"region": COMMUNITY, "address": "河湾路早市"},
        "units": [
            {"unit": LEAD, "relation": "lead", "task": "清理占道摊点"},
            {"unit": OTHER, "relation": "assisting", "task": "核查证照"},
        ],
        **fields,
    }


async def blown(router: Router, by: dict[str, str] = WORKER, **fields: Any) -> str:
    answer = await router.call("POST", "/whistles", **by, json=whistle(**fields))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["whistle_id"])


async def post(
    router: Router, whistle_id: str, what: str, by: dict[str, str] = OFFICER, **body: Any
) -> httpx.Response:
    return await router.call("POST", f"/whistles/{whistle_id}/{what}", **by, json=body)


async def done(
    router: Router, whistle_id: str, what: str, by: dict[str, str] = OFFICER, **body: Any
) -> dict[str, Any]:
    """A command that must be carried out; the whistle after it."""
    answer = await post(router, whistle_id, what, by, **body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def works(router: Router, whistle_id: str, *units: str) -> None:
    """The units acknowledge, come and are done, in this order."""
    for unit in units:
        for type_, data in (
            ("acknowledged", {}),
            ("arrived", {"mode": "on_site", "head_count": 2}),
            ("resolved", RESOLVED | {"public_reply": f"{unit}已处理，情况属实，编号{uuid4()}。"}),
        ):
            answer = await router.report(whistle_id, type_, unit=unit, **data)
            assert answer.status_code == 201, (unit, type_, answer.text)


async def photo(router: Router, by: dict[str, str] = OFFICER) -> str:
    """A picture of the spot that the unit uploaded."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (len(router.said) % 255, 90, 30)).save(file, "JPEG")
    answer = await router.call(
        "POST", "/files", **by, files={"file": ("a.jpg", file.getvalue(), "image/jpeg")}
    )
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["file_id"])


async def standing(router: Router, whistle_id: str, by: dict[str, str]) -> dict[str, Any]:
    answer = await router.call("GET", f"/whistles/{whistle_id}/joint", **by)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_from_the_whistle_to_the_last_mark(router: Router):
    file_id = await photo(router, WORKER)
    whistle_id = await blown(router, attachments=[file_id])
    view = (await router.hears("bureau.whistled", whistle_id=whistle_id))["data"]
    assert view["why_beyond"] == "社区没有执法权"
    assert view["attachments"][0]["url"].endswith(f"/api/v1/files/{file_id}")
    there = await router.call("GET", f"/files/{file_id}", role="liaison", unit=LEAD)
    assert there.status_code == 200, "the bureau fetches it with its own token"
    fact = (await router.hears("whistle.blown", whistle_id=whistle_id))["data"]
    assert fact["takeover_by"]["rule"] == "30m"
    await done(
        router,
        whistle_id,
        "consultations",
        WORKER,
        words="先清摊位后查证照",
        decisions=[
            {"unit": LEAD, "action": "清理摊位", "due": "2026-09-17T09:00:00+08:00"},
            {"unit": OTHER, "action": "核查证照", "due": "2026-09-16T09:00:00+08:00"},
        ],
    )
    conferred = await router.hears("bureau.consulted", whistle_id=whistle_id)
    assert conferred["data"]["decisions"][1]["action"] == "核查证照"
    await works(router, whistle_id, OTHER, LEAD)
    assert (await router.whistle(whistle_id))["whistle"]["state"] == "awaiting_acceptance"
    failed = await done(
        router, whistle_id, "failed-acceptances", WORKER, units=[OTHER], reason="证照未查全"
    )
    assert failed["state"] == "open"
    late = await router.report(whistle_id, "progressed", unit=LEAD, text="补充说明")
    assert late.status_code == 409, "the lead stays done"
    again = await router.report(
        whistle_id, "resolved", unit=OTHER, **RESOLVED | {"public_reply": "八家商户证照已补办。"}
    )
    assert again.status_code == 201, again.text
    assert (await router.whistle(whistle_id))["whistle"]["state"] == "awaiting_acceptance"
    proof = await photo(router)
    not_own = await post(router, whistle_id, "acceptances", WORKER, photos=[proof])
    assert not_own.status_code == 422, "photos are files of the unit that accepts"
    accepted = await done(
        router, whistle_id, "acceptances", words="到位", photos=[proof], attended=[LEAD, OTHER]
    )
    assert accepted["state"] == "accepted"
    for by in (WORKER, OFFICER):
        for unit in (LEAD, OTHER):
            await done(router, whistle_id, "evaluations", by, unit=unit, **MARKS)
    await router.hears("whistle.closed", whistle_id=whistle_id)
    after = await standing(router, whistle_id, OFFICER)
    assert after["acceptance"]["photos"] == [proof]
    assert [(s["unit"], s["score"], s["complete"]) for s in after["scores"]] == [
        (LEAD, 95.0, True),
        (OTHER, 95.0, True),
    ]
    own = await standing(router, whistle_id, {"role": "liaison", "unit": OTHER})
    assert {each["unit"] for each in own["evaluations"]} == {OTHER}
    detail = await router.call("GET", f"/whistles/{whistle_id}", role="liaison", unit=OTHER)
    marks = [m["after"]["unit"] for m in detail.json()["timeline"] if m["what"] == "evaluated"]
    assert marks == [OTHER, OTHER], "a bureau reads its own marks"
    mine = await router.call("GET", f"/evaluations?unit={OTHER}", role="liaison", unit=OTHER)
    assert (mine.json()["n"], mine.json()["score"]) == (1, None), "one whistle is too few"
    others = await router.call("GET", f"/evaluations?unit={LEAD}", role="liaison", unit=OTHER)
    assert others.status_code == 403


async def test_a_street_takes_over_withdraws_and_the_community_reads_why(router: Router):
    first, second = await blown(router), await blown(router, title="第二次联合整治")
    why = {"reason": "涉及三个社区，由街道统一牵头"}
    assert (await post(router, first, "take-overs", NEXT, **why)).status_code == 403
    assert (await post(router, first, "take-overs", reason="")).status_code == 422
    await done(router, first, "take-overs", **why)
    told = await router.hears("bureau.taken_over", whistle_id=first)
    assert told["data"]["by"]["on_behalf_of"] == COMMUNITY_UNIT
    assert (await standing(router, first, WORKER))["in_charge"] == STREET
    await done(router, second, "withdrawals", reason="重复吹哨")
    assert (await router.hears("bureau.withdrawn", whistle_id=second))["data"]["reason"]
    again = await post(router, second, "withdrawals", **why)
    assert (again.status_code, again.json()["code"], again.json()["state"]) == (
        409,
        "wrong_state",
        "withdrawn",
    )
    third = await blown(router, title="第三次联合整治")
    router.forward(minutes=31)
    late = await post(router, third, "take-overs", **why)
    assert (late.status_code, late.json()["code"]) == (409, "wrong_state")
    assert (await post(router, str(uuid4()), "take-overs", **why)).status_code == 404


async def test_one_of_take_over_and_withdrawal_comes_first(router: Router):
    ids = [await blown(router, title=f"第{n}次联合整治") for n in range(4)]
    answers = await asyncio.gather(
        *(
            post(router, whistle_id, what, by, reason="两人同时")
            for whistle_id in ids
            for what, by in (("take-overs", OFFICER), ("withdrawals", WORKER))
        )
    )
    for whistle_id, taken, back in zip(ids, answers[::2], answers[1::2], strict=True):
        row = (await router.rows("select * from whistle where whistle_id = $1", whistle_id))[0]
        told = await router.rows(
            "select what from history where aggregate_id = $1 order by seq", whistle_id
        )
        what = [each["what"] for each in told]
        if taken.status_code == 201:
            assert back.status_code == 403, "the community is not in charge any more"
            assert (row["state"], row["in_charge"]) == ("open", STREET)
            assert what == ["blown", "taken_over"]
        else:
            assert (taken.status_code, back.status_code) == (409, 201)
            assert row["state"] == "withdrawn"
            assert what == ["blown", "withdrawn"]


async def test_an_acceptance_and_a_late_report_leave_one_story(router: Router):
    whistle_id = await blown(router)
    await works(router, whistle_id, OTHER, LEAD)
    proof = await photo(router)
    accepted, late, twice = await asyncio.gather(
        post(router, whistle_id, "acceptances", photos=[proof]),
        router.report(whistle_id, "progressed", unit=OTHER, text="仍在巡查"),
        post(router, whistle_id, "acceptances", photos=[proof]),
    )
    assert late.status_code == 409
    assert sorted([accepted.status_code, twice.status_code]) == [201, 409]
    found = await router.rows(
        "select seq, what from history where aggregate_id = $1 order by seq", whistle_id
    )
    assert [row["seq"] for row in found] == list(range(1, len(found) + 1))
    assert [row["what"] for row in found].count("accepted") == 1
    kept = await router.rows("select from acceptance where whistle_id = $1", whistle_id)
    assert len(kept) == 1


async def test_an_emergency_is_followed_by_its_note_and_let_go_by_the_street(router: Router):
    whistle_id = await blown(router, kind="emergency", own_effort=None)
    await done(router, whistle_id, "own-efforts", WORKER, text="已疏散群众，拉起警戒线")
    noted = (await router.hears("whistle.effort_noted"))["data"]
    assert noted["late"] is False
    assert (await router.whistle(whistle_id))["own_effort"] == "已疏散群众，拉起警戒线"
    twice = await post(router, whistle_id, "own-efforts", WORKER, text="再补充")
    assert twice.status_code == 409
    for unit in (LEAD, OTHER):
        assert (await router.report(whistle_id, "acknowledged", unit=unit)).status_code == 201
    for unit in (LEAD, OTHER):
        await router.report(whistle_id, "arrived", unit=unit, mode="on_site")
    refused = await post(router, whistle_id, "releases", WORKER, unit=OTHER, reason="险情解除")
    assert refused.status_code == 403
    await done(router, whistle_id, "releases", unit=OTHER, reason="险情解除")
    after = await done(router, whistle_id, "releases", unit=LEAD, reason="险情解除")
    assert after["state"] == "awaiting_acceptance"
    assert (await router.hears("bureau.released", whistle_id=whistle_id))["data"]["reason"]


async def test_another_district_is_named_or_informed(router: Router):
    units = [
        {"unit": LEAD, "relation": "lead"},
        {"unit": "XS-CGJ", "relation": "assisting", "task": "配合清理"},
    ]
    answer = await router.call("POST", "/whistles", **OFFICER, json=whistle(units=units))
    assert answer.status_code == 422
    assert "XS-CGJ" in answer.json()["errors"][0]["zh"]
    whistle_id = await blown(router, OFFICER, units=units, cross_district=True)
    fact = (await router.hears("whistle.blown", whistle_id=whistle_id))["data"]
    assert fact["cross_district"] is True
    assert [a["unit"] for a in fact["assignments"]] == [LEAD, "XS-CGJ", "XS-RXZX"]
    assert (await router.whistle(whistle_id))["cross_district"] is True


async def test_the_board_and_the_repeats_use_their_indexes(router: Router):
    await blown(router)
    statements = {
        "board": (90, None, ["open"], None, None, STREET, "159902001", 200),
        "repeats": (new_id(MONDAY), 90, None, None, 100),
        "repeats_counted": (new_id(MONDAY), 90),
        "evaluations": (new_id(MONDAY),),
        "evaluations_of_unit": (LEAD, 100),
        "acceptance": (new_id(MONDAY),),
    }
    connection = await asyncpg.connect(router.dsn, server_settings={"enable_seqscan": "off"})
    for name, values in statements.items():
        plan = await connection.fetch(f"explain {getattr(store.SQL, name)}", *values)
        text = "\n".join(row[0] for row in plan)
        assert "Seq Scan" not in text, (name, text)
    await connection.close()


async def test_the_tables_refuse_what_cannot_be(router: Router):
    whistle_id = await blown(router)
    add = store.SQL.evaluation_add
    row = [whistle_id, LEAD, "street", STREET, None, MONDAY, 30, 20, 30, 15, 95.0, 1.0]
    await router.rows(add, *row, None, None, "")
    for wrong in ([*row[:6], 31, 20, 30, 15, 95.0, 1.0], [*row[:10], 95.0, 0.0], row):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await router.rows(add, *wrong, None, None, "")


async def test_the_simulated_street_takes_its_matter_to_the_end(router: Router):
    whistle_id = await blown(router)
    for unit in (LEAD, OTHER):
        for type_, data in (("acknowledged", {}), ("arrived", {"mode": "on_site"})):
            assert (await router.report(whistle_id, type_, unit=unit, **data)).status_code == 201
    clock, said = Clock(router.clock), []
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        console = Console(client, city_settings(router))
        for _ in range(12):
            item = (await console.items()).get(whistle_id)
            if item is None:
                break
            for move in await console.moves(item, clock):
                await console.make(item, move)
                said.append(move.what)
            for part in (await router.whistle(whistle_id))["whistle"]["assignments"][1::-1]:
                if "consultations" in said and part["state"] in ("arrived", "working"):
                    words = RESOLVED | {"public_reply": f"{part['unit']}办结，编号{uuid4()}。"}
                    done = await router.report(whistle_id, "resolved", unit=part["unit"], **words)
                    assert done.status_code == 201, done.text
    detail = await router.whistle(whistle_id)
    assert detail["whistle"]["state"] in ("closed", "withdrawn"), said
    if detail["whistle"]["state"] == "closed":
        assert said[-1] == "evaluations"


def city_settings(router: Router) -> CitySettings:
    return CitySettings(
        kafka_bootstrap="",
        topic_prefix=router.prefix,
        clock_file=router.clock,
        intake_url="",
        router_url=router.url,
        token_secret=SECRET,
        state=router.clock.parent,
        seed="seed",
        log_level="INFO",
        log_format="json",
    )


async def test_the_place_is_whistled_again_and_the_board_says_so(router: Router):
    there = {"region": "159902002001", "address": "锦绣路早市"}
    ids = [await blown(router, NEAR, title=f"第{n}次联合整治", place=there) for n in range(3)]
    elsewhere = await blown(
        router, NEAR, place=there | {"address": "锦绣路菜站"}, title="另一处整治"
    )
    answer = await router.call("GET", f"/whistles/{ids[2]}/repeats", **NEXT)
    assert [each["whistle_id"] for each in answer.json()["items"]] == [ids[1], ids[0]]
    assert answer.json()["items"][0]["lead"] == LEAD
    assert (await router.call("GET", f"/whistles/{ids[2]}/repeats", **OFFICER)).status_code == 404
    assert (await router.whistle(ids[2]))["repeats"] == 2
    await router.report(ids[0], "acknowledged", unit=LEAD)
    await router.report(ids[0], "departed", unit=LEAD, eta_minutes=20)
    board = (await router.call("GET", "/board", **NEXT)).json()
    assert [item["whistle_id"] for item in board["items"]] == [elsewhere, *reversed(ids)]
    assert [item["repeats"] for item in board["items"]] == [0, 2, 1, 0]
    stages = {p["unit"]: p["stage"] for p in board["items"][3]["parts"]}
    assert stages == {LEAD: "on_the_way", OTHER: "sent", NEXT["unit"]: "sent"}
    not_theirs = (await router.call("GET", "/board", **OFFICER)).json()["items"]
    assert not {item["whistle_id"] for item in not_theirs} & {elsewhere, *ids}
    bureau = (await router.call("GET", "/board", role="liaison", unit=OTHER)).json()["items"]
    assert {elsewhere, *ids} <= {item["whistle_id"] for item in bureau}
    page = (await router.call("GET", "/board?limit=2", role="supervisor")).json()
    rest = await router.call("GET", f"/board?limit=2&cursor={page['next']}", role="supervisor")
    assert [i["whistle_id"] for i in rest.json()["items"]] == [ids[1], ids[0]]
    since = await router.call("GET", "/board?since=2027-01-01T00:00:00Z", role="supervisor")
    assert since.json()["items"] == []
    of_kind = await router.call("GET", "/board?kind=key_work", role="supervisor")
    assert of_kind.json()["items"] == []
    router.forward(days=91)
    later = await blown(router, NEAR, place=there, title="三个月以后")
    assert (await router.whistle(later))["repeats"] == 0
