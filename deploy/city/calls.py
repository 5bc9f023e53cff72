"""A clerk's line to a service over HTTP: a token of its role, retries while the service is away.

What is refused is raised as `RefusedError` for the caller to log; a service that is away is waited
for, as a clerk at a screen would.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Any

import httpx

from shared.runtime.logging import logger
from shared.web.identity import issue_token

FIRST_WAIT = 0.5
LONGEST_WAIT = 15.0
TOKEN_MINUTES = 480
RENEW_SECONDS = 240 * 60
AWAY = frozenset({429, 502, 503, 504})
log = logger("city.calls")


class RefusedError(Exception):
    """The service answered that it will not; `status` is HTTP's."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status} {words}")
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Who calls: a role, perhaps of a unit, with a name."""

    role: str
    name: str
    unit: str | None = None


class Line:
    """One clerk's calls to one service."""

    def __init__(self, client: httpx.AsyncClient, url: str, clerk: Clerk, secret: str) -> None:
        self._client = client
        self._url = url
        self._clerk = clerk
        self._secret = secret
        self._token = ""  # nosec B105: none yet
        self._issued = -RENEW_SECONDS * 2.0

    async def get(self, path: str, **query: str | int) -> Any:
        """The JSON of an answer; raises RefusedError."""
        return await self._ask("GET", path, query=query)

    async def post(self, path: str, body: Any, *, key: str | None = None) -> Any:
        """The same for a command; with a key it may be asked twice and is done once."""
        return await self._ask("POST", path, body=body, key=key)

    async def upload(self, path: str, file: tuple[str, bytes, str]) -> Any:
        """Send a file: its name, bytes and media type; raises RefusedError."""
        return await self._ask("POST", path, file=file)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Any = None,
        body: Any = None,
        key: str | None = None,
        file: Any = None,
    ) -> Any:
        wait = FIRST_WAIT
        while True:
            answer = await self._once(method, path, query=query, body=body, key=key, file=file)
            if answer is not None and answer.status_code not in AWAY:
                break
            log.info("away", url=self._url, again_in=wait)
            await asyncio.sleep(wait)
            wait = min(wait * 2, LONGEST_WAIT)
        if answer.is_success:
            return answer.json() if answer.content else None
        raise RefusedError(answer.status_code, answer.text[:300])

    async def _once(
        self, method: str, path: str, *, query: Any, body: Any, key: str | None, file: Any
    ) -> httpx.Response | None:
        """The answer, or None when nobody answered."""
        headers = {"authorization": f"Bearer {self._fresh_token()}"}
        if key is not None:
            headers["idempotency-key"] = key
        try:
            return await self._client.request(
                method,
                f"{self._url}{path}",
                params=query,
                json=body,
                files={"file": file} if file is not None else None,
                headers=headers,
            )
        except httpx.TransportError:
            return None

    def _fresh_token(self) -> str:
        """Tokens live on real time; a new one is issued long before the old one ends."""
        if time.monotonic() - self._issued > RENEW_SECONDS:
            clerk = self._clerk
            self._token = issue_token(
                self._secret,
                role=clerk.role,
                unit=clerk.unit,
                name=clerk.name,
                minutes=TOKEN_MINUTES,
            )
            self._issued = time.monotonic()
        return self._token
