"""Where people work: the consoles of the three services, by name and by who uses them.

A page is listed here once it exists.
"""

from dataclasses import dataclass, replace
from typing import Final

from shared.runtime.settings import ServiceSettings
from shared.web.identity import Caller


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A console: `text` and `about` are keys of the strings."""

    service: str
    path: str
    text: str
    about: str
    icon: str
    action: str | None  # who has this right works here; None: everybody, signed in or not
    has_nearer: str | None = None  # who has this right works at another place with the same
    url: str = ""


PLACES: Final = (
    Place(
        service="intake",
        path="/desk",
        text="place.desk",
        about="place.desk_about",
        icon="headset",
        action="desk.work",
    ),
    Place(
        service="intake",
        path="/desk/tickets",
        text="place.tickets",
        about="place.tickets_about",
        icon="list-search",
        action="tickets.see",
        has_nearer="desk.work",
    ),
    Place(
        service="router",
        path="/dispatch",
        text="place.dispatch",
        about="place.dispatch_about",
        icon="route",
        action="queue.see",
    ),
    Place(
        service="router",
        path="/reviews",
        text="place.reviews",
        about="place.reviews_about",
        icon="gavel",
        action="reviews.rule",
    ),
    Place(
        service="router",
        path="/workbench",
        text="place.work",
        about="place.work_about",
        icon="inbox",
        action="workbench.open",
    ),
    Place(
        service="router",
        path="/console",
        text="place.console",
        about="place.console_about",
        icon="speakerphone",
        action="whistles.blow",
    ),
    Place(
        service="notifier",
        path="/board",
        text="place.board",
        about="place.board_about",
        icon="layout-dashboard",
        action="board.see",
    ),
    Place(
        service="intake",
        path="/r",
        text="place.resident",
        about="place.resident_about",
        icon="home-heart",
        action=None,
    ),
)


def places_for(caller: Caller | None, settings: ServiceSettings) -> list[Place]:
    """The consoles this caller may use, with their whole addresses."""
    found = []
    for place in PLACES:
        allowed = place.action is None or (
            caller is not None and _works(caller, place, place.action)
        )
        base = getattr(settings, f"{place.service}_url")
        if allowed and base is not None:
            found.append(replace(place, url=str(base).rstrip("/") + place.path))
    return found


def _works(caller: Caller, place: Place, action: str) -> bool:
    nearer = place.has_nearer is not None and caller.may(place.has_nearer)
    return caller.may(action) and not nearer
