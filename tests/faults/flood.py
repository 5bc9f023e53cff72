"""An open load of new tickets, each sent until it is taken, whether those before are or not.

What is measured counts from the moment a request was due, so a server that keeps everybody waiting
does not look fast. Bounded in number, time and connections, and only ever sent to 127.0.0.1.
"""

import asyncio
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from shared.web.identity import issue_token
from tests.bench.http_client import Connection, post
from tests.faults.people import CALLED, body

RETRY_AFTER: Final = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)
CATEGORIES: Final = sorted(CALLED)
CRITICAL_EACH: Final = 50
PROGRAMS: Final = 8  # tokens the load is spread over


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one ticket: the last answer, and when it was due."""

    due: float  # monotonic
    status: int
    ticket_id: str | None


@dataclass
class Flood:
    """So many tickets a second for so long."""

    url: str
    secret: str
    rate: float
    seconds: float
    connections: int
    answers: list[Answer] = field(default_factory=list)
    told_later: Counter[int] = field(default_factory=Counter)  # statuses before the last
    reset: int = 0  # answers lost with their connection

    async def run(self) -> float:
        """Send all; returns the seconds it took."""
        self._next = 0
        self._tickets = int(self.rate * self.seconds)
        self._tokens = [
            issue_token(self.secret, role="operator", unit="C-RXZX", name=f"受理{n}")
            for n in range(PROGRAMS)
        ]
        self._began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for _ in range(self.connections):
                group.create_task(self._line())
        return time.monotonic() - self._began

    def accepted(self) -> list[Answer]:
        """Those that were taken."""
        return [each for each in self.answers if each.status in (200, 201)]

    async def _line(self) -> None:
        """One connection: it sends what is due next as soon as it is free."""
        connection = Connection(self.url)
        try:
            while self._next < self._tickets:
                place, self._next = self._next, self._next + 1
                due = self._began + place / self.rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                self.answers.append(await self._send(connection, place, due))
        finally:
            connection.close()

    async def _send(self, connection: Connection, place: int, due: float) -> Answer:
        asked: dict[str, Any] = body(place, CATEGORIES[place % len(CATEGORIES)])
        if place % CRITICAL_EACH == 0:
            asked["urgency"] = "critical"
        request = post(
            f"{self.url}/api/v1/tickets",
            json.dumps(asked).encode(),
            token=self._tokens[place % PROGRAMS],
            idempotency_key=str(uuid4()),
        )
        while True:
            status, head, content = await self._ask(connection, request)
            if status not in (0, 429, 503):
                break
            self.told_later[status] += 1
            found = RETRY_AFTER.search(head)
            await asyncio.sleep(int(found[1]) if found else 0.2)
        ticket_id = json.loads(content).get("ticket_id")
        return Answer(due=due, status=status, ticket_id=ticket_id)

    async def _ask(self, connection: Connection, request: bytes) -> tuple[int, bytes, bytes]:
        """Status, head and body; status 0 where the connection ended without an answer."""
        try:
            status, content = await connection.ask(request)
        except ConnectionError:
            self.reset += 1
            return 0, b"", b""
        return status, connection.head, content


def percentile(values: list[float], part: float) -> float:
    """The value that so large a part of them does not exceed; 0 without any."""
    if not values:
        return 0.0
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]
