"""The board's counts on real tables: what they let through, and the indexes they use."""

import asyncpg
import pytest

from services.notifier.app import MIGRATIONS
from services.notifier.domain.board.ageing import SOON, Age, bounds
from services.notifier.domain.board.scope import Scope
from services.notifier.domain.deadline import Deadline
from services.notifier.store import board
from services.notifier.store.board import Listing, Stage, place_of
from shared.contracts.parts import DeadlineKind
from tests.integration.test_notifier_tables import hear
from tests.support.notifier import CITY, MONDAY, OTHER, STREET, WORST
from tests.unit.notifier.samples import local

NOW = local("2026-09-14 09:00")
TICKETS = """
insert into figure_ticket (ticket_id, seq, ruling_seq, number, registered_at, category, region,
    unit, confidential, group_matter, canary, settled, round, reworks, reopened, withdrawn, hops,
    returns, suspended_at, counted)
select gen_random_uuid(), 1, 0, n::text, $1::timestamptz - n * interval '1 minute',
    '02' || lpad((n % 40)::text, 2, '0'), '159902001001', 'BH-CGJ', false, false, false, false, 1,
    case when n % 1000 = 1 then 2 else 0 end, 0, false, 0,
    case when n % 1000 = 2 then 2 else 0 end,
    case when n % 1000 = 3 then $1::timestamptz - n * interval '1 hour' end, false
from generate_series(1, $2) n
"""


@pytest.fixture
async def pool(database):
    async with asyncpg.create_pool(await database(MIGRATIONS), min_size=1, max_size=2) as pool:
        yield pool


async def test_a_matter_counts_once_for_its_unit_by_its_oldest_promise(pool):
    for each in CITY:
        if each.ticket:
            await hear(pool, (each.registered(), each.at))
        await hear(pool, (each.blown(), each.at))
    async with pool.acquire() as connection:
        await connection.execute(
            "update deadline set state = 'missed', late = true, fire_at = null, next_rung = null "
            "where state = 'running' and due_by < $1",
            NOW,
        )
        stands = {each.unit: each for each in await board.units(connection, Scope(), NOW)}
        worst = stands[WORST]
        assert (worst.open, worst.overdue, worst.late[Age.OLDER]) == (3, 3, 2)
        assert stands[OTHER].overdue == 1
        assert stands["BH-SCJ"].overdue == 0
        assert STREET not in stands
        found = await board.matters(connection, Scope(), late())
        of_units = [each for each in found if each.unit]
        assert len(of_units) == sum(each.overdue for each in stands.values() if each.unit)
        assert {each.kind for each in of_units} == {DeadlineKind.ACKNOWLEDGE}
        resolve = Scope(kind=DeadlineKind.RESOLVE)
        by_kind = {each.unit: each for each in await board.units(connection, resolve, NOW)}
        aged = await board.matters(connection, resolve, late(Age.DAYS))
        assert len(aged) == sum(each.late[Age.DAYS] for each in by_kind.values())


def late(age: Age | None = None) -> Listing:
    until, since = bounds(age, NOW)
    return Listing(stages=(Stage.OVERDUE,), until=until, since=since, limit=100)


async def test_each_number_opens_a_list_as_long_and_pages_go_through_all_of_it(pool):
    for each in CITY:
        if each.ticket:
            await hear(pool, (each.registered(), each.at))
        await hear(pool, (each.blown(), each.at))
    async with pool.acquire() as connection:
        await connection.execute(
            "update deadline set state = 'missed', late = true, fire_at = null, next_rung = null"
            " where state = 'running' and due_by < $1 and urgency <> 'urgent'",
            NOW,
        )
        for state, kind in (("paused", "resolve"), ("missed", "acknowledge")):  # of one unit
            await connection.execute(
                "update deadline set state = $1, late = ($1 = 'missed'), paused_at = $2,"
                " fire_at = null, next_rung = null where unit = 'BH-SCJ' and kind = $3",
                *(state, NOW, kind),
            )
        for scope in (
            Scope(),
            Scope(unit=WORST),
            Scope(kind=DeadlineKind.RESOLVE),
            Scope(region="1599"),
        ):
            stands = await board.units(connection, scope, NOW)
            numbers = {
                (Stage.OVERDUE,): sum(each.overdue for each in stands),
                tuple(Stage): sum(each.open for each in stands),
            }
            for stages, number in numbers.items():
                assert len(await walked(connection, scope, stages)) == number, (scope, stages)
            soon = await walked(connection, scope, (Stage.RUNNING,), until=NOW + SOON)
            assert len(soon) == sum(each.soon for each in stands), scope
        everything = await walked(connection, Scope(), tuple(Stage))
        stages = [place_of(each)[0] for each in everything]
        assert stages == sorted(stages)
        assert set(stages) >= {Stage.OVERDUE, Stage.RUNNING, Stage.OVERDUE_PAUSED}


async def walked(connection, scope, stages, *, until=None) -> list[Deadline]:
    """The whole list, two at a time; nothing twice."""
    found: list[Deadline] = []
    after = None
    while True:
        wanted = Listing(stages=stages, until=until, after=after, limit=2)
        page = await board.matters(connection, scope, wanted)
        found += page
        if len(page) < 2:
            break
        after = place_of(page[-1])
    matters = [(each.subject, each.unit) for each in found]
    assert len(set(matters)) == len(matters)
    return found


async def test_what_is_marked_is_found_by_its_indexes_and_told_in_order(pool):
    async with pool.acquire() as connection:
        await connection.execute(TICKETS, MONDAY, 30_000)
        await connection.execute("vacuum analyze figure_ticket")
        scope = Scope()
        marks = await board.marks(connection, scope)
        assert (marks.returned, marks.reworked, marks.suspended) == (30, 30, 30)
        suspended = await board.marked(connection, "suspended", scope, limit=10)
        assert suspended[0].suspended_at == marks.suspended_since
        times = [each.suspended_at for each in suspended]
        assert times == sorted(times)
        assert await board.marked(connection, "returned", Scope(unit="BH-ZJJ"), limit=10) == []
        for what in ("returned", "reworked", "suspended"):
            whole = await board.marked(connection, what, scope, limit=100)
            places = [each.place for each in whole]
            assert places == sorted(set(places))
            assert len(places) == 30
            after = places[11]
            rest = await board.marked(connection, what, scope, limit=100, after=after)
            assert rest == whole[12:]
        for statement, values, index in (
            (board.SQL.board_marks, (None, None, None), "figure_ticket_returned"),
            (
                board.SQL.board_tickets,
                ("suspended", *[None] * 6, 50),
                "figure_ticket_suspended",
            ),
            (board.SQL.board_tickets, ("returned", *[None] * 6, 50), "figure_ticket_returned"),
        ):
            lines = await connection.fetch("explain " + statement, *values)
            plan = "\n".join(line[0] for line in lines)
            assert index in plan, plan
            assert "Seq Scan on figure_ticket" not in plan, plan


async def test_topics_are_counted_by_window(pool):
    async with pool.acquire() as connection:
        await connection.execute(TICKETS, MONDAY, 5000)  # one a minute: 1,440 a day
        counted, since = await board.categories(connection, Scope(), NOW)
        assert since is not None
        assert sum(each.n[board.Window.DAY] for each in counted) == 1439
        day = {each.category: each for each in counted}["0201"]
        assert day.n[board.Window.DAY] + day.before[board.Window.DAY] == 125
