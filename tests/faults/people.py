"""The people of the kill story: callers who insist, a reviewer, a clerk who calls them back."""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.web.identity import issue_token
from tests.faults.ground import SECRET, Ground

# Category → the units the router calls for it in this community: lead, assisting and informed.
CALLED = {
    "0102": {"BH-CGJ": "lead", "S-159902001": "assisting"},
    "0205": {"C-SZZ": "lead", "U-GD1": "assisting", "S-159902001": "informed"},
    "0302": {"C-YLZ": "lead", "S-159902001": "informed"},
    "0804": {"U-GS1": "lead", "S-159902001": "informed"},
}
UNITS = sorted({unit for units in CALLED.values() for unit in units})
REGION = "159902001001"
HELD_EACH = 20  # every twentieth request has no category and waits for a dispatcher
SILENT_EACH, UNSOLVED_EACH = 4, 7  # whose callback is never made; who is not content at first


def body(number: int, category: str | None) -> dict[str, Any]:
    """One request at the desk."""
    return {
        "channel": "hotline",
        "description": f"第{number}件：楼下的设施坏了好几天，晚上走路看不见，请尽快派人来修。",
        "place": {"region": REGION},
        "category": category,
        "reporter": {"name": "赵先生", "phone": f"139{number:08d}"},
    }


@dataclass
class Callers:
    """They submit until they are answered, always under the same key."""

    ground: Ground
    seed: str
    tickets: int
    seconds: float
    first: int = 0  # number of the first request
    accepted: dict[int, str] = field(default_factory=dict)  # number → ticket_id
    categories: dict[int, str | None] = field(default_factory=dict)
    tries: int = 0

    async def run(self) -> None:
        """Everyone calls once, spread over the time; returns when all are answered."""
        rng = random.Random(f"{self.seed}/callers")
        started = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for place in range(self.tickets):
                number = self.first + place
                held = number % HELD_EACH == 0
                self.categories[number] = None if held else rng.choice(sorted(CALLED))
                group.create_task(self._call(number, again=rng.random() < 0.05))
                ahead = place * self.seconds / self.tickets - (time.monotonic() - started)
                await asyncio.sleep(max(0.0, ahead))  # the pace of the load

    async def _call(self, number: int, *, again: bool) -> None:
        ticket_id = await self._insist(number)
        self.accepted[number] = ticket_id
        if again:
            assert await self._insist(number) == ticket_id

    async def _insist(self, number: int) -> str:
        patience = 0.2
        while True:
            answer = await self._post(number)
            if answer is not None and answer.status_code in (200, 201):
                return str(answer.json()["ticket_id"])
            told_later = answer is None or answer.status_code == 429 or answer.status_code >= 500
            assert told_later, answer.text
            await asyncio.sleep(patience)
            patience = min(2.0, patience * 1.5)

    async def _post(self, number: int) -> httpx.Response | None:
        self.tries += 1
        copies = self.ground.keepers["intake"]
        url = copies[self.tries % len(copies)].url
        try:
            return await self.ground.http.post(
                f"{url}/api/v1/tickets",
                json=body(number, self.categories[number]),
                headers={**bearer("operator"), "Idempotency-Key": f"caller-{number}"},
            )
        except httpx.TransportError:
            return None

    def left_in_callback(self) -> set[str]:
        """The tickets nobody calls back about."""
        return {self.accepted[n] for n in self._numbers() if n % SILENT_EACH == 1}

    def held(self) -> set[str]:
        """The tickets that wait for a dispatcher."""
        return {self.accepted[n] for n in self.accepted if self.categories[n] is None}

    def unsolved_first(self) -> set[str]:
        """The tickets whose first round solves nothing."""
        left = self.left_in_callback()
        chosen = {self.accepted[n] for n in self._numbers() if n % UNSOLVED_EACH == 2}
        return chosen - left

    def _numbers(self) -> Sequence[int]:
        return [n for n in self.accepted if self.categories[n] is not None]


@dataclass
class Clerk:
    """Calls back about tickets that wait for it, until told to stop."""

    ground: Ground
    callers: Callers
    made: int = 0

    async def run(self) -> None:
        while True:
            try:
                for ticket in await self._waiting():
                    await self._call_back(ticket)
            except (httpx.TransportError, UnansweredError):
                pass  # asked again below
            await asyncio.sleep(0.3)  # between two looks at the list

    async def _waiting(self) -> list[dict[str, Any]]:
        mine = set(self.callers.accepted.values()) - self.callers.left_in_callback()
        found: list[dict[str, Any]] = []
        cursor: dict[str, str] = {}
        while True:
            answer = await self.ground.http.get(
                f"{self._url()}/api/v1/tickets",
                params={"state": "callback", "limit": 500, **cursor},
                headers=bearer("callback_clerk"),
            )
            page = answered(answer)
            found += [each for each in page["items"] if each["ticket_id"] in mine]
            if page["next"] is None:
                return found
            cursor = {"cursor": page["next"]}

    async def _call_back(self, ticket: dict[str, Any]) -> None:
        unsolved = ticket["round"] == 1 and ticket["ticket_id"] in self.callers.unsolved_first()
        words = ("unsolved", "unsatisfied") if unsolved else ("solved", "satisfied")
        answer = await self.ground.http.post(
            f"{self._url()}/api/v1/tickets/{ticket['ticket_id']}/callbacks",
            json={"result": words[0], "satisfaction": words[1], "version": ticket["version"]},
            headers=bearer("callback_clerk"),
        )
        if answer.status_code != 409:  # done before, by a try whose answer was lost
            answered(answer)
            self.made += 1

    def _url(self) -> str:
        copies = self.ground.keepers["intake"]
        return copies[self.made % len(copies)].url


@dataclass
class Reviewer:
    """Passes every resolution that waits for a review, until told to stop."""

    ground: Ground
    passed: int = 0

    async def run(self) -> None:
        while True:
            try:
                for item in await self._waiting():
                    await self._pass(item)
            except (httpx.TransportError, UnansweredError):
                pass  # asked again below
            await asyncio.sleep(0.5)  # between two looks at the queue

    async def _waiting(self) -> list[dict[str, Any]]:
        answer = await self.ground.http.get(
            f"{self._url()}/api/v1/reviews",
            params={"kind": "resolution", "limit": 200},
            headers=bearer("reviewer"),
        )
        items: list[dict[str, Any]] = answered(answer)["items"]
        return items

    async def _pass(self, item: dict[str, Any]) -> None:
        answer = await self.ground.http.post(
            f"{self._url()}/api/v1/whistles/{item['whistle_id']}/reviews",
            json={"unit": item["unit"], "decision": "passed", "reason": "答复与事实相符"},
            headers=bearer("reviewer"),
        )
        if answer.status_code != 409:  # done before, by a try whose answer was lost
            answered(answer)
            self.passed += 1

    def _url(self) -> str:
        copies = self.ground.keepers["router"]
        return copies[self.passed % len(copies)].url


class UnansweredError(Exception):
    """The service could not answer just now."""


def answered(answer: httpx.Response) -> Any:
    """The body of a success; UnansweredError for a 5xx; all else fails the story."""
    if answer.status_code >= 500:
        raise UnansweredError(answer.text)
    assert answer.status_code in (200, 201), answer.text
    return answer.json()


def bearer(role: str) -> dict[str, str]:
    """The header of a caller of that role."""
    token = issue_token(SECRET, role=role, unit="C-RXZX", name="测试员")
    return {"Authorization": f"Bearer {token}"}
