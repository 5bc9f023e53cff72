"""What the router's edges hand to its verbs."""

from dataclasses import dataclass

from services.router.domain.city import City
from services.router.domain.department import Answer
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import Refused
from services.router.feed import Feed
from services.router.files import Shelf
from services.router.judge import Reported
from services.router.look import Sight
from services.router.push import Pushed
from shared.runtime.group_commit import GroupCommit
from shared.runtime.live import Live
from shared.runtime.service import Runtime
from shared.sealing import Seals
from shared.web.pages import Pages


class CityNow:
    """The city as it is now: replaced as a whole when its units or its duty list change.

    A batch reads `city` once and keeps it: all of its events are judged by one city. `version`
    counts the changes of the tables it was read from.
    """

    def __init__(self, city: City, version: int = 0) -> None:
        self.city = city
        self.version = version


@dataclass(frozen=True, slots=True, kw_only=True)
class Departments:
    """What departments' systems come to over HTTP; without `seals` they have no webhooks."""

    feed: Feed
    pushes: GroupCommit[Pushed, Answer]
    seals: Seals | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterContext:
    """Made once by the app."""

    runtime: Runtime
    now: CityNow
    reports: GroupCommit[Reported, Outcome | Refused]
    live: Live[Sight]
    shelf: Shelf
    departments: Departments
    pages: Pages  # they show the names of units, also of those that come later

    @property
    def city(self) -> City:
        """The city as it is now."""
        return self.now.city
