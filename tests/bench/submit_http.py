"""Row `submit_http`: submissions over HTTP, beside a bare route with one transaction a request.

Both answer the same load on keep-alive connections, each on a database of the same schema, and
write the same rows; ours is the real intake, with all it checks, seals, redacts and sends on.
"""

import json
import pickle
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from deploy.local.topics import apply_topics, city_topics
from shared.contracts.topics import TICKETS
from shared.web.identity import issue_token
from tests.bench.broker import open_broker, partitions_of
from tests.bench.figures import Cost, Figure, alternate
from tests.bench.ground import Ground
from tests.bench.http_client import connected, post
from tests.bench.plan import Plan
from tests.bench.recording import Rows, count, outbox_rows, rows_of
from tests.bench.traffic import matters, submission
from tests.bench.worker import working

PREFIX = "http."
CONNECTIONS = 64
FLOOR_PORT = 8  # from the base
TABLES = ("claim", "ticket", "vault", "promise", "timeline", "history")


async def measure(ground: Ground, plan: Plan) -> list[Figure]:
    """Requests a second, all answered 201."""
    requests = plan.many(15_000)
    specs = city_topics(PREFIX)
    await apply_topics(ground.kafka.bootstrap, specs)
    await ground.new_database("http_ours", "intake")
    await ground.new_database("http_floor", "intake")
    costs = Cost(), Cost()
    async with (
        ground.service("intake", prefix=PREFIX, database="http_ours") as intake,
        _floor(ground, await _template(ground)) as bare,
    ):

        async def floor() -> float:
            with costs[0].of(bare.process.pid, requests):
                return await _timed(ground, _floor_url(ground), "http_floor", requests)

        async def ours() -> float:
            with costs[1].of(intake.process.pid, requests):
                return await _timed(ground, ground.url("intake"), "http_ours", requests)

        pairs = await alternate(plan.pairs, floor=floor, ours=ours)
    return [
        Figure(
            name="submit_http",
            unit="requests/s",
            wanted="ratio ≥ 1.0",
            pairs=pairs,
            note=f"processor time of the process a request: floor {costs[0]}, ours {costs[1]}",
        )
    ]


def _token(ground: Ground) -> str:
    return issue_token(ground.secrets.token_secret, role="operator", name="赵敏")


def _floor_url(ground: Ground) -> str:
    return f"http://127.0.0.1:{ground.options.ports.base + FLOOR_PORT}"


def _floor(ground: Ground, template: Path) -> Any:
    port = str(ground.options.ports.base + FLOOR_PORT)
    env = {"FLOOR_DSN": ground.dsn("http_floor")}
    name = "submit-floor"
    command = ground.python(name, "tests.bench.submit_floor", str(template), port, env=env)
    return ground.program(command, ready_url=f"{_floor_url(ground)}/ready")


async def _template(ground: Ground) -> Path:
    """Submit one ticket to intake and keep every row it wrote; returns the file."""
    url, key = f"{ground.url('intake')}/api/v1/tickets", str(uuid4())
    body = submission(0, next(matters(1)))
    specs = [spec for spec in city_topics(PREFIX) if spec.name == f"{PREFIX}{TICKETS.name}"]
    async with open_broker(ground.kafka.bootstrap) as broker:
        before = await broker.ends(partitions_of(specs))
        async with connected(url, 1) as (connection,):
            request = post(url, body, token=_token(ground), idempotency_key=key)
            status, answer = await connection.ask(request)
        assert status == 201, (status, answer)
        await broker.until_written(before, 1, within=30)
        events = outbox_rows(await broker.read(before), prefix=PREFIX)
    receipt = json.loads(answer)
    kept = {
        "tables": {**await _tables(ground), "outbox": events},
        "ticket_id": UUID(receipt["ticket_id"]),
        "number": receipt["number"],
        "key": key,
    }
    file = ground.folder / "submission.pickle"
    file.write_bytes(pickle.dumps(kept))
    return file


async def _tables(ground: Ground) -> dict[str, Rows]:
    connection = await asyncpg.connect(ground.dsn("http_ours"))
    try:
        found = {table: await rows_of(connection, table) for table in TABLES}
    finally:
        await connection.close()
    assert all(rows.records for rows in found.values()), "a table that intake did not write to"
    return found


async def _timed(ground: Ground, url: str, database: str, requests: int) -> float:
    """Requests a second of one load; every one of them made a ticket."""
    connection = await asyncpg.connect(ground.dsn(database))
    try:
        before = await count(connection, TABLES)
        arguments = {
            "url": f"{url}/api/v1/tickets",
            "token": _token(ground),
            "requests": requests,
            "connections": CONNECTIONS,
            "first": before["ticket"] + 1,
        }
        log = ground.folder / "logs" / "submit-load.log"
        async with working("tests.bench.submit_load", arguments, log=log) as load:
            await load.go()
            seconds = float(await load.result())
        after = await count(connection, TABLES)
    finally:
        await connection.close()
    assert after["ticket"] - before["ticket"] == requests
    # groups of callers are flagged meanwhile, which adds to the history
    assert after["history"] - before["history"] >= requests
    return requests / seconds
