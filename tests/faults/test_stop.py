"""A service ends cleanly on SIGTERM also while Kafka or PostgreSQL is away, and starts again."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.faults.ground import STOP, Ground, Keeper
from tests.faults.people import UNITS, Callers
from tests.faults.topics_read import lag
from tests.support.waiting import eventually

pytestmark = pytest.mark.xdist_group("faults")
LONGEST = 15.0  # what the supervisor allows before it kills


@pytest.fixture
async def ground(tmp_path) -> AsyncIterator[Ground]:
    ground = Ground(tmp_path, UNITS, copies=1)
    try:
        await ground.start_servers()
        await ground.start_services()
        yield ground
    finally:
        await ground.stop()


async def stopped(keeper: Keeper) -> None:
    """SIGTERM ends this life of the service in time, with all its doors closed in order."""
    life = keeper.running
    assert life is not None
    started = time.monotonic()
    life.send(STOP)
    code = await asyncio.wait_for(life.wait(), LONGEST)
    assert code == -15, (keeper.command.name, code)
    last = keeper.log().rpartition("Waiting for application shutdown")[2]
    assert "Application shutdown complete" in last, (keeper.command.name, last[-2000:])
    assert time.monotonic() - started < LONGEST


async def test_services_stop_in_time_while_kafka_is_away_and_lose_nothing(ground):
    callers = Callers(ground, "stop", 20, 1)
    await callers.run()
    await ground.kafka.kill()
    waiting = Callers(ground, "away", 5, 0.1, first=100)
    await waiting.run()  # taken without Kafka; their facts wait in the outbox
    await asyncio.gather(*(stopped(keeper) for keeper in ground.all_keepers()))
    await ground.kafka.start()
    await ground.all_ready(within=60)
    await eventually(
        lambda: lag(ground.kafka.bootstrap), until=lambda left: not any(left.values()), within=60
    )
    await whistled(ground, len(callers.accepted) + len(waiting.accepted))


async def test_services_stop_in_time_while_postgres_is_away(ground):
    callers = Callers(ground, "stop", 20, 1)
    await callers.run()
    await ground.postgres.kill()
    await asyncio.gather(*(stopped(keeper) for keeper in ground.all_keepers()))
    await ground.postgres.start()
    await ground.all_ready(within=60)
    await whistled(ground, len(callers.accepted))


async def whistled(ground: Ground, tickets: int) -> None:
    """Every ticket has its whistle in the end."""

    async def look() -> int:
        return await ground.count("router", "select count(*) from whistle")

    await eventually(look, until=lambda whistles: whistles == tickets, within=60)
