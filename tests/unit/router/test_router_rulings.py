"""Rulings on returns and decisions on extensions: who may, what changes, who is told."""

from datetime import timedelta

import pytest

from services.router.domain.case import NO_PRECEDENT, Precedent
from services.router.domain.matter import Content
from services.router.domain.outcome import Outcome
from services.router.domain.rulings.extension import Extension, ExtensionDecision, decide_extension
from services.router.domain.rulings.ruling import ReturnDecision, Ruling, rule_on_return
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, joint, reports, rulings
from shared.contracts.parts import Actor, AssignmentState, DeadlineKind, Role
from shared.contracts.values import Relation, Urgency
from shared.errors import ConflictError, ForbiddenError, InvalidError
from tests.unit.router.samples import (
    BY_CITY,
    MONDAY,
    STREET,
    blown,
    counted,
    matter,
    promises,
    said,
)

S = AssignmentState
REVIEWER = Actor(role=Role.REVIEWER, unit="C-RXZX", name="李审核")
SUPERVISOR = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="赵督办")
LATER = MONDAY + timedelta(hours=2)


def returning(
    unit: str = "BH-CGJ", *, precedent: Precedent = NO_PRECEDENT, whistle: Whistle | None = None
) -> Whistle:
    asked = said(whistle or blown(), reports.ReturnRequested, by=unit, precedent=precedent)
    return counted(asked)


def ruled(
    whistle: Whistle,
    decision: ReturnDecision = ReturnDecision.RETURNED,
    *,
    unit: str = "BH-CGJ",
    new_unit: str | None = "BH-ZJJ",
    actor: Actor = REVIEWER,
    precedent: Precedent = NO_PRECEDENT,
) -> Outcome:
    return rule_on_return(
        whistle,
        Ruling(unit=unit, decision=decision, reason="依据三定方案", new_unit=new_unit),
        matter=matter(),
        content=Content(blown_by=BY_CITY, trace=("5:category 0101→CGJ",)),
        actor=actor,
        promises=promises(LATER),
        precedent=precedent,
    )


def test_returned_the_new_lead_gets_full_time_and_the_others_learn_of_it() -> None:
    outcome = ruled(returning())
    returned, offered = (step.fact for step in outcome.steps)
    assert isinstance(returned, rulings.UnitReturned)
    assert isinstance(offered, rulings.UnitOffered)
    assert (returned.seq, offered.seq) == (3, 4)
    assert (returned.state, returned.ruled_by) == (S.RETURNED, REVIEWER)
    assert (offered.in_place_of, offered.assignment.unit) == ("BH-CGJ", "BH-ZJJ")
    assert offered.assignment.relation is Relation.LEAD
    assert offered.assignment.resolve is not None
    assert offered.assignment.resolve.started_at == LATER
    assert offered.assignment.resolve.rule == "5WD"
    lead = outcome.whistle.lead()
    assert lead is not None
    assert lead.unit == "BH-ZJJ"
    told = {unit: type(view) for step in outcome.steps for unit, view in step.views}
    assert told == {
        "BH-CGJ": bureaus.Ruling,
        "BH-ZJJ": bureaus.Whistled,
        "BH-SCJ": bureaus.UnitsChanged,
        STREET: bureaus.UnitsChanged,
    }


@pytest.mark.parametrize("before", [S.OFFERED, S.ACKNOWLEDGED])
def test_refused_it_goes_back_to_where_it_stood_with_time_unchanged(
    before: AssignmentState,
) -> None:
    whistle = blown()
    if before is S.ACKNOWLEDGED:
        whistle = counted(said(whistle, reports.Acknowledged))
    pending = returning(whistle=whistle)
    outcome = ruled(pending, ReturnDecision.REFUSED, new_unit=None)
    (step,) = outcome.steps
    assert isinstance(step.fact, rulings.ReturnRefused)
    part = outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert part.state is before
    assert part.dues == whistle.assignments[0].dues
    assert part.return_asked_at is not None, "it counts as its one return"


def test_an_assisting_unit_may_leave_without_a_successor() -> None:
    outcome = ruled(returning("BH-SCJ"), unit="BH-SCJ", new_unit=None)
    (step,) = outcome.steps
    assert isinstance(step.fact, rulings.UnitReturned)
    told = {unit: type(view) for unit, view in step.views}
    assert told == {
        "BH-SCJ": bureaus.Ruling,
        "BH-CGJ": bureaus.UnitsChanged,
        STREET: bureaus.UnitsChanged,
    }


def test_an_assisting_unit_that_takes_over_gives_up_its_part() -> None:
    outcome = ruled(returning(), new_unit="BH-SCJ")
    kinds = [type(step.fact) for step in outcome.steps]
    assert kinds == [rulings.UnitReturned, joint.Released, rulings.UnitOffered]
    parts = [(a.unit, a.relation, a.state) for a in outcome.whistle.running()]
    assert ("BH-SCJ", Relation.LEAD, S.OFFERED) in parts
    assert ("BH-SCJ", Relation.ASSISTING, S.OFFERED) not in parts


