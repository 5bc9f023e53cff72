"""A load from a process of its own: many kept connections, prepared bytes, each sent when due.

Whether the requests before are answered or not: what is measured counts from the moment a request
was due. It costs a few microseconds a request, so that a service can be asked for ten times what it
can do by a machine that it shares. Bounded in number, time and connections, and only for 127.0.0.1.
"""

import asyncio
import json
import re
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit
from uuid import uuid4

from tests.bench.http_client import post
from tests.bench.worker import Ready, work, working
from tests.faults.flood import CATEGORIES, CRITICAL_EACH
from tests.faults.people import body

LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
RETRY_AFTER: Final = re.compile(rb"\r\nretry-after: *(\d+)", re.IGNORECASE)
END: Final = b"\r\n\r\n"
PLACE: Final = 55_555_555  # the number of a ticket in a prepared request
TICK: Final = 0.002  # seconds between two looks at what is due
OPENED_AT_ONCE: Final = 100
PATIENCE: Final = 60.0  # seconds after the last was sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is asked for; who is `patient` lets a connection rest as long as it was told."""

    url: str
    tokens: Sequence[str]  # of the programs that ask in turn
    rate: float
    tickets: int
    connections: int
    first: int
    patient: bool = False


@dataclass(kw_only=True)
class Outcome:
    """What became of it. An answer is its status, its code and whether the ticket was critical."""

    seconds: float = 0.0  # from the first sending to the last answer
    sending: float = 0.0  # from the first sending to the last
    sent: int = 0
    answers: list[tuple[int, str, bool, int]] = field(default_factory=list)  # and how many
    accepted: list[tuple[str, float, bool]] = field(default_factory=list)  # id, seconds, critical
    refused_seconds: list[float] = field(default_factory=list)  # p50, p99 and the longest
    never_told_when: int = 0  # refused without Retry-After
    unanswered: int = 0  # also those whose connection was closed

    def count(self, *, status: int | None = None, critical: bool | None = None) -> int:
        """How many answers are such."""
        return sum(
            number
            for each, _, was_critical, number in self.answers
            if status in (None, each) and critical in (None, was_critical)
        )

    def kinds(self) -> dict[str, int]:
        """Answers by status and code, those to critical tickets apart."""
        return {
            f"{status} {code}".strip() + " critical" * critical: number
            for status, code, critical, number in self.answers
        }


async def pour(plan: Plan, *, log: Path) -> Outcome:
    """Carry a plan out in a process of its own."""
    async with working("tests.faults.torrent", asdict(plan), log=log) as worker:
        await worker.go()
        return Outcome(**await worker.result())


class Line(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self, torrent: "Torrent") -> None:
        self._torrent = torrent
        self._received = b""
        self.transport: asyncio.Transport | None = None
        self.due: float | None = None  # of the request that is not answered
        self.critical = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        received = self._received + data
        at = received.find(END)
        length = LENGTH.search(received, 0, at) if at >= 0 else None
        if length is None or len(received) < at + len(END) + int(length[1]):
            self._received = received
            return
        self._received = b""
        self._torrent.answered(self, received[:at], received[at + len(END) :])

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._torrent.lost(self)


