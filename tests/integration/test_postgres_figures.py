"""What the services show of PostgreSQL, asked of a real one by a role without special rights."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest
from prometheus_client import REGISTRY

from services.notifier.app import MIGRATIONS
from shared.runtime import postgres
from shared.runtime.clock import wall_now

Database = Callable[..., Awaitable[str]]


def shown(name: str, **labels: str) -> float:
    value = REGISTRY.get_sample_value(f"shaodao_postgresql_{name}", labels)
    assert value is not None, (name, labels)
    return value


async def test_what_postgresql_tells_is_shown(database: Database) -> None:
    dsn = await database(MIGRATIONS)
    looking, busy, waiting = [await asyncpg.connect(dsn) for _ in range(3)]
    before: dict[str, float] = {}
    try:
        await postgres.show(looking, before)
        committed = shown("transactions_total", outcome="commit")
        logged = shown("wal_bytes_total")
        async with busy.transaction():
            await busy.execute("insert into inbox values ('t', 'e', $1)", wall_now())
            await busy.execute("lock table parked in share row exclusive mode")
            locked = asyncio.ensure_future(waiting.execute("delete from parked"))
            async with asyncio.timeout(60):
                while not shown("waiting_sessions"):
                    await postgres.show(looking, before)
            assert shown("connections", state="idle_in_transaction") == 1
            assert shown("connections", state="active") == 1
            assert shown("oldest_transaction_age_seconds") > 0
        await locked
        async with asyncio.timeout(60):  # sessions tell of theirs within a second
            while shown("transactions_total", outcome="commit") == committed:
                await postgres.show(looking, before)
        assert shown("wal_bytes_total") > logged
        assert shown("database_bytes") > 1_000_000
        assert shown("limit_connections") >= shown("server_connections") >= 3
        assert shown("oldest_xid_age_transactions") > 0
        assert shown("slot_kept_bytes") == 0
        assert shown("table_rows", table="inbox") >= 0
        assert shown("table_bytes", table="fact") >= 0, "months count with the log"
    finally:
        for connection in (looking, busy, waiting):
            await connection.close()


async def test_the_last_finished_backup_is_shown(database: Database) -> None:
    connection = await asyncpg.connect(await database(MIGRATIONS))
    try:
        await postgres.show(connection, {})
        name = "shaodao_backup_finished_timestamp_seconds"
        assert REGISTRY.get_sample_value(name) == 0, "none was ever made"
        now = wall_now()
        for finished_at in (now, now - timedelta(days=1)):
            note = "insert into backup_finished (finished_at, version) values ($1, '1')"
            await connection.execute(note, finished_at)
        await postgres.show(connection, {})
        assert REGISTRY.get_sample_value(name) == pytest.approx(now.timestamp())
    finally:
        await connection.close()


async def test_what_nobody_can_read_is_not_shown(database: Database) -> None:
    connection = await asyncpg.connect(await database(MIGRATIONS))
    try:
        await postgres.show(connection, {})
    finally:
        await connection.close()
    postgres._unknown()
    assert math.isnan(shown("database_bytes"))
    assert math.isnan(shown("connections", state="active"))
    assert REGISTRY.get_sample_value("shaodao_postgresql_table_rows", {"table": "inbox"}) is None


def test_counting_goes_on_after_a_reset_of_the_statistics() -> None:
    before: dict[str, float] = {}
    begun = shown("deadlocks_total")
    for value in (100, 103, 1):
        postgres._grow(before, {"deadlocks": value})
    assert shown("deadlocks_total") - begun == 4