@pytest.mark.parametrize(
    ("new_unit", "word"),
    [
        (None, "新的主办"),
        ("NO-SUCH", "没有单位"),
        ("BH-CGJ", "已申请退单"),
        (STREET, "不得下派"),
        ("Q-159902001001", "不得下派"),
        ("P-01", "不得下派"),
    ],
)
def test_the_new_lead_must_exist_and_be_lawful(new_unit: str | None, word: str) -> None:
    with pytest.raises(InvalidError) as caught:
        ruled(returning(), new_unit=new_unit)
    assert caught.value.errors[0].field == "new_unit"
    assert word in caught.value.zh


def test_who_leads_already_cannot_take_over_and_who_returned_is_not_called_again() -> None:
    with pytest.raises(InvalidError):
        ruled(returning("BH-SCJ"), unit="BH-SCJ", new_unit="BH-CGJ")
    with pytest.raises(InvalidError):
        ruled(returning(), new_unit="BH-ZJJ", precedent=Precedent(asked=("BH-ZJJ",)))


def test_the_dispatcher_never_rules() -> None:
    dispatcher = Actor(role=Role.DISPATCHER, unit="C-RXZX", name="李审核")
    pending = returning(whistle=blown(actor=dispatcher))
    with pytest.raises(ForbiddenError):
        ruled(pending)
    assert ruled(pending, actor=SUPERVISOR)


def test_nothing_pending_nothing_to_rule() -> None:
    for whistle, unit in ((blown(), "BH-CGJ"), (blown(), "BH-ZJJ"), (returning(), "BH-SCJ")):
        with pytest.raises(ConflictError) as caught:
            ruled(whistle, unit=unit)
        assert caught.value.version == whistle.seq


def test_adjudication_is_the_supervisors_and_leaves_at_least_half_the_time() -> None:
    pending = returning(precedent=Precedent(asked=("BH-ZRJ",)))
    with pytest.raises(ForbiddenError):
        ruled(pending)
    outcome = ruled(pending, actor=SUPERVISOR)
    assert isinstance(outcome.steps[0].fact, rulings.Adjudicated)
    offered = outcome.steps[-1].fact
    assert isinstance(offered, rulings.UnitOffered)
    assert offered.assignment.resolve == pending.assignments[0].dues.resolve, "the time left"
    kept = ruled(pending, ReturnDecision.REFUSED, new_unit=None, actor=SUPERVISOR)
    assert isinstance(kept.steps[0].fact, rulings.Adjudicated)
    assert kept.steps[0].fact.state is S.OFFERED


# -- extensions


def asking(urgency: Urgency = Urgency.NORMAL, **data: object) -> Whistle:
    whistle = counted(said(blown(about=matter(urgency=urgency)), reports.Acknowledged))
    return counted(said(whistle, reports.ExtensionRequested, **data))  # type: ignore[arg-type]


def decided(whistle: Whistle, decision: ExtensionDecision, actor: Actor = REVIEWER) -> Outcome:
    extension = Extension(unit="BH-CGJ", decision=decision, reason="材料在途")
    return decide_extension(whistle, extension, actor=actor, promises=promises(LATER))


def test_granted_the_due_time_moves_and_the_unit_learns_of_it() -> None:
    whistle = asking()
    outcome = decided(whistle, ExtensionDecision.GRANTED)
    fact = outcome.steps[0].fact
    assert isinstance(fact, rulings.DueChanged)
    change, progress = fact.changes
    assert (progress.kind, progress.due is not None) == (DeadlineKind.PROGRESS, True)
    old = whistle.assignments[0].dues.resolve
    assert old is not None
    assert change.due is not None
    assert (change.kind, change.unit, change.due.rule) == (
        DeadlineKind.RESOLVE,
        "BH-CGJ",
        "5WD+3WD",
    )
    assert change.due.by > old.by
    part = outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert part.dues.resolve == change.due
    assert (part.extended, part.extension_asked) == ("3WD", None)
    ((unit, view),) = outcome.steps[0].views
    assert unit == "BH-CGJ"
    assert isinstance(view, bureaus.DueChanged)


def test_refused_the_due_time_stays() -> None:
    whistle = asking()
    outcome = decided(whistle, ExtensionDecision.REFUSED)
    assert isinstance(outcome.steps[0].fact, rulings.ExtensionRefused)
    part = outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert part.dues == whistle.assignments[0].dues
    assert part.extension_asked is None
    assert isinstance(outcome.steps[0].views[0][1], bureaus.ExtensionRefused)
    assert counted(said(outcome.whistle, reports.ExtensionRequested))


def test_an_urgent_and_a_second_extension_are_the_supervisors() -> None:
    urgent = asking(Urgency.URGENT, amount=12, unit="h")
    with pytest.raises(ForbiddenError):
        decided(urgent, ExtensionDecision.GRANTED)
    assert decided(urgent, ExtensionDecision.GRANTED, SUPERVISOR)
    once = decided(asking(), ExtensionDecision.GRANTED).whistle
    twice = counted(said(once, reports.ExtensionRequested, amount=10))
    with pytest.raises(ForbiddenError):
        decided(twice, ExtensionDecision.GRANTED)
    after = decided(twice, ExtensionDecision.GRANTED, SUPERVISOR).whistle.part_of("BH-CGJ")
    assert after is not None
    assert after.extended == "3WD+10WD"


def test_nothing_asked_nothing_to_decide() -> None:
    with pytest.raises(ConflictError):
        decided(blown(), ExtensionDecision.GRANTED)
