"""Intake's database: impossible states are refused, ledgers kept, indexes used."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from services.intake.app import MIGRATIONS
from services.intake.store import tickets as store
from services.intake.store.rows import SQL
from shared.contracts.ids import new_id

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
FILL = """
insert into ticket (ticket_id, number, state, seq, history_hash, round, channel, type, urgency,
    title, summary, region, no_location, source_system, source_number, confidential, contactable,
    hard_case, registered_at, urged, callback_tries, receipt)
select ids.id, n::text, 'registered', 1, '', 1, 'hotline', 'help', 'normal', '', '',
    '159902001001', false, case when n % 100 = 0 then 'replay' end,
    case when n % 100 = 0 then n::text end, false, true, false, $2, 0, 0, ''
from unnest($1::uuid[]) with ordinality as ids (id, n)
"""


@pytest.fixture
async def connection(database: Any) -> AsyncIterator[asyncpg.Connection]:
    made = await asyncpg.connect(await database(MIGRATIONS))
    yield made
    await made.close()


async def _filled(connection: asyncpg.Connection, number: int) -> list[Any]:
    ids = [new_id(NOW + timedelta(seconds=n)) for n in range(number)]
    await connection.execute(FILL, ids, NOW)
    await connection.execute("analyze ticket")
    return ids


IMPOSSIBLE = (
    "state = 'lost'",
    "state = 'closed'",  # ended, and nobody knows when
    "state = 'dispatched'",  # and no whistle
    "ended_at = registered_at",
    "round = 0",
    "round = 2",  # and no whistle was ever blown
    "lat = 41",
    "confidential = true, address = '河湾锦苑3号楼'",
    "callback_tries = 4",
    "urged = 1",
)


async def test_the_database_refuses_impossible_tickets(connection: asyncpg.Connection) -> None:
    await _filled(connection, 1)
    for change in IMPOSSIBLE:
        with pytest.raises(asyncpg.CheckViolationError):
            await connection.execute(f"update ticket set {change}")  # noqa: S608


async def test_a_look_at_a_contact_stays_on_record(connection: asyncpg.Connection) -> None:
    (ticket_id,) = await _filled(connection, 1)
    await connection.execute(SQL.record_disclosure, ticket_id, NOW, "handler", "U", "王工", "联系")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await connection.execute("delete from disclosure")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("update disclosure set purpose = '其他'")


async def test_running_numbers_begin_anew_each_day(connection: asyncpg.Connection) -> None:
    assert await store.take_running(connection, date(2026, 9, 14), count=3) == [1, 2, 3]
    assert await store.take_running(connection, date(2026, 9, 14), count=1) == [4]
    assert await store.take_running(connection, date(2026, 9, 15), count=2) == [1, 2]
    # a late one of the day before goes on above all of that day
    late = await store.take_running(connection, date(2026, 9, 14), count=1)
    assert late[0] > 4


async def _plan(connection: asyncpg.Connection, statement: str, *values: Any) -> str:
    rows = await connection.fetch(f"explain {statement}", *values)
    return "\n".join(row[0] for row in rows)


async def test_lists_go_by_their_indexes(connection: asyncpg.Connection) -> None:
    ids = await _filled(connection, 20_000)
    bounds = (store.NEWEST, None, 100)
    for index, statement, values in (
        ("ticket_pkey", SQL.list_newest, bounds),
        ("ticket_state", SQL.list_in_state, (*bounds, "processing")),
        ("ticket_source", SQL.list_of_source, (*bounds, None, "replay")),
        ("ticket_pkey", SQL.ticket, (ids[5],)),
        ("vault_phone", SQL.same_caller, ([b"x"], NOW)),
        ("timeline_ticket", SQL.timeline_of, (ids[5],)),
        ("unit_call_whistle", SQL.tickets_of_whistles, ([uuid4()],)),
    ):
        plan = await _plan(connection, statement, *values)
        assert f"{index}" in plan, plan
        assert "Seq Scan on ticket" not in plan
