"""Who is let in at a running service's routes: what each role of each unit is answered there.

The running app is asked itself, without a socket: what a table of ten thousand cells costs less.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from fastapi import FastAPI

from shared.catalogue.rights import Right, Scope
from shared.contracts.parts import Role
from shared.web.identity import issue_token
from tests.support.headers import lacking
from tests.support.rights import OTHER, OWN, address, bearer, rights_of
from tests.support.serving import SECRET

NOT_THERE: Final = frozenset({403, 404})
ASKED: Final = {"since": "?seq=0"}  # what an address wants besides, by its end
LATER: Final[Mapping[str, frozenset[int]]] = {
    # behind the door a second question is asked: whose unit may blow whistles at all
    "GET /console/blow": frozenset({200, 403}),
}


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One caller at one route, and what the table says of it."""

    route: str
    role: Role | None
    whose: str
    unit: str | None
    path: str
    right: Right
    names_a_matter: bool

    def is_wrong(self, status: int) -> bool:
        """Whether this is not what the table has."""
        scope = None if self.role is None else self.right.scopes.get(self.role)
        if status >= 500:
            return True
        if self.role is None:
            return status != 401
        if scope is None or (scope is not Scope.CITY and self.unit is None):
            return status != 403
        if self.route in LATER:
            return status not in LATER[self.route]
        if scope is not Scope.CITY and self.whose == "other" and self.names_a_matter:
            return status not in NOT_THERE
        if self.names_a_matter and self.whose == "own":
            return status not in (200, 303)
        return status in (401, 403)


@dataclass(kw_only=True)
class Service:
    """A running service and matters of the units that the tests' callers are of.

    `known` are the ids of matters in addresses; `hidden` are routes whose matter is no own one of
    these roles, although the address is right.
    """

    name: str
    app: FastAPI
    known: Mapping[str, str] = field(default_factory=dict)
    hidden: Mapping[str, frozenset[Role]] = field(default_factory=dict)

    def cells(self) -> Iterable[Cell]:
        """Every guarded route with everybody: each role, of the own unit, another and none."""
        for route, right in self.rights().items():
            method, _, path = route.partition(" ")
            named = {part.strip("{}").partition(":")[0] for part in path.split("/") if "{" in part}
            reads = method == "GET" and bool(named) and named <= self.known.keys()
            _, there = address(route, self.known if reads else None)
            there += ASKED.get(path.rpartition("/")[2], "")
            yield Cell(
                route=route, role=None, whose="none", unit=None, path=there, right=right,
                names_a_matter=reads,
            )  # fmt: skip
            for role in Role:
                for whose, unit in _units(role).items():
                    mine = reads and role not in self.hidden.get(route, frozenset())
                    yield Cell(
                        route=route, role=role, whose=whose, unit=unit, path=there, right=right,
                        names_a_matter=mine,
                    )  # fmt: skip

    def rights(self) -> dict[str, Right]:
        """The right of each route that has one."""
        found = rights_of(self.name)
        return {route: right for route, right in found.items() if right is not None}

    async def walked(self) -> tuple[int, list[str]]:
        """How many cells of the table were tried, and those that were answered otherwise."""
        wrong, tried = [], 0
        for cell in self.cells():
            headers = bearer(cell.role, cell.unit) if cell.role else {}
            status = await status_of(self.app, cell.route, cell.path, headers)
            tried += 1
            if cell.is_wrong(status):
                wrong.append(f"{cell.route} as {cell.role} of {cell.whose} unit: {status}")
        return tried, wrong


def _units(role: Role) -> dict[str, str | None]:
    return {"own": OWN.get(role, "BH-CGJ"), "other": OTHER.get(role, "BH-XFJ"), "no": None}


async def status_of(app: FastAPI, route: str, path: str, headers: Mapping[str, str]) -> int:
    """What a request without a body is answered."""
    method = route.partition(" ")[0]
    found: list[int] = []
    asked = False

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if asked:
            return {"type": "http.disconnect"}  # nobody follows what would go on and on
        asked = True
        return {"type": "http.request", "body": b"", "more_body": False}

    bare: list[str] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])
            bare.extend(lacking(message["headers"]))

    address_ = urlsplit(path)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address_.path,
        "raw_path": address_.path.encode(),
        "query_string": address_.query.encode(),
        "root_path": "",
        "headers": [(b"host", b"test")]
        + [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "state": {},
    }
    try:
        await app(scope, receive, send)
    except Exception:  # noqa: BLE001
        found.append(500)  # answered as such by a server
    assert not bare, f"{route} is answered without {', '.join(bare)}"
    return max(found)


async def opened_wrongly(service: Service) -> list[str]:
    """The routes that a forged, expired or foreign token opens, or an API key's header."""
    expired = issue_token(SECRET, role="ops", minutes=-1)
    forged = issue_token("another secret that nobody here knows", role="ops")
    foreign = (
        {"Authorization": f"Bearer {expired}"},
        {"Authorization": f"Bearer {forged}"},
        {"X-API-Key": "sk_none"},
        {"Cookie": f"shaodao_session={issue_token(SECRET, role='ops')}"},
    )
    return [
        f"{route} with {headers}"
        for route in service.rights()
        for headers in foreign
        if await status_of(service.app, route, address(route)[1], headers) != 401
    ]


async def not_sent_to_sign_in(
    http: httpx.AsyncClient, url: str, routes: Iterable[str]
) -> tuple[int, list[str]]:
    """How many pages of work there are, and those that answer a stranger's browser otherwise."""
    pages = [each for each in routes if each.startswith("GET /") and "/api/" not in each]
    wrong = []
    for route in pages:
        method, path = address(route)
        answer = await http.request(method, f"{url}{path}", headers={"Accept": "text/html"})
        to = answer.headers.get("location", "")
        if answer.status_code != 303 or not to.startswith("/login?next="):
            wrong.append(f"{route}: {answer.status_code} {to}")
    return len(pages), wrong
