"""What the rules look things up in: catalogue, time limits, calendar and policy of the city."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from services.router.domain.joint.policy import JointPolicy, read_joint
from services.router.domain.reports.judging import JUDGING_TABLES, JudgingPolicy, read_judging
from services.router.domain.routing.rows import RoutingRows, read_rows
from services.router.domain.units.absence import Absence
from shared.calendar import SHANGHAI, WorkCalendar
from shared.catalogue.grids import GridMap, Heads
from shared.catalogue.limits import Rule, TimeLimits, due
from shared.catalogue.model import Catalogue, Unit
from shared.contracts.values import Due
from shared.records import record

HOTLINE_CENTRE = "RXZX"  # 12345热线中心
"""The function of the centre that dispatches for the city and keeps watch at night."""


@record
class RoutingPolicy:
    """The router's own settings of the city."""

    auto_confidence: float  # below it a person dispatches
    candidates_shown: int
    judging: JudgingPolicy
    joint: JointPolicy
    rows: RoutingRows = field(default_factory=RoutingRows)


@record
class City:
    """Everything of the city that is data; `catalogue` holds the units that may be whistled."""

    catalogue: Catalogue
    limits: TimeLimits
    calendar: WorkCalendar
    policy: RoutingPolicy
    duty_version: int = 1  # of the duty list in `catalogue`; the files' own is the first
    grids: GridMap = field(default_factory=lambda: GridMap(()))
    heads: Heads = field(default_factory=dict)
    absences: tuple[Absence, ...] = ()  # of grid workers

    @property
    def version(self) -> str:
        """The version that facts and dues name as their policy."""
        return self.limits.version

    @property
    def region(self) -> str:
        """The city's own region code."""
        return next(c for c, region in self.catalogue.regions.items() if region.parent is None)

    def due(self, rule: Rule, started_at: datetime) -> Due:
        """The promise of a limit that starts then."""
        return due(rule, started_at, self.calendar, policy=self.limits.version)

    def is_working_time(self, now: datetime) -> bool:
        """Whether offices are open now."""
        local = now.astimezone(SHANGHAI)
        hours = self.calendar.opens <= local.time() < self.calendar.closes
        return hours and self.calendar.is_workday(local.date())

    def hotline_centre(self, region: str | None) -> Unit | None:
        """The district's centre, else the city's."""
        found = self.catalogue.units_for(HOTLINE_CENTRE, region)
        if not found:
            found = tuple(
                unit
                for unit in self.catalogue.units.values()
                if HOTLINE_CENTRE in unit.function_codes and unit.level == "city"
            )
        return found[0] if found else None


def read_policy(table: Mapping[str, object]) -> RoutingPolicy:
    """The policy of a parsed file; raises ValueError on what is missing or not known."""
    confidence = table.get("auto_confidence")
    shown = table.get("candidates_shown")
    if not isinstance(confidence, float) or not 0 < confidence <= 1:
        raise ValueError("auto_confidence: a share between 0 and 1")
    if not isinstance(shown, int) or shown < 1:
        raise ValueError("candidates_shown: at least 1")
    known = {"auto_confidence", "candidates_shown", "joint", "routing", *JUDGING_TABLES}
    if unknown := set(table) - known:
        raise ValueError(f"not known: {', '.join(sorted(unknown))}")
    return RoutingPolicy(
        auto_confidence=confidence,
        candidates_shown=shown,
        judging=read_judging(table),
        joint=read_joint(table.get("joint")),
        rows=_rows(table.get("routing", {})),
    )


def _rows(tables: object) -> RoutingRows:
    if not isinstance(tables, dict):
        raise ValueError("routing: tables of rows")
    return read_rows(tables)
