"""Joint matters: who decides, what is conferred, accepted, sent back, let go, taken over."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.router.domain.joint import acceptance, consulting, releasing, taking_over
from services.router.domain.joint.acceptance import Acceptance, FailedAcceptance
from services.router.domain.joint.consulting import Consultation, Decision
from services.router.domain.joint.doing import may_do
from services.router.domain.joint.finishing import finished as when_finished
from services.router.domain.joint.own_effort import OwnEffort, note
from services.router.domain.joint.releasing import Release
from services.router.domain.joint.taking_over import Because
from services.router.domain.matter import Content
from shared.contracts import bureaus
from shared.contracts import joint as facts
from shared.contracts.parts import Actor, AssignmentState, Role, WhistleState
from shared.contracts.values import WhistleKind
from shared.errors import ConflictError, ForbiddenError, InvalidError
from tests.unit.router.joint_samples import (
    COMMUNITY_UNIT,
    OFFICER,
    PHOTO,
    STRANGER,
    SUPERVISOR,
    WORKER,
    accepted,
    at,
    came,
    done,
    finished,
    joint,
    part_of,
    told,
    with_part,
)
from tests.unit.router.samples import MONDAY, STREET, TICKET, lead, matter

LEAD, OTHER = "BH-CGJ", "BH-SCJ"
S, W = AssignmentState, WhistleState
WHY = Because(reason="由街道统一牵头")
GOOD = Acceptance(words="整治到位", photos=(PHOTO,), attended=(LEAD,), resident_joined=True)
LATER = MONDAY + timedelta(days=2)


def conferred(*decisions: Decision) -> Consultation:
    return Consultation(words="现场会商", decisions=decisions)


def fields(error: InvalidError) -> set[str]:
    return {each.field for each in error.errors}


def test_a_consultation_gives_each_unit_its_action_and_limit() -> None:
    agreed = conferred(
        Decision(unit=LEAD, action="清理摊位", due=LATER),
        Decision(unit=OTHER, action="查证照", due=LATER - timedelta(hours=1)),
    )
    outcome = consulting.consult(came(joint(), LEAD), agreed, actor=OFFICER, promises=at(hours=3))
    lead = part_of(outcome.whistle, LEAD)
    assert (lead.action, lead.state) == ("清理摊位", S.ARRIVED)
    assert lead.dues.resolve is not None
    assert lead.dues.resolve.by == LATER
    fact = outcome.steps[0].fact
    assert isinstance(fact, facts.Consulted)
    assert [change.unit for change in fact.changes] == [LEAD, OTHER]
    assert told(outcome, bureaus.Consulted) == {LEAD, OTHER}
    assert told(outcome, bureaus.DueChanged) == {LEAD, OTHER}


def test_a_community_confers_itself_and_learns_when_its_street_does() -> None:
    whistle, agreed = joint(by=WORKER), conferred(Decision(unit=LEAD, action="清理"))
    by_itself = consulting.consult(whistle, agreed, actor=WORKER, promises=at())
    assert COMMUNITY_UNIT not in told(by_itself, bureaus.Consulted)
    by_street = consulting.consult(whistle, agreed, actor=OFFICER, promises=at())
    assert {COMMUNITY_UNIT, STREET} <= told(by_street, bureaus.Consulted)
    assert told(by_street, bureaus.DueChanged) == set(), "no limit was set"


@pytest.mark.parametrize("actor", [STRANGER, SUPERVISOR, replace(WORKER, role=Role.GRID_WORKER)])
def test_nobody_else_confers(actor: Actor) -> None:
    agreed = conferred(Decision(unit=LEAD, action="清理"))
    with pytest.raises(ForbiddenError) as refused:
        consulting.consult(joint(by=WORKER), agreed, actor=actor, promises=at())
    assert "河湾" in refused.value.zh


def test_for_a_ticket_s_whistle_the_city_s_desk_confers() -> None:
    whistle = joint(kind=WhistleKind.CITIZEN_DEMAND, ticket_id=TICKET)
    agreed = conferred(Decision(unit=LEAD, action="清理"))
    assert consulting.consult(whistle, agreed, actor=SUPERVISOR, promises=at())
    with pytest.raises(ForbiddenError):
        consulting.consult(whistle, agreed, actor=OFFICER, promises=at())


def test_what_is_wrong_with_a_consultation_is_named() -> None:
    whistle = with_part(joint(by=WORKER), OTHER, state=S.DONE, done_at=MONDAY)
    agreed = conferred(
        Decision(unit=LEAD, action="清理", due=MONDAY),
        Decision(unit=OTHER, action="查"),
        Decision(unit=STREET, action="配合"),
        Decision(unit="BH-ZJJ", action="来"),
        Decision(unit=LEAD, action="再清理"),
    )
    with pytest.raises(InvalidError) as wrong:
        consulting.consult(whistle, agreed, actor=OFFICER, promises=at(hours=1))
    assert fields(wrong.value) == {
        "decisions.0.due",
        "decisions.1.unit",
        "decisions.2.unit",
        "decisions.3.unit",
        "decisions.4.unit",
    }


def test_an_assisting_unit_is_never_given_longer_than_its_lead() -> None:
    agreed = conferred(
        Decision(unit=LEAD, action="清理", due=LATER),
        Decision(unit=OTHER, action="查", due=LATER + timedelta(hours=1)),
    )
    with pytest.raises(InvalidError) as wrong:
        consulting.consult(joint(), agreed, actor=OFFICER, promises=at())
    assert fields(wrong.value) == {"decisions.1.due"}


def test_a_limit_by_urgency_is_not_lengthened_by_conferring() -> None:
    whistle = joint(kind=WhistleKind.CITIZEN_DEMAND)
    limit = part_of(whistle, LEAD).dues.resolve
    assert limit is not None
    long = conferred(Decision(unit=LEAD, action="清理", due=limit.by + timedelta(hours=1)))
    with pytest.raises(InvalidError) as wrong:
        consulting.consult(whistle, long, actor=OFFICER, promises=at())
    assert "延期" in wrong.value.zh
    short = conferred(Decision(unit=LEAD, action="清理", due=limit.by - timedelta(days=3)))
    with pytest.raises(InvalidError, match="may not pass"):
        consulting.consult(whistle, short, actor=OFFICER, promises=at())


def test_there_is_nothing_to_confer_about_once_all_are_done() -> None:
    with pytest.raises(ConflictError) as late:
        consulting.consult(
            finished(), conferred(Decision(unit=LEAD, action="x")), actor=OFFICER, promises=at()
        )
    assert (late.value.state, late.value.version) == (W.AWAITING_ACCEPTANCE, finished().seq)


def test_the_street_accepts_with_a_photo_and_the_evaluators_have_three_days() -> None:
    outcome = acceptance.accept(finished(by=WORKER), GOOD, actor=OFFICER, promises=at())
    assert outcome.whistle.state is W.ACCEPTED
    fact = outcome.steps[0].fact
    assert isinstance(fact, facts.Accepted)
    assert fact.evaluate_by is not None
    assert fact.evaluate_by.rule == "3WD"
    assert set(fact.evaluators) == {COMMUNITY_UNIT, STREET}
    assert told(outcome, bureaus.Accepted) == {LEAD, OTHER, STREET, COMMUNITY_UNIT}


def test_no_photo_no_stranger_and_nobody_who_was_not_there() -> None:
    bare = Acceptance(attended=("BH-ZJJ",))
    with pytest.raises(InvalidError) as wrong:
        acceptance.accept(finished(), bare, actor=OFFICER, promises=at())
    assert fields(wrong.value) == {"photos", "attended.0"}
    with pytest.raises(ForbiddenError):
        acceptance.accept(finished(), GOOD, actor=STRANGER, promises=at())
    with pytest.raises(ConflictError):
        acceptance.accept(joint(), GOOD, actor=OFFICER, promises=at())


def test_a_community_accepts_its_joint_matter_but_never_an_emergency() -> None:
    assert acceptance.accept(finished(by=WORKER), GOOD, actor=WORKER, promises=at())
    fire = finished(by=WORKER, kind=WhistleKind.EMERGENCY)
    with pytest.raises(ForbiddenError, match="S-159902001"):
        acceptance.accept(fire, GOOD, actor=WORKER, promises=at())
    assert acceptance.accept(fire, GOOD, actor=OFFICER, promises=at())


def test_what_nobody_came_for_closes_without_marks() -> None:
    order = Release(unit=LEAD, reason="险情已自行解除")
    alone = joint(lead(), kind=WhistleKind.EMERGENCY)
    waiting = releasing.release(alone, order, actor=OFFICER, promises=at()).whistle
    outcome = acceptance.accept(waiting, Acceptance(photos=(PHOTO,)), actor=OFFICER, promises=at())
    assert outcome.whistle.state is W.CLOSED
    assert [type(step.fact).__name__ for step in outcome.steps] == ["Accepted", "Closed"]
    assert outcome.steps[0].fact.evaluators == ()  # type: ignore[union-attr]


def test_a_resolution_in_review_is_not_accepted() -> None:
    whistle = with_part(finished(), LEAD, reviewing=True)
    with pytest.raises(ConflictError, match="reviewed"):
        acceptance.accept(whistle, GOOD, actor=OFFICER, promises=at())


@pytest.mark.parametrize(
    ("kind", "rule"), [("emergency", "4h"), ("joint_enforcement", "2WD"), ("key_work", "2WD")]
)
def test_a_failed_acceptance_sends_the_named_back_and_the_others_stay(kind: str, rule: str) -> None:
    failed = FailedAcceptance(units=(OTHER,), reason="证照未查")
    whistle = finished(kind=WhistleKind(kind))
    outcome = acceptance.fail(whistle, failed, actor=OFFICER, promises=at(hours=5))
    after = outcome.whistle
    assert after.state is W.OPEN
    assert (part_of(after, LEAD).state, part_of(after, OTHER).state) == (S.DONE, S.WORKING)
    assert part_of(after, OTHER).done_at is None
    fact = outcome.steps[0].fact
    assert isinstance(fact, facts.AcceptanceFailed)
    assert [(c.unit, c.due.rule if c.due else None) for c in fact.changes] == [(OTHER, rule)]
    assert told(outcome, bureaus.AcceptanceFailed) == {OTHER}
    assert told(outcome, bureaus.UnitsChanged) == {LEAD}
    again = when_finished(done(after, OTHER))
    assert again.state is W.AWAITING_ACCEPTANCE, "the assisting unit came last"
    assert when_finished(after) is after


def test_the_street_may_set_the_new_limit_itself_ahead_of_now() -> None:
    failed = FailedAcceptance(units=(LEAD, LEAD), reason="未清理", due=LATER)
    outcome = acceptance.fail(finished(), failed, actor=OFFICER, promises=at())
    (change,) = outcome.steps[0].fact.changes  # type: ignore[union-attr]
    assert change.due.by == LATER
    with pytest.raises(InvalidError):
        acceptance.fail(
            finished(), replace(failed, due=MONDAY), actor=OFFICER, promises=at(hours=1)
        )


def test_only_units_that_were_done_are_sent_back() -> None:
    failed = FailedAcceptance(units=("BH-ZJJ", STREET, OTHER), reason="未清理")
    whistle = with_part(finished(by=WORKER), OTHER, state=S.RELEASED)
    with pytest.raises(InvalidError) as wrong:
        acceptance.fail(whistle, failed, actor=OFFICER, promises=at())
    assert fields(wrong.value) == {"units.0", "units.1", "units.2"}


def test_the_one_in_charge_lets_an_assisting_unit_go() -> None:
    order = Release(unit=OTHER, reason="现场秩序良好")
    outcome = releasing.release(came(joint(), OTHER), order, actor=OFFICER, promises=at())
    assert part_of(outcome.whistle, OTHER).state is S.RELEASED
    assert told(outcome, bureaus.Released) == {OTHER}
    assert told(outcome, bureaus.UnitsChanged) == {LEAD}


def test_a_paused_unit_is_let_go_without_what_it_waited_for() -> None:
    whistle = with_part(
        joint(), OTHER, state=S.PAUSED, back_to=S.WORKING, paused_at=MONDAY, extension_asked="3WD"
    )
    order = Release(unit=OTHER, reason="不再需要")
    gone = part_of(releasing.release(whistle, order, actor=OFFICER, promises=at()).whistle, OTHER)
    assert (gone.back_to, gone.paused_at, gone.extension_asked) == (None, None, None)


def test_the_last_assisting_unit_s_release_finishes_what_the_lead_has_done() -> None:
    whistle = done(joint(), LEAD)
    order = Release(unit=OTHER, reason="不再需要")
    outcome = releasing.release(whistle, order, actor=OFFICER, promises=at())
    assert outcome.whistle.state is W.AWAITING_ACCEPTANCE


def test_the_lead_is_let_go_last_and_the_work_is_then_accepted() -> None:
    order = Release(unit=LEAD, reason="险情解除")
    with pytest.raises(ConflictError) as waits:
        releasing.release(came(joint(), LEAD, OTHER), order, actor=OFFICER, promises=at())
    assert OTHER in waits.value.zh
    outcome = releasing.release(
        done(came(joint(), LEAD), OTHER), order, actor=OFFICER, promises=at()
    )
    assert outcome.whistle.state is W.AWAITING_ACCEPTANCE
    failed = FailedAcceptance(units=(OTHER,), reason="未完")
    with pytest.raises(ConflictError, match="another whistle"):
        acceptance.fail(outcome.whistle, failed, actor=OFFICER, promises=at())
    assert acceptance.accept(outcome.whistle, GOOD, actor=OFFICER, promises=at())


def test_who_is_not_let_go() -> None:
    def refused(whistle: object, unit: str, actor: Actor = OFFICER) -> ConflictError:
        with pytest.raises(ConflictError) as caught:
            releasing.release(
                whistle,  # type: ignore[arg-type]
                Release(unit=unit, reason="x"),
                actor=actor,
                promises=at(),
            )
        return caught.value

    assert refused(done(joint(), OTHER), OTHER).state is S.DONE
    assert "无需放行" in refused(joint(by=WORKER), STREET).zh
    assert "无需放行" in refused(joint(), "BH-ZJJ").zh
    assert refused(finished(), OTHER).state is W.AWAITING_ACCEPTANCE
    demand = done(joint(kind=WhistleKind.CITIZEN_DEMAND), OTHER)
    assert "主办" in refused(demand, LEAD).zh


def test_an_emergency_is_let_go_by_the_street_alone() -> None:
    order = Release(unit=OTHER, reason="险情解除")
    fire = joint(by=WORKER, kind=WhistleKind.EMERGENCY)
    with pytest.raises(ForbiddenError):
        releasing.release(fire, order, actor=WORKER, promises=at())
    assert releasing.release(fire, order, actor=OFFICER, promises=at())
    assert releasing.release(joint(by=WORKER), order, actor=WORKER, promises=at())


def test_the_street_takes_a_community_s_whistle_over_and_says_why() -> None:
    outcome = taking_over.take_over(joint(by=WORKER), WHY, actor=OFFICER, promises=at(minutes=30))
    assert outcome.whistle.in_charge == STREET
    fact = outcome.steps[0].fact
    assert isinstance(fact, facts.TakenOver)
    assert (fact.by.unit, fact.by.on_behalf_of) == (STREET, COMMUNITY_UNIT)
    assert told(outcome, bureaus.TakenOver) == {LEAD, OTHER, STREET, COMMUNITY_UNIT}
    assert [a.state for a in outcome.whistle.assignments] == [S.OFFERED] * 3, "they work on"
    with pytest.raises(ConflictError, match="already"):
        taking_over.take_over(outcome.whistle, WHY, actor=OFFICER, promises=at(minutes=30))
    with pytest.raises(ForbiddenError):
        consulting.consult(
            outcome.whistle,
            conferred(Decision(unit=LEAD, action="x")),
            actor=WORKER,
            promises=at(minutes=31),
        )


@pytest.mark.parametrize("command", [taking_over.take_over, taking_over.withdraw])
def test_after_half_an_hour_and_by_others_it_is_refused(command: taking_over.Command) -> None:
    whistle = came(joint(by=WORKER), LEAD)
    with pytest.raises(ConflictError) as late:
        command(whistle, WHY, actor=OFFICER, promises=at(minutes=30, seconds=1))
    assert "30 分钟" in late.value.zh
    for stranger in (STRANGER, SUPERVISOR, replace(OFFICER, role=Role.LIAISON)):
        with pytest.raises(ForbiddenError):
            command(whistle, WHY, actor=stranger, promises=at())
    with pytest.raises(ConflictError):
        command(came(joint(), LEAD), WHY, actor=OFFICER, promises=at())
    ended = replace(whistle, state=W.WITHDRAWN)
    with pytest.raises(ConflictError):
        command(ended, WHY, actor=OFFICER, promises=at())


def test_a_withdrawal_by_the_street_is_told_the_community() -> None:
    outcome = taking_over.withdraw(joint(by=WORKER), WHY, actor=OFFICER, promises=at())
    assert outcome.whistle.state is W.WITHDRAWN
    assert told(outcome, bureaus.Withdrawn) == {LEAD, OTHER, STREET, COMMUNITY_UNIT}
    assert {a.state for a in outcome.whistle.assignments} == {S.RELEASED}


def test_the_blower_withdraws_its_own_while_nobody_has_come() -> None:
    own = taking_over.withdraw(joint(by=WORKER), WHY, actor=WORKER, promises=at(hours=2))
    assert told(own, bureaus.Withdrawn) == {LEAD, OTHER, STREET}
    assert taking_over.withdraw(joint(), WHY, actor=OFFICER, promises=at(hours=2))
    with pytest.raises(ConflictError) as there:
        taking_over.withdraw(came(joint(), OTHER), WHY, actor=OFFICER, promises=at(hours=2))
    assert OTHER in there.value.zh


def test_what_was_taken_over_is_the_street_s_to_withdraw() -> None:
    taken = taking_over.take_over(joint(by=WORKER), WHY, actor=OFFICER, promises=at()).whistle
    with pytest.raises(ForbiddenError):
        taking_over.withdraw(taken, WHY, actor=WORKER, promises=at(hours=1))
    assert taking_over.withdraw(taken, WHY, actor=OFFICER, promises=at(hours=1))


def noted(
    whistle: object,
    *,
    hours: float,
    actor: Actor = WORKER,
    before: str | None = None,
    owed_by: datetime | None = MONDAY + timedelta(hours=24),
) -> facts.EffortNoted:
    content = Content(matter=matter(own_effort=before))
    outcome, words = note(
        whistle,  # type: ignore[arg-type]
        content,
        OwnEffort(text="已疏散群众"),
        owed_by=owed_by,
        actor=actor,
        promises=at(hours=hours),
    )
    assert words.matter is not None
    assert words.matter.own_effort == "已疏散群众"
    fact = outcome.steps[0].fact
    assert isinstance(fact, facts.EffortNoted)
    return fact


def test_the_own_effort_follows_within_a_day_and_is_marked_late_afterwards() -> None:
    fire = joint(by=WORKER, kind=WhistleKind.EMERGENCY)
    assert not noted(fire, hours=24).late
    assert noted(fire, hours=24.1).late
    assert not noted(fire, hours=24.1, owed_by=None).late, "nobody asked for it"
    with pytest.raises(ForbiddenError):
        noted(fire, hours=1, actor=OFFICER)
    with pytest.raises(ConflictError):
        noted(fire, hours=1, before="已劝导")
    with pytest.raises(ConflictError):
        noted(accepted(by=WORKER), hours=1)


def test_what_each_may_do_now() -> None:
    whistle = joint(by=WORKER, kind=WhistleKind.EMERGENCY)

    def may(actor: Actor, about: object = whistle, **later: float) -> set[str]:
        return set(may_do(about, actor=actor, promises=at(**later), marks=()))  # type: ignore[arg-type]

    assert may(OFFICER) == {"consult", "release", "take_over", "withdraw"}
    assert may(OFFICER, hours=1) == {"consult", "release"}
    assert may(WORKER) == {"consult", "withdraw", "note_effort"}
    assert may(STRANGER) == may(SUPERVISOR) == set()
    waiting = finished(by=WORKER, kind=WhistleKind.EMERGENCY)
    assert may(OFFICER, waiting, hours=1) == {"accept", "fail_acceptance"}
    assert may(WORKER, waiting) == {"note_effort"}
    assert may(WORKER, accepted(by=WORKER)) == may(OFFICER, accepted(by=WORKER)) == {"evaluate"}
