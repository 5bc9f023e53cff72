"""Fixtures on real servers: one Kafka and one PostgreSQL a run, a database and prefix a test."""

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path

import pytest

from tests.support.stack import Servers, start_kafka_postgres, topic_prefix


def pytest_collection_finish() -> None:
    """Five thousand tests and what they import stay: each served app would look through them."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure() -> None:
    """All is told: pytest looks for garbage twice now, and execnet interrupts it after 5 s."""
    gc.freeze()


@pytest.fixture(scope="session")
async def servers() -> Servers:
    """The run's Kafka and PostgreSQL, started by the first test that asks."""
    return await start_kafka_postgres()


@pytest.fixture(scope="session")
async def kafka(servers: Servers) -> str:
    return servers.kafka_bootstrap


@pytest.fixture
def prefix() -> str:
    """A topic prefix no other test uses."""
    return topic_prefix()


@pytest.fixture
async def database(servers: Servers) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Makes databases with these folders' migrations applied; dropped after the test."""
    made: list[str] = []

    async def make(*folders: Path) -> str:
        made.append(await servers.fresh_database(*folders))
        return made[-1]

    yield make
    for dsn in made:
        await servers.drop_database(dsn)


@pytest.fixture
def topics_of(servers: Servers) -> Callable[[str, Iterable[str]], Awaitable[list[str]]]:
    """Makes the city's topics for some units, with a prefix."""
    return servers.make_topics
