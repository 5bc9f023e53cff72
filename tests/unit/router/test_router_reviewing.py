"""Resolutions: what must be there, which are looked at and why, and what a reviewer's word does."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.router.domain.case import Grounds
from services.router.domain.matter import Matter
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judging import Risk
from services.router.domain.reports.replies import Reply, alike_reply
from services.router.domain.rulings.reviewing import Review, ReviewDecision, review
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, reports, rulings, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import (
    Actor,
    AssignmentState,
    Evidence,
    Result,
    Role,
    WhistleState,
)
from shared.contracts.values import TicketType, Urgency, WhistleKind
from shared.errors import ConflictError, ForbiddenError
from tests.unit.router.judged import acknowledged, facts_of, with_part
from tests.unit.router.samples import (
    MONDAY,
    TICKET,
    assisting,
    blown,
    city,
    counted,
    lead,
    matter,
    refused,
    said,
)

S = AssignmentState
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
REVIEWER = Actor(role=Role.REVIEWER, unit="C-RXZX", name="李审核")
PHOTO = Evidence(kind="photo_after", taken_at=MONDAY + HOUR, sha256="0f" * 32)
REPLY = "河湾路早市的摊位已经全部劝离，并在路口安排了专人早晚值守，请您放心出行。"


def resolution(
    about: Matter | None = None,
    *,
    round: int = 1,
    after: timedelta = 2 * HOUR,
    replies: tuple[Reply, ...] = (),
    dispatcher: Actor | None = None,
    prepared: Any = None,
    **data: Any,
) -> Outcome:
    """The lead's resolution of a matter it took alone, on Monday; asserts that it counts."""
    about = about or matter()
    actor = {"actor": dispatcher} if dispatcher else {}
    whistle = acknowledged(blown(lead(), about=about, round=round, **actor))
    whistle = prepared(whistle) if prepared else whistle
    filled = {"evidence": (PHOTO,), "public_reply": REPLY, **data}
    grounds = Grounds(matter=about, replies=replies)
    answer = said(whistle, reports.Resolved, after=after, grounds=grounds, **filled)
    assert isinstance(answer, Outcome), answer
    return answer


def resolved(answer: Outcome) -> whistles.Resolved:
    return next(f for f in facts_of(answer) if isinstance(f, whistles.Resolved))


def pending() -> Outcome:
    return resolution(result=Result.UNTRUE)


# -- what must be there


def test_a_person_who_can_be_called_is_contacted_first() -> None:
    whistle = acknowledged(blown(lead()))
    answer = refused(said(whistle, reports.Resolved, contacted_how=None))
    assert answer.code is RefusalCode.INVALID
    assert "联系" in answer.zh
    called = counted(said(whistle, reports.Contacted))
    assert counted(said(called, reports.Resolved, contacted_how=None))


@pytest.mark.parametrize("changes", [{"contactable": False}, {"confidential": True}])
def test_nobody_is_asked_to_call_who_cannot_be_called(changes: dict[str, bool]) -> None:
    whistle = acknowledged(blown(lead(), about=matter(**changes)))
    answer = said(whistle, reports.Resolved)
    assert [type(fact) for fact in facts_of(answer)] == [whistles.Resolved]


def test_the_contact_told_with_the_resolution_is_late_when_it_is() -> None:
    contact, fact = facts_of(resolution(after=3 * DAY))
    assert isinstance(contact, whistles.Contacted)
    assert (contact.late, getattr(fact, "late", None)) == (True, False)


@pytest.mark.parametrize("sha256", ["xyz", "0f" * 31, "0g" * 32])
def test_a_hash_is_sixty_four_hexadecimal_digits(sha256: str) -> None:
    whistle = acknowledged(blown(lead()))
    evidence = (Evidence(kind="photo", sha256=sha256),)
    assert "sha256" in refused(said(whistle, reports.Resolved, evidence=evidence)).zh


