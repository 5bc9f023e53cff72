"""The router's own metrics, each with its meaning."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from services.router.domain.book import Book, Said
from services.router.domain.city import City
from services.router.domain.department import Verdict
from services.router.domain.outcome import Outcome
from shared.catalogue.model import UnitKind
from shared.contracts import whistles
from shared.contracts.bureaus import RefusalCode, Whistled
from shared.contracts.parts import AssignmentState, Role, WhistleState
from shared.contracts.reports import Report
from shared.contracts.values import Urgency, WhistleKind
from shared.runtime.clock import wall_now
from shared.runtime.instruments import (
    DISTRICT,
    NAN,
    NO_DISTRICT,
    OTHER,
    UNIT,
    Copies,
    Open,
    counter,
    district_of_place,
    gauge,
    histogram,
    show_all,
)

VERB = Open("the verb of the report; unreadable for what is none", 20)

FACTS = counter(
    "shaodao_router_facts_total",
    "Facts about whistles, by what happened.",
    what=Open("what happened, the middle of the fact's type", 60),
)
REPORTS = counter(
    "shaodao_router_reports_total",
    "Reports of units: counted, late (counted, after their limit), refused, unreadable.",
    unit=UNIT,
    district=DISTRICT,
    outcome=("counted", "late", "refused", "unreadable"),
)
REPORTS_REFUSED = counter(
    "shaodao_router_reports_refused_total",
    "Reports of units that do not count.",
    verb=VERB,
    code=RefusalCode,
)
BLOWN = counter(
    "shaodao_router_blown_total",
    "Whistles blown, by the role that dispatched and the district of the place.",
    kind=WhistleKind,
    by=Role,
    district=DISTRICT,
)
CALLS = counter(
    "shaodao_router_calls_total",
    "Units called to whistles.",
    unit=UNIT,
    district=DISTRICT,
)
LATE = counter(
    "shaodao_router_late_reports_total",
    "Reports that count but came after their limit.",
    verb=VERB,
)
BLOWN_AFTER = histogram(
    "shaodao_router_whistle_latency_seconds",
    "Wall time from a ticket's registration to its whistle, where the system dispatched.",
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
)
OPEN_WHISTLES = gauge(
    "shaodao_router_open_whistles",
    "Whistles that are held or run, by the district of the place.",
    kind=WhistleKind,
    state=(WhistleState.HELD, WhistleState.OPEN, WhistleState.AWAITING_ACCEPTANCE),
    district=DISTRICT,
    over=Copies.MAX,
)
OPEN_ASSIGNMENTS = gauge(
    "shaodao_router_open_assignments",
    "Parts of units in whistles that run, by the unit's own district.",
    unit=UNIT,
    district=DISTRICT,
    state=AssignmentState,
    over=Copies.MAX,
)
OLDEST_HELD = gauge(
    "shaodao_router_oldest_held_age_seconds",
    "Wall time since the ticket of the oldest held whistle was registered; 0 if none is held.",
    over=Copies.MAX,
    begins=NAN,
)
HELD_TOO_LONG = counter(
    "shaodao_router_held_too_long_total",
    "Held tickets past their dispatch limit: normal ones are the shift lead's alarm, the others "
    "were dispatched provisionally.",
    urgency=Urgency,
)
FILES = counter(
    "shaodao_router_files_total",
    "Files that units sent, by what became of them.",
    outcome=("kept", "refused", "unnamed"),
)
FORWARDED = counter(
    "shaodao_router_forwarded_total",
    "Events of units' topics queued for their webhooks.",
)
PUSHED = counter(
    "shaodao_router_pushed_reports_total",
    "Reports that departments pushed over HTTP, by what they were answered.",
    verdict=Verdict,
)

_WALL_AT: list[Callable[[datetime], datetime]] = []


def measure_by(wall_at: Callable[[datetime], datetime]) -> None:
    """Domain times are told in wall time by this clock; without one they are wall times."""
    _WALL_AT[:] = [wall_at]


def _wall_age(moment: datetime) -> float:
    at = _WALL_AT[0](moment) if _WALL_AT else moment
    return max(0.0, (wall_now() - at).total_seconds())


def count(book: Book) -> None:
    """Count what a batch said; each label is looked up once a batch."""
    facts: Tally[str] = Tally()
    late: Tally[str] = Tally()
    blown: Tally[tuple[str, str, str]] = Tally()
    calls: Tally[str] = Tally()
    for said in book.said:
        if not isinstance(said, Said):
            continue
        what, fact = said.step.what, said.step.fact
        facts[what] += 1
        for unit, view in said.step.views:
            if type(view) is Whistled:
                calls[unit] += 1
        if isinstance(fact, whistles.Blown):
            _observe_blown(book, fact)
            if not fact.canary:
                where = district_of_place(fact.place.region)
                blown[fact.kind.value, fact.dispatched_by.role.value, where] += 1
        elif getattr(fact, "late", False):
            late[what] += 1
    for counted, tally in ((FACTS, facts), (LATE, late)):
        for what, number in tally.items():
            counted.labels(what).inc(number)
    for labels, number in blown.items():
        BLOWN.labels(*labels).inc(number)
    for code, number in calls.items():
        if called := of_unit(code, book.city):
            CALLS.labels(*called).inc(number)


def of_unit(code: str, city: City) -> tuple[str, str] | None:
    """The labels of a unit and its district; None for the canary's, which counts nowhere."""
    unit = city.catalogue.units.get(code)
    if unit is None:  # whoever may write to Kafka might name any
        return OTHER, NO_DISTRICT
    if unit.kind is UnitKind.PROBE:
        return None
    return code, district_of_place(unit.region_code)


