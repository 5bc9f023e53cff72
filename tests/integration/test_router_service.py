"""The router as a whole: Kafka in and out, and people over HTTP."""

from collections.abc import AsyncIterator, Iterable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic_core import from_json

from deploy.local import clock_file
from services.router.app import MIGRATIONS, RouterSettings, create_app
from shared.contracts import envelope, reports
from shared.contracts.ids import new_id
from shared.contracts.topics import UNIT_WHISTLES, WHISTLES, unit_topic
from shared.runtime.clock import wall_now
from shared.web.identity import issue_token
from tests.support.waiting import eventually
from tests.unit.router.samples import COMMUNITY, HANDLER, MONDAY, STREET, city, registered

SECRET = "a secret of these tests alone"
LEAD, OTHER = "BH-CGJ", "BH-SCJ"


class Router:
    """The router running, and the hands to reach it."""

    def __init__(
        self,
        *,
        prefix: str,
        producer: AIOKafkaProducer,
        heard: AIOKafkaConsumer,
        http: httpx.AsyncClient,
    ) -> None:
        self.prefix = prefix
        self.producer = producer
        self.heard = heard
        self.http = http
        self.said: list[dict[str, Any]] = []

    async def send(self, topic: str, data: Any, subject: str) -> str:
        event_id = uuid4()
        value = envelope.write(
            event_id=event_id, source="/test", subject=subject, time=MONDAY, data=data
        )
        await self.producer.send_and_wait(self.prefix + topic, value.encode(), key=b"k")
        return str(event_id)

    async def registers(self, **fields: Any) -> str:
        ticket_id = new_id(MONDAY)
        fact = registered(ticket_id=ticket_id, **fields)
        await self.send("tickets", fact, str(ticket_id))
        return str(ticket_id)

    async def hears(self, type_: str, **fields: Any) -> dict[str, Any]:
        """The first event of that type, with these data, that the router said."""

        async def look() -> list[dict[str, Any]]:
            for batch in (await self.heard.getmany(timeout_ms=20)).values():
                self.said += [from_json(record.value) for record in batch]
            return [
                event
                for event in self.said
                if event["type"] == f"shaodao.{type_}.v1"
                and all(event["data"].get(key) == value for key, value in fields.items())
            ]

        return (await eventually(look))[0]

    async def blown(self, ticket_id: str) -> str:
        """The whistle of a ticket."""
        event = await self.hears("whistle.blown", ticket_ids=[ticket_id])
        return str(event["subject"])

    async def call(
        self,
        method: str,
        path: str,
        *,
        role: str,
        unit: str | None = None,
        name: str | None = None,
        **request: Any,
    ) -> httpx.Response:
        token = issue_token(SECRET, role=role, unit=unit, name=name)
        headers = {"Authorization": f"Bearer {token}", **request.pop("headers", {})}
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **request)