def test_lateness_of_an_assisting_unit_is_shown() -> None:
    whistle = acknowledged(blown(lead(), assisting()), "BH-CGJ", "BH-SCJ")
    helper = whistle.part_of("BH-SCJ")
    assert helper is not None
    assert helper.dues.resolve is not None
    on_time = with_part(whistle, "BH-SCJ", state=S.DONE, done_at=helper.dues.resolve.by)
    late = with_part(whistle, "BH-SCJ", state=S.DONE, done_at=helper.dues.resolve.by + HOUR)
    for made, wanted in ((on_time, ()), (late, ("BH-SCJ",))):
        answer = said(made, reports.Resolved, after=9 * DAY)
        assert isinstance(answer, Outcome)
        assert resolved(answer).held_up_by == wanted
    answer = said(late, reports.Resolved, after=4 * DAY)
    assert isinstance(answer, Outcome)
    assert resolved(answer).held_up_by == (), "the lead was in time all the same"


# -- by risk


def test_an_ordinary_solved_matter_is_not_looked_at() -> None:
    fact = resolved(resolution())
    assert (fact.review, fact.risk, fact.review_by) == ("none", (), None)
    assert resolved(resolution(round=2, evidence=())).review == "none"


@pytest.mark.parametrize(
    ("about", "given", "risks"),
    [
        ({}, {"result": Result.UNTRUE}, {Risk.UNTRUE}),
        ({}, {"result": Result.CANNOT}, {Risk.CANNOT}),
        ({"hard_case": True}, {}, {Risk.HARD_CASE}),
        ({"urgency": Urgency.CRITICAL}, {}, {Risk.CRITICAL, Risk.NOT_ON_SITE}),
        ({"group": True}, {"result": Result.PARTLY}, {Risk.GROUP, Risk.PARTLY}),
        ({}, {"round": 3}, {Risk.MANY_ROUNDS}),
        ({}, {"result": Result.EXPLAINED, "evidence": ()}, {Risk.EXPLAINED, Risk.NO_EVIDENCE}),
        (
            {},
            {"round": 2, "evidence": (), "after": 9 * DAY},
            {Risk.AGAIN, Risk.NO_EVIDENCE, Risk.LATE},
        ),
    ],
)
def test_risks_add_up_to_a_review(
    about: dict[str, Any], given: dict[str, Any], risks: set[Risk]
) -> None:
    answer = resolution(matter(**about), **given)
    fact = resolved(answer)
    assert set(fact.risk) == {risk.value for risk in risks}
    assert fact.review == "pending"
    assert fact.review_by is not None
    assert fact.review_by.rule == "1WD"
    part = answer.whistle.part_of("BH-CGJ")
    assert part is not None
    assert (part.state, part.reviewing) == (S.DONE, True)


@pytest.mark.parametrize(
    ("about", "given"),
    [
        ({"type": TicketType.CONSULT}, {"result": Result.EXPLAINED, "evidence": ()}),
        ({"urgency": Urgency.URGENT}, {}),
        ({}, {"after": 9 * DAY}),
        ({}, {"evidence": (), "after": 9 * DAY}),
        ({}, {"result": Result.PARTLY, "evidence": ()}),
        ({"category": "0205"}, {"evidence": (Evidence(kind="现场照片"),)}),
    ],
)
def test_what_is_no_great_risk_goes_to_the_callback(
    about: dict[str, Any], given: dict[str, Any]
) -> None:
    assert resolved(resolution(matter(**about), **given)).review == "none"


def test_evidence_from_before_the_call_is_a_risk_and_an_arrival_is_none() -> None:
    old = replace(PHOTO, taken_at=MONDAY - DAY)
    fact = resolved(resolution(matter(urgency=Urgency.CRITICAL), evidence=(old,)))
    assert "old_evidence" in fact.risk

    def arrived(whistle: Whistle) -> Whistle:
        return counted(said(whistle, reports.Arrived))

    seen = resolved(resolution(matter(urgency=Urgency.CRITICAL), prepared=arrived))
    assert seen.review == "none"


