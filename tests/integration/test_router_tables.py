"""The router's tables on a real PostgreSQL: batches, history, checks, indexes."""

from collections.abc import AsyncIterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.router.app import MIGRATIONS
from services.router.seed import seed
from services.router.store import queue
from services.router.store.whistles import SQL
from shared.contracts import tickets
from shared.contracts.ids import fact_id, new_id
from shared.contracts.parts import Actor, Role
from shared.runtime import history
from tests.support.router_desk import DISPATCHER, LEAD, TRACE, Desk, ack, desk_on
from tests.unit.router.samples import COMMUNITY, MONDAY, STREET, city, registered


@pytest.fixture
async def desk(database) -> AsyncIterator[Desk]:
    async with desk_on(await database(MIGRATIONS)) as made:
        yield made


async def test_the_units_are_seeded_once_and_the_table_is_the_truth_afterwards(desk: Desk):
    declared = await desk.said("units")
    assert len(declared) == len(city().catalogue.units)
    assert {event["subject"] for event in declared} == set(city().catalogue.units)
    await desk.rows("update unit set name = '新名字', duty_24h = false where code = 'BH-CGJ'")
    await desk.rows(
        "update unit set active = false, removed_at = $1, removed_why = '并入市局'"
        " where code = 'BH-SCJ'",
        MONDAY,
    )
    async with desk.transaction() as connection:
        again = await seed(connection, city().catalogue, policy="p", now=MONDAY)
    assert len(await desk.said("units")) == len(declared)
    assert again.unit("BH-CGJ").name == "新名字"
    assert "BH-SCJ" not in again.units
    assert again.units_for("SCJ", COMMUNITY)[0].code == "C-SCJ", "the city's takes its place"


async def test_a_ticket_is_whistled_with_everything_in_one_transaction(desk: Desk):
    (ticket_id,) = await desk.registers()
    (blown,) = await desk.said("whistles")
    assert blown["type"] == "shaodao.whistle.blown.v1"
    assert blown["traceparent"] == TRACE
    whistle_id = UUID(blown["subject"])
    assert blown["id"] == str(fact_id(whistle_id, 1))
    assert blown["data"]["ticket_ids"] == [str(ticket_id)]
    for unit in (LEAD, "BH-SCJ", STREET):
        (view,) = await desk.said(f"bureau.{unit}.whistles")
        assert view["type"] == "shaodao.bureau.whistled.v1"
        assert view["data"]["assignment"]["unit"] == unit
        assert "trace" not in view["data"]


def shape(events: Sequence[dict[str, Any]]) -> list[Any]:
    """Events without the ids and numbers that a second run cannot repeat."""
    ids = {
        "whistle_id",
        "ticket_ids",
        "ticket_id",
        "assignment_id",
        "number",
        "report_id",
        "offset",
    }

    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(each) for key, each in value.items() if key not in ids}
        return [strip(each) for each in value] if isinstance(value, list) else value

    return [(event["type"], strip(event["data"])) for event in events]


async def test_a_batch_is_the_same_as_one_by_one(desk: Desk, database):
    categories = ["0101", None, "0205", "2602", "0111"] * 4
    facts = [registered(ticket_id=new_id(MONDAY), category=c) for c in categories]
    ends = [
        tickets.Withdrawn(seq=2, actor=DISPATCHER, ticket_id=f.ticket_id, ex_officio=False)
        for f in facts[::3]
    ]
    await desk.hears(*facts, *ends)
    pool = await asyncpg.create_pool(await database(MIGRATIONS), min_size=1, max_size=2)
    alone = Desk(pool=pool, city=desk.city)
    for fact in (*facts, *ends):
        await alone.hears(fact)
    try:
        assert shape(await desk.said("whistles")) == shape(await alone.said("whistles"))
        for unit in (LEAD, STREET, "C-SZZ"):
            topic = f"bureau.{unit}.whistles"
            assert shape(await desk.said(topic)) == shape(await alone.said(topic))
        held = "select count(*) from whistle where state = 'held'"
        assert await desk.rows(held) == await alone.rows(held)
    finally:
        await pool.close()


