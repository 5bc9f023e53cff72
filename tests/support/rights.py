"""The table of rights as the services' routes have it, and callers of every role and unit.

A route is written `GET /api/v1/tickets/{ticket_id}`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Final

from deploy.rights_page.page import apps
from shared.catalogue.rights import Right
from shared.contracts.parts import Role
from shared.web.guards import guards_of
from shared.web.identity import Door, issue_token
from tests.support.serving import SECRET

Roles = frozenset[Role]
NOBODY: Final = "00000000-0000-7000-8000-000000000000"
OF_A_REGION: Final = frozenset({Role.STREET_OFFICER, Role.COMMUNITY_WORKER, Role.GRID_WORKER})
OUTSIDE: Final = "/login/oidc"  # only where the city has a sign-in of its own
STREET: Final = "S-159902001"
OWN: Final[Mapping[Role, str]] = {
    Role.STREET_OFFICER: STREET,
    Role.COMMUNITY_WORKER: "Q-159902001001",
    Role.GRID_WORKER: "Q-159902001001",
}
"""The units of the region in which the matters of the tests lie; all others are of BH-CGJ."""
OTHER: Final[Mapping[Role, str]] = {
    Role.STREET_OFFICER: "S-159903001",
    Role.COMMUNITY_WORKER: "Q-159902001003",
    Role.GRID_WORKER: "Q-159902001003",
}


@cache
def rights_of(service: str) -> Mapping[str, Right | None]:
    """The right of each route of a service; None where no role is asked."""
    return {
        route: guard.right if isinstance(guard, Door) else None
        for route, guard in guards_of(apps()[service]).items()
        if OUTSIDE not in route
    }


def matrix(service: str) -> dict[str, Roles]:
    """Whom each guarded route of a service lets in."""
    found = rights_of(service).items()
    return {route: frozenset(right.scopes) for route, right in found if right is not None}


def open_routes(service: str) -> frozenset[str]:
    """The routes of a service that ask for no role."""
    return frozenset(route for route, right in rights_of(service).items() if right is None)


def address(route: str, known: Mapping[str, str] | None = None) -> tuple[str, str]:
    """The method and an address of a route: of things that are `known`, else of none there are."""
    method, _, path = route.partition(" ")
    parts = []
    for part in path.split("/"):
        name = part.strip("{}").partition(":")[0]
        if not part.startswith("{"):
            parts.append(part)
        elif known is not None and name in known:
            parts.append(known[name])
        elif name == "system":
            parts.append("nowhere")
        elif name == "dead_letter_id":
            parts.append("1")
        else:
            parts.append("159900000000000000" if name == "number" else NOBODY)
    return method, "/".join(parts)


@cache
def bearer(role: Role, unit: str | None) -> dict[str, str]:
    """The header of a caller of that role and unit."""
    made = issue_token(SECRET, role=role.value, unit=unit, name="测试员")
    return {"Authorization": f"Bearer {made}"}


def token(role: Role) -> dict[str, str]:
    """The header of a caller of that role, of a unit whose people may have it."""
    return bearer(role, STREET if role in OF_A_REGION else "C-CGJ")
