"""Every kind of promise that moves without anybody's word: engine and auditor read it alike."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest

from services.notifier import channels
from services.notifier.domain.deadline import Deadline, DeadlineState
from services.notifier.domain.joint_facts import evaluator_id
from services.notifier.domain.supervision import (
    Matter,
    Source,
    Supervision,
    asked,
    moved,
    promise_kept,
    promise_moved,
    promise_of,
)
from shared.catalogue.moving import MOVES, Outage, after_outage
from shared.contracts import deadlines, joint, rulings, tickets, whistles
from shared.contracts.envelope import adapter
from shared.contracts.ids import deadline_id
from shared.contracts.parts import Asked, DeadlineKind, DueChange, OwedChange
from shared.contracts.values import Due
from tests.unit.notifier import samples
from tests.unit.notifier.audited import City
from tests.unit.notifier.samples import HOUR, PART, TICKET, UNIT, WHISTLE, due_of, local
from tests.unit.notifier.test_audit_model import catch_up
from tests.unit.notifier.test_notifier_channels import WORDING

K, S = DeadlineKind, DeadlineState
START = local("2026-09-10 09:00")
MINUTE = timedelta(minutes=1)
STREET = "S-159902001"
OUTAGE_ID = UUID(int=7)
RULED = {"ruled_by": samples.ACTOR, "reason": "不属实"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """How a kind is promised, kept and moved: each a fact of that time."""

    owner: UUID
    opens: Callable[[datetime], Any] | None = None  # None: with the whistle or its ticket
    keeps: Callable[[datetime], Any] | None = None
    asked: Asked | None = None
    unit: str | None = None


def wish(cls: type, **fields: Any) -> Callable[[datetime], Any]:
    return lambda at: cls(**samples.part(at), rule_by=due_of("4wh", at), **fields)


def ruled(cls: type) -> Callable[[datetime], Any]:
    return lambda at: cls(**samples.part(at), **RULED)


def of_whistle(cls: type, **fields: Any) -> Callable[[datetime], Any]:
    return lambda at: samples.whistle_fact(cls, **fields)


def marks(at: datetime) -> joint.Evaluated:
    points = {"timely": 30, "present": 20, "effect": 30, "cooperation": 15}
    about = {"unit": UNIT, "evaluator_class": "street", "by_unit": STREET, "complete": True}
    return samples.whistle_fact(joint.Evaluated, **about, **points)  # type: ignore[return-value]


CASES: dict[DeadlineKind, Case] = {
    K.DISPATCH: Case(owner=TICKET, keeps=samples.blown),
    K.CITIZEN: Case(owner=TICKET, keeps=lambda _: samples.closed()),
    K.CALLBACK: Case(
        owner=TICKET, opens=samples.callback_opened, keeps=lambda _: samples.called_back()
    ),
    K.CALLBACK_START: Case(
        owner=TICKET,
        opens=lambda at: replace(samples.callback_opened(at), start_by=due_of("1WD", at)),
        keeps=lambda _: samples.called_back(final=False),
    ),
    K.ACKNOWLEDGE: Case(owner=PART, keeps=samples.acknowledged),
    K.DEEMED: Case(owner=PART),
    K.CONTACT: Case(owner=PART, keeps=samples.contacted),
    K.ARRIVE: Case(owner=PART, keeps=samples.arrived),
    K.RESOLVE: Case(owner=PART, keeps=samples.resolved),
    K.PROGRESS: Case(
        owner=PART,
        opens=lambda at: replace(samples.acknowledged(at), progress_by=due_of("5WD", at)),
        keeps=lambda at: whistles.Progressed(**samples.part(at), text="施工中"),
    ),
    K.RULING: Case(
        owner=uuid5(PART, "dispute"),
        opens=wish(whistles.Disputed, reason="不服"),
        keeps=ruled(rulings.Adjudicated),
        asked=Asked.DISPUTE,
    ),
    K.EXTENSION: Case(
        owner=PART,
        opens=wish(whistles.ExtensionRequested, amount=3, amount_unit="WD", reason="等配件"),
        keeps=ruled(rulings.ExtensionRefused),
        asked=Asked.EXTENSION,
    ),
    K.SUSPENSION: Case(
        owner=PART,
        opens=samples.suspended,
        keeps=lambda at: rulings.Resumed(**samples.part(at), changes=()),
        asked=Asked.PAUSE,
    ),
    K.REVIEW: Case(
        owner=PART,
        opens=lambda at: replace(samples.resolved(at), review_by=due_of("1WD", at)),
        keeps=lambda at: rulings.ReviewPassed(**samples.part(at)),
        asked=Asked.RESOLUTION,
    ),
    K.OWN_EFFORT: Case(
        owner=WHISTLE, keeps=of_whistle(joint.EffortNoted, own_effort="已拉警戒线"), unit=STREET
    ),
    K.EVALUATION: Case(
        owner=evaluator_id(WHISTLE, STREET),
        opens=lambda at: samples.whistle_fact(
            joint.Accepted, evaluate_by=due_of("3WD", at), evaluators=(STREET,)
        ),
        keeps=marks,
        unit=STREET,
    ),
}
"""Every kind that moves, but the notifier's own."""