async def test_the_history_is_a_chain(desk: Desk):
    (ticket_id,) = await desk.registers()
    whistle_id = await desk.whistle(ticket_id)
    await desk.reports((LEAD, ack(whistle_id)), ("BH-SCJ", ack(whistle_id)))
    found = await desk.rows(
        "select * from history where aggregate_id = $1 order by seq", whistle_id
    )
    last = history.FIRST_HASH
    for number, row in enumerate(found, 1):
        entry = history.entry(
            whistle_id,
            seq=number,
            at=row["at"],
            what=row["what"],
            actor=Actor(role=Role(row["role"]), unit=row["unit"], name=row["actor_name"]),
            before=row["before"],
            after=row["after"],
            policy=row["policy"],
            previous_hash=last,
        )
        assert (row["previous_hash"], row["hash"]) == (last, entry.hash)
        last = entry.hash
    (whistle,) = await desk.rows("select * from whistle where whistle_id = $1", whistle_id)
    assert (whistle["seq"], whistle["history_hash"]) == (3, last)


IMPOSSIBLE = {
    "a second lead": "update assignment set relation = 'lead' where relation = 'assisting'",
    "an unknown state": "update assignment set state = 'sleeping'",
    "an unknown whistle state": "update whistle set state = 'lost'",
    "done without a time": "update assignment set state = 'done'",
    "interrupted without a way back": "update assignment set state = 'paused'",
    "a unit twice": "update assignment set unit = 'BH-CGJ' where relation = 'assisting'",
    "a second whistle of the round": (
        "insert into whistle (whistle_id, number, kind, state, round, urgency, demand_ticket,"
        " provisional, dispatcher_role, blown_at, seq, history_hash, content)"
        " select gen_random_uuid(), 'S2', kind, state, round, urgency, demand_ticket, provisional,"
        " dispatcher_role, blown_at, seq, history_hash, content from whistle"
    ),
    "open but never blown": "update whistle set blown_at = null",
    "a street's kind for one ticket": "update whistle set kind = 'key_work'",
    "merged into nothing": "update ticket set state = 'merged'",
}


async def test_the_database_refuses_impossible_states(desk: Desk):
    await desk.registers()
    for what, statement in IMPOSSIBLE.items():
        refused = False
        try:
            await desk.rows(statement)
        except asyncpg.IntegrityConstraintViolationError:
            refused = True
        assert refused, what


async def test_reports_touch_no_index(desk: Desk):
    ids = await desk.registers(50)
    # A page keeps room for some of its rows at a time; those of one second lie on many pages.
    said = [(LEAD, ack(await desk.whistle(ticket_id))) for ticket_id in ids[::5]]
    await desk.reports(*said)
    async with desk.pool.acquire() as connection:
        await connection.execute("select pg_stat_force_next_flush()")
        found = await connection.fetch(
            "select relname, n_tup_upd, n_tup_hot_upd from pg_stat_user_tables"
            " where relname in ('whistle', 'assignment')"
        )
    for row in found:
        assert row["n_tup_upd"] == 10
        assert row["n_tup_hot_upd"] == row["n_tup_upd"], row["relname"]


PLANS = {
    "whistles": ([uuid4()],),
    "assignments": ([uuid4()],),
    "assignments_of_units": ([uuid4()], [LEAD]),
    "tickets": ([uuid4()],),
    "whistles_of_tickets": ([uuid4()],),
    "returns_asked": ([uuid4()],),
    "demanded": ([uuid4()],),
}


async def test_every_statement_of_the_hot_path_uses_its_index(desk: Desk):
    await desk.registers(300)
    await desk.registers(3, category=None)
    async with desk.pool.acquire() as connection, connection.transaction():
        await connection.execute("analyze; set local enable_seqscan = off")
        wanted = [(name, getattr(SQL, name), args) for name, args in PLANS.items()]
        wanted.append(("held", queue.SQL.held, (*[None] * 7, 100)))
        for name, statement, args in wanted:
            plan = await connection.fetch(f"explain {statement}", *args)
            text = "\n".join(row[0] for row in plan)
            assert "Seq Scan" not in text, (name, text)
