"""The router's own metrics, each with its meaning."""

from collections import Counter as Tally

from prometheus_client import Counter, Histogram

from services.router.domain.book import Book, Said
from shared.contracts import whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import Role
from shared.contracts.reports import Report
from shared.contracts.values import Urgency, WhistleKind
from shared.runtime.metrics import BUCKETS_SECONDS

FACTS = Counter(
    "shaodao_router_facts_total",
    "Facts about whistles, by what happened: blown, held, acknowledged, resolved, closed …",
    ["what"],
)
REPORTS_REFUSED = Counter(
    "shaodao_router_reports_refused_total",
    "Reports of units that do not count, by verb and reason.",
    ["verb", "code"],
)
BLOWN = Counter(
    "shaodao_router_blown_total",
    "Whistles blown, by kind and whether system or person dispatched.",
    ["kind", "by"],
)
LATE = Counter(
    "shaodao_router_late_reports_total", "Reports that count but came after their limit.", ["verb"]
)
BLOWN_AFTER = Histogram(
    "shaodao_router_whistle_latency_seconds",
    "Domain time from a ticket's registration to its whistle, where the system dispatched.",
    buckets=BUCKETS_SECONDS,
)
HELD_TOO_LONG = Counter(
    "shaodao_router_held_too_long_total",
    "Held tickets past their dispatch limit: normal ones are the shift lead's alarm, the others "
    "were dispatched provisionally.",
    ["urgency"],
)
FILES = Counter(
    "shaodao_router_files_total", "Files that units sent, by what became of them.", ["outcome"]
)
FORWARDED = Counter(
    "shaodao_router_forwarded_total", "Events of units' topics queued for their webhooks."
)
PUSHED = Counter(
    "shaodao_router_pushed_reports_total",
    "Reports that departments pushed over HTTP, by what they were answered.",
    ["verdict"],
)


def count(book: Book) -> None:
    """Count what a batch said; each label is looked up once a batch."""
    facts: Tally[str] = Tally()
    late: Tally[str] = Tally()
    blown: Tally[tuple[str, str]] = Tally()
    for said in book.said:
        if not isinstance(said, Said):
            continue
        what, fact = said.step.what, said.step.fact
        facts[what] += 1
        if isinstance(fact, whistles.Blown):
            blown[fact.kind.value, fact.dispatched_by.role.value] += 1
            _observe_blown(book, fact)
        elif getattr(fact, "late", False):
            late[what] += 1
    for counter, tally in ((FACTS, facts), (LATE, late)):
        for what, number in tally.items():
            counter.labels(what).inc(number)
    for labels, number in blown.items():
        BLOWN.labels(*labels).inc(number)


def _observe_blown(book: Book, fact: whistles.Blown) -> None:
    dispatched = fact.kind is WhistleKind.CITIZEN_DEMAND and fact.dispatched_by.role is Role.SYSTEM
    ticket = book.tickets.get(fact.ticket_ids[0]) if dispatched and fact.round == 1 else None
    if ticket is not None:
        waited = (book.now - ticket.registered_at).total_seconds()
        BLOWN_AFTER.observe(max(0.0, waited))


def overdue(urgency: Urgency) -> None:
    """Count a held ticket that nobody dispatched in time."""
    HELD_TOO_LONG.labels(urgency.value).inc()


def refused(report: Report, code: RefusalCode) -> None:
    """Count a refused report."""
    REPORTS_REFUSED.labels(report.TYPE.split(".")[2], code.value).inc()


def unreadable() -> None:
    """Count a record on a unit's topic that is no report."""
    REPORTS_REFUSED.labels("unreadable", RefusalCode.INVALID.value).inc()
