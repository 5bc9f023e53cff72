"""What the notifier's facts about promises do to a ticket: a citizen learns what was missed.

They may be heard before the whistle they are about: a promise not known yet is kept as missed, and
the whistle's own fact leaves it so. Warnings are for the units alone.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from services.intake.domain import promises
from services.intake.domain.case import Case
from services.intake.domain.heard import Heard
from services.intake.domain.promises import SHOWN, Promise, PromiseState
from services.intake.domain.words import DEADLINE_ZH, local
from shared.contracts import deadlines, figures


def _known(case: Case, fact: deadlines.DeadlineFact) -> Promise | None:
    """The promise the fact is about, as it is known or as the fact tells it; None if not shown."""
    if fact.kind not in SHOWN:
        return None
    ticket_id = case.ticket.ticket_id
    fresh = Promise(
        ticket_id=ticket_id,
        owner_id=fact.assignment_id or ticket_id,
        kind=fact.kind,
        round=fact.round,
        due=fact.due,
        unit=fact.unit,
        whistle_id=fact.whistle_id,
    )
    return case.promises.get(fresh.key, fresh)


def _tell(case: Case, fact: Any, heard: Heard, zh: str) -> None:
    case.tell(str(fact.TYPE).split(".")[2], zh, at=heard.at, who="督办")


def _missed(case: Case, fact: deadlines.Missed, heard: Heard) -> None:
    promise = _known(case, fact)
    if promise is None:
        return
    after = promises.missed(promise, fact.due)
    case.promise(after)
    if after.state not in {PromiseState.MISSED, PromiseState.MET_LATE}:
        return  # kept in time, or the due time has moved on
    by = f"{heard.unit(fact.unit)}" if fact.unit else ""
    _tell(case, fact, heard, f"{by}未在{local(fact.due.by)}前{DEADLINE_ZH[fact.kind]}，已超时")


def _corrected(case: Case, fact: deadlines.Corrected, heard: Heard) -> None:
    promise = _known(case, fact)
    if promise is None:
        return
    case.promise(promises.corrected(promise))
    by = f"{heard.unit(fact.unit)}" if fact.unit else ""
    _tell(case, fact, heard, f"更正：{by}已于{local(fact.met_at)}按时{DEADLINE_ZH[fact.kind]}")


def _rung_climbed(case: Case, fact: deadlines.RungClimbed, heard: Heard) -> None:
    if fact.kind in SHOWN:
        _tell(case, fact, heard, f"{DEADLINE_ZH[fact.kind]}超时，已升级督办（{fact.level}级）")


def _supervised(case: Case, fact: deadlines.Supervised, heard: Heard) -> None:
    until = local(fact.answer_by.by)
    if fact.reason is not None:
        _tell(case, fact, heard, f"督办答复时限调整至{until}（{fact.reason}）")
    else:
        _tell(case, fact, heard, f"已督办（{fact.level}级），要求{until}前书面答复")


def _answered(case: Case, fact: deadlines.SupervisionAnswered, heard: Heard) -> None:
    _tell(case, fact, heard, f"{heard.unit(fact.unit)}已书面答复督办")


def _warned(case: Case, fact: deadlines.Warned, heard: Heard) -> None:
    """For the units alone."""


def _ruled(case: Case, fact: figures.RulingFact, heard: Heard) -> None:
    """For the figures alone: what is owed to the citizen does not change."""


DEADLINE_FACTS: Final[Mapping[type, Callable[[Case, Any, Heard], None]]] = {
    deadlines.Warned: _warned,
    deadlines.Missed: _missed,
    deadlines.Corrected: _corrected,
    deadlines.RungClimbed: _rung_climbed,
    deadlines.Supervised: _supervised,
    deadlines.SupervisionAnswered: _answered,
    figures.Excluded: _ruled,
    figures.ExclusionEnded: _ruled,
}
