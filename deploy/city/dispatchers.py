"""The dispatchers: they read what the router could not place and send it to a unit.

Where the router names candidates, the best of them; where it has none, as with a request without
category, the dispatcher reads the text with a guide at hand, and what is in no guide goes to the
12345 centre.
"""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from deploy.city.calls import Line
from deploy.city.rounds import Items, Patience, make_rounds
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

GUIDE = "desk_guide.csv"
CENTRE = "RXZX"
MOST_LISTED = 40
log = logger("city.dispatchers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """A line of the guide: who reads one of these words thinks of this category and function."""

    words: tuple[str, ...]
    category: str
    function: str


@cache
def read_guide() -> tuple[Hint, ...]:
    """The guide, the more telling words first."""
    text = (files("deploy.city") / GUIDE).read_text(encoding="utf-8")
    return tuple(
        Hint(
            words=tuple(row["words"].split("|")),
            category=row["category"],
            function=row["function"],
        )
        for row in csv.DictReader(text.splitlines())
    )


class Directory:
    """Which unit serves a function at a place, from the router's list of units."""

    def __init__(self, units: Iterable[Mapping[str, Any]]) -> None:
        self._units = [unit for unit in units if unit["region"]]

    def unit_for(self, function: str, region: str | None) -> str | None:
        """The unit whose region holds the place most closely; None where there is none."""
        serving = [
            unit
            for unit in self._units
            if function in unit["function_codes"] and _holds(unit["region"], region)
        ]
        nearest = max(serving, key=lambda unit: len(unit["region"].rstrip("0")), default=None)
        return None if nearest is None else nearest["code"]


def _holds(outer: str, region: str | None) -> bool:
    city = len(outer) == 6 and outer.endswith("00")
    return (region or outer).startswith(outer[:4] if city else outer) and (city or bool(region))


def decide(item: Mapping[str, Any], directory: Directory) -> dict[str, Any] | None:
    """The body of a dispatch; None when nobody at all could be found."""
    candidates: Sequence[Mapping[str, Any]] = item["candidates"]
    if candidates:
        return {"lead": candidates[0]["unit"], "assisting": []}
    region = item["place"].get("region")
    text = f"{item['title']} {item['summary']}"
    for hint in read_guide():
        if any(word in text for word in hint.words):
            lead = directory.unit_for(hint.function, region)
            if lead is not None:
                category = {} if item["category"] else {"category": hint.category}
                return {"lead": lead, "assisting": [], **category}
    centre = directory.unit_for(CENTRE, region)
    return None if centre is None else {"lead": centre, "assisting": []}


async def dispatch(line: Line, clock: Clock, rng: Random) -> None:
    """Dispatch what is held, some minutes after it came; never returns."""
    directory: list[Directory] = []

    async def look() -> Items:
        if not directory:
            directory.append(Directory((await line.get("/api/v1/units"))["items"]))
        page = await line.get("/api/v1/held", limit=MOST_LISTED)
        return {item["ticket_id"]: item for item in page["items"]}

    async def act(item: dict[str, Any]) -> None:
        body = decide(item, directory[0])
        if body is None:
            log.warning("nobody for it", ticket_id=item["ticket_id"])
            return
        await line.post(f"/api/v1/held/{item['ticket_id']}/dispatch", body)
        log.info("dispatched", ticket_id=item["ticket_id"], lead=body["lead"])

    patience = Patience(timedelta(minutes=1), timedelta(minutes=9), rng)
    await make_rounds(clock, patience, every=timedelta(minutes=2), look=look, act=act)
