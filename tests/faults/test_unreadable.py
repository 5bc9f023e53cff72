"""A record that the Kafka client cannot take apart is kept as dead, and harms no neighbour."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer
from pydantic_core import to_json

from shared.contracts.topics import UNIT_REPORTS, unit_topic
from shared.runtime import migrate
from shared.runtime.clock import wall_now
from shared.runtime.consumer import Subscription
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings
from tests.faults.ground import SECRET
from tests.faults.mischief import misnamed
from tests.support.city import envelope
from tests.support.waiting import eventually

pytestmark = pytest.mark.xdist_group("faults")
UNITS = ("A-1", "B-1", "C-1", "D-1")
GOOD = 60


async def hear(_connection: Connection, _events: Sequence[Incoming], _now: datetime) -> None:
    """The inbox remembers; nothing else is to be done."""


def progress(number: int) -> bytes:
    whistle_id, now = str(uuid4()), wall_now()
    data = {"whistle_id": whistle_id, "handler": {"name": "王工"}, "at": now.isoformat()}
    said = {**data, "text": f"进展{number}"}
    return to_json(envelope("report.progressed", whistle_id, said, now))


async def rows(runtime: Runtime, sql: str) -> list[Any]:
    async with runtime.pool.acquire() as connection:
        return [tuple(row) for row in await connection.fetch(sql)]


async def test_a_header_whose_name_is_not_utf8_costs_that_record_alone(
    kafka, database, topics_of, prefix
):
    await topics_of(prefix, UNITS)
    topics = [prefix + unit_topic(UNIT_REPORTS, unit) for unit in UNITS]
    async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
        for number in range(GOOD):
            await producer.send_and_wait(topics[number % len(topics)], progress(number), key=b"k")
            if number in (0, 17, 18, GOOD - 2):  # the first of one, two in a row, all but the last
                await misnamed(producer, topics[number % 2], progress(number))
    settings = ServiceSettings(
        database_url=await database(),
        kafka_bootstrap=kafka,
        topic_prefix=prefix,
        token_secret=SECRET,
    )
    async with running(settings, name="test", migrations=migrate.RUNTIME) as runtime:
        runtime.subscribe(Subscription(group="test", topics=(UNIT_REPORTS,), handle=hear))
        await runtime.start()
        await eventually(
            lambda: rows(runtime, "select event_id from inbox"),
            until=lambda known: len(known) == GOOD,
        )
        dead = "select topic, kafka_offset, error_code, error from dead_letter order by 1, 2"
        kept = await eventually(lambda: rows(runtime, dead), until=lambda found: len(found) == 4)
    assert {row[2] for row in kept} == {"unparsable"}
    assert all("UnicodeDecodeError" in row[3] for row in kept)
