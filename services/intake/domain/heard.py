"""What every heard fact may do to a case: move it, keep or change promises, tell the citizen.

Only the ticket's own whistle of this round moves it, and only while it has not ended; a fact that
crosses an end or a newer round moves nothing.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.intake.domain import promises
from services.intake.domain.callback import CallbackDues
from services.intake.domain.case import Call, Case
from services.intake.domain.promises import Promise
from services.intake.domain.ticket import Command
from services.intake.domain.words import unit_name
from services.intake.domain.words import who as who_of
from shared.catalogue.model import Catalogue
from shared.contracts import whistles
from shared.contracts.parts import Assignment, AssignmentState, DeadlineKind, DueChange
from shared.contracts.values import Due

CALLED: Final = frozenset(AssignmentState) - {
    AssignmentState.DONE,
    AssignmentState.RETURNED,
    AssignmentState.RELEASED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When a fact became true and was heard, and what is needed to act on it."""

    at: datetime
    now: datetime
    catalogue: Catalogue
    policy: str
    callback_dues: Callable[[datetime], CallbackDues]
    traceparent: str | None = None

    def unit(self, unit: str | None) -> str:
        return unit_name(self.catalogue, unit)


def drives(case: Case, fact: whistles.WhistleFact) -> bool:
    """Whether this whistle moves the ticket now."""
    return not case.ticket.has_ended and case.ticket.whistle_id == fact.whistle_id


def tell(case: Case, fact: whistles.WhistleFact, heard: Heard, zh: str) -> None:
    """A line in the name of the unit the fact is about, else of whoever acted."""
    unit = getattr(fact, "unit", None)
    name = heard.unit(unit) if unit else who_of(heard.catalogue, fact.actor)
    case.tell(_what(fact), zh, at=heard.at, who=name)


def _what(fact: Any) -> str:
    """shaodao.whistle.unit_returned.v1 → unit_returned."""
    return str(fact.TYPE).split(".")[2]


def move(case: Case, command: Command, heard: Heard, fact: Any, **changes: Any) -> bool:
    """Move the ticket where its state allows the command."""
    if not case.allows(command):
        return False
    case.move(command, at=heard.at, actor=fact.actor, **changes)
    return True


def call_units(case: Case, fact: whistles.WhistleFact, assignments: Iterable[Assignment]) -> None:
    """Remember the units called and what they promised; what is known of a promise stays."""
    for each in assignments:
        case.call(
            Call(
                ticket_id=case.ticket.ticket_id,
                assignment_id=each.assignment_id,
                whistle_id=fact.whistle_id,
                unit=each.unit,
                relation=each.relation,
                state=each.state,
            )
        )
        for kind, due in (
            (DeadlineKind.ACKNOWLEDGE, each.acknowledge),
            (DeadlineKind.CONTACT, each.contact),
            (DeadlineKind.ARRIVE, each.arrive),
            (DeadlineKind.RESOLVE, each.resolve),
        ):
            if due is not None:
                wanted = new_promise(case, fact, each.assignment_id, each.unit, kind, due)
                case.promise(case.promises.get(wanted.key, wanted))


def new_promise(
    case: Case, fact: Any, assignment_id: Any, unit: str, kind: DeadlineKind, due: Due
) -> Promise:
    return Promise(
        ticket_id=case.ticket.ticket_id,
        owner_id=assignment_id,
        kind=kind,
        round=fact.round,
        due=due,
        unit=unit,
        whistle_id=fact.whistle_id,
    )


def unit_state(case: Case, fact: whistles.UnitFact) -> None:
    """The unit's part now stands so."""
    known = case.calls.get(fact.assignment_id)
    if known is not None:
        case.call(replace(known, state=fact.state))


def keep(case: Case, fact: Any, kind: DeadlineKind) -> None:
    """The unit kept a promise, late or not by the router's word."""
    known = case.promises.get((fact.assignment_id, kind, fact.round))
    if known is not None:
        case.promise(promises.kept(known, late=fact.late))


def change_promises(
    case: Case, change: Callable[[Promise], Promise], matches: Callable[[Promise], bool]
) -> None:
    """Apply a change to every promise that matches."""
    for known in list(case.promises.values()):
        if matches(known):
            case.promise(change(known))


def change_dues(case: Case, fact: Any, changes: Iterable[DueChange]) -> None:
    """Due times as the router now has them; None means the promise no longer applies."""
    for change in changes:
        known = case.promises.get((change.assignment_id, change.kind, fact.round))
        if change.kind not in promises.SHOWN:
            continue
        if change.due is None:
            if known is not None:
                case.promise(promises.cancelled(known))
        elif known is not None:
            case.promise(promises.moved(known, change.due))
        else:
            case.promise(
                new_promise(case, fact, change.assignment_id, change.unit, change.kind, change.due)
            )
