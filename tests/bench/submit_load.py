"""The load of `submit_http`: so many connections ask without a pause, in a process of its own."""

import asyncio
import time
from typing import Any
from uuid import uuid4

from tests.bench.http_client import Connection, connected, post
from tests.bench.traffic import matters, submission
from tests.bench.worker import Ready, work


async def child(arguments: dict[str, Any], ready: Ready) -> float:
    """Submit `requests` new tickets; returns the seconds; any other answer than 201 is an error."""
    url, token, first = arguments["url"], arguments["token"], arguments["first"]
    requests = [
        post(url, submission(first + n, matter), token=token, idempotency_key=str(uuid4()))
        for n, matter in enumerate(matters(arguments["requests"]))
    ]

    async def ask(connection: Connection) -> None:
        while requests:
            status, body = await connection.ask(requests.pop())
            if status != 201:
                raise RuntimeError(f"{status}: {body.decode()}")

    async with connected(url, arguments["connections"]) as connections:
        await ready()
        began = time.perf_counter()
        await asyncio.gather(*map(ask, connections))
        return time.perf_counter() - began


if __name__ == "__main__":
    work(child)
