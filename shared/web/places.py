"""Where people work: the consoles of the three services, by name and by who uses them.

A page is listed here once it exists.
"""

from dataclasses import dataclass, replace
from typing import Final

from shared.contracts.parts import Role
from shared.runtime.settings import ServiceSettings
from shared.web.identity import Caller

TAKE_CALLS: Final = frozenset({Role.OPERATOR, Role.SHIFT_LEAD})
DISPATCHES: Final = frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.SHIFT_LEAD})
SEE_TICKETS: Final = frozenset(
    {
        Role.DISPATCHER,
        Role.REVIEWER,
        Role.SUPERVISOR,
        Role.CALLBACK_CLERK,
        Role.LEADER,
        Role.STREET_OFFICER,
        Role.COMMUNITY_WORKER,
        Role.GRID_WORKER,
        Role.OPS,
        Role.AUDITOR,
    }
)

WORK: Final = frozenset(
    {
        Role.LIAISON,
        Role.HANDLER,
        Role.STREET_OFFICER,
        Role.COMMUNITY_WORKER,
        Role.GRID_WORKER,
    }
)

WHISTLES: Final = frozenset(
    {
        Role.STREET_OFFICER,
        Role.COMMUNITY_WORKER,
        Role.GRID_WORKER,
        Role.LEADER,
        Role.SUPERVISOR,
        Role.DISPATCHER,
    }
)

SUPERVISES: Final = frozenset(
    {
        Role.SUPERVISOR,
        Role.LEADER,
        Role.SHIFT_LEAD,
        Role.STREET_OFFICER,
        Role.OPS,
        Role.AUDITOR,
        Role.LIAISON,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A console: `text` and `about` are keys of the strings."""

    service: str
    path: str
    text: str
    about: str
    icon: str
    roles: frozenset[Role] | None  # None: everybody, signed in or not
    url: str = ""


PLACES: Final = (
    Place(
        service="intake",
        path="/desk",
        text="place.desk",
        about="place.desk_about",
        icon="headset",
        roles=TAKE_CALLS,
    ),
    Place(
        service="intake",
        path="/desk/tickets",
        text="place.tickets",
        about="place.tickets_about",
        icon="list-search",
        roles=SEE_TICKETS,
    ),
    Place(
        service="router",
        path="/dispatch",
        text="place.dispatch",
        about="place.dispatch_about",
        icon="route",
        roles=DISPATCHES,
    ),
    Place(
        service="router",
        path="/reviews",
        text="place.reviews",
        about="place.reviews_about",
        icon="gavel",
        roles=frozenset({Role.REVIEWER, Role.SUPERVISOR}),
    ),
    Place(
        service="router",
        path="/workbench",
        text="place.work",
        about="place.work_about",
        icon="inbox",
        roles=WORK,
    ),
    Place(
        service="router",
        path="/console",
        text="place.console",
        about="place.console_about",
        icon="speakerphone",
        roles=WHISTLES,
    ),
    Place(
        service="notifier",
        path="/board",
        text="place.board",
        about="place.board_about",
        icon="layout-dashboard",
        roles=SUPERVISES,
    ),
    Place(
        service="intake",
        path="/r",
        text="place.resident",
        about="place.resident_about",
        icon="home-heart",
        roles=None,
    ),
)


def places_for(caller: Caller | None, settings: ServiceSettings) -> list[Place]:
    """The consoles this caller may use, with their whole addresses."""
    found = []
    for place in PLACES:
        allowed = place.roles is None or (caller is not None and caller.role in place.roles)
        base = getattr(settings, f"{place.service}_url")
        if allowed and base is not None:
            found.append(replace(place, url=str(base).rstrip("/") + place.path))
    return found
