"""The floor of `submit_http`: a bare FastAPI route, one transaction a request, the same rows.

No check, no redaction, no sealing, no Kafka: the rows of one ticket that intake wrote are written
again under new ids, with one plain insert each, in one transaction.
"""

import os
import pickle
import sys
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from tests.bench.ground import SQL
from tests.bench.recording import Rows

Fresh = Callable[["New"], Any]


class Place(BaseModel):
    """Where."""

    region: str
    address: str


class Reporter(BaseModel):
    """Who asks."""

    name: str
    phone: str


class Submission(BaseModel):
    """What is asked for, as the load sends it."""

    channel: str
    description: str
    place: Place
    category: str
    reporter: Reporter


class New:
    """What is new of one ticket: its id and its number."""

    def __init__(self, number: int) -> None:
        self.ticket_id = uuid4()
        self.number = f"{number:015d}"


class Template:
    """The rows of one ticket, with what must be new in the next one's."""

    def __init__(self, tables: dict[str, Rows], *, ticket_id: UUID, number: str, key: str) -> None:
        self._old = (str(ticket_id), number, key)
        self._ticket_id = ticket_id
        self.rows = [
            (table, rows.columns, [self._fresh(*item) for item in rows.values(record).items()])
            for table, rows in tables.items()
            for record in rows.records
        ]

    def _fresh(self, column: str, value: Any) -> Fresh:
        if value == self._ticket_id:
            return lambda new: new.ticket_id
        if isinstance(value, UUID):
            return lambda new: uuid4()
        if column == "phone_index":
            return lambda new: os.urandom(len(value))
        if isinstance(value, str) and any(old in value for old in self._old):
            ticket_id, number, key = self._old
            return lambda new: (
                value.replace(ticket_id, str(new.ticket_id))
                .replace(number, new.number)
                .replace(key, str(uuid4()))
            )
        return lambda new: value


def app_of(dsn: str, template: Template) -> FastAPI:
    """The bare application."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(dsn, min_size=10, max_size=10) as pool:
            app.state.pool = pool
            app.state.inserts = [
                (await pool.fetchval(SQL.insert_statement, table, columns), values)
                for table, columns, values in template.rows
            ]
            yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/api/v1/tickets", status_code=201)
    async def submit(submission: Submission) -> dict[str, str]:
        async with app.state.pool.acquire() as connection, connection.transaction():
            new = New(await connection.fetchval(SQL.next_number))
            await _write(connection, app.state.inserts, new)
        return {"ticket_id": str(new.ticket_id), "number": new.number}

    return app


async def _write(connection: Any, inserts: Iterable[tuple[str, list[Fresh]]], new: New) -> None:
    for statement, values in inserts:
        await connection.execute(statement, *[value(new) for value in values])


def main() -> None:
    """Serve the template of the file named first on the port named second."""
    kept = pickle.loads(Path(sys.argv[1]).read_bytes())  # written by the bench itself
    template = Template(
        kept["tables"], ticket_id=kept["ticket_id"], number=kept["number"], key=kept["key"]
    )
    uvicorn.run(
        app_of(os.environ["FLOOR_DSN"], template),
        host="127.0.0.1",
        port=int(sys.argv[2]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )


if __name__ == "__main__":
    main()