@pytest.fixture
async def router(database, kafka, prefix, topics_of, tmp_path) -> AsyncIterator[Router]:
    await topics_of(prefix, [LEAD, OTHER, STREET])
    clock_path = tmp_path / "clock.json"
    clock_file.write_initial(clock_path, MONDAY, 1.0, wall=wall_now())
    settings = RouterSettings(
        database_url=await database(MIGRATIONS),
        kafka_bootstrap=kafka,
        topic_prefix=prefix,
        clock_file=clock_path,
        token_secret=SECRET,
    )
    app = create_app(settings)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    said = [WHISTLES.name, *(unit_topic(UNIT_WHISTLES, unit) for unit in (LEAD, OTHER, STREET))]
    heard = AIOKafkaConsumer(
        *(prefix + name for name in said), bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    async with app.router.lifespan_context(app):
        await producer.start()
        await heard.start()
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://router") as http:
            try:
                yield Router(prefix=prefix, producer=producer, heard=heard, http=http)
            finally:
                await producer.stop()
                await heard.stop()


def fields_of(answer: httpx.Response) -> Iterable[str]:
    assert answer.status_code == 422, answer.text
    return {error["field"] for error in answer.json()["errors"]}


async def test_from_ticket_to_resolution_over_kafka_and_http(router: Router):
    ticket_id = await router.registers()
    whistle_id = await router.blown(ticket_id)
    await router.hears("bureau.whistled", whistle_id=whistle_id)
    report = reports.Acknowledged(whistle_id=UUID(whistle_id), handler=HANDLER, at=MONDAY)
    said = await router.send(f"bureau.{LEAD}.reports", report, whistle_id)
    accepted = await router.hears("bureau.report_accepted", report_id=said)
    assert accepted["data"]["state"] == "acknowledged"
    await router.producer.send_and_wait(f"{router.prefix}bureau.{LEAD}.reports", b"{garbage")
    refused = await router.hears("bureau.report_refused")
    assert refused["data"]["code"] == "invalid"
    path = f"/whistles/{whistle_id}/reports"
    twice = await router.call(
        "POST", path, role="liaison", unit=LEAD, json={"type": "acknowledged"}
    )
    assert twice.status_code == 409
    body = twice.json()
    assert (body["code"], body["state"], body["seq"]) == ("wrong_state", "acknowledged", 2)
    assert body["zh"]
    assert body["en"]
    contact = {"type": "contacted", "how": "phone", "handler": {"name": "王工"}}
    done = await router.call("POST", path, role="handler", unit=LEAD, json=contact)
    assert done.status_code == 201, done.text
    assert (done.json()["state"], done.json()["seq"]) == ("acknowledged", 3)
    await router.hears("bureau.report_accepted", report_id=done.json()["report_id"])
    mine = await router.call("GET", f"/whistles?ticket_id={ticket_id}", role="liaison", unit=LEAD)
    assert [item["whistle_id"] for item in mine.json()["items"]] == [whistle_id]
    not_mine = await router.call("GET", f"/whistles/{whistle_id}", role="liaison", unit="BH-ZJJ")
    assert not_mine.status_code == 404
    whole = (await router.call("GET", f"/whistles/{whistle_id}", role="supervisor")).json()
    assert [moment["zh"] for moment in whole["timeline"]] == ["吹哨派单", "签收", "联系群众"]
    assert whole["trace"][0] == "5:category 0101→CGJ"
    assert whole["whistle"]["assignments"][0]["resolve"]["rule"] == "5WD"


async def test_bad_requests_are_answered_by_field_and_role(router: Router):
    whistle_id = str(uuid4())
    path = f"/whistles/{whistle_id}/reports"
    by = {"role": "liaison", "unit": LEAD}
    assert "type" in fields_of(await router.call("POST", path, **by, json={"type": "dance"}))
    assert "type" in fields_of(await router.call("POST", path, **by, json={}))
    missing = await router.call("POST", path, **by, json={"type": "resolved"})
    assert {"result", "measures", "public_reply", "facts_true"} <= set(fields_of(missing))
    unknown = await router.call("POST", path, **by, json={"type": "acknowledged"})
    assert (unknown.status_code, unknown.json()["code"]) == (409, "unknown_whistle")
    unzoned = {"type": "acknowledged", "at": "2026-09-14T09:00:00"}
    assert "at" in fields_of(await router.call("POST", path, **by, json=unzoned))
    assert (await router.call("POST", path, role="dispatcher", json={})).status_code == 403
    no_unit = await router.call("POST", path, role="liaison", json={"type": "acknowledged"})
    assert no_unit.status_code == 403
    assert (await router.call("GET", "/held", role="liaison", unit=LEAD)).status_code == 403
    assert (await router.http.get("/api/v1/units")).status_code == 401
    ruling = {"unit": LEAD, "decision": "returned", "reason": "x", "new_unit": "BH-ZJJ"}
    rulings = f"/whistles/{whistle_id}/rulings"
    assert (await router.call("POST", rulings, role="reviewer", json=ruling)).status_code == 404
    assert (await router.call("POST", rulings, role="dispatcher", json=ruling)).status_code == 403
    maybe = ruling | {"decision": "maybe"}
    assert "decision" in fields_of(await router.call("POST", rulings, role="reviewer", json=maybe))
    held = f"/held/{uuid4()}/dispatch"
    nowhere = await router.call("POST", held, role="dispatcher", json={"lead": LEAD})
    assert nowhere.status_code == 404
    units = (await router.call("GET", "/units", role="dispatcher")).json()["items"]
    assert {unit["code"] for unit in units} == set(city().catalogue.units)


async def test_a_community_blows_and_the_same_key_blows_once(router: Router):
    body = {
        "kind": "joint_enforcement",
        "title": "早市占道联合整治",
        "summary": "河湾路早市占道，须多部门到场会商。",
        "own_effort": "已三次上门劝导",
        "place": {"region": COMMUNITY, "address": "河湾路"},
        "units": [{"unit": LEAD, "relation": "lead", "task": "清理占道摊点"}],
        "tickets": [],
    }
    by: dict[str, Any] = {
        "role": "community_worker",
        "unit": f"Q-{COMMUNITY}",
        "headers": {"Idempotency-Key": "k-1"},
    }
    first = await router.call("POST", "/whistles", **by, json=body)
    assert first.status_code == 201, first.text
    again = await router.call("POST", "/whistles", **by, json=body)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await router.call("POST", "/whistles", **by, json=body | {"title": "另一件事"})
    assert other.status_code == 409
    view = await router.hears("bureau.whistled", whistle_id=first.json()["whistle_id"])
    assert view["data"]["level"] == "community"
    street = await router.call(
        "GET", f"/whistles/{first.json()['whistle_id']}", role="street_officer", unit=STREET
    )
    assert street.json()["whistle"]["assignments"][1]["relation"] == "informed"
    wrong = body | {"kind": "party", "units": [], "place": {"region": 5}}
    assert set(fields_of(await router.call("POST", "/whistles", **by, json=wrong))) >= {
        "kind",
        "units",
    }
    liaison = await router.call("POST", "/whistles", role="liaison", unit=LEAD, json=body)
    assert liaison.status_code == 403
