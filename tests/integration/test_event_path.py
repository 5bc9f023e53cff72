"""The runtime on real Kafka and PostgreSQL: once in effect, in order, nothing lost."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.contracts import envelope, ids, reports, topics
from shared.contracts.parts import Handler
from shared.errors import ConflictError
from shared.runtime import dead_letters, migrate, outbox
from shared.runtime.batch import WAITS
from shared.runtime.consumer import Subscription
from shared.runtime.group_commit import GroupCommit
from shared.runtime.relay import LARGEST_EVENT
from shared.runtime.replay import replay
from shared.runtime.service import running
from shared.runtime.settings import ServiceSettings
from tests.support.stack import owner_dsn
from tests.support.waiting import eventually

UNIT = "C-CGJ"


def report(text: str, *, whistle_id=None, event_id=None) -> bytes:
    whistle_id = whistle_id or uuid4()
    now = datetime.now(UTC)
    data = reports.Progressed(
        whistle_id=whistle_id, handler=Handler(name="王工"), at=now, text=text
    )
    return envelope.write(
        event_id=event_id or uuid4(), source="/test", subject=str(whistle_id), time=now, data=data
    ).encode()


class Bench:
    """A service that answers each progress report with a fact, and may have a bug."""

    def __init__(self, settings: ServiceSettings) -> None:
        self.settings = settings
        self.bug_on: str | None = None
        self.refused: list[str] = []

    async def handle(self, connection, events, now):
        if any(event.data.text == self.bug_on for event in events):
            raise RuntimeError("a bug")
        rows = [
            outbox.outgoing(
                event.data,
                topic="whistles",
                source="/test",
                event_id=ids.view_id(event.data.whistle_id, event.offset, event.topic, "t"),
                subject=event.subject,
                time=now,
            )
            for event in events
        ]
        await outbox.put(connection, rows)

    async def refuse(self, _connection, records, _now):
        self.refused += [record.error.code for record in records]


@pytest.fixture
async def settings(kafka, database, topics_of, prefix):
    await topics_of(prefix, [UNIT])
    return ServiceSettings(
        database_url=await database(),
        kafka_bootstrap=kafka,
        topic_prefix=prefix,
        token_secret="x" * 32,
    )


@pytest.fixture
async def service(settings):
    bench = Bench(settings)
    async with running(settings, name="test", migrations=migrate.RUNTIME) as runtime:
        runtime.subscribe(
            Subscription(
                group="test",
                topics=(topics.UNIT_REPORTS,),
                handle=bench.handle,
                refuse=bench.refuse,
            )
        )
        bench.runtime = runtime
        yield bench


@pytest.fixture
async def producer(kafka):
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    await producer.start()
    yield producer
    await producer.stop()


@pytest.fixture
async def heard(kafka, settings):
    """What comes out on `whistles`, in order, as (subject, text)."""
    consumer = AIOKafkaConsumer(
        settings.topic_prefix + "whistles", bootstrap_servers=kafka, auto_offset_reset="earliest"
    )
    await consumer.start()
    got: list[tuple[str, str]] = []
    reader = envelope.Reader(topics.UNIT_REPORTS.events)

    async def collect():
        async for record in consumer:
            event = reader.read(record.value)
            got.append((event.subject, event.data.text))

    task = asyncio.create_task(collect())
    yield got
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await consumer.stop()


def texts(heard):
    return [text for _, text in heard]


async def count(service, sql):
    async with service.runtime.pool.acquire() as connection:
        return await connection.fetchval(sql)


async def test_poison_and_strange_headers_harm_no_neighbour(service, producer, heard):
    topic = f"{service.settings.topic_prefix}bureau.{UNIT}.reports"
    await producer.send_and_wait(topic, report("first"), headers=[("a", None), ("b", b"\xff\xfe")])
    nul = report("a\x00b")
    for poison in (b"garbage", b"", b"[1]", b"x" * 900_001, nul, b'{"specversion":"1.0"}'):
        await producer.send_and_wait(topic, poison, key=b"k")
    await producer.send_and_wait(topic, None, key=b"k")
    await producer.send_and_wait(topic, report("last"))
    await service.runtime.start()
    await eventually(
        lambda: _value(texts(heard)), until=lambda got: sorted(got) == ["first", "last"]
    )
    async with service.runtime.pool.acquire() as connection:
        rows = await connection.fetch("select error_code, value from dead_letter order by 1")
    codes = ["empty", "empty", "invalid_envelope", "not_cloudevent", "not_json", "not_text"]
    assert [row["error_code"] for row in rows] == [*codes, "too_large"]
    assert sorted(service.refused) == sorted([*codes, "too_large"])
    assert nul in [row["value"] for row in rows]


async def _value(value):
    return value


async def test_a_redelivered_event_takes_effect_once(service, producer, heard):
    topic = f"{service.settings.topic_prefix}bureau.{UNIT}.reports"
    twice = report("twice", event_id=uuid4())
    for value in (twice, twice):
        await producer.send_and_wait(topic, value)
    await service.runtime.start()
    await eventually(lambda: _value(texts(heard)))
    await producer.send_and_wait(topic, twice)
    await producer.send_and_wait(topic, report("end"))
    await eventually(lambda: _value(texts(heard)), until=lambda got: "end" in got)
    assert sorted(texts(heard)) == ["end", "twice"]


async def test_a_bug_parks_its_subject_in_order_and_lets_the_others_go_on(service, producer, heard):
    topic = f"{service.settings.topic_prefix}bureau.{UNIT}.reports"
    stuck, free = uuid4(), uuid4()
    service.bug_on = "2"
    for text, whistle_id in (("1", stuck), ("2", stuck), ("3", stuck), ("a", free), ("4", stuck)):
        await producer.send_and_wait(topic, report(text, whistle_id=whistle_id))
    await service.runtime.start()
    await eventually(lambda: _value(texts(heard)), until=lambda got: set(got) == {"1", "a"})
    await eventually(lambda: count(service, "select count(*) from parked"), until=lambda n: n == 3)
    await producer.send_and_wait(topic, report("5", whistle_id=stuck))
    await eventually(lambda: count(service, "select count(*) from parked"), until=lambda n: n == 4)
    service.bug_on = None
    await eventually(
        lambda: _value([text for subject, text in heard if subject == str(stuck)]),
        until=lambda got: got == ["1", "2", "3", "4", "5"],
    )
    assert await count(service, "select count(*) from parked") == 0


async def test_a_parked_event_can_be_replayed_by_hand_only_in_its_turn(service, producer, heard):
    topic = f"{service.settings.topic_prefix}bureau.{UNIT}.reports"
    whistle_id = uuid4()
    service.bug_on = "1"
    for text in ("1", "2"):
        await producer.send_and_wait(topic, report(text, whistle_id=whistle_id))
    await service.runtime.start()
    await eventually(lambda: count(service, "select count(*) from parked"), until=lambda n: n == 2)
    later = await count(service, "select max(parked_id) from parked")
    with pytest.raises(LookupError, match="earlier event"):
        await replay(service.runtime, kind="parked", dead_letter_id=later)
    first = await count(service, "select min(parked_id) from parked")
    assert "a bug" in await replay(service.runtime, kind="parked", dead_letter_id=first)
    async with service.runtime.pool.acquire() as connection:
        heaps = await dead_letters.heaps(connection, kind="parked")
    assert {heap.error: heap.n for heap in heaps} == {"RuntimeError": 1, WAITS: 1}
    service.bug_on = None
    assert await replay(service.runtime, kind="parked", dead_letter_id=first) is None
    await eventually(lambda: _value(texts(heard)), until=lambda got: got == ["1", "2"])


async def test_the_relay_keeps_the_order_of_each_key_and_empties_the_outbox(
    service, producer, heard
):
    topic = f"{service.settings.topic_prefix}bureau.{UNIT}.reports"
    whistles = [uuid4() for _ in range(20)]
    sent = [
        await producer.send(topic, report(str(n), whistle_id=whistles[n % 20])) for n in range(2000)
    ]
    await asyncio.gather(*sent)
    await service.runtime.start()
    await eventually(lambda: _value(len(heard)), until=lambda n: n == 2000)
    for whistle_id in whistles:
        numbers = [int(text) for subject, text in heard if subject == str(whistle_id)]
        assert numbers == sorted(numbers)
    await eventually(lambda: count(service, "select count(*) from outbox"), until=lambda n: n == 0)


async def test_what_fills_many_batches_keeps_its_order_and_what_no_broker_takes_is_kept(
    service, heard
):
    whistle_id = uuid4()
    reader = envelope.Reader(topics.UNIT_REPORTS.events)

    def row(text):
        return outbox.outgoing(
            reader.read(report(text, whistle_id=whistle_id)).data,
            topic="whistles",
            source="/t",
            event_id=uuid4(),
            subject=str(whistle_id),
            time=datetime.now(UTC),
        )

    rows = [row(f"{n:03d}{'长' * 1500}") for n in range(300)]  # 1.4 MB of one key
    too_large = replace(row("lost"), payload="x" * (LARGEST_EVENT + 1))
    async with service.runtime.transaction() as connection:
        await outbox.put(connection, [*rows[:150], too_large, *rows[150:]])
    await service.runtime.start()
    await eventually(lambda: _value(len(heard)), until=lambda n: n == 300)
    assert [int(text[:3]) for _, text in heard] == list(range(300))
    await eventually(lambda: count(service, "select count(*) from outbox"), until=lambda n: n == 0)
    kept = "select length(value) from dead_letter where direction = 'out'"
    assert await count(service, kept) == LARGEST_EVENT + 1


async def test_rows_of_a_missing_topic_wait_and_block_nobody(service, heard, topics_of):
    await service.runtime.start()
    data = envelope.Reader(topics.UNIT_REPORTS.events).read(report("late unit")).data

    def row(topic, text):
        return outbox.outgoing(
            data, topic=topic, source="/t", event_id=uuid4(), subject=text, time=datetime.now(UTC)
        )

    async with service.runtime.transaction() as connection:
        rows = [row("bureau.NEW-1.whistles", "waits"), row("whistles", "goes")]
        await outbox.put(connection, rows)
    await eventually(lambda: _value(len(heard)), until=lambda n: n == 1)
    waiting = "select string_agg(aggregatetype, ',') from outbox"
    await eventually(
        lambda: count(service, waiting), until=lambda names: names == "bureau.NEW-1.whistles"
    )
    await topics_of(service.settings.topic_prefix, ["NEW-1"])
    await eventually(lambda: count(service, "select count(*) from outbox"), until=lambda n: n == 0)


async def test_commands_that_arrive_together_share_a_transaction(service):
    transactions = set()

    async def verb(connection, requests, _now):
        transactions.add(await connection.fetchval("select txid_current()"))
        if "bug" in requests:
            raise RuntimeError("a bug")
        return [
            ConflictError("不行", "no") if request == "refused" else request for request in requests
        ]

    group = GroupCommit(service.runtime, "try", verb)
    await service.runtime.start()
    answers = await asyncio.gather(*(group.submit(n) for n in range(100)))
    assert answers == list(range(100))
    assert len(transactions) < 20
    results = await asyncio.gather(
        *(group.submit(r) for r in ("fine", "bug", "refused")), return_exceptions=True
    )
    assert results[0] == "fine"
    assert [type(result) for result in results[1:]] == [RuntimeError, ConflictError]


async def test_history_cannot_be_changed_or_removed(service, settings):
    """Not by the service, who lacks the right, nor by the owner of the table, whom it refuses."""
    owner = await asyncpg.connect(owner_dsn(str(settings.database_url)))
    async with service.runtime.pool.acquire() as connection:
        for statement in (
            "update history set what = 'x'",
            "delete from history",
            "truncate history",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
            with pytest.raises(asyncpg.RaiseError, match="append-only"):
                await owner.execute(statement)
    await owner.close()


async def test_two_migrators_at_once_apply_each_file_once_and_a_changed_file_is_refused(
    database, tmp_path
):
    dsn = owner_dsn(await database())
    folder = tmp_path / "later" / "sql" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_a.sql").write_text("create table a (x int)")
    applied = await asyncio.gather(*(migrate.apply(dsn, folder) for _ in range(4)))
    assert sorted(applied, key=len)[-1] == ["later/0001_a.sql"]
    assert sum(map(len, applied)) == 1
    (folder / "0001_a.sql").write_text("create table a (x bigint)")
    with pytest.raises(migrate.MigrationError, match="changed after"):
        await migrate.apply(dsn, folder)


async def test_a_service_stops_also_when_a_loop_loses_a_cancellation(settings):
    lost = 0

    async def stubborn():
        nonlocal lost
        while lost < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost += 1

    async with running(settings, name="test", migrations=migrate.RUNTIME) as runtime:
        runtime.loop("stubborn", stubborn)
        await runtime.start()
        await asyncio.sleep(0)
    assert lost == 2
