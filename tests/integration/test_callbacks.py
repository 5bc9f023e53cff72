"""Calling people back: whom to ask next, who holds it, at which hours, and what came of it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from deploy.local import clock_file
from services.intake.app import MIGRATIONS
from services.intake.store.callbacks import SQL
from shared.contracts.ids import new_id
from shared.runtime.clock import Clock, wall_now
from shared.web.identity import issue_token
from tests.support.intake import Intake, intake_on
from tests.support.played_router import callback, in_callback
from tests.support.serving import SECRET

MONDAY = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day


@dataclass
class Calm:
    """Intake on a clock of its own."""

    intake: Intake
    path: Path
    clock: Clock

    def forward(self, **delta: float) -> None:
        clock_file.forward(self.path, timedelta(**delta), wall=wall_now())

    async def waiting(self, **fields: Any) -> str:
        """A ticket that waits for its callback."""
        ticket_id, _ = await in_callback(self.intake, now=self.clock.now, **fields)
        return ticket_id

    async def call(self, method: str, path: str, name: str = "甲", **more: Any) -> httpx.Response:
        """A request of the clerk of that name about callbacks."""
        token = issue_token(SECRET, role=more.pop("role", "callback_clerk"), name=name)
        return await self.intake.http.request(
            method,
            f"{self.intake.url}/api/v1/callbacks{path}",
            headers={"Authorization": f"Bearer {token}"},
            **more,
        )

    async def listed(self, **query: Any) -> dict[str, Any]:
        answer = await self.call("GET", "", params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def calm(
    database: Any, kafka: str, prefix: str, topics_of: Any, tmp_path: Path
) -> AsyncIterator[Calm]:
    await topics_of(prefix, [])
    path = tmp_path / "clock.json"
    clock_file.write_initial(path, MONDAY, 1.0, wall=wall_now())
    dsn = await database(MIGRATIONS)
    async with intake_on(dsn, kafka, prefix, clock_file=path) as intake:
        yield Calm(intake, path, Clock(path))


def ids(found: dict[str, Any]) -> list[str]:
    return [item["ticket_id"] for item in found["items"]]


async def test_three_tries_at_other_hours_and_nobody_reached_is_not_satisfied(calm: Calm) -> None:
    intake, ticket_id = calm.intake, await calm.waiting()
    wrong = await callback(intake, ticket_id, "unreachable", "satisfied")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "satisfaction")
    assert (await callback(intake, ticket_id, "unreachable", "unknown")).is_success  # Monday 09:00
    soon = await callback(intake, ticket_id, "unreachable", "unknown")
    assert (soon.status_code, soon.json()["code"]) == (409, "too_soon")
    assert "9月14日 13:00" in soon.json()["zh"]
    assert ids(await calm.listed(ready=True)) == []
    assert ids(await calm.listed()) == [ticket_id]
    calm.forward(hours=4.1)
    assert ids(await calm.listed(ready=True)) == [ticket_id]
    assert (await callback(intake, ticket_id, "unreachable", "unknown")).is_success
    calm.forward(hours=4.2)  # still the afternoon
    soon = await callback(intake, ticket_id, "unreachable", "unknown")
    assert "9月14日 18:00" in soon.json()["zh"]
    calm.forward(hours=1)
    last = await callback(intake, ticket_id, "unreachable", "unknown")
    assert last.json()["state"] == "closed"
    await intake.says("closed", ticket_id)
    tries = intake.facts("called_back", ticket_id)
    assert [(t["attempt"], t["final"]) for t in tries] == [(1, False), (2, False), (3, True)]
    closed = intake.facts("closed", ticket_id)[0]
    assert (closed["result"], closed["satisfaction"]) == ("unreachable", "unknown")
    left = await calm.listed()
    assert (left["items"], left["counts"]) == ([], {"open": 0, "ready": 0, "overdue": 0})


async def test_whoever_is_reached_counts_at_any_hour(calm: Calm) -> None:
    ticket_id = await calm.waiting()
    await callback(calm.intake, ticket_id, "unreachable", "unknown")
    said = await callback(calm.intake, ticket_id, "solved", "basically")
    assert said.json()["state"] == "closed"


async def test_without_a_phone_one_try_is_the_last(calm: Calm) -> None:
    ticket_id = await calm.waiting(reporter={})
    said = await callback(calm.intake, ticket_id, "unreachable", "unknown")
    assert said.json()["state"] == "closed"


async def test_two_clerks_take_one_task_and_one_gets_it(calm: Calm) -> None:
    ticket_id = await calm.waiting()
    (item,) = (await calm.listed())["items"]
    assert "phone" not in item
    claims = await asyncio.gather(
        *(
            calm.call("POST", f"/{ticket_id}/claims", name, json={"version": item["version"]})
            for name in ("甲", "乙")
        )
    )
    assert sorted(answer.status_code for answer in claims) == [200, 409]
    won = 0 if claims[0].status_code == 200 else 1
    winner, loser = (("甲", "乙"), ("乙", "甲"))[won]
    contact = claims[won].json()
    assert (contact["name"], contact["phone"]) == ("赵小明", "13900001111")
    assert "已更换灯泡" in contact["reply"]
    assert claims[1 - won].json()["code"] == "held"
    ledger = await calm.intake.rows("select actor_name, purpose from disclosure")
    assert [tuple(row) for row in ledger] == [(winner, "回访")]
    timeline = (await calm.intake.ticket(ticket_id))["timeline"]
    assert "查看了联系方式" in timeline[-1]["zh"]

    again = await calm.call("POST", f"/{ticket_id}/claims", winner, json={})
    assert again.status_code == 200  # the same look goes on
    assert len(await calm.intake.rows("select from disclosure")) == 1
    token = issue_token(SECRET, role="callback_clerk", name=loser)
    other = await calm.intake.http.post(
        f"{calm.intake.url}/api/v1/tickets/{ticket_id}/callbacks",
        headers={"Authorization": f"Bearer {token}"},
        json={"result": "solved", "satisfaction": "satisfied"},
    )
    assert (other.status_code, other.json()["code"]) == (409, "held")
    assert ids(await calm.listed(mine=True)) == ([ticket_id] if winner == "甲" else [])

    calm.forward(minutes=21)  # held no more
    later = await calm.call("POST", f"/{ticket_id}/claims", loser, json={})
    assert later.status_code == 200, later.text
    assert (await calm.call("DELETE", f"/{ticket_id}/claims", winner)).status_code == 404
    assert (await calm.call("DELETE", f"/{ticket_id}/claims", loser)).status_code == 204


async def test_a_confidential_person_is_called_without_a_name(calm: Calm) -> None:
    ticket_id = await calm.waiting(type="tip_off")
    contact = (await calm.call("POST", f"/{ticket_id}/claims", json={})).json()
    assert (contact["name"], contact["phone"]) == (None, "13900001111")


async def test_the_list_goes_by_due_time_page_by_page(calm: Calm) -> None:
    first = await calm.waiting()
    calm.forward(days=1)
    others = [await calm.waiting() for _ in range(2)]
    page = await calm.listed(limit=2)
    assert ids(page) == [first, min(others)]
    assert ids(await calm.listed(limit=2, cursor=page["next"])) == [max(others)]
    calm.forward(days=4)
    assert (await calm.listed())["counts"] == {"open": 3, "ready": 3, "overdue": 3}
    for wrong in ("x", "2026-09-14T00:00:00|x", "9999-12-31T23:59:59-12:00|" + first):
        answer = await calm.call("GET", "", params={"cursor": wrong})
        assert answer.status_code == 422, wrong
    assert (await calm.call("GET", "", role="operator")).status_code == 403
    nobody = await calm.call("POST", f"/{uuid4()}/claims", json={})
    assert nobody.status_code == 404


async def test_the_page_tells_why_a_result_is_refused(calm: Calm) -> None:
    ticket_id = await calm.waiting()
    token = issue_token(SECRET, role="callback_clerk", name="甲")
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/html"}

    async def send(what: str, **form: str) -> httpx.Response:
        url = f"{calm.intake.url}/callbacks/{ticket_id}/{what}"
        return await calm.intake.http.post(url, headers=headers, data=form)

    async def version() -> str:
        return str((await calm.intake.ticket(ticket_id))["version"])

    assert (await send("claims")).status_code == 303
    reached = {"result": "unreachable", "satisfaction": "unknown"}
    assert (await send("results", version=await version(), **reached)).status_code == 303
    assert (await send("claims")).status_code == 303
    soon = await send("results", version=await version(), **reached)
    assert soon.status_code == 409
    assert "9月14日 13:00" in soon.text
    assert "13900001111" in soon.text  # the form is still there, as it was filled in
    stale = await send("results", version="1", result="solved", satisfaction="satisfied")
    assert stale.status_code == 409
    assert "联系不上" in stale.text  # what happened since
    assert (await send("releases")).status_code == 303
    assert (await calm.listed())["items"][0]["holder"] is None


FILL = """
insert into ticket (ticket_id, number, state, seq, history_hash, round, channel, type, urgency,
    title, summary, no_location, confidential, contactable, hard_case, registered_at, urged,
    callback_tries, receipt)