OF_TICKET = frozenset({K.DISPATCH, K.CITIZEN, K.CALLBACK, K.CALLBACK_START})
OF_PART = frozenset({K.ACKNOWLEDGE, K.DEEMED, K.CONTACT, K.ARRIVE, K.RESOLVE, K.PROGRESS})


def promised(kind: DeadlineKind) -> City:
    """The kind is promised; of the ticket's dispatch alone nothing else is."""
    city, case = City(), CASES[kind]
    city.hear(samples.registered(START), START)
    if kind is not K.DISPATCH:
        part = replace(samples.an_assignment(START), arrive=due_of("1WD", START))
        blown = samples.blown(START, assignments=(part,))
        city.hear(replace(blown, own_effort_by=due_of("24h", START)), START)
    if case.opens is not None:
        city.hear(case.opens(START + MINUTE), START + MINUTE)
    return city


def promise(city: City, kind: DeadlineKind) -> Deadline:
    return city.deadlines[deadline_id(CASES[kind].owner, kind, 1)]


def change(kind: DeadlineKind, due: Due, outage_id: UUID | None = None) -> Any:
    """What its owner says."""
    case, why = CASES[kind], {"reason": "停运", "outage_id": outage_id}
    if kind in OF_TICKET:
        of_ticket = (tickets.TicketDueChange(kind=kind, round=1, due=due),)
        return samples.ticket_fact(tickets.DueChanged, changes=of_ticket, **why)
    if kind in OF_PART:
        of_part = (DueChange(assignment_id=PART, unit=UNIT, kind=kind, due=due),)
        return samples.whistle_fact(rulings.DueChanged, changes=of_part, **why)
    owed = OwedChange(
        kind=kind,
        due=due,
        asked=case.asked,
        assignment_id=PART if case.asked is not None else None,
        unit=case.unit,
    )
    return samples.whistle_fact(rulings.DueChanged, changes=(), owed=(owed,), **why)


def past_the_outage(due: Due) -> tuple[Due, datetime]:
    """Where an outage around the due time moves it, and when that is said."""
    outage = Outage(
        outage_id=OUTAGE_ID, from_at=due.by - HOUR, to_at=due.by + 2 * HOUR, reason="停运"
    )
    later = after_outage(due, outage, samples.CALENDAR)
    assert later is not None
    return later, outage.to_at + MINUTE


def test_every_kind_that_moves_is_heard_of() -> None:
    moving = {kind for kind, each in MOVES.items() if each.outage or each.known_year}
    assert {*CASES, K.SUPERVISION} == moving


@pytest.mark.parametrize("kind", CASES)
def test_a_year_that_became_known_moves_what_runs(kind: DeadlineKind) -> None:
    city = promised(kind)
    before = promise(city, kind)
    later = replace(before.due, by=before.due.by + 24 * HOUR)
    city.hear(change(kind, later), START + 2 * MINUTE)
    after = promise(city, kind)
    assert (after.state, after.due, after.term) == (S.RUNNING, later, before.term)
    catch_up(city, START, later.by + HOUR)
    assert promise(city, kind).late
    assert city.audit() == []


