"""The load of `hints_ms`: people who type requests, in a process of its own."""

import asyncio
import json
import random
import time
from typing import Any
from uuid import uuid4

from tests.bench.http_client import Connection, connected, post
from tests.bench.traffic import texts
from tests.bench.worker import Ready, work

PAUSE_SECONDS = 0.3
CHARACTERS = 8  # a keystroke of an input method brings a few
SEED = 20_260_914


async def child(arguments: dict[str, Any], ready: Ready) -> list[float]:
    """Every keystroke's wait in milliseconds; any other answer than 200 is an error."""
    url, token, keystrokes = arguments["url"], arguments["token"], arguments["keystrokes"]
    dice = random.Random(SEED)
    waits: list[float] = []

    async def types(connection: Connection, text: str, delay: float) -> None:
        await asyncio.sleep(delay)
        for n in range(keystrokes):
            typed = text[: (n + 1) * CHARACTERS]
            body = json.dumps({"text": typed, "address": "河湾锦苑"}).encode()
            request = post(url, body, token=token, idempotency_key=str(uuid4()))
            began = time.perf_counter()
            status, answer = await connection.ask(request)
            waits.append((time.perf_counter() - began) * 1000)
            if status != 200:
                raise RuntimeError(f"{status}: {answer.decode()}")
            await asyncio.sleep(PAUSE_SECONDS)

    async with connected(url, arguments["users"]) as connections:
        known = texts()
        chosen = ["".join(dice.sample(known, 6))[:300] for _ in connections]
        delays = [dice.uniform(0, PAUSE_SECONDS) for _ in connections]
        await ready()
        await asyncio.gather(*map(types, connections, chosen, delays))
    return waits


if __name__ == "__main__":
    work(child)
