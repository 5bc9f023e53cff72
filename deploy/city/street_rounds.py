"""Streets and communities at their console: they look at the board and do what is next.

One clerk of the city reads the board for all; each command is given by the unit whose it is.
"""

import io
from collections.abc import Iterable
from datetime import timedelta
from random import Random
from typing import Any

import httpx
from PIL import Image

from deploy.city.calls import Clerk, Line, RefusedError
from deploy.city.console import Item, Move, evaluations, next_move
from deploy.city.rounds import Items, Patience, make_rounds
from deploy.city.settings import CitySettings
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

WATCHER = Clerk(role="supervisor", name="督办员 02 号")
CONFLICT = 409
log = logger("city.console")


def clerk_of(unit: str) -> Clerk:
    """Who speaks for a unit."""
    if unit.startswith("Q-"):
        return Clerk(role="community_worker", unit=unit, name="社区书记")
    return Clerk(role="street_officer", unit=unit, name="街道值班主任")


class Console:
    """The lines of all units, and what was done for each whistle since the start."""

    def __init__(self, client: httpx.AsyncClient, settings: CitySettings) -> None:
        self._client = client
        self._settings = settings
        self._lines: dict[Clerk, Line] = {}
        self._done: dict[str, set[str]] = {}

    def line(self, clerk: Clerk) -> Line:
        """The clerk's line, opened when it is used first."""
        if clerk not in self._lines:
            url, secret = self._settings.router_url, self._settings.token_secret
            self._lines[clerk] = Line(self._client, url, clerk, secret)
        return self._lines[clerk]

    async def items(self) -> Items:
        """The board, and forget what has left it."""
        page = await self.line(WATCHER).get("/api/v1/board")
        found = {item["whistle_id"]: item for item in page["items"]}
        self._done = {key: done for key, done in self._done.items() if key in found}
        return found

    async def moves(self, item: Item, clock: Clock) -> Iterable[Move]:
        """What is to be done for one whistle now."""
        done = self._done.setdefault(item["whistle_id"], set())
        move = next_move(item, clock.now(), seed=self._settings.seed, done=done)
        if move is not None:
            return [move]
        if item["state"] != "accepted" or not item["blower"].startswith(("S-", "Q-")):
            return []
        path = f"/api/v1/whistles/{item['whistle_id']}/joint"
        standing = await self.line(WATCHER).get(path)
        return evaluations(standing, item, seed=self._settings.seed)

    async def make(self, item: Item, move: Move) -> None:
        """Give one command; what came too late is let be."""
        line, body = self.line(clerk_of(move.unit)), dict(move.body)
        self._done.setdefault(item["whistle_id"], set()).add(move.what)
        if move.photo:
            body["photos"] = [await _photo(line, item)]
        try:
            await line.post(f"/api/v1/whistles/{item['whistle_id']}/{move.what}", body)
        except RefusedError as refused:
            if refused.status != CONFLICT:
                raise
            log.info("too late", what=move.what, unit=move.unit, why=str(refused))
        else:
            log.info(move.what, unit=move.unit, whistle_id=item["whistle_id"])


async def _photo(line: Line, item: Item) -> str:
    """A picture of the spot; each whistle has one of its own."""
    dice = Random(item["whistle_id"])  # nosec B311: dice of a game
    spot = Image.effect_noise((160, 120), dice.uniform(20, 80)).convert("RGB")
    file = io.BytesIO()
    spot.save(file, "JPEG", quality=60)
    answer: dict[str, Any] = await line.upload(
        "/api/v1/files", ("spot.jpg", file.getvalue(), "image/jpeg")
    )
    return str(answer["file_id"])


async def sit_at_the_console(
    client: httpx.AsyncClient, settings: CitySettings, clock: Clock, rng: Random
) -> None:
    """Look at the board and act; never returns."""
    console = Console(client, settings)

    async def act(item: Item) -> None:
        for move in await console.moves(item, clock):
            await console.make(item, move)

    patience = Patience(timedelta(minutes=2), timedelta(minutes=12), rng)
    await make_rounds(
        clock,
        patience,
        every=timedelta(minutes=3),
        look=console.items,
        act=act,
    )