@pytest.mark.parametrize("kind", CASES)
def test_what_was_missed_in_an_outage_runs_again(kind: DeadlineKind) -> None:
    city = promised(kind)
    later, said_at = past_the_outage(promise(city, kind).due)
    catch_up(city, START, said_at)
    assert promise(city, kind).state is S.MISSED
    city.hear(change(kind, later, OUTAGE_ID), said_at)
    after = promise(city, kind)
    assert (after.state, after.late, after.due) == (S.RUNNING, False, later)
    assert city.audit() == []
    catch_up(city, said_at, later.by + HOUR)
    assert promise(city, kind).state is S.MISSED
    assert city.audit() == []


@pytest.mark.parametrize("kind", [kind for kind, case in CASES.items() if case.keeps])
def test_what_was_kept_late_in_an_outage_is_in_time(kind: DeadlineKind) -> None:
    city, keeps = promised(kind), CASES[kind].keeps
    assert keeps is not None
    later, said_at = past_the_outage(promise(city, kind).due)
    kept_at = said_at - HOUR
    catch_up(city, START, kept_at)
    city.hear(keeps(kept_at), kept_at)
    assert (promise(city, kind).state, promise(city, kind).late) == (S.MET, True)
    catch_up(city, kept_at, said_at)
    city.hear(change(kind, later, OUTAGE_ID), said_at)
    after = promise(city, kind)
    assert (after.state, after.late, after.due) == (S.MET, False, later)
    assert city.audit() == []


def question() -> Supervision:
    matter = Matter(number="W1", round=1, whistle_id=WHISTLE, ticket_ids=(TICKET,), unit=UNIT)
    return asked(
        UUID(int=9),
        matter,
        source=Source.SUPERVISOR,
        level=2,
        words="请说明",
        by=samples.ACTOR,
        at=START,
        answer_by=due_of("24h", START),
        traceparent=None,
    )


def said_of(supervision: Supervision, at: datetime, **why: Any) -> deadlines.Supervised:
    """The fact as it goes out."""
    rows = list(channels.supervised(supervision, WORDING, at=at, **why))
    assert len(rows) == (1 if supervision.answered_at else 2), "who has answered is told no more"
    data = json.dumps(json.loads(rows[0].payload)["data"])
    fact: deadlines.Supervised = adapter(deadlines.Supervised).validate_json(data)
    return fact


@pytest.mark.parametrize("answered", [False, True])
def test_the_time_of_a_written_answer_moves_and_is_said(answered: bool) -> None:
    city, asks = promised(K.RESOLVE), question()
    city.does([promise_of(asks)], said_of(asks, START), START)
    later, said_at = past_the_outage(asks.answer_by)
    kept_at = said_at - HOUR
    catch_up(city, START, kept_at)
    assert city.deadlines[asks.deadline_id].state is S.MISSED
    if answered:
        asks = replace(asks, answer="已完成", answered_at=kept_at, answered_by=samples.LIAISON)
        asks = replace(asks, late=True, seq=2)
        answer = channels.supervision_answered(asks)
        data = json.dumps(json.loads(answer.payload)["data"])
        fact = adapter(deadlines.SupervisionAnswered).validate_json(data)
        city.does([promise_kept(asks, by=samples.LIAISON, at=kept_at)], fact, kept_at)
        assert city.deadlines[asks.deadline_id].late
    catch_up(city, kept_at, said_at)
    after = moved(asks, later)
    told = said_of(after, said_at, reason="停运", outage_id=OUTAGE_ID)
    assert (told.answer_by, told.outage_id) == (later, OUTAGE_ID)
    assert not after.late
    city.does([promise_moved(after, at=said_at, outage=True)], told, said_at)
    promise_ = city.deadlines[asks.deadline_id]
    assert (promise_.state, promise_.late) == (S.MET if answered else S.RUNNING, False)
    assert promise_.due == later
    assert city.audit() == []
    catch_up(city, said_at, later.by + HOUR)
    assert city.deadlines[asks.deadline_id].late is not answered
    assert city.audit() == []