def test_an_assisting_units_and_a_streets_resolutions_are_not_reviewed() -> None:
    about = matter(urgency=Urgency.CRITICAL)
    whistle = acknowledged(blown(lead(), assisting(), about=about), "BH-CGJ", "BH-SCJ")
    part = said(whistle, reports.Resolved, by="BH-SCJ", result=Result.CANNOT)
    assert isinstance(part, Outcome)
    assert resolved(part).review == "none"
    street = blown(lead(), kind=WhistleKind.JOINT_ENFORCEMENT, ticket_id=None, about=about)
    done = said(acknowledged(street), reports.Resolved, result=Result.CANNOT)
    assert isinstance(done, Outcome)
    assert resolved(done).review == "none"
    assert done.whistle.state is WhistleState.AWAITING_ACCEPTANCE


# -- the reviewer's word


def judge(
    whistle: Whistle, decision: ReviewDecision, actor: Actor = REVIEWER, *, after: timedelta = DAY
) -> Outcome:
    decided = Review(unit="BH-CGJ", decision=decision, reason="佐证与答复不符")
    return review(whistle, decided, actor=actor, at=MONDAY + after, city=city())


def test_passed_it_goes_on_to_the_citizen() -> None:
    outcome = judge(pending().whistle, ReviewDecision.PASSED)
    (fact,) = facts_of(outcome)
    assert isinstance(fact, rulings.ReviewPassed)
    part = outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert (part.state, part.reviewing) == (S.DONE, False)


def test_rejected_it_goes_back_to_work_with_its_dues_as_they_were() -> None:
    done = pending().whistle
    outcome = judge(done, ReviewDecision.REJECTED)
    (fact,) = facts_of(outcome)
    assert isinstance(fact, rulings.ReviewRejected)
    before, part = done.part_of("BH-CGJ"), outcome.whistle.part_of("BH-CGJ")
    assert part is not None
    assert before is not None
    assert (part.state, part.reviewing, part.done_at) == (S.WORKING, False, None)
    assert part.dues == before.dues
    assert isinstance(outcome.steps[0].views[0][1], bureaus.ReviewRejected)
    late = said(outcome.whistle, reports.Resolved, after=9 * DAY)
    assert isinstance(late, Outcome)
    assert resolved(late).late, "as if never stopped"


def test_a_review_is_made_once_and_never_by_who_dispatched() -> None:
    passed = judge(pending().whistle, ReviewDecision.PASSED).whistle
    with pytest.raises(ConflictError) as conflict:
        judge(passed, ReviewDecision.REJECTED)
    assert (conflict.value.state, conflict.value.version) == (S.DONE, passed.seq)
    mine = resolution(result=Result.UNTRUE, dispatcher=Actor(role=Role.DISPATCHER, name="李审核"))
    with pytest.raises(ForbiddenError):
        judge(mine.whistle, ReviewDecision.PASSED)
    with pytest.raises(ForbiddenError):
        judge(pending().whistle, ReviewDecision.PASSED, Actor(role=Role.DISPATCHER, name="钱"))


def test_a_streets_demand_without_ticket_is_let_go_once_it_passed() -> None:
    about = matter(urgency=Urgency.CRITICAL)
    whistle = acknowledged(blown(lead(), ticket_id=None, about=about))
    done = said(whistle, reports.Resolved, grounds=Grounds(matter=about), result=Result.CANNOT)
    assert isinstance(done, Outcome)
    assert done.whistle.state is WhistleState.OPEN
    outcome = judge(done.whistle, ReviewDecision.PASSED)
    assert [type(fact) for fact in facts_of(outcome)] == [rulings.ReviewPassed, whistles.Closed]


# -- template replies


def earlier(text: str = REPLY, ticket: int = 9) -> Reply:
    return Reply(
        whistle_id=UUID(int=ticket),
        ticket_id=UUID(int=ticket),
        unit="BH-CGJ",
        number="S1599202609110000077",
        text=text,
        at=MONDAY - DAY,
    )


