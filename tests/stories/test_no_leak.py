"""A thousand requests full of personal data, and none of it anywhere outside intake's vault."""

import asyncio
import re
from random import Random

import asyncpg
from aiokafka import AIOKafkaConsumer

from deploy.local.data_folder import SERVICES
from tests.support.city import City
from tests.support.persons import GIVEN, PROVINCES, SURNAMES, Invented, complaint, invent
from tests.support.stack import owner_dsn
from tests.support.waiting import eventually

TICKETS = 1000
AT_ONCE = 16
PLACES = ("159902001001", "159902001002", "159902001003")
CATEGORIES = ("0205", "0113", "0501", None)
SEPARATED = re.compile(r"(?<=\d)[ \-.·－　]{1,2}(?=\d)")
# Each wherever it stands, also within a longer run of digits.
PHONE = re.compile(r"(?=(1[3-9]\d{9}))")
ID_NUMBER = re.compile(r"(?=(159902\d{11}[\dX]))")
NAME = re.compile(f"(?=([{SURNAMES}][{GIVEN}]{{2}}))")
PLATE = re.compile(f"(?=([{PROVINCES}][A-Z]\\d{{5}}))")
FULL_WIDTH = str.maketrans("０１２３４５６７８９", "0123456789")


async def test_nothing_tells_who_asked_anywhere_but_in_the_vault(city: City):
    rng = Random("no leak")
    people = [invent(rng) for _ in range(TICKETS)]
    asked = [(person, complaint(person, rng), rng.choice(CATEGORIES)) for person in people]
    turn = asyncio.Semaphore(AT_ONCE)

    async def live_through(number: int, person: Invented, text: str, category: str | None) -> None:
        async with turn:
            await one(city, number, person, text, category)

    async with asyncio.TaskGroup() as group:
        for number, (person, text, category) in enumerate(asked):
            group.create_task(live_through(number, person, text, category))
    await everything_is_said(city)
    heaps = await heaps_of(city)
    assert all(heaps.values()), {where: len(text) for where, text in heaps.items()}
    found = [f"{where}: {what}" for where, text in heaps.items() for what in told(text, people)]
    assert found == []


async def one(city: City, number: int, person: Invented, text: str, category: str | None) -> None:
    """One person asks, adds, hurries, asks wrongly; each with personal data in it."""
    body = {
        "channel": "hotline",
        "description": text,
        "place": {"region": PLACES[number % 3], "address": f"河湾锦苑3号楼{person.door}室"},
        "category": category,
        "reporter": {
            "name": person.name, "phone": person.phone, "id_number": person.id_number,
            "confidential": number % 7 == 0,
        },
    }  # fmt: skip
    if number % 5 == 0:
        body["title"] = f"{person.name}（{person.phone}）反映的问题"
    if number % 25 == 0:  # a refusal may say which field is wrong, never what stood in it
        wrong = {**body, "description": person.phone[:3], "urgency": person.phone}
        refused = await tell(city, "POST", "", json=wrong)
        assert refused.status_code == 422
    created = await tell(city, "POST", "", json=body)
    assert created.status_code == 201, created.text
    ticket_id = created.json()["ticket_id"]
    if number % 4 == 0:
        more = f"补充：我是{person.name}，可打{person.phone}，{person.door}室"
        added = await tell(city, "POST", f"/{ticket_id}/supplements", json={"text": more})
        assert added.status_code == 200, added.text
    if number % 10 == 0:
        assert (await tell(city, "POST", f"/{ticket_id}/urges")).status_code == 200
    if number % 50 == 0:  # who is not called may not look, and trying leaves no trace of whom
        await city.call(
            "POST", "intake", f"/api/v1/tickets/{ticket_id}/disclosures", role="handler",
            unit="BH-CGJ", name="王工", json={"purpose": "联系核实"},
        )  # fmt: skip


async def tell(city: City, method: str, path: str, **request):
    return await city.call(method, "intake", f"/api/v1/tickets{path}", role="operator", **request)


async def everything_is_said(city: City) -> None:
    """Until router and notifier know every ticket; what waits for a topic is searched as well."""

    async def left() -> list[int]:
        router = await count(city, "router", "select count(*) from ticket")
        facts = await count(city, "notifier", "select count(distinct subject) from fact")
        waiting = await count(city, "intake", "select count(*) from outbox")
        return [max(0, TICKETS - router), max(0, TICKETS - facts), waiting]

    await eventually(left, until=lambda counts: not any(counts), within=90.0, every=0.5)


async def count(city: City, service: str, sql: str) -> int:
    connection = await asyncpg.connect(city.databases[service])
    try:
        return int(await connection.fetchval(sql))
    finally:
        await connection.close()


async def heaps_of(city: City) -> dict[str, str]:
    """Everything that leaves the vault: topics, logs, metrics, the databases in the open."""
    heaps = {"kafka": await on_kafka(city)}
    for service in SERVICES:
        log = (city.folder / f"{service}-{city.ports[service]}.log").read_text("utf-8")
        metrics = await city.call("GET", service, "/metrics", role="ops")
        heaps |= {f"log of {service}": log, f"metrics of {service}": metrics.text}
        heaps[f"database of {service}"] = await in_the_open(city, service)
    return heaps


async def on_kafka(city: City) -> str:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=city.servers.kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        consumer.subscribe([t for t in await consumer.topics() if t.startswith(city.prefix)])
        parts: list[str] = []
        while batch := await consumer.getmany(timeout_ms=2000):
            for record in (each for records in batch.values() for each in records):
                parts += [
                    (part or b"").decode(errors="replace") for part in (record.key, record.value)
                ]
                parts += [f"{name}={value!r}" for name, value in record.headers]
        return "\n".join(parts)
    finally:
        await consumer.stop()


async def in_the_open(city: City, service: str) -> str:
    """Every row of every table as text; what is sealed is bytes, and tells nothing."""
    connection = await asyncpg.connect(owner_dsn(city.databases[service]))
    try:
        tables = await connection.fetch(
            "select tablename from pg_tables where schemaname = 'public' order by tablename"
        )
        parts = []
        for table in tables:
            rows = await connection.fetch(f'select t::text as row from "{table["tablename"]}" t')  # noqa: S608
            parts += [row["row"] for row in rows]
        return "\n".join(parts)
    finally:
        await connection.close()


def told(text: str, people: list[Invented]) -> list[str]:
    """What of the people can be read in a text, however its digits are written."""
    text = text.translate(FULL_WIDTH)
    read = {*NAME.findall(text), *PLATE.findall(text)}
    for digits in (text, SEPARATED.sub("", text)):
        read |= {*PHONE.findall(digits), *ID_NUMBER.findall(digits)}
    secrets = {each for p in people for each in (p.name, p.phone, p.id_number, p.plate)}
    return sorted(read & secrets)


def test_what_is_looked_for_would_be_found():
    rng = Random("teeth")
    for _ in range(200):
        person = invent(rng)
        for number in (person.phone, person.id_number):
            assert told(f"x{number}y", [person]) == [number]
        assert told(f"他是{person.name}吗", [person]) == [person.name]
        assert told(f"车{person.plate}。", [person]) == [person.plate]
        assert told(person.phone_written(rng), [person]) == [person.phone]
        assert told(complaint(person, rng), [person])
