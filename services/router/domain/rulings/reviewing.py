"""The review of a resolution: who is looked at, by risk, and what the reviewer's word does.

Risks add up; from the city's sum on a reviewer looks. An ordinary matter solved in time goes to
the callback at once. A rejected resolution goes back to work, its clock as if never stopped.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

from services.router.domain.assignment import Assignment, AssignmentCommand, moved
from services.router.domain.case import Case
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.ending import closed_on_resolve
from services.router.domain.outcome import Outcome, Step, about_part, part_text, step, words_text
from services.router.domain.reports.evidence import shows
from services.router.domain.reports.judging import JudgingPolicy, Risk
from services.router.domain.rulings.deciding import demand, reviewed_by
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from shared.catalogue.model import UnknownCodeError
from shared.contracts import bureaus, reports, rulings
from shared.contracts.parts import Actor, AssignmentState, Result
from shared.contracts.reports import Words
from shared.contracts.values import TicketType, Urgency, WhistleKind
from shared.errors import ConflictError
from shared.records import record

ANSWERED_IN_WORDS = frozenset({TicketType.CONSULT, TicketType.SUGGEST, TicketType.PRAISE})
"""What ends with an explanation as a rule: nothing there was to be solved on the spot."""

_RESULTS = {
    Result.UNTRUE: Risk.UNTRUE,
    Result.CANNOT: Risk.CANNOT,
    Result.EXPLAINED: Risk.EXPLAINED,
    Result.PARTLY: Risk.PARTLY,
}
_URGENCIES = {Urgency.CRITICAL: Risk.CRITICAL, Urgency.URGENT: Risk.URGENT}


class ReviewDecision(StrEnum):
    PASSED = "passed"  # 审核通过
    REJECTED = "rejected"  # 退回重新办理


@record
class Review:
    """What a reviewer decided on a resolution."""

    unit: str
    decision: ReviewDecision
    reason: Words


def risks_of(case: Case, *, late: bool) -> tuple[Risk, ...]:
    """Everything that speaks for a look at this resolution."""
    if case.whistle.kind is not WhistleKind.CITIZEN_DEMAND:
        return ()  # the street accepts it on the spot
    return (*_of_matter(case), *_of_answer(case, late), *_of_proof(case))


def looked_at(risks: tuple[Risk, ...], policy: JudgingPolicy) -> bool:
    """Whether they add up to a review."""
    return sum(policy.risks[risk] for risk in risks) >= policy.review_from


def _of_matter(case: Case) -> Iterator[Risk]:
    whistle, matter = case.whistle, case.grounds.matter
    if whistle.urgency in _URGENCIES:
        yield _URGENCIES[whistle.urgency]
    if matter is not None and matter.group:
        yield Risk.GROUP
    if matter is not None and matter.hard_case:
        yield Risk.HARD_CASE
    if whistle.round >= 2:
        yield Risk.AGAIN if whistle.round == 2 else Risk.MANY_ROUNDS


def _of_answer(case: Case, late: bool) -> Iterator[Risk]:
    report, matter = case.of(reports.Resolved), case.grounds.matter
    found = _RESULTS.get(report.result)
    in_words = matter is not None and matter.type in ANSWERED_IN_WORDS
    if found is not None and not (found is Risk.EXPLAINED and in_words):
        yield found
    if late:
        yield Risk.LATE


def _of_proof(case: Case) -> Iterator[Risk]:
    part, evidence = case.part, case.of(reports.Resolved).evidence
    guide = case.promises.city.policy.judging.evidence
    asked = guide.asked(case.whistle.category, _functions(case.promises.city, part.unit))
    matter = case.grounds.matter
    in_words = matter is not None and matter.type in ANSWERED_IN_WORDS
    if asked and not in_words and not shows(evidence, asked, guide):
        yield Risk.NO_EVIDENCE
    called_at = part.dues.acknowledge.started_at if part.dues.acknowledge else None
    taken = [each.taken_at for each in evidence if each.taken_at is not None]
    if called_at is not None and any(at < called_at for at in taken):
        yield Risk.OLD_EVIDENCE
    if part.dues.arrive is not None and part.arrived_at is None:
        yield Risk.NOT_ON_SITE


def _functions(city: City, unit: str) -> tuple[str, ...]:
    try:
        return city.catalogue.unit(unit).function_codes
    except UnknownCodeError:
        return ()


def review(whistle: Whistle, decided: Review, *, actor: Actor, at: datetime, city: City) -> Outcome:
    """Carry out a reviewer's word; raises the ShaodaoError that says why it cannot be."""
    part = whistle.part_of(decided.unit)
    if part is None or whistle.ended or not part.reviewing:
        raise ConflictError(
            "该单位没有待审核的办结",
            "the unit has no resolution waiting for a review",
            code="wrong_state",
            state=part.state if part else None,
            version=whistle.seq,
        )
    demand(reviewed_by(whistle, city), whistle=whistle, caller=actor)
    if decided.decision is ReviewDecision.REJECTED:
        after, made = rejected(whistle, part, reason=decided.reason, actor=actor, at=at, city=city)
        return Outcome(whistle=after, steps=(made,))
    return _passed(whistle, part, decided, actor, at, city.version)


def rejected(
    whistle: Whistle,
    part: Assignment,
    *,
    reason: str,
    actor: Actor,
    at: datetime,
    city: City,
) -> tuple[Whistle, Step]:
    """Back to work, the dues as they were."""
    by = Promises(city, at).progress(part.dues.resolve, at)
    dues = replace(part.dues, progress=by)
    back = moved(part, AssignmentCommand.REJECT_REVIEW, done_at=None, dues=dues)
    after = replace(
        whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(back)),
        state=WHISTLE.next(whistle.state, WhistleCommand.REJECT_REVIEW),
    )
    fact = rulings.ReviewRejected(
        **about_part(after, back, actor=actor, policy=city.version, at=at),
        reason=reason,
        ruled_by=actor,
        progress_by=by,
    )
    view = bureaus.ReviewRejected(whistle_id=whistle.whistle_id, seq=after.seq, reason=reason)
    made = step(
        fact,
        at,
        before=part_text(part.unit, part.state),
        after=part_text(back.unit, back.state, words_text(reason=reason)),
        views=((part.unit, view),),
    )
    return after, made


def _passed(
    whistle: Whistle, part: Assignment, decided: Review, actor: Actor, at: datetime, policy: str
) -> Outcome:
    seen = replace(part, reviewing=False)
    after = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(seen))
    fact = rulings.ReviewPassed(
        **about_part(after, seen, actor=actor, policy=policy, at=at),
        ruled_by=actor,
        reason=decided.reason,
    )
    made = step(
        fact,
        at,
        after=part_text(part.unit, AssignmentState.DONE, words_text(reason=decided.reason)),
    )
    if whistle.kind is not WhistleKind.CITIZEN_DEMAND or whistle.demand_ticket is not None:
        return Outcome(whistle=after, steps=(made,))
    end = closed_on_resolve(after, at=at, policy=policy)
    return Outcome(whistle=end.whistle, steps=(made, *end.steps))
