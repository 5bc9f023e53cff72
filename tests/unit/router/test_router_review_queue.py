"""The queue of reviews: which facts open one, which settle it, and what is likely to be ruled."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.router.domain.book import Book
from services.router.domain.case import NO_PRECEDENT, Grounds, Precedent
from services.router.domain.ending import withdraw
from services.router.domain.joint.releasing import Release, ReleaseDecision, refuse, release
from services.router.domain.matter import Content
from services.router.domain.outcome import Outcome
from services.router.domain.rulings.deciding import blocked
from services.router.domain.rulings.extension import Extension, ExtensionDecision, decide_extension
from services.router.domain.rulings.pending import Review, ReviewKind, ReviewState, Settled
from services.router.domain.rulings.precedents import Likely, PastRuling, likely
from services.router.domain.rulings.review_queue import projected
from services.router.domain.rulings.reviewing import Review as Word
from services.router.domain.rulings.reviewing import ReviewDecision, review
from services.router.domain.rulings.ruling import ReturnDecision, Ruling, rule_on_return
from services.router.domain.rulings.suspension import (
    Resumption,
    Suspension,
    SuspensionDecision,
    decide_suspension,
    resume,
)
from services.router.domain.whistle import Whistle
from shared.contracts import reports, rulings
from shared.contracts.parts import Actor, Result, Role
from shared.contracts.values import Relation
from shared.errors import ConflictError, ForbiddenError
from tests.unit.router.judged import acknowledged
from tests.unit.router.samples import (
    BY_CITY,
    MONDAY,
    assisting,
    blown,
    book,
    city,
    counted,
    lead,
    matter,
    promises,
    said,
)

K, S = ReviewKind, ReviewState
HOUR = timedelta(hours=1)
LATER = MONDAY + 2 * HOUR
REVIEWER = Actor(role=Role.REVIEWER, name="李审核")
SUPERVISOR = Actor(role=Role.SUPERVISOR, name="赵督办")
DISPATCHER = Actor(role=Role.DISPATCHER, name="苏派单")


def heard(*answers: Any) -> tuple[list[Review], list[Settled]]:
    """What a batch of these outcomes opens and settles."""
    made: Book = book()
    for answer in answers:
        assert isinstance(answer, Outcome), answer
        made.put(answer, None)
    return projected(made)


def ruled(whistle: Whistle, decision: ReturnDecision, new_unit: str | None = None) -> Outcome:
    return rule_on_return(
        whistle,
        Ruling(unit="BH-CGJ", decision=decision, reason="依据权责清单", new_unit=new_unit),
        matter=matter(),
        content=Content(blown_by=BY_CITY),
        actor=REVIEWER,
        promises=promises(LATER),
        precedent=NO_PRECEDENT,
    )


@pytest.mark.parametrize(
    ("kind", "data", "precedent", "wanted", "role"),
    [
        (reports.ReturnRequested, {}, NO_PRECEDENT, K.RETURN, Role.REVIEWER),
        (
            reports.ReturnRequested,
            {},
            Precedent(asked=("BH-ZJJ",)),
            K.ADJUDICATION,
            Role.SUPERVISOR,
        ),
        (reports.ExtensionRequested, {}, NO_PRECEDENT, K.EXTENSION, Role.REVIEWER),
        (reports.SuspensionRequested, {}, NO_PRECEDENT, K.SUSPENSION, Role.SUPERVISOR),
        (reports.ReleaseRequested, {}, NO_PRECEDENT, K.RELEASE, Role.DISPATCHER),
    ],
)
def test_what_a_unit_asks_waits_for_somebody(
    kind: type[reports.Report],
    data: dict[str, Any],
    precedent: Precedent,
    wanted: ReviewKind,
    role: Role,
) -> None:
    answer = said(acknowledged(), kind, precedent=precedent, **data)
    (opened,), _ = heard(answer)
    assert (opened.kind, opened.for_role, opened.state) == (wanted, role, S.PENDING)
    assert opened.asked_at == MONDAY + timedelta(minutes=10)
    assert opened.due.started_at == opened.asked_at
    assert (opened.category, opened.lead_function) == ("0101", "CGJ")
    assert opened.request["reason"]
    unit = "BH-SCJ" if wanted is K.RELEASE else "BH-CGJ"
    assert (opened.unit, opened.request.get("handler")) == (unit, "王工")


def test_ordinary_reports_open_and_settle_nothing() -> None:
    whistle = acknowledged()
    answers = [said(whistle, kind) for kind in (reports.Contacted, reports.Progressed)]
    assert heard(*answers) == ([], [])


def test_the_second_extension_waits_for_the_supervisor() -> None:
    whistle = acknowledged()
    part = replace(whistle.assignments[0], extended="5WD")
    whistle = replace(whistle, assignments=whistle.with_assignment(part))
    (opened,), _ = heard(said(whistle, reports.ExtensionRequested))
    assert opened.for_role is Role.SUPERVISOR


def test_a_ruling_settles_the_return_and_says_who_has_it() -> None:
    asked = said(blown(), reports.ReturnRequested)
    refused = ruled(counted(asked), ReturnDecision.REFUSED)
    _, settled = heard(refused)
    (word,) = settled
    assert (word.kind, word.state, word.holder) == (K.RETURN, S.REFUSED, "BH-CGJ")
    granted = ruled(counted(asked), ReturnDecision.RETURNED, "BH-ZJJ")
    _, settled = heard(granted)
    word = next(s for s in settled if s.kind is K.RETURN)
    assert (word.state, word.holder, word.by) == (S.GRANTED, "BH-ZJJ", REVIEWER)
    assert any(s.kind is None and s.state is S.LAPSED for s in settled), "nothing else waits of it"


def test_asked_and_decided_in_one_batch_is_kept_as_decided() -> None:
    asked = said(blown(), reports.ReturnRequested)
    (row,), _ = heard(asked, ruled(counted(asked), ReturnDecision.RETURNED, "BH-ZJJ"))
    assert (row.kind, row.state, row.holder) == (K.RETURN, S.GRANTED, "BH-ZJJ")
    assert (row.decided_at, row.decided_by) == (LATER, REVIEWER)


def test_extensions() -> None:
    asked = said(acknowledged(), reports.ExtensionRequested)
    for decision, state in (
        (ExtensionDecision.GRANTED, S.GRANTED),
        (ExtensionDecision.REFUSED, S.REFUSED),
    ):
        word = Extension(unit="BH-CGJ", decision=decision, reason="同意与否")
        done = decide_extension(counted(asked), word, actor=REVIEWER, promises=promises(LATER))
        (row,), _ = heard(asked, done)
        assert (row.kind, row.state) == (K.EXTENSION, state)


def test_a_resolution_overtakes_what_still_waits() -> None:
    whistle = acknowledged(blown(lead()))
    asked = said(whistle, reports.ExtensionRequested)
    done = said(counted(asked), reports.Resolved)
    (row,), _ = heard(asked, done)
    assert (row.kind, row.state) == (K.EXTENSION, S.LAPSED)


def test_a_suspension_is_looked_at_again_until_the_work_goes_on() -> None:
    asked = said(acknowledged(), reports.SuspensionRequested)
    word = Suspension(unit="BH-CGJ", decision=SuspensionDecision.GRANTED, reason="同意")
    paused = decide_suspension(counted(asked), word, actor=SUPERVISOR, promises=promises(LATER))
    first, second = heard(asked, paused)[0]
    assert (first.kind, first.state) == (K.SUSPENSION, S.GRANTED)
    assert (second.kind, second.state) == (K.SUSPENSION_REVIEW, S.PENDING)
    assert (second.due.rule, second.for_role) == ("30d", Role.SUPERVISOR)
    again = decide_suspension(
        paused.whistle, word, actor=SUPERVISOR, promises=promises(MONDAY + 25 * 24 * HOUR)
    )
    rows = heard(asked, paused, again)[0]
    assert [(row.kind, row.state) for row in rows] == [
        (K.SUSPENSION, S.GRANTED),
        (K.SUSPENSION_REVIEW, S.REFUSED),
        (K.SUSPENSION_REVIEW, S.PENDING),
    ]
    on = resume(
        paused.whistle,
        Resumption(unit="BH-CGJ", reason="已到位"),
        actor=SUPERVISOR,
        promises=promises(MONDAY + 25 * 24 * HOUR),
    )
    assert heard(asked, paused, on)[0][1].state is S.GRANTED


def test_a_risky_resolution_waits_for_a_reviewer() -> None:
    whistle = acknowledged(blown(lead()))
    done = said(whistle, reports.Resolved, result=Result.UNTRUE, internal_reply="当事人否认")
    (row,), _ = heard(done)
    assert (row.kind, row.for_role) == (K.RESOLUTION, Role.REVIEWER)
    assert row.request["risk"] == ["untrue", "no_evidence"]
    assert row.request["internal_reply"] == "当事人否认"
    word = Word(unit="BH-CGJ", decision=ReviewDecision.REJECTED, reason="证据不足")
    back = review(counted(done), word, actor=REVIEWER, at=LATER, city=city())
    (row,), _ = heard(done, back)
    assert (row.state, row.reason) == (S.REFUSED, "证据不足")


def test_the_end_of_a_whistle_is_the_end_of_what_waits() -> None:
    asked = said(acknowledged(), reports.ExtensionRequested)
    over = withdraw(counted(asked), at=LATER, policy="p", actor=SUPERVISOR, reason="撤回")
    (row,), settled = heard(asked, over)
    assert row.state is S.LAPSED
    assert settled[-1].assignment_id is None


def test_asking_again_replaces_what_was_asked() -> None:
    whistle = acknowledged()
    first = said(whistle, reports.ReleaseRequested)
    second = said(counted(first), reports.ReleaseRequested, reason="一周未到场")
    rows = heard(first, second)[0]
    assert [row.state for row in rows] == [S.LAPSED, S.PENDING]


# -- what a lead asks for


def asked_to_let_go() -> Whistle:
    """The lead asked to let who assists go."""
    return counted(said(acknowledged(), reports.ReleaseRequested))


def kept(whistle: Whistle, who: Actor = DISPATCHER, by: str | None = "BH-CGJ") -> Outcome:
    order = Release(unit="BH-SCJ", reason="后续仍需配合", decision=ReleaseDecision.REFUSED)
    return refuse(whistle, order, asked_by=by, actor=who, promises=promises(LATER))


def test_no_to_a_release_settles_it_and_the_lead_is_told_why() -> None:
    asked = said(acknowledged(), reports.ReleaseRequested)
    answer = kept(counted(asked))
    (row,), (_, settled) = heard(asked, answer)
    assert (row.kind, row.state, row.decided_by) == (K.RELEASE, S.REFUSED, DISPATCHER)
    assert (row.reason, settled.state) == ("后续仍需配合", S.REFUSED)
    (made,) = answer.steps
    assert isinstance(made.fact, rulings.ReleaseRefused)
    assert (made.fact.unit, made.fact.by, made.fact.state) == ("BH-SCJ", "BH-CGJ", "offered")
    ((unit, view),) = made.views
    assert (unit, type(view).__name__) == ("BH-CGJ", "ReleaseRefused")
    assert answer.whistle.assignments == counted(asked).assignments, "nothing moves"


def test_a_lead_that_asked_and_is_gone_is_told_nothing() -> None:
    (made,) = kept(asked_to_let_go(), by="BH-ZJJ").steps
    assert made.views == ()


@pytest.mark.parametrize("who", [REVIEWER, SUPERVISOR, DISPATCHER])
def test_what_a_ticket_asked_for_these_decide(who: Actor) -> None:
    assert kept(asked_to_let_go(), who).steps


def test_nobody_else_says_no_and_only_to_what_was_asked() -> None:
    officer = Actor(role=Role.STREET_OFFICER, unit="S-159902001")
    with pytest.raises(ForbiddenError):
        kept(asked_to_let_go(), officer)
    with pytest.raises(ConflictError, match="nobody asked"):
        kept(acknowledged(), by=None)
    released = Release(unit="BH-SCJ", reason="不再需要")
    gone = release(asked_to_let_go(), released, actor=DISPATCHER, promises=promises(LATER))
    with pytest.raises(ConflictError, match="nobody asked"):
        kept(gone.whistle)


@pytest.mark.parametrize(
    ("for_role", "may"),
    [
        (Role.DISPATCHER, {Role.DISPATCHER, Role.REVIEWER, Role.SUPERVISOR}),
        (Role.REVIEWER, {Role.REVIEWER, Role.SUPERVISOR}),
        (Role.SUPERVISOR, {Role.SUPERVISOR}),
        (Role.STREET_OFFICER, {Role.STREET_OFFICER}),
    ],
)
def test_who_decides_what_is_whose(for_role: Role, may: set[Role]) -> None:
    def lets(role: Role) -> bool:
        caller = Actor(role=role)
        return not blocked(for_role, dispatched_by=None, caller=caller, judges_dispatch=True)

    assert {role for role in Role if lets(role)} == may


def test_only_the_lead_asks_and_only_for_who_still_assists() -> None:
    whistle = acknowledged(None, "BH-CGJ", "BH-SCJ")
    for kind in (reports.ReleaseRequested, reports.AssistingRequested):
        assert not isinstance(said(whistle, kind, by="BH-SCJ"), Outcome)
    for unit in ("BH-ZJJ", "BH-CGJ", "S-159902001"):
        assert not isinstance(said(whistle, reports.ReleaseRequested, unit=unit), Outcome)
    done = counted(said(whistle, reports.Resolved, by="BH-SCJ"))
    assert not isinstance(said(done, reports.ReleaseRequested), Outcome)


def test_an_assisting_unit_is_called_at_once_and_the_lead_told() -> None:
    whistle = acknowledged()
    answer = said(whistle, reports.AssistingRequested, unit="BH-ZJJ", task="核实产权")
    after = counted(answer)
    part = after.part_of("BH-ZJJ")
    assert part is not None
    assert (part.relation, part.task) == (Relation.ASSISTING, "核实产权")
    assert isinstance(answer, Outcome)
    told = [(unit, type(view).__name__) for unit, view in answer.steps[-1].views]
    assert ("BH-ZJJ", "Whistled") in told
    assert told[-1] == ("BH-CGJ", "ReportAccepted")
    again = said(after, reports.AssistingRequested, unit="BH-ZJJ")
    assert not isinstance(again, Outcome), "it has a part already"


def test_a_judgement_with_words_needs_them() -> None:
    whistle = acknowledged(blown(lead(), assisting()))
    with pytest.raises(ValueError, match="words"):
        said(whistle, reports.AssistingRequested, unit="BH-ZJJ", grounds=Grounds())


# -- likely rulings


def past(holder: str, n: int, category: str = "0101") -> PastRuling:
    return PastRuling(unit="BH-CGJ", category=category, lead_function="CGJ", holder=holder, n=n)


@pytest.mark.parametrize(
    ("rulings", "wanted"),
    [
        ([], None),
        ([past("BH-ZJJ", 3), past("BH-CGJ", 1)], Likely(unit="BH-ZJJ", share=0.75, n=4)),
        ([past("BH-ZJJ", 1), past("BH-CGJ", 4, "0102")], Likely(unit="BH-CGJ", share=0.8, n=5)),
        ([past("BH-ZJJ", 2), past("BH-CGJ", 2)], Likely(unit="BH-CGJ", share=0.5, n=4)),
        ([replace(past("BH-ZJJ", 9), unit="BH-SCJ")], None),
    ],
)
def test_likely_is_what_was_ruled_before(rulings: list[PastRuling], wanted: Likely | None) -> None:
    found = likely(rulings, unit="BH-CGJ", category="0101", lead_function="CGJ")
    assert found == wanted
