"""Open311 on a served intake: read by an independent client, written by a form, fuzzed whole."""

import asyncio
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
import requests
import schemathesis
from georeport import GeoReport
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from services.intake.domain.number import is_ticket_number
from shared.web.identity import issue_token
from tests.support.intake import STREET_LAMP, Intake
from tests.support.serving import SECRET

LAMP = {
    "service_code": "0205",
    "lat": "41.604608",
    "long": "108.312169",
    "address_string": "滨河区河湾街道河湾锦苑3号楼2单元501室",
    "description": "路灯不亮，请打 13900001111 找赵小明",
    "first_name": "小明",
    "last_name": "赵",
    "phone": "13900001111",
    "email": "zhao@example.cn",
    "attribute[LAMP]": "BH-0427",
}


@pytest.fixture
async def key(intake: Intake) -> str:
    """A key of an app, good for Open311 alone."""
    headers = {"Authorization": f"Bearer {issue_token(SECRET, role='ops')}"}
    url = f"{intake.url}/api/v1/sources"
    body = {"system": "app", "name": "随手拍"}
    assert (await intake.http.post(url, json=body, headers=headers)).status_code == 201
    wanted = {"scopes": ["open311"]}
    made = await intake.http.post(f"{url}/app/keys", json=wanted, headers=headers)
    return str(made.json()["key"])


async def post(intake: Intake, ending: str = "json", **fields: str) -> httpx.Response:
    return await intake.http.post(f"{intake.url}/open311/v2/requests.{ending}", data=fields)


async def get(intake: Intake, path: str, **query: str) -> httpx.Response:
    return await intake.http.get(f"{intake.url}/open311/v2/{path}", params=query)


async def test_an_independent_client_reads_services_and_requests(intake: Intake, key: str) -> None:
    made = (await post(intake, api_key=key, **LAMP)).json()[0]
    for output in ("json", "xml"):
        client = GeoReport(
            f"{intake.url}/open311/v2", jurisdiction="yunchuan.example", output_format=output
        )
        services = await asyncio.to_thread(client.get_service_list)
        assert len(services) == 266
        lamps = next(each for each in services if each["service_code"] == "0205")
        assert (lamps["service_name"], lamps["group"]) == ("路灯不亮", "市政设施")
        asks = await asyncio.to_thread(client.get_service_definition, "1101")
        assert asks["service_code"] == "1101"
        found = await asyncio.to_thread(client.get_service_request, made["service_request_id"])
        assert found["status"] == "open"
        assert float(found["lat"]) == 41.604608
        assert datetime.fromisoformat(found["requested_datetime"]).utcoffset() is not None
        await post(intake, api_key=key, **LAMP)
        listed = await asyncio.to_thread(
            client.get_service_requests, service_code="0205", status="open"
        )
        assert made["service_request_id"] in [each["service_request_id"] for each in listed]
        with pytest.raises(requests.HTTPError, match="404"):
            await asyncio.to_thread(client.get_service_definition, "9999")


async def test_a_form_becomes_a_ticket_whose_person_nobody_reads(intake: Intake, key: str) -> None:
    answer = await post(intake, api_key=key, account_id="a-7", **LAMP)
    assert answer.status_code == 201, answer.text
    (made,) = answer.json()
    assert set(made) == {"service_request_id", "service_notice", "account_id"}
    number = made["service_request_id"]
    assert is_ticket_number(number)
    assert made["account_id"] == "a-7"
    (row,) = await intake.rows("select * from ticket where number = $1", number)
    assert (row["channel"], row["category"], row["source_system"]) == ("open311", "0205", "app")
    fact = await intake.says("registered", str(row["ticket_id"]))
    assert fact["actor"]["name"] == "app"
    shown = await get(intake, f"requests/{number}.json")
    (request,) = shown.json()
    assert request["address"] == "滨河区河湾街道河湾锦苑3号楼"
    assert "灯杆编号（灯杆号牌上的数字）：BH-0427" in request["description"]
    for private in ("13900001111", "赵小明", "小明", "501", "2单元", "zhao@"):
        assert private not in shown.text
    assert request["expected_datetime"].endswith("+08:00")


async def test_a_repeat_under_its_key_is_the_same_request(intake: Intake, key: str) -> None:
    url = f"{intake.url}/open311/v2/requests.json"
    bodies = [
        (await intake.http.post(url, data={"api_key": key, **LAMP}, headers=headers)).json()
        for headers in ({"Idempotency-Key": "k-1"},) * 2 + ({},)
    ]
    assert bodies[0] == bodies[1] != bodies[2]


