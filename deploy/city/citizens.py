"""The citizens: their requests, in an order of chance, never at an end."""

import json
from collections.abc import Iterator
from datetime import datetime
from importlib.resources import files
from random import Random
from typing import Any

from deploy.city.rhythm import in_season

FILE = "requests.jsonl"


def read_requests() -> list[dict[str, Any]]:
    """All requests of the file."""
    text = (files("deploy.city") / FILE).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


class Citizens:
    """Hands out requests in turn; once all were heard other people say them again."""

    def __init__(self, requests: list[dict[str, Any]], rng: Random) -> None:
        self._requests = requests
        self._rng = rng
        self._rounds = 0
        self._left: Iterator[dict[str, Any]] = iter(())

    def next_body(self, now: datetime) -> dict[str, Any]:
        """The body of a request to intake, fit for the season."""
        while True:
            request = next(self._left, None)
            if request is None:
                self._begin_again()
            elif in_season(request, now):
                return self._body(request)

    def _begin_again(self) -> None:
        self._rounds += 1
        order = list(self._requests)
        self._rng.shuffle(order)
        self._left = iter(order)

    def _body(self, request: dict[str, Any]) -> dict[str, Any]:
        body = {name: value for name, value in request.items() if name != "season"}
        if self._rounds > 1:
            phone = f"155{self._rng.randrange(10**8):08d}"
            body["reporter"] = {**request["reporter"], "phone": phone}
        return body