def test_a_reply_like_another_is_taken_and_sent_back_at_once() -> None:
    alike = REPLY.replace("放心出行", "安心出行").replace("，", " ，")
    answer = resolution(replies=(earlier(),), public_reply=alike)
    kinds = [type(fact) for fact in facts_of(answer)]
    assert kinds == [whistles.Contacted, whistles.Resolved, rulings.ReviewRejected]
    fact, back = facts_of(answer)[1:]
    assert isinstance(fact, whistles.Resolved)
    assert (fact.review, fact.like) == ("pending", "S1599202609110000077")
    assert isinstance(back, rulings.ReviewRejected)
    assert back.actor.role is Role.SYSTEM
    assert "S1599202609110000077" in back.reason
    part = answer.whistle.part_of("BH-CGJ")
    assert part is not None
    assert (part.state, part.reviewing) == (S.WORKING, False)
    told = [type(view) for step in answer.steps for _, view in step.views]
    assert told == [bureaus.ReportAccepted, bureaus.ReviewRejected]
    again = said(
        answer.whistle,
        reports.Resolved,
        grounds=Grounds(matter=matter(), replies=(earlier(),)),
        public_reply="您说的三处摊点今早已由中队逐户签了承诺书，疏导点设在堤南路。",
        evidence=(PHOTO,),
    )
    assert isinstance(again, Outcome)
    assert resolved(again).like is None


def test_the_same_words_for_the_same_ticket_or_a_group_are_no_template() -> None:
    own = replace(earlier(), ticket_id=TICKET)
    assert resolved(resolution(replies=(own,))).like is None
    group = resolved(resolution(matter(group=True), replies=(earlier(),)))
    assert group.like is None


def test_an_assisting_units_words_are_not_held_against_others() -> None:
    whistle = acknowledged(blown(lead(), assisting()), "BH-SCJ")
    grounds = Grounds(matter=matter(), replies=(earlier(),))
    answer = said(whistle, reports.Resolved, by="BH-SCJ", grounds=grounds, public_reply=REPLY)
    assert isinstance(answer, Outcome)
    assert resolved(answer).like is None


def test_alike_is_measured_on_the_words_alone() -> None:
    text = "已经 修好。！"
    found = alike_reply(text, (earlier("已经修好"), earlier("没有修好", 8)), ticket_id=TICKET)
    assert found is not None
    assert (found.share, found.reply.text) == (1.0, "已经修好")
    assert alike_reply("完全不同的话", (earlier(),), ticket_id=TICKET, at_least=0.9) is None
    assert alike_reply("完全不同的话", (), ticket_id=TICKET) is None


# -- the evidence guide


@pytest.mark.parametrize(
    ("category", "functions", "kinds"),
    [
        ("0101", ("CGJ",), ("photo_before", "photo_after")),
        ("0503", ("WY",), ("record_test", "photo_after")),
        ("0501", ("WY",), ("photo_after", "record_visit")),
        ("2701", ("WY",), ("photo_after",)),
        ("2701", ("FGW",), ()),
        (None, ("SQ",), ("record_visit",)),
    ],
)
def test_what_a_resolution_should_show(
    category: str | None, functions: tuple[str, ...], kinds: tuple[str, ...]
) -> None:
    asked = city().policy.judging.evidence.asked(category, functions)
    assert tuple(kind.kind for kind in asked) == kinds
    assert all(kind.zh and kind.en for kind in asked)


# -- from the third round on the supervisor leads (DOMAIN §3)


def test_from_the_third_round_on_the_word_is_the_supervisors() -> None:
    again = resolution(round=3, result=Result.CANNOT).whistle
    with pytest.raises(ForbiddenError):
        judge(again, ReviewDecision.PASSED)
    supervisor = Actor(role=Role.SUPERVISOR, unit="C-RXZX", name="督办员")
    outcome = judge(again, ReviewDecision.PASSED, supervisor)
    assert isinstance(facts_of(outcome)[0], rulings.ReviewPassed)


def test_the_lead_learns_that_a_unit_beside_it_is_done() -> None:
    whistle = acknowledged(blown(lead(), assisting()), "BH-SCJ")
    answer = said(whistle, reports.Resolved, by="BH-SCJ")
    assert isinstance(answer, Outcome)
    views = {unit: view for unit, view in answer.steps[-1].views}
    told = views["BH-CGJ"]
    assert isinstance(told, bureaus.UnitsChanged)
    assert {part.unit: part.state for part in told.units}["BH-SCJ"] is S.DONE
