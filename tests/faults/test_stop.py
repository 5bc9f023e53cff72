"""A service ends cleanly on SIGTERM also while Kafka or PostgreSQL is away, and starts again."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy.local.plan import STOP_SECONDS
from tests.faults.ground import STOP, Ground, Keeper
from tests.faults.people import UNITS, Callers
from tests.faults.topics_read import lag
from tests.support.waiting import eventually

pytestmark = pytest.mark.xdist_group("faults")


@pytest.fixture(scope="module")
async def ground(tmp_path_factory) -> AsyncIterator[Ground]:
    """One for both tests: each leaves it running."""
    ground = Ground(tmp_path_factory.mktemp("stop"), UNITS, copies=1)
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
    life.send(STOP)
    code = await asyncio.wait_for(life.wait(), STOP_SECONDS)
    assert code == -15, (keeper.command.name, code)
    last = keeper.log().rpartition("Waiting for application shutdown")[2]
    assert "Application shutdown complete" in last, (keeper.command.name, last[-2000:])


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
    await whistled(ground, callers, waiting)


async def test_services_start_while_kafka_is_away_and_hear_it_later(ground):
    await ground.kafka.kill()
    await asyncio.gather(*(stopped(keeper) for keeper in ground.all_keepers()))
    await ground.all_ready(within=60)  # started again by their keepers
    waiting = Callers(ground, "early", 5, 0.1, first=150)
    await waiting.run()
    await ground.kafka.start()
    await whistled(ground, waiting)


async def test_services_stop_in_time_while_postgres_is_away(ground):
    callers = Callers(ground, "stop", 20, 1, first=200)
    await callers.run()
    await ground.postgres.kill()
    await asyncio.gather(*(stopped(keeper) for keeper in ground.all_keepers()))
    await ground.postgres.start()
    await ground.all_ready(within=60)
    await whistled(ground, callers)


async def whistled(ground: Ground, *callers: Callers) -> None:
    """Every ticket has its whistle in the end."""
    wanted = {ticket_id for each in callers for ticket_id in each.accepted.values()}

    async def look() -> set[str]:
        return await ground.ids("router", "select demand_ticket::text from whistle")

    await eventually(look, until=wanted.issubset, within=60)