async def test_what_nobody_may_see_is_answered_with_a_token(intake: Intake, key: str) -> None:
    secret = {"service_code": "1501", "address_string": "河湾锦苑", "description": "后厨有老鼠"}
    answer = await post(intake, "xml", api_key=key, **secret)
    request = ElementTree.fromstring(answer.content)[0]
    assert request.find("service_request_id") is None
    token = request.findtext("token")
    (found,) = (await get(intake, f"tokens/{token}.json")).json()
    assert found["token"] == token
    number = found["service_request_id"]
    assert (await get(intake, f"requests/{number}.json")).status_code == 404
    assert (await get(intake, "requests.json", service_request_id=number)).json() == []
    assert (await get(intake, "requests.json")).json() == []
    for other in ("x", "01a1fe99-3aa2-728b-af12-52c34ea06417"):
        assert (await get(intake, f"tokens/{other}.json")).status_code == 404


async def test_lists_keep_to_their_rules(intake: Intake, key: str) -> None:
    first = (await post(intake, api_key=key, **LAMP)).json()[0]["service_request_id"]
    other = await intake.registered(category="0101")
    hidden = await intake.registered(reporter={**STREET_LAMP["reporter"], "confidential": True})
    await intake.registered(category=None)  # of no service yet
    await intake.call("POST", f"/{other['ticket_id']}/withdrawals")

    async def numbers(**query: str) -> list[str]:
        found = await get(intake, "requests.json", **query)
        assert found.status_code == 200, found.text
        return [each["service_request_id"] for each in found.json()]

    assert await numbers() == [other["number"], first]
    assert await numbers(status="closed") == [other["number"]]
    assert await numbers(status="open") == [first]
    assert await numbers(status="") == [other["number"], first]
    assert await numbers(service_code="0205,0301") == [first]
    ids = f"{first},{hidden['number']},nothing"
    # the list of ids overrides the others, even such as would be refused
    assert await numbers(service_request_id=ids, status="closed", start_date="x") == [first]
    assert await numbers(end_date="2020-01-01T00:00:00Z") == []
    withdrawn = (await get(intake, f"requests/{other['number']}.json")).json()[0]
    assert (withdrawn["status"], withdrawn["status_notes"]) == ("closed", "已撤回")
    assert withdrawn["description"] is None  # asked at the desk, not for the public


async def test_refusals_have_the_shape_of_the_specification(intake: Intake, key: str) -> None:
    async def refused(answer: httpx.Response) -> int:
        (error, *_) = answer.json()
        assert set(error) == {"code", "description"}
        assert error["code"] == answer.status_code
        return answer.status_code

    assert await refused(await post(intake, **LAMP)) == 403
    assert await refused(await post(intake, api_key="wrong", **LAMP)) == 403
    assert await refused(await post(intake, api_key=key)) == 400
    assert await refused(await post(intake, api_key=key, service_code="9999")) == 404
    assert await refused(await post(intake, api_key=key, service_code="0205")) == 400
    json = await intake.http.post(f"{intake.url}/open311/v2/requests.json", json=LAMP)
    assert await refused(json) == 400
    assert await refused(await get(intake, "services/9999.json")) == 404
    assert await refused(await get(intake, "services.json", jurisdiction_id="gotham")) == 404
    assert await refused(await get(intake, "requests.json", status="done")) == 400
    assert await refused(await get(intake, "requests/1.json")) == 404
    assert (await get(intake, "services.html")).status_code == 404
    xml = await get(intake, "services/9999.xml")
    assert xml.headers["content-type"] == "text/xml; charset=utf-8"
    assert xml.text.startswith("<?xml")
    assert ElementTree.fromstring(xml.content).findtext("error/code") == "404"


async def test_discovery_tells_where_and_what(intake: Intake) -> None:
    found = (await get(intake, "discovery.json")).json()
    (endpoint,) = found["endpoints"]
    assert endpoint["url"] == f"{intake.url}/open311/v2"
    assert endpoint["formats"] == ["text/xml", "application/json"]
    xml = ElementTree.fromstring((await get(intake, "discovery.xml")).content)
    assert [each.text for each in xml.iterfind("endpoints/endpoint/formats/format")] == [
        "text/xml",
        "application/json",
    ]


async def test_whatever_is_sent_is_answered_as_documented(intake: Intake, key: str) -> None:
    await asyncio.to_thread(_fuzz, intake.url, key)


def _fuzz(url: str, key: str) -> None:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    checks = [not_a_server_error, status_code_conformance, content_type_conformance]
    methods = []
    for result in schema.include(path_regex="^/open311/").get_all_operations():
        operation = result.ok()
        methods.append(operation.method)

        @given(case=operation.as_strategy())
        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def check(case: Any) -> None:
            if case.method == "POST" and isinstance(case.body, dict):
                case.body = {**case.body, "api_key": key}
            case.call_and_validate(checks=checks)

        check()
    assert sorted(methods) == ["get"] * 6 + ["post"]
