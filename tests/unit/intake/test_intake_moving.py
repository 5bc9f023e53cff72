"""Due times of a ticket that move without anybody's word: every kind that intake owns."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.intake.domain.case import Case
from services.intake.domain.doing import Doing
from services.intake.domain.moving import move_own
from services.intake.domain.promises import Promise, PromiseState
from services.intake.domain.registration import Rules, draft
from shared.calendar import WorkCalendar
from shared.catalogue.limits import due
from shared.catalogue.moving import MOVES, Move, Outage, Owner, move_past
from shared.contracts.parts import DeadlineKind
from shared.contracts.tickets import DueChanged, TicketDueChange
from shared.contracts.values import Due
from tests.unit.intake.test_intake_decisions import NOW, SYSTEM, TICKET, opened, request
from tests.unit.intake.test_intake_decisions import rules as rules

K = DeadlineKind
HOUR = timedelta(hours=1)
DUE = due("24h", NOW, WorkCalendar(), policy="p")
OUTAGE = Outage(
    outage_id=UUID(int=7), from_at=DUE.by - HOUR, to_at=DUE.by + 2 * HOUR, reason="机房断电"
)
PAST = move_past(OUTAGE, WorkCalendar())
OWN = (K.DISPATCH, K.CALLBACK, K.CALLBACK_START, K.CITIZEN)


def moved(
    rules: Rules, kind: DeadlineKind, to: Move, *, outage: bool = True, **stands: object
) -> tuple[Case, tuple[TicketDueChange, ...]]:
    """A ticket that owes this alone, and what of it moves."""
    case = opened(draft(request(), rules), rules)
    start_by: Due | None = DUE if kind is K.CALLBACK_START else None
    case.promises.clear()
    if start_by is None:
        promise = Promise(ticket_id=TICKET, owner_id=TICKET, kind=kind, round=1, due=DUE)
        case.promise(replace(promise, **stands))  # type: ignore[arg-type]
    changes = move_own(
        case,
        to,
        Doing(now=OUTAGE.to_at, actor=SYSTEM, policy="p"),
        reason=OUTAGE.words,
        outage_id=OUTAGE.outage_id if outage else None,
        start_by=start_by,
    )
    return case, changes


def test_every_kind_that_intake_owns_is_moved_by_it() -> None:
    """A new kind stays behind here until intake moves it."""
    assert {kind for kind, each in MOVES.items() if each.owner is Owner.INTAKE} == set(OWN)


@pytest.mark.parametrize("kind", OWN)
def test_an_outage_moves_all_but_the_citizens_clock(rules: Rules, kind: DeadlineKind) -> None:
    case, changes = moved(rules, kind, PAST)
    if kind is K.CITIZEN:
        assert changes == ()
        return
    (change,) = changes
    assert (change.kind, change.round, change.due.by) == (kind, 1, DUE.by + 3 * HOUR)
    fact = case.facts[-1].fact
    assert isinstance(fact, DueChanged)
    assert (fact.changes, fact.outage_id) == (changes, OUTAGE.outage_id)
    assert "机房断电" in case.lines[-1].zh
    assert {promise.due for promise in case.promises.values()} <= {change.due}


@pytest.mark.parametrize("kind", OWN)
def test_a_year_that_became_known_moves_all(rules: Rules, kind: DeadlineKind) -> None:
    later = replace(DUE, by=DUE.by + 24 * HOUR)
    _, (change,) = moved(rules, kind, lambda _, __: later, outage=False)
    assert (change.kind, change.due) == (kind, later)


@pytest.mark.parametrize("state", PromiseState)
def test_what_was_kept_in_time_or_applies_no_more_stays(rules: Rules, state: PromiseState) -> None:
    case, changes = moved(rules, K.DISPATCH, PAST, state=state)
    stays = state in {PromiseState.MET, PromiseState.CANCELLED}
    assert (changes == ()) is stays
    (promise,) = case.promises.values()
    goes_on = {PromiseState.MISSED: PromiseState.RUNNING}
    assert promise.state is goes_on.get(state, state)
