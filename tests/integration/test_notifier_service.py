"""The notifier as a whole: facts on Kafka in, promises over HTTP and on Kafka out."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic_core import from_json

from deploy.local import clock_file
from services.notifier.app import MIGRATIONS, NotifierSettings, create_app
from shared.contracts import envelope, tickets
from shared.contracts.ids import deadline_id, rung_id
from shared.contracts.topics import DEADLINES, UNIT_NOTICES, unit_topic
from shared.runtime.clock import wall_now
from shared.web.identity import issue_token
from tests.support.waiting import eventually
from tests.unit.notifier import samples
from tests.unit.notifier.samples import HOUR, PART, TICKET, UNIT, WHISTLE, local

SECRET = "a secret of these tests alone"
START = local("2026-09-10 09:00")


class City:
    """The notifier running, and the hands to reach it."""

    def __init__(self, *, prefix, producer, heard, http, clock_path) -> None:
        self.prefix = prefix
        self.producer = producer
        self.heard = heard
        self.http = http
        self.clock_path = clock_path
        self.said = []

    async def say(self, data, at, *, event_id=None) -> None:
        """A fact as intake or the router would say it."""
        ticket = isinstance(data, tickets.TicketFact)
        subject = str(data.ticket_id if ticket else data.whistle_id)
        value = envelope.write(
            event_id=event_id or uuid4(),
            source="/test",
            subject=subject,
            time=at,
            data=data,
        ).encode()
        topic = self.prefix + ("tickets" if ticket else "whistles")
        await self.producer.send_and_wait(topic, value, key=subject.encode())

    async def get(self, role="supervisor", of=None, **params):
        token = issue_token(SECRET, role=role, unit=of)
        return await self.http.get(
            "/api/v1/deadlines",
            params={k: str(v) for k, v in params.items()},
            headers={"Authorization": f"Bearer {token}"},
        )

    async def items(self, **params):
        answer = await self.get(**params)
        assert answer.status_code == 200, answer.text
        return answer.json()["items"]

    async def promise(self, kind: str, state: str, **params):
        """The promise of that kind once it is in that state."""

        async def look():
            found = await self.items(**params)
            return [each for each in found if each["kind"] == kind and each["state"] == state]

        return (await eventually(look))[0]

    async def hears(self, type_: str, **fields):
        """The first event of that type, with these fields, that the notifier said."""

        async def look():
            for batch in (await self.heard.getmany(timeout_ms=20)).values():
                self.said += [from_json(record.value) for record in batch]
            return [
                event
                for event in self.said
                if event["type"] == type_ and fields.items() <= event["data"].items()
            ]

        return (await eventually(look))[0]

    def forward(self, **delta: float) -> None:
        clock_file.forward(self.clock_path, timedelta(**delta), wall=wall_now())


@pytest.fixture
async def city(database, kafka, prefix, topics_of, tmp_path) -> AsyncIterator[City]:
    await topics_of(prefix, [UNIT, "C-GR"])
    clock_path = tmp_path / "clock.json"
    clock_file.write_initial(clock_path, START, 1.0, wall=wall_now())
    settings = NotifierSettings(
        database_url=await database(MIGRATIONS),
        kafka_bootstrap=kafka,
        topic_prefix=prefix,
        clock_file=clock_path,
        token_secret=SECRET,
    )
    app = create_app(settings)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    said = [prefix + DEADLINES.name, prefix + unit_topic(UNIT_NOTICES, UNIT)]
    heard = AIOKafkaConsumer(*said, bootstrap_servers=kafka, auto_offset_reset="earliest")
    async with app.router.lifespan_context(app):
        await producer.start()
        await heard.start()
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://notifier") as http:
            city = City(
                prefix=prefix, producer=producer, heard=heard, http=http, clock_path=clock_path
            )
            try:
                yield city
            finally:
                await producer.stop()
                await heard.stop()


async def test_a_promise_is_warned_missed_and_climbs_on_kafka(city):
    await city.say(samples.registered(START), START)
    await city.say(samples.blown(START), START)
    running = await city.promise("acknowledge", "running", whistle_id=WHISTLE)
    assert running["next_rung"] == "yellow"
    city.forward(hours=2, minutes=1)
    soon = await city.hears("shaodao.notice.due_soon.v1", kind="acknowledge")
    assert soon["subject"] == str(WHISTLE)
    city.forward(hours=2)
    missed = await city.hears("shaodao.deadline.missed.v1", kind="acknowledge")
    id_ = deadline_id(PART, "acknowledge", 1)
    assert missed["id"] == str(rung_id(id_, 1, "due"))
    assert missed["data"]["deadline_id"] == str(id_)
    await city.hears("shaodao.notice.overdue.v1", kind="acknowledge", level=1)
    city.forward(days=1, hours=9)
    await city.hears("shaodao.deadline.rung_climbed.v1", kind="acknowledge", level=2)
    found = await city.promise("acknowledge", "missed", whistle_id=WHISTLE)
    assert [event["what"] for event in found["history"]] == [
        *("opened", "warned", "warned", "missed", "climbed")
    ]


async def test_a_fact_told_twice_counts_once_and_an_early_one_is_not_lost(city):
    event_id = uuid4()
    for _ in range(3):
        await city.say(samples.blown(START + HOUR), START + HOUR, event_id=event_id)
    await city.promise("resolve", "running", whistle_id=WHISTLE)
    await city.say(samples.registered(START), START)
    met = await city.promise("dispatch", "met", ticket_id=TICKET)
    assert met["met_at"] == (START + HOUR).isoformat().replace("+00:00", "Z")
    assert met["late"] is False
    resolve = await city.promise("resolve", "running", ticket_id=TICKET)
    assert [event["what"] for event in resolve["history"]] == ["opened"]


async def test_the_shape_of_the_answer(city):
    await city.say(samples.blown(START), START)
    await city.promise("resolve", "running", whistle_id=WHISTLE)
    answer = (await city.get(whistle_id=WHISTLE)).json()
    assert set(answer) == {"now", "items", "next"}
    assert answer["next"] is None
    assert set(answer["items"][0]) == {
        *("deadline_id", "ticket_id", "whistle_id", "assignment_id", "unit", "round", "kind"),
        *("state", "late", "due", "met_at", "next_rung", "next_fire_at", "history"),
        *("segments", "seconds_run", "ended_at"),
    }
    assert set(answer["items"][0]["due"]) == {
        *("by", "rule", "started_at", "calendar", "policy", "provisional")
    }
    assert set(answer["items"][0]["history"][0]) == {"at", "what", "by"}
    by = [item["due"]["by"] for item in answer["items"]]
    assert by == sorted(by)


async def test_pages_follow_each_other_without_gap_or_repetition(city):
    await city.say(samples.registered(START), START)
    await city.say(samples.blown(START), START)
    await city.promise("resolve", "running", ticket_id=TICKET)
    whole = [item["deadline_id"] for item in await city.items(ticket_id=TICKET)]
    assert len(whole) == 6
    paged, cursor = [], None
    while True:
        params = {"ticket_id": TICKET, "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = (await city.get(**params)).json()
        paged += [item["deadline_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert paged == whole


async def test_a_units_people_see_their_own_unit_only(city):
    other = UUID("01900000-0000-7000-8000-00000000000a")
    parts = (
        samples.an_assignment(START),
        samples.an_assignment(START, assignment_id=other, unit="C-GR"),
    )
    await city.say(samples.blown(START, assignments=parts), START)
    await city.promise("resolve", "running", whistle_id=WHISTLE, unit="C-GR")
    assert {i["unit"] for i in await city.items(whistle_id=WHISTLE)} == {UNIT, "C-GR"}
    answer = await city.get("liaison", UNIT, whistle_id=WHISTLE)
    assert {i["unit"] for i in answer.json()["items"]} == {UNIT}


@pytest.mark.parametrize(
    ("role", "unit", "params", "status"),
    [
        ("liaison", UNIT, {"unit": "C-GR"}, 403),
        ("liaison", None, {}, 403),
        ("citizen", None, {}, 403),
        ("supervisor", None, {"state": "nonsense"}, 422),
        ("supervisor", None, {"ticket_id": "nonsense"}, 422),
        ("supervisor", None, {"cursor": "nonsense"}, 422),
        ("supervisor", None, {"limit": "0"}, 422),
        ("street_officer", None, {}, 403),
    ],
)
async def test_who_may_ask_what(city, role, unit, params, status):
    token = issue_token(SECRET, role=role, unit=unit)
    answer = await city.http.get(
        "/api/v1/deadlines", params=params, headers={"Authorization": f"Bearer {token}"}
    )
    assert answer.status_code == status, answer.text


async def test_without_a_token_nothing_is_told(city):
    assert (await city.http.get("/api/v1/deadlines")).status_code == 401


async def test_the_metrics_tell_of_promises(city):
    await city.say(samples.blown(START), START)
    await city.promise("resolve", "running", whistle_id=WHISTLE)
    city.forward(hours=5)
    await city.hears("shaodao.deadline.missed.v1", kind="acknowledge")
    text = (await city.http.get("/metrics")).text
    assert 'shaodao_deadline_steps_total{kind="acknowledge",what="missed"}' in text
    assert 'shaodao_notices_total{type="shaodao.notice.overdue.v1"}' in text
    assert "shaodao_deadline_lateness_seconds_bucket" in text
