"""`shaodao audit verify`: every way to tamper with a history is found, and named."""

# ruff: noqa: S608

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest
from typer.testing import CliRunner

from deploy.cli.chains import OWNERS, verified
from deploy.cli.main import cli
from services.intake.app import MIGRATIONS as INTAKE
from services.notifier.app import MIGRATIONS
from services.router.app import MIGRATIONS as ROUTER
from services.router.app import city_of_files
from services.router.seed import seed
from shared.contracts.parts import Actor, Role
from shared.runtime import history
from shared.runtime.chains import FORGOTTEN, FaultKind, Report, verify
from tests.integration.test_audit import START, Notifier, a_life, tamper
from tests.support.stack import owner_dsn
from tests.unit.notifier.samples import HOUR

K = FaultKind
ONE = "(select deadline_id from deadline where kind = 'acknowledge')"
TWO = "(select deadline_id from deadline where kind = 'resolve')"


@pytest.fixture
async def dsn(database) -> str:
    return await database(MIGRATIONS)


@pytest.fixture
async def notifier(dsn: str) -> AsyncIterator[Notifier]:
    async with asyncpg.create_pool(owner_dsn(dsn), min_size=2, max_size=5) as pool:
        notifier = Notifier(pool)
        await a_life(notifier)
        yield notifier


PLANTED = {
    "a changed row": (
        f"update history set actor_name = '别人' where aggregate_id = {ONE} and seq = 2",
        [(K.CHANGED, 2)],
    ),
    "a moment moved": (
        f"update history set at = at - interval '1 second' where aggregate_id = {ONE} and seq = 1",
        [(K.CHANGED, 1)],
    ),
    "a deleted row": (
        f"delete from history where aggregate_id = {ONE} and seq = 2",
        [(K.GAP, 3)],
    ),
    "the first row deleted": (
        f"delete from history where aggregate_id = {ONE} and seq = 1",
        [(K.GAP, 2)],
    ),
    "a deleted tail": (
        f"delete from history where aggregate_id = {ONE} and seq = (select seq from deadline "
        f"where deadline_id = {ONE})",
        [(K.TAIL, None)],
    ),
    "a row moved to another's end": (
        f"update history set aggregate_id = {TWO}, seq = 1 + (select seq from deadline where "
        f"deadline_id = {TWO}) where aggregate_id = {ONE} and seq = 2",
        [(K.GAP, 3), (K.CHANGED, None), (K.TAIL, None)],
    ),
    "two rows that changed places": (
        f"update history set seq = 1002 where aggregate_id = {ONE} and seq = 1;"
        f"update history set seq = 1 where aggregate_id = {ONE} and seq = 2;"
        f"update history set seq = 2 where aggregate_id = {ONE} and seq = 1002",
        [(K.CHANGED, 1), (K.CHANGED, 2), (K.UNLINKED, 3)],
    ),
    "the aggregate deleted": (f"delete from deadline where deadline_id = {ONE}", None),
    "the whole history deleted": (
        f"delete from history where aggregate_id = {ONE}",
        [(K.NO_HISTORY, None)],
    ),
    "the aggregate's own hash changed": (
        f"update deadline set history_hash = sha256('x') where deadline_id = {ONE}",
        [(K.TAIL, None)],
    ),
}


async def look(dsn: str, **more) -> Report:
    return await verified("notifier", dsn, **more)


async def test_whatever_is_done_to_a_history_is_found(notifier: Notifier, dsn: str) -> None:
    whole = await look(dsn)
    assert (whole.found, whole.faults) == (0, [])
    assert (whole.aggregates, whole.rows) == tuple(
        await notifier.pool.fetchrow("select count(distinct aggregate_id), count(*) from history")
    )
    assert whole.rows > whole.aggregates > 5
    await notifier.pool.execute("create table d as table deadline; create table h as table history")
    one = await notifier.pool.fetchval(f"select {ONE}")
    two = await notifier.pool.fetchval(f"select {TWO}")
    for fault, (statement, expected) in PLANTED.items():
        await tamper(notifier.pool, statement)
        report = await look(dsn)
        found = [(each.kind, each.seq) for each in report.faults]
        if expected is None:
            assert [kind for kind, _ in found] == [K.NO_AGGREGATE], fault
        else:
            assert len(found) == len(expected) == report.found, (fault, found)
            for kind, seq in expected:
                assert any(kind is k and seq in (None, s) for k, s in found), (fault, found)
        assert {each.aggregate_id for each in report.faults} <= {one, two}, fault
        assert one in {each.aggregate_id for each in report.faults}, fault
        await tamper(
            notifier.pool,
            "delete from deadline; insert into deadline table d; "
            "delete from history; insert into history table h",
        )
        assert (await look(dsn)).found == 0, fault


