"""The lag of a group that is asked while Kafka is silent, and what the watch makes of it."""

import asyncio
import math
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError
from faststream.kafka import KafkaBroker
from prometheus_client import REGISTRY

from shared.contracts.topics import UNITS
from shared.runtime import consumer as of_consumer
from shared.runtime import health, metrics
from shared.runtime.clock import wall_now
from shared.runtime.consumer import GroupConsumer, Subscription

PARTS = (TopicPartition("units", 0), TopicPartition("units", 1))


class Kafka:
    """A consumer's client: what it is assigned, where that ends, and where it is silent."""

    def __init__(self) -> None:
        self.parts: tuple[TopicPartition, ...] = PARTS
        self.begins = dict.fromkeys(PARTS, 0)
        self.ends = dict.fromkeys(PARTS, 10)
        self.silent: set[str] = set()
        self.away = False

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self.parts)

    async def _asked(self, what: str) -> None:
        if self.away:
            raise KafkaConnectionError
        if what in self.silent:
            await asyncio.Event().wait()

    async def end_offsets(self, parts: Any) -> dict[TopicPartition, int]:
        await self._asked("ends")
        return {part: self.ends[part] for part in parts}

    async def beginning_offsets(self, parts: Any) -> dict[TopicPartition, int]:
        await self._asked("begins")
        return {part: self.begins[part] for part in parts}

    async def committed(self, _part: TopicPartition) -> int:
        await self._asked("committed")
        return 4

    async def topics(self) -> set[str]:
        await self._asked("topics")
        return {"units"}


@pytest.fixture
def kafka() -> Kafka:
    return Kafka()


@pytest.fixture
def group(kafka: Kafka, monkeypatch: pytest.MonkeyPatch) -> GroupConsumer:
    async def hear(*_: object) -> None: ...

    settings = SimpleNamespace(topic_prefix="p.", batch_records=500)
    runtime: Any = SimpleNamespace(settings=settings, relay=None)
    wanted = Subscription(group="lag-test", topics=(UNITS,), handle=hear)
    made = GroupConsumer(runtime, KafkaBroker("localhost:1"), wanted)
    monkeypatch.setattr(of_consumer, "ANSWER_SECONDS", 0.05)
    made._subscriber = SimpleNamespace(consumer=kafka)
    return made


def shown(name: str) -> float:
    value = REGISTRY.get_sample_value(f"shaodao_consumer_{name}", {"group": "lag-test"})
    assert value is not None
    return value


async def test_the_lag_is_what_is_not_handled_yet(group: GroupConsumer) -> None:
    assert await group.measure_lag() == 12
    assert (shown("lag_records"), shown("partitions")) == (12, 2)
    assert group.progress.waits


async def test_what_a_topic_has_let_go_is_not_waited_for(
    group: GroupConsumer, kafka: Kafka
) -> None:
    """A group set back to a backup, or new on an old topic: nothing that is gone will come."""
    kafka.begins = dict.fromkeys(PARTS, 10)
    assert await group.measure_lag() == 0
    assert not group.progress.waits


@pytest.mark.parametrize("what", ["ends", "committed", "topics"])
async def test_silence_is_no_answer(group: GroupConsumer, kafka: Kafka, what: str) -> None:
    """The client would ask for ever, and with it would all the other gauges stand still."""
    kafka.silent = {what}
    if what == "topics":
        kafka.parts = ()
    assert await asyncio.wait_for(group.measure_lag(), 10) is None
    assert math.isnan(shown("lag_records"))
    assert group.progress.waits == (what == "committed"), "only the coordinator is silent"
    kafka.silent = set()
    assert await group.measure_lag() == (0 if what == "topics" else 12)


async def test_an_answer_that_kafka_is_away(group: GroupConsumer, kafka: Kafka) -> None:
    kafka.away = True
    assert await group.measure_lag() is None
    kafka.parts = ()
    assert await group.measure_lag() is None, "also where nothing is assigned"
    assert not group.progress.waits


