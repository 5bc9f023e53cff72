"""What a unit reports while it works: taken, called, on the way, on the spot, so far, handed over.

Each decides (case, state after) → (what changes of the part, the fact). In time is judged by when
the report was received; only the first one that keeps a promise can be late.
"""

from datetime import datetime

from services.router.domain.case import Case, Changes, RefusedError
from shared.catalogue.gazetteer import metres_between
from shared.contracts import reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Due
from shared.contracts.whistles import UnitFact


def is_late(due: Due | None, received_at: datetime, kept_at: datetime | None = None) -> bool:
    """Whether the first report that keeps a promise came after it; later ones are never late."""
    return due is not None and kept_at is None and received_at > due.by


def acknowledged(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    late = is_late(case.part.dues.acknowledge, case.received_at)
    by = case.progress_by()
    fact = whistles.Acknowledged(
        **case.about(state),
        late=late,
        handler=case.report.handler,
        progress_by=by,
    )
    taken = {"acknowledged_at": case.received_at, "deemed": False}
    return taken | case.reporting_by(by), fact


def contacted(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    report = case.of(reports.Contacted)
    before = case.part.contacted_at
    late = is_late(case.part.dues.contact, case.received_at, before)
    fact = whistles.Contacted(**case.about(state), late=late, how=report.how)
    return {"contacted_at": before or case.received_at}, fact


def departed(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """On the way; said again with another time of arrival, the first departure stands."""
    _not_there_yet(case)
    report = case.of(reports.Departed)
    fact = whistles.Departed(**case.about(state), eta_minutes=report.eta_minutes)
    return {"departed_at": case.part.departed_at or case.received_at}, fact


def arrived(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    _not_there_yet(case)
    report, by = case.of(reports.Arrived), case.progress_by()
    fact = whistles.Arrived(
        **case.about(state),
        late=is_late(case.part.dues.arrive, case.received_at),
        mode=report.mode,
        head_count=report.head_count,
        lat=report.lat,
        lon=report.lon,
        distance_metres=_distance(case, report),
        photos=report.photos,
        progress_by=by,
    )
    return {"arrived_at": case.received_at} | case.reporting_by(by), fact


def _not_there_yet(case: Case) -> None:
    if case.part.arrived_at is not None:
        raise RefusedError(
            RefusalCode.WRONG_STATE, "本单位已经报到", "the unit has arrived already"
        )


def _distance(case: Case, report: reports.Arrived) -> float | None:
    """How far from the place the unit said it was, in metres, where both are known."""
    matter = case.grounds.matter
    if matter is None or report.lat is None or report.lon is None:
        return None
    place = matter.place
    if place.lat is None or place.lon is None:
        return None
    return round(metres_between(report.lat, report.lon, place.lat, place.lon), 1)


def progressed(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    report, by = case.of(reports.Progressed), case.progress_by()
    fact = whistles.Progressed(**case.about(state), text=report.text, progress_by=by)
    return case.reporting_by(by), fact


def handed_over(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """To another desk inside the unit: whose it is now."""
    to = case.of(reports.HandedOver).to
    if (to.name, to.post) == (case.part.handler, case.part.handler_post):
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            f"经办人已是{to.name}",
            f"it is on the desk of {to.name} already",
        )
    fact = whistles.PartHandedOver(**case.about(state), to=to)
    return {"handler": to.name, "handler_post": to.post}, fact
