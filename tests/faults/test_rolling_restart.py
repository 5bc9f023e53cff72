"""Every service is started anew under load: nobody is refused but with the word to come again.

What may be told apart from success: 503 with Retry-After, which says when, and a connection that is
refused before anything was sent. Everything else is a failed request: another status, an answer
that breaks off, a connection that ends without one.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import pytest

from deploy.local.data_folder import SERVICES
from shared.web.identity import issue_token
from tests.faults import ledger
from tests.faults.flood import CATEGORIES
from tests.faults.people import body
from tests.faults.topics_read import lag, read_all
from tests.faults.whole_stack import Whole, whole_stack
from tests.support.waiting import eventually

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("faults")]

CALLERS = 6
PACE = 0.1  # seconds between two requests of one caller
LOOKS = {"intake": "/api/v1/tickets", "router": "/api/v1/whistles", "notifier": "/api/v1/deadlines"}
NEW = "POST intake"


@dataclass
class Load:
    """People who submit and look on kept connections, until told that it is enough."""

    whole: Whole
    accepted: list[str] = field(default_factory=list)
    good: Counter[str] = field(default_factory=Counter)
    announced: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    slowest: float = 0.0

    async def run(self, enough: asyncio.Event) -> None:
        self._enough = enough
        who = {"unit": "C-RXZX", "name": "测试员"}
        operator = _bearer(issue_token(self.whole.secret, role="operator", **who))
        supervisor = _bearer(issue_token(self.whole.secret, role="supervisor", **who))
        async with (
            httpx.AsyncClient(trust_env=False, timeout=30, headers=operator) as desk,
            httpx.AsyncClient(trust_env=False, timeout=30, headers=supervisor) as board,
            asyncio.TaskGroup() as group,
        ):
            for caller in range(CALLERS):
                group.create_task(self._submit(desk, caller))
                for service in SERVICES:
                    group.create_task(self._look(board, service))
            for service in ("router", "notifier"):
                group.create_task(self._listen(board, service))

    async def _submit(self, http: httpx.AsyncClient, caller: int) -> None:
        number = caller * 100_000
        while not self._enough.is_set():
            number += 1
            key = {"Idempotency-Key": str(uuid4())}
            asked = body(number, CATEGORIES[number % len(CATEGORIES)])
            url = f"{self.whole.url('intake')}/api/v1/tickets"
            answer = None
            while answer is None:
                answer = await self._one(NEW, http.post(url, json=asked, headers=key))
            if answer.status_code == 201:
                self.accepted.append(answer.json()["ticket_id"])
            await asyncio.sleep(PACE)

    async def _look(self, http: httpx.AsyncClient, service: str) -> None:
        url = f"{self.whole.url(service)}{LOOKS[service]}"
        while not self._enough.is_set():
            await self._one(f"GET {service}", http.get(url, params={"limit": 10}))
            await asyncio.sleep(PACE)

    async def _one(self, kind: str, asking: Awaitable[httpx.Response]) -> httpx.Response | None:
        """The answer; None when it was announced that it comes later."""
        began = time.monotonic()
        try:
            answer = await asking
        except httpx.ConnectError:
            self.announced[f"{kind}: not connected"] += 1
            await asyncio.sleep(0.2)
            return None
        except httpx.TransportError as error:
            self.failed.append(f"{kind}: {error!r}")
            return None
        self.slowest = max(self.slowest, time.monotonic() - began)
        if answer.status_code == 503 and "retry-after" in answer.headers:
            self.announced[f"{kind}: 503"] += 1
            await asyncio.sleep(int(answer.headers["retry-after"]))
            return None
        if answer.status_code >= 400:
            self.failed.append(f"{kind}: {answer.status_code} {answer.text[:200]}")
        self.good[kind] += 1
        return answer

    async def _listen(self, http: httpx.AsyncClient, service: str) -> None:
        """A page that follows live: it connects anew whenever it is told to."""
        url = f"{self.whole.url(service)}/api/v1/live"
        while not self._enough.is_set():
            try:
                async with http.stream("GET", url) as stream:
                    if stream.status_code == 200:
                        await self._hear(service, stream)
                    else:
                        self.announced[f"live {service}: {stream.status_code}"] += 1
                        assert "retry-after" in stream.headers
            except httpx.ConnectError:
                self.announced[f"live {service}: not connected"] += 1
            await asyncio.sleep(PACE)

    async def _hear(self, service: str, stream: httpx.Response) -> None:
        async for line in stream.aiter_lines():
            if line == "event: ready":
                self.good[f"live {service}"] += 1
            if self._enough.is_set():
                return


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.timeout(1800)
async def test_a_rolling_restart_of_every_service_under_load(tmp_path, capsys):
    async with whole_stack(tmp_path) as whole:
        load, enough, told = Load(whole), asyncio.Event(), []
        running = asyncio.create_task(load.run(enough))
        for service in SERVICES:
            before = sum(load.good.values())
            await _more(load, before + 100)
            took = time.monotonic()
            old = whole.stack.pids()[service]
            new = await whole.stack.restart(service)
            assert new != old
            told.append(f"{service}: {old} → {new} in {time.monotonic() - took:.1f} s")
        await _more(load, sum(load.good.values()) + 200)
        enough.set()
        await running
        told += [
            f"good {dict(load.good)}",
            f"announced {dict(load.announced)}",
            f"slowest {load.slowest:.1f} s",
            f"failed {load.failed}",
        ]
        with capsys.disabled():
            print("\n".join(["", *told]))  # noqa: T201
        assert load.failed == []
        for service in ("router", "notifier"):
            assert load.good[f"live {service}"] >= 2  # it was told to connect anew, and did
        await nothing_lost_or_doubled(whole, load.accepted)


async def _more(load: Load, wanted: int) -> None:
    async def number() -> int:
        return sum(load.good.values())

    await eventually(number, until=lambda good: good >= wanted, within=120, every=0.1)


async def nothing_lost_or_doubled(whole: Whole, accepted: list[str]) -> None:
    """One ticket and one whistle for each that was taken, every event heard once."""

    async def behind() -> int:
        rows = sum((await ledger.outbox_rows(whole.databases)).values())
        return rows + sum((await lag(whole.bootstrap)).values())

    await eventually(behind, until=lambda left: left == 0, within=300, every=1.0)
    log = await read_all(whole.bootstrap)
    books = await ledger.open_books(whole.databases)
    ledger.every_ticket_exists_once(books, accepted)
    ledger.every_ticket_has_its_whistle(books, log, set())
    ledger.every_event_was_heard(books, log)
    ledger.nothing_is_left_over(books)
    ledger.order_was_kept(log)
    ledger.every_history_holds(books)
