"""One HTTP call to the outside: timed, not redirected, its answer read no further than needed."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from shared.delivery.outcome import Ending, Outcome

CALL_SECONDS: Final = 10.0
READ_BYTES: Final = 16_384
ASKS_TO_WAIT: Final = frozenset({429, 503})


def new_client() -> httpx.AsyncClient:
    """A client for calls to others: no proxy of the environment, no redirects, no common limit."""
    return httpx.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        timeout=CALL_SECONDS,
        # A limit over all destinations would let a dead one hold up the others; and a connection
        # kept would be used again for another name at the same address, whose certificate it never
        # showed.
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=0),
        headers={"User-Agent": "shaodao/1"},
    )


async def call(client: httpx.AsyncClient, request: httpx.Request, *, now: datetime) -> Outcome:
    """Send once. 2xx is SENT, everything else AGAIN; the caller knows which statuses are final."""
    return (await _called(client, request, now, most=0))[0]


async def call_and_read(
    client: httpx.AsyncClient, request: httpx.Request, *, now: datetime
) -> tuple[Outcome, bytes]:
    """The same, with the beginning of the answer's body where the other side speaks in it."""
    return await _called(client, request, now, most=READ_BYTES)


async def _called(
    client: httpx.AsyncClient, request: httpx.Request, now: datetime, *, most: int
) -> tuple[Outcome, bytes]:
    body = b""
    try:
        async with asyncio.timeout(CALL_SECONDS):
            answer = await client.send(request, stream=True)
            try:
                body = await _read(answer, most)
            finally:
                await answer.aclose()
    except TimeoutError:
        late = Outcome(ending=Ending.AGAIN, error=f"no answer within {CALL_SECONDS:.0f} s")
        return late, b""
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        return Outcome(ending=Ending.AGAIN, error=type(error).__name__), b""
    if answer.is_success:
        return Outcome(ending=Ending.SENT, status=answer.status_code), body
    wait = retry_after(answer, now) if answer.status_code in ASKS_TO_WAIT else None
    failed = Outcome(
        ending=Ending.AGAIN,
        status=answer.status_code,
        error=f"HTTP {answer.status_code}",
        retry_after=wait,
    )
    return failed, b""


async def _read(answer: httpx.Response, most: int) -> bytes:
    body = b""
    if most == 0 or not answer.is_success:
        return body
    async for part in answer.aiter_bytes():
        body += part
        if len(body) >= most:
            break
    return body[:most]


def retry_after(answer: httpx.Response, now: datetime) -> timedelta | None:
    """The Retry-After of an answer, in seconds or as a date; None when there is none to read."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return timedelta(seconds=int(text))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return max(timedelta(), at - now)
