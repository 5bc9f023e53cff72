"""Pieces of the runtime that need no server: errors told apart, queries, history, traces."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from aiokafka.partitioner import DefaultPartitioner

from shared.contracts.parts import Actor, Role
from shared.runtime import history, tracing
from shared.runtime.clock import wall_now
from shared.runtime.database import is_transient, queries
from shared.runtime.sending import partition_of
from shared.runtime.service import INBOX_KEPT, Runtime

NOW = datetime(2026, 9, 14, 1, tzinfo=UTC)
TICKET = UUID("01a09d36-a800-7447-b3ab-3ec62a61cec3")


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError(),
        asyncpg.SerializationError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CrashShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InterfaceError("pool is closing"),
        asyncpg.TooManyConnectionsError(),
        asyncpg.InvalidCachedStatementError("cached plan must not change result type"),
        ConnectionRefusedError(),
        TimeoutError(),
    ],
)
def test_what_passes_by_is_tried_again(error):
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.UniqueViolationError(),
        asyncpg.CheckViolationError(),
        asyncpg.DataError("invalid input for query argument $1"),
        asyncpg.InterfaceError("the server expects 3 arguments for this query, 2 were passed"),
        KeyError("x"),
        FileNotFoundError(),
    ],
)
def test_a_bug_is_not_tried_again_for_ever(error):
    assert not is_transient(error)


def test_queries_are_named_and_names_are_unique(tmp_path):
    path = tmp_path / "queries.sql"
    path.write_text("-- Comment.\n\n-- name: one\nselect 1;\n\n-- name: two\n-- why\nselect 2;\n")
    assert queries(path).two == "-- why\nselect 2;"
    path.write_text("-- name: one\nselect 1;\n-- name: one\nselect 2;\n")
    with pytest.raises(ValueError, match="twice"):
        queries(path)
    path.write_text("select 1;\n-- name: one\nselect 1;\n")
    with pytest.raises(ValueError, match="before the first name"):
        queries(path)


def entry_after(previous_hash, *, seq, what="registered"):
    return history.entry(
        TICKET,
        seq=seq,
        at=NOW,
        what=what,
        actor=Actor(role=Role.OPERATOR, unit="C-RXZX"),
        before=None,
        after='{"state":"registered"}',
        policy="2026.1",
        previous_hash=previous_hash,
    )


def test_a_history_row_is_hashed_over_the_one_before():
    first = entry_after(history.FIRST_HASH, seq=1)
    second = entry_after(first.hash, seq=2)
    assert second.previous_hash == first.hash
    assert second.hash != entry_after(history.FIRST_HASH, seq=2).hash
    assert second.hash != entry_after(first.hash, seq=2, what="closed").hash
    assert first.hash == entry_after(history.FIRST_HASH, seq=1).hash


def test_a_trace_is_continued_with_a_new_span():
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    child = tracing.continued(given)
    assert tracing.is_traceparent(child)
    assert tracing.trace_id(child) == "0af7651916cd43dd8448eb211c80319c"
    assert child[36:52] != given[36:52]
    for broken in (None, "", "00-" + "0" * 32 + "-b7ad6b7169203331-01", given.upper(), given + "x"):
        assert tracing.is_traceparent(tracing.continued(broken))
        assert tracing.trace_id(tracing.continued(broken)) != tracing.trace_id(given)


def test_the_relay_chooses_partitions_as_every_kafka_client_does():
    kafkas = DefaultPartitioner()
    for partitions in (1, 6):
        every = list(range(partitions))
        for number in range(200):
            key = str(UUID(int=number * 7919)).encode()
            assert partition_of(key, partitions) == kafkas(key, every, [])


@pytest.mark.parametrize("ahead", [timedelta(days=-400), timedelta(0), timedelta(days=400)])
async def test_an_event_is_known_for_its_term_by_whichever_clock_is_behind(ahead: timedelta):
    """It is known since a domain time; a demo's may be another year's."""
    asked: asyncio.Queue[datetime] = asyncio.Queue()

    async def execute(_sql: str, before: datetime, _most: int) -> str:
        asked.put_nowait(before)
        return "DELETE 0"

    @asynccontextmanager
    async def acquire() -> AsyncIterator[Any]:
        yield SimpleNamespace(execute=execute)

    runtime: Any = SimpleNamespace(
        pool=SimpleNamespace(acquire=acquire),
        clock=SimpleNamespace(now=lambda: wall_now() + ahead),
    )
    forgetting = asyncio.create_task(Runtime._forget_inbox(runtime))
    before = await asyncio.wait_for(asked.get(), 20)
    forgetting.cancel()
    assert before <= wall_now() + min(ahead, timedelta(0)) - INBOX_KEPT