def count_reports(units: Iterable[str], answers: Iterable[object], city: City) -> None:
    """Count what units reported in a batch, unit by unit."""
    tally = Tally((unit, _outcome(answer)) for unit, answer in zip(units, answers, strict=True))
    for (unit, outcome), number in tally.items():
        if outcome and (labels := of_unit(unit, city)):
            REPORTS.labels(*labels, outcome).inc(number)


def _outcome(answer: object) -> str:
    """Nothing for what was heard before and has changed nothing."""
    if not isinstance(answer, Outcome):
        return "refused"
    for step in answer.steps:
        if getattr(step.fact, "late", False):
            return "late"
    return "counted" if answer.steps else ""


def _observe_blown(book: Book, fact: whistles.Blown) -> None:
    dispatched = fact.kind is WhistleKind.CITIZEN_DEMAND and fact.dispatched_by.role is Role.SYSTEM
    ticket = book.tickets.get(fact.ticket_ids[0]) if dispatched and fact.round == 1 else None
    if ticket is not None:
        BLOWN_AFTER.observe(_wall_age(ticket.registered_at))


def overdue(urgency: Urgency) -> None:
    """Count a held ticket that nobody dispatched in time."""
    HELD_TOO_LONG.labels(urgency.value).inc()


def show_open(
    whistles_: Mapping[tuple[str, str, str], int],
    assignments: Mapping[tuple[str, str], int],
    *,
    oldest_held: datetime | None,
    city: City,
) -> None:
    """Show what is open: whistles by kind, state and district, parts by unit and state."""
    of_units: Tally[tuple[str, ...]] = Tally()
    for (unit, state), number in assignments.items():
        if labels := of_unit(unit, city):
            of_units[*labels, state] += number
    show_all(OPEN_WHISTLES, whistles_)
    show_all(OPEN_ASSIGNMENTS, of_units)
    OLDEST_HELD.set(_wall_age(oldest_held) if oldest_held is not None else 0)


def open_unknown() -> None:
    """The database does not tell."""
    show_all(OPEN_WHISTLES, {})
    show_all(OPEN_ASSIGNMENTS, {})
    OLDEST_HELD.set(NAN)


def refused(report: Report, code: RefusalCode) -> None:
    """Count a refused report."""
    REPORTS_REFUSED.labels(report.TYPE.split(".")[2], code.value).inc()


def unreadable(units: Iterable[str], city: City) -> None:
    """Count records on units' topics that are no reports."""
    for unit, number in Tally(units).items():
        REPORTS_REFUSED.labels("unreadable", RefusalCode.INVALID.value).inc(number)
        if labels := of_unit(unit, city):
            REPORTS.labels(*labels, "unreadable").inc(number)
