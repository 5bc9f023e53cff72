"""What the figures cost with a million parts: a month, a quarter and a year of a whole city."""

import time
from datetime import date, timedelta

import asyncpg
import pytest

from services.notifier.app import MIGRATIONS
from services.notifier.domain.figures.figure import Figure
from services.notifier.store import figures as store
from services.notifier.store.figures import By, Scope
from tests.unit.notifier.samples import local

PARTS = 1_000_000
LAST = date(2026, 12, 31)
FILL = """
insert into figure_ticket (ticket_id, seq, ruling_seq, number, registered_at, category, region,
    confidential, group_matter, canary, settled, round, reworks, reopened, withdrawn, dispatched_at,
    day, street, unit, first_unit, first_stood, hops, returns, counted)
select md5('t' || n)::uuid, 3, 0, 'N' || n, at, '0' || (101 + n % 260),
    '159902' || lpad((n % 9)::text, 3, '0'),
    false, false, false, false, 1, 0, 0, false, at, (at at time zone 'Asia/Shanghai')::date,
    '159902' || lpad((n % 9)::text, 3, '0'), 'U' || n % 150, 'U' || n % 150, true, 0, 0, true
from (select n, timestamptz '2026-01-01 00:00+08' + n * interval '31.5 seconds' as at
    from generate_series(1, $1::int) n) s;
"""
PART = """
insert into figure_part (assignment_id, whistle_id, place_no, unit, relation, offered_at,
    acknowledge_by, contact_by, resolve_by, acknowledged_at, sent_back, ticket_id, kind, round,
    provisional, category, region, street, day, counted, acknowledge_kept, respond_kept,
    resolve_kept, resolve_fails)
select md5('p' || n)::uuid, md5('w' || n)::uuid, 0, unit, 'lead', dispatched_at,
    dispatched_at, dispatched_at, dispatched_at, dispatched_at, 0, ticket_id, 'citizen_demand', 1,
    false, category, region, street, day, true, n % 10 > 0, n % 8 > 0,
    case when n % 50 > 0 then n % 7 > 0 end, case when n % 50 = 0 then dispatched_at end
from (select row_number() over () n, * from figure_ticket) t
"""
ROUND = """
insert into figure_round (ticket_id, round, opened_at, attempts, concluded_at, result, satisfaction,
    reworked, unit, unit_result, category, region, street, day, counted)
select ticket_id, 1, dispatched_at, 1, dispatched_at,
    (array['solved', 'partly', 'unsolved', 'unreachable'])[1 + n % 4],
    (array['satisfied', 'basically', 'unsatisfied', 'unknown'])[1 + n % 4],
    false, unit, 'solved', category, region, street, day, true
from (select row_number() over () n, * from figure_ticket) t
"""


@pytest.mark.proof
@pytest.mark.timeout(1800)
async def test_figures_of_a_million_parts(database, capsys):
    now = local("2027-01-02 09:00")
    async with asyncpg.create_pool(
        await database(MIGRATIONS), min_size=1, max_size=2, server_settings={"jit": "off"}
    ) as pool:
        await pool.execute(FILL.replace("$1::int", str(PARTS)))
        await pool.execute(PART)
        await pool.execute(ROUND)
        await pool.execute("vacuum analyze figure_ticket")
        await pool.execute("vacuum analyze figure_part")
        await pool.execute("vacuum analyze figure_round")
        told = {}
        for name, days, most in (("month", 30, 5.0), ("quarter", 91, 15.0), ("year", 364, 60.0)):
            scope = Scope(first=LAST - timedelta(days=days), last=LAST)
            own = Scope(first=scope.first, last=LAST, unit="U7")
            for by, wanted in ((By.CITY, scope), (By.UNIT, scope), (By.DAY, own)):
                began = time.perf_counter()
                async with pool.acquire() as connection, connection.transaction():
                    found = await store.counted(connection, wanted, by, now)
                took = time.perf_counter() - began
                assert sum(each.tickets for each in found.values()) > 0
                assert took < most, (name, by)
                told[f"{name} by {by}{' of one unit' if wanted is own else ''}"] = round(took, 3)
        began = time.perf_counter()
        async with pool.acquire() as connection, connection.transaction():
            page = await store.behind(
                connection, Figure.RESPONSE, scope, now, kept=False, after=None, limit=100
            )
        told["a page of tickets behind a figure"] = round(time.perf_counter() - began, 3)
        assert len(page) == 100
    with capsys.disabled():
        for name, took in told.items():
            print(f"{took:8.3f} s  {name}")  # noqa: T201
