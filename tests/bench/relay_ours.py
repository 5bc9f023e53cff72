"""Ours of `relay_rows`: the relay of `shared.runtime`, alone in its process as the floor is."""

import asyncio
from typing import Any

import asyncpg

from shared.runtime.relay import Relay
from shared.runtime.settings import ServiceSettings
from tests.bench.ground import SQL
from tests.bench.worker import Ready, work
from tests.support.waiting import eventually


async def child(arguments: dict[str, Any], ready: Ready) -> int:
    """Relay the outbox of `dsn`; returns 0 once it is empty."""
    settings = ServiceSettings(
        database_url=arguments["dsn"],
        kafka_bootstrap=arguments["kafka"],
        topic_prefix=arguments["prefix"],
        token_secret="b" * 32,
    )
    await ready()
    relay = asyncio.create_task(Relay(settings).run())
    connection = await asyncpg.connect(arguments["dsn"])
    await eventually(lambda: connection.fetchval(SQL.outbox_empty), within=120, every=0.05)
    relay.cancel()
    await asyncio.gather(relay, return_exceptions=True)
    return 0


if __name__ == "__main__":
    work(child)