async def test_a_forger_who_hashes_anew_must_go_on_to_the_aggregate(notifier, dsn: str) -> None:
    """A row with a right hash of its own still does not lead to the next one."""
    first = f"aggregate_id = {ONE} and seq = 1"
    row = await notifier.pool.fetchrow(f"select * from history where {first}")
    forged = history.entry(
        row["aggregate_id"],
        seq=1,
        at=row["at"],
        what=row["what"],
        actor=Actor(role=Role(row["role"]), unit=row["unit"], name="别人"),
        before=row["before"],
        after=row["after"],
        policy=row["policy"],
        previous_hash=row["previous_hash"],
    )
    await tamper(
        notifier.pool,
        f"update history set actor_name = '别人', hash = '\\x{forged.hash.hex()}' where {first}",
    )
    report = await look(dsn)
    assert [(each.kind, each.seq) for each in report.faults] == [(K.UNLINKED, 2)]


async def test_only_what_got_a_row_since_is_read(notifier: Notifier, dsn: str) -> None:
    late = await look(dsn, since=START + 6 * HOUR)
    whole = await look(dsn)
    assert 0 < late.aggregates < whole.aggregates
    assert (await look(dsn, since=START.replace(year=2100))).rows == 0


async def test_what_the_term_removed_is_no_fault(database) -> None:
    dsn = await database(INTAKE)
    gone, lost = uuid4(), uuid4()
    connection = await asyncpg.connect(dsn)
    for aggregate_id, what in ((gone, FORGOTTEN), (lost, "archive")):
        await history.add(connection, [_entry(aggregate_id, what)])
    report = await verify(connection, OWNERS["intake"])
    await connection.close()
    assert [(each.aggregate_id, each.kind) for each in report.faults] == [(lost, K.NO_AGGREGATE)]


async def test_a_dropped_month_of_promises_is_no_fault(dsn: str, notifier: Notifier) -> None:
    ended = "insert into ended_dropped values (now() + interval '100 years', 1)"
    await notifier.pool.execute(f"delete from deadline where deadline_id = {ONE}")
    assert (await look(dsn)).found == 1
    await notifier.pool.execute(ended)
    assert (await look(dsn)).found == 0


async def test_units_and_duty_lists_are_found_by_their_codes(database) -> None:
    dsn = await database(ROUTER)
    connection = await asyncpg.connect(dsn)
    city = city_of_files()
    async with connection.transaction():
        await seed(connection, city.catalogue, policy=city.version, now=START)
    report = await verified("router", dsn)
    assert (report.found, report.aggregates) == (0, len(city.catalogue.units) + 1)
    await connection.execute("update unit set seq = seq + 1 where code = 'C-CGJ'")
    (fault,) = (await verified("router", dsn)).faults
    assert (fault.what, fault.kind) == ("unit", K.TAIL)
    await connection.close()


async def test_the_command_says_where_and_ends_with_one(
    notifier: Notifier, dsn: str, monkeypatch: pytest.MonkeyPatch, tmp_path
) -> None:
    named = tmp_path / "dsn"
    named.write_text(dsn + "\n")
    monkeypatch.setenv("SHAODAO_DATABASE_URL_FILE", str(named))
    one: UUID = await notifier.pool.fetchval(f"select {ONE}")
    fine = await _run("audit", "verify", "--service", "notifier")
    assert fine.exit_code == 0, fine.output
    assert "完好 / whole" in fine.output
    await tamper(notifier.pool, PLANTED["a changed row"][0])
    broken = await _run("audit", "verify", "--service", "notifier")
    assert broken.exit_code == 1
    assert "deadline" in broken.output
    assert str(one) in broken.output
    told = await _run("audit", "verify", "--service", "notifier", "--json")
    (fault,) = json.loads(told.stdout)["notifier"]["faults"]
    assert (fault["aggregate_id"], fault["kind"], fault["seq"]) == (str(one), "changed", 2)
    assert (await _run("audit", "verify")).exception is not None  # whose database is it?


def _entry(aggregate_id: UUID, what: str) -> history.Entry:
    return history.entry(
        aggregate_id,
        seq=1,
        at=START,
        what=what,
        actor=Actor(role=Role.SYSTEM),
        before=None,
        after=None,
        policy="1",
        previous_hash=history.FIRST_HASH,
    )


async def _run(*words: str):
    return await asyncio.to_thread(CliRunner().invoke, cli, words)
