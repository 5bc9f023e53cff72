"""An open load of new tickets: each is due at its moment, whether the ones before are answered.

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
    """What became of one request: the last answer, and when it was there."""

    number: int
    due: float  # monotonic
    seconds: float  # from then to the answer
    took: float  # from its last sending
    status: int
    code: str | None
    retry_after: int | None
    ticket_id: str | None
    critical: bool


@dataclass
class Flood:
    """So many tickets a second for so long; with `insists` each is sent until it is taken."""

    url: str
    secret: str
    rate: float
    seconds: float
    connections: int
    insists: bool
    first: int = 0
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

    def refused(self) -> list[Answer]:
        """Those that were told to come later."""
        return [each for each in self.answers if each.status in (429, 503)]

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
        number, critical = self.first + place, place % CRITICAL_EACH == 0
        asked: dict[str, Any] = body(number, CATEGORIES[number % len(CATEGORIES)])
        if critical:
            asked["urgency"] = "critical"
        request = post(
            f"{self.url}/api/v1/tickets",
            json.dumps(asked).encode(),
            token=self._tokens[number % PROGRAMS],
            idempotency_key=str(uuid4()),
        )
        while True:
            sent = time.monotonic()
            status, head, content = await self._ask(connection, request)
            found = RETRY_AFTER.search(head)
            later = int(found[1]) if found else None
            if not self.insists or status in (200, 201) or status not in (0, 429, 503):
                break
            self.told_later[status] += 1
            await asyncio.sleep(later or 0.2)
        said = json.loads(content) if content else {}
        return Answer(
            number=number,
            due=due,
            seconds=time.monotonic() - due,
            took=time.monotonic() - sent,
            status=status,
            code=said.get("code"),
            retry_after=later,
            ticket_id=said.get("ticket_id"),
            critical=critical,
        )

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