async def test_a_group_that_never_began(group: GroupConsumer) -> None:
    group._subscriber = SimpleNamespace(consumer=None)
    assert await group.measure_lag() is None


class ExitedError(Exception):
    """The process would have ended."""


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Any:
    def exit_(status: int) -> None:
        assert status == health.EXIT_STALLED
        raise ExitedError

    monkeypatch.setattr("os._exit", exit_)
    return SimpleNamespace(
        settings=SimpleNamespace(stalled_after_seconds=60),
        relay=SimpleNamespace(leads=True, turned=time.monotonic() - 61),
        outbox_age_seconds=61.0,
    )


def test_a_relay_that_hangs_while_rows_wait_ends_the_process(runtime: Any) -> None:
    with pytest.raises(ExitedError):
        health._end_if_relay_hangs(runtime, time.monotonic() - 61)


@pytest.mark.parametrize(
    "calm",
    [
        pytest.param({"turned": time.monotonic() + 1e6}, id="it turns"),
        pytest.param({"leads": False}, id="another sends"),
        pytest.param({"outbox_age_seconds": 3.0}, id="nothing waits for long"),
    ],
)
def test_any_other_relay_goes_on(runtime: Any, calm: dict[str, Any]) -> None:
    for name, value in calm.items():
        setattr(runtime if name == "outbox_age_seconds" else runtime.relay, name, value)
    health._end_if_relay_hangs(runtime, time.monotonic() - 61)


def test_a_relay_has_its_time_after_kafka_came_back(runtime: Any) -> None:
    health._end_if_relay_hangs(runtime, time.monotonic() - 3)


async def test_a_silent_coordinator_ends_the_process_at_last(
    group: GroupConsumer, kafka: Kafka, runtime: Any
) -> None:
    kafka.silent = {"committed"}
    await group.measure_lag()
    health._end_if_stalled(runtime, group, database_ok=True)
    assert shown("stalled_seconds") < 60
    group.progress.finished = group.progress.behind_since = time.monotonic() - 61
    with pytest.raises(ExitedError):
        health._end_if_stalled(runtime, group, database_ok=True)
    health._end_if_stalled(runtime, group, database_ok=False)
    assert shown("stalled_seconds") == 0


def test_what_the_database_says_is_unknown_while_it_is_away() -> None:
    metrics.DEAD_LETTERS.set(3)
    metrics.database_away()
    assert math.isnan(REGISTRY.get_sample_value("shaodao_dead_letters") or 0)
    assert REGISTRY.get_sample_value("shaodao_database_reachable") == 0


@pytest.mark.parametrize(
    ("counted", "span", "rows", "age"),
    [
        pytest.param(7, 5_000_000, 7, 0, id="some of one topic wait, all others come and go"),
        pytest.param(7, 7, 7, 0, id="few were written"),
        pytest.param(800, 5_000_000, 800, 0, id="many of one topic wait"),
        pytest.param(800, 900, 800, 90_000, id="nothing is sent"),
        pytest.param(10_000, 5_000_000, 5_000_000, 90_000, id="nothing is sent for long"),
    ],
)
async def test_a_row_that_waits_for_its_topic_makes_no_full_outbox(
    counted: int, span: int, rows: int, age: int
) -> None:
    """Its id stays behind while others come and go: neither it nor its age tells of a jam."""
    oldest = wall_now() - timedelta(seconds=90_000)
    row = {"dead": 0, "parked": 0, "parked_at": None, "oldest": oldest}
    seen: list[tuple[int, float]] = []

    @asynccontextmanager
    async def acquire() -> AsyncIterator[Any]:
        async def fetchrow(_sql: str) -> dict[str, Any]:
            return row | {"outbox": counted, "outbox_span": span}

        yield SimpleNamespace(fetchrow=fetchrow)

    def outbox(*, rows: int, age_seconds: float) -> None:
        seen.append((rows, round(age_seconds, -2)))

    runtime: Any = SimpleNamespace(
        pool=SimpleNamespace(acquire=acquire), load=SimpleNamespace(outbox=outbox)
    )
    assert await health._measure(runtime)
    assert seen == [(rows, age)]