class Torrent:
    """Sends and counts."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._prepared = _prepared(plan)
        self._free: deque[Line] = deque()
        self._connected = 0
        self._open = 0  # requests that are not answered
        self._answers: Counter[tuple[int, str, bool]] = Counter()
        self._refused: list[float] = []
        self._codes: dict[bytes, str] = {}
        self.outcome = Outcome()

    async def connect(self) -> None:
        """Open all connections."""
        host, _, port = urlsplit(self._plan.url).netloc.partition(":")
        loop = asyncio.get_running_loop()
        while self._connected < self._plan.connections:
            few = min(OPENED_AT_ONCE, self._plan.connections - self._connected)
            opened = [
                loop.create_connection(lambda: Line(self), host, int(port)) for _ in range(few)
            ]
            self._free.extend(line for _, line in await asyncio.gather(*opened))
            self._connected += few

    async def run(self) -> Outcome:
        """Send everything and wait for the answers, for a while."""
        self._began = time.monotonic()
        while self.outcome.sent < self._plan.tickets and self._connected:
            self._send_due()
            await asyncio.sleep(TICK)
        self.outcome.sending = time.monotonic() - self._began
        until = time.monotonic() + PATIENCE
        while self._open and time.monotonic() < until:  # noqa: ASYNC110 - one look, no event each
            await asyncio.sleep(TICK)
        return self._told()

    def _send_due(self) -> None:
        plan, outcome, now = self._plan, self.outcome, time.monotonic()
        due = min(plan.tickets, int((now - self._began) * plan.rate) + 1)
        while outcome.sent < due and self._free:
            line, place = self._free.popleft(), outcome.sent
            if line.transport is None:
                continue
            number = plan.first + place
            kinds = self._prepared[place % CRITICAL_EACH == 0]
            line.critical = place % CRITICAL_EACH == 0
            line.due = self._began + place / plan.rate
            line.transport.write(kinds[number % len(kinds)] % (number, number, number))
            outcome.sent += 1
            self._open += 1

    def answered(self, line: Line, head: bytes, content: bytes) -> None:
        """One request is; its connection is free for the next."""
        status, due, critical, code = int(head[9:12]), line.due, line.critical, ""
        assert due is not None, "an answer that nobody asked for"
        line.due, pause = None, 0.0
        self._open -= 1
        waited = time.monotonic() - due
        if status in (200, 201):
            self.outcome.accepted.append((json.loads(content)["ticket_id"], waited, critical))
        else:
            code = self._code(content)
            self._refused.append(waited)
            found = RETRY_AFTER.search(head)
            self.outcome.never_told_when += found is None
            pause = float(found[1]) if found is not None else 1.0
        self._answers[status, code, critical] += 1
        if pause and self._plan.patient:
            asyncio.get_running_loop().call_later(pause, self._rested, line)
        else:
            self._rested(line)

    def lost(self, line: Line) -> None:
        """A connection was closed, perhaps over a request."""
        self._connected -= 1
        if line.due is not None:
            self._open -= 1
            self.outcome.unanswered += 1

    def _rested(self, line: Line) -> None:
        self._free.append(line)
        self._send_due()

    def _code(self, content: bytes) -> str:
        if content not in self._codes:
            self._codes[content] = str(json.loads(content).get("code", ""))
        return self._codes[content]

    def _told(self) -> Outcome:
        outcome = self.outcome
        outcome.seconds = time.monotonic() - self._began
        outcome.unanswered += self._open
        outcome.answers = [(*kind, number) for kind, number in sorted(self._answers.items())]
        ordered = sorted(self._refused) or [0.0]
        outcome.refused_seconds = [ordered[int((len(ordered) - 1) * p)] for p in (0.5, 0.99, 1.0)]
        return outcome


def _prepared(plan: Plan) -> Mapping[bool, Sequence[bytes]]:
    """Whole requests with three places for the number: those of critical tickets, and others."""
    key = f"{uuid4().hex}-{PLACE}"
    made: dict[bool, list[bytes]] = {False: [], True: []}
    for category, token in product(CATEGORIES, plan.tokens):
        for critical, urgency in ((False, {}), (True, {"urgency": "critical"})):
            asked: dict[str, Any] = {**body(PLACE, category), **urgency}
            content = json.dumps(asked).encode()
            whole = post(plan.url, content, token=token, idempotency_key=key)
            made[critical].append(whole.replace(str(PLACE).encode(), b"%08d"))
    return made


async def child(arguments: dict[str, Any], ready: Ready) -> dict[str, Any]:
    """Carry out the plan that is told, once the word is given."""
    torrent = Torrent(Plan(**arguments))
    await torrent.connect()
    await ready()
    return asdict(await torrent.run())


if __name__ == "__main__":
    work(child)
