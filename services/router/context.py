"""What the router's edges hand to its verbs."""

from dataclasses import dataclass

from services.router.domain.city import City
from services.router.domain.judgement import Refused
from services.router.domain.outcome import Outcome
from services.router.judge import Reported
from shared.runtime.group_commit import GroupCommit
from shared.runtime.service import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterContext:
    """Made once by the app."""

    runtime: Runtime
    city: City
    reports: GroupCommit[Reported, Outcome | Refused]