select ids.id, n::text, 'registered', 1, '', 1, 'hotline', 'help', 'normal', '', '', false, false,
    true, false, $2, 0, 0, ''
from unnest($1::uuid[]) with ordinality as ids (id, n)
"""
TASKS = """
insert into callback_task (ticket_id, round, opened_at, due_by, next_from, ended_at)
select ids.id, 1, $2::timestamptz, $2::timestamptz + n * interval '1 second', $2::timestamptz,
    case when n % 50 > 0 then $2::timestamptz end
from unnest($1::uuid[]) with ordinality as ids (id, n)
"""


async def test_the_list_is_read_from_its_index(database: Any) -> None:
    connection = await asyncpg.connect(await database(MIGRATIONS))
    try:
        ids = [new_id(MONDAY + timedelta(seconds=n)) for n in range(5000)]
        await connection.execute(FILL, ids, MONDAY)
        await connection.execute(TASKS, ids, MONDAY)
        await connection.execute("analyze ticket, callback_task")
        rows = await connection.fetch(
            f"explain {SQL.list_callbacks}", MONDAY, ids[0], 30, MONDAY, None
        )
        plan = "\n".join(row[0] for row in rows)
    finally:
        await connection.close()
    assert "callback_task_open" in plan
    assert "Sort" not in plan
