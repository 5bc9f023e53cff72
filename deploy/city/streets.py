"""Streets and communities: now and then one blows a whistle and calls the bureaus to itself."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from importlib.resources import files
from random import Random
from typing import Any
from uuid import uuid4

import httpx

from deploy.city.calls import Clerk, Line, RefusedError
from deploy.city.rhythm import within_hours
from deploy.city.settings import CitySettings
from shared.contracts.values import WhistleKind
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

FILE = "street_whistles.jsonl"
LEAST, MOST = timedelta(minutes=40), timedelta(hours=3)
FIRST = timedelta(minutes=4)  # a spectator need not wait for hours
OPENS, CLOSES = time(8, 30), time(17, 0)
log = logger("city.streets")


def read_whistles() -> list[dict[str, Any]]:
    """All whistles of the file."""
    text = (files("deploy.city") / FILE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def officer_of(whistle: dict[str, Any]) -> Clerk:
    """Who blows: a street's duty officer, a community's worker."""
    unit = whistle["unit"]
    community = unit.startswith("Q-")
    return Clerk(
        role="community_worker" if community else "street_officer",
        unit=unit,
        name="社区书记" if community else "街道值班主任",
    )


def body_of(whistle: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The request to the router; a muster's hours become a time."""
    body = {name: value for name, value in whistle.items() if name not in ("unit", "muster")}
    muster = whistle.get("muster")
    if muster is not None:
        at = now + timedelta(hours=muster["in_hours"])
        body["muster"] = {"at": at.isoformat(), "place": muster["place"]}
    return {**body, "tickets": []}


def _in_turn(whistles: list[dict[str, Any]], rng: Random) -> Iterator[dict[str, Any]]:
    while True:
        order = list(whistles)
        rng.shuffle(order)
        yield from order


async def blow_whistles(
    client: httpx.AsyncClient, settings: CitySettings, clock: Clock, rng: Random
) -> None:
    """One after the other; by night only emergencies. Never returns."""
    shift, count = uuid4(), 0
    never = asyncio.Event()
    at = clock.now() + FIRST
    for whistle in _in_turn(read_whistles(), rng):
        await clock.wait_until(at, never)
        now = clock.now()
        at = now + LEAST + (MOST - LEAST) * rng.random()
        if whistle["kind"] != WhistleKind.EMERGENCY and not within_hours(now, OPENS, CLOSES):
            continue
        count += 1
        clerk = officer_of(whistle)
        line = Line(client, settings.router_url, clerk, settings.token_secret)
        try:
            await line.post(
                "/api/v1/whistles", body_of(whistle, now), key=f"street-{shift}-{count}"
            )
        except RefusedError as refused:
            log.warning("refused", unit=clerk.unit, why=str(refused))
        else:
            log.info("blown", unit=clerk.unit, kind=whistle["kind"])
