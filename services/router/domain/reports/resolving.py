"""A unit says that its part is done: what must be there, who looks at it, and what follows.

The lead is last: its assisting units are done or let go, and it has spoken with a person who can
be called. Its reply is its own: one that repeats another is taken and sent back at once.
"""

from dataclasses import replace

from services.router.domain.assignment import ASSIGNMENT, FINISHED, AssignmentCommand, moved
from services.router.domain.calling import SYSTEM
from services.router.domain.case import Case, Changes, RefusedError
from services.router.domain.ending import closed_on_resolve
from services.router.domain.joint.finishing import finished, unfinished
from services.router.domain.outcome import Outcome, Step, part_text, step, words_text
from services.router.domain.reports.handling import is_late
from services.router.domain.reports.judging import Risk
from services.router.domain.reports.replies import Reply, alike_reply
from services.router.domain.reports.returning import well_hashed
from services.router.domain.rulings.reviewing import looked_at, rejected, risks_of
from services.router.domain.whistle import Whistle
from shared.catalogue.terms import ReviewKind
from shared.contracts import bureaus, reports, whistles
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Due, Relation, WhistleKind
from shared.contracts.whistles import UnitFact

PENDING, NONE = "pending", "none"


def contact_told(case: Case) -> tuple[Case, tuple[Step, ...]]:
    """The contact that a resolution tells of is a fact of its own, received with it."""
    report, part = case.of(reports.Resolved), case.part
    if report.contacted_how is None or part.contacted_at is not None:
        return case, ()
    if part.dues.contact is None:
        return case, ()  # nobody who could be called
    if not ASSIGNMENT.allows(part.state, AssignmentCommand.CONTACT):
        return case, ()  # the resolution will be refused for the same state
    late = is_late(part.dues.contact, case.received_at)
    after = moved(part, AssignmentCommand.CONTACT, contacted_at=case.received_at)
    fact = whistles.Contacted(**case.about(after.state), late=late, how=report.contacted_how)
    whistle = case.whistle.replaced(seq=fact.seq, assignments=case.whistle.with_assignment(after))
    words = words_text(
        handler=report.handler.name, how=report.contacted_how, contacted_at=report.contacted_at
    )
    made = step(
        fact,
        case.received_at,
        before=part_text(part.unit, part.state),
        after=part_text(part.unit, after.state, words),
    )
    return replace(case, whistle=whistle, part=after), (made,)


def resolved(case: Case, state: AssignmentState) -> tuple[Changes, UnitFact]:
    """The unit's word that its part is done; raises RefusedError."""
    report = case.of(reports.Resolved)
    well_hashed(report.evidence)
    final = case.part.relation is Relation.LEAD
    late = is_late(case.part.dues.resolve, case.received_at)
    risks: tuple[Risk, ...] = ()
    alike: Reply | None = None
    if final:
        _all_assisting_finished(case.whistle)
        _contact_made(case)
        alike = _repeats(case, report.public_reply)
        risks = risks_of(case, late=late) + ((Risk.LIKE_ANOTHER,) if alike is not None else ())
    pending = looked_at(risks, case.promises.city.policy.judging)
    fact = whistles.Resolved(
        **case.about(state),
        late=late,
        final=final,
        review=PENDING if pending or alike is not None else NONE,
        result=report.result,
        facts_true=report.facts_true,
        public_reply=report.public_reply,
        measures=report.measures,
        evidence=report.evidence,
        risk=tuple(risk.value for risk in risks) if pending else (),
        review_by=_review_by(case) if pending else None,
        held_up_by=_held_up_by(case.whistle) if final and late else (),
        like=alike.number if alike is not None else None,
    )
    return {
        "done_at": case.received_at,
        "extension_asked": None,
        "suspension_asked": None,
        "reviewing": fact.review == PENDING,
        **case.reporting_by(None),
    }, fact


def _review_by(case: Case) -> Due:
    limits = case.promises.city.limits
    return case.promises.due(limits.review(ReviewKind.RESOLUTION), case.received_at)


def _all_assisting_finished(whistle: Whistle) -> None:
    """The lead resolves last: every assisting unit is done, returned or released."""
    if waiting := unfinished(whistle):
        raise RefusedError(
            RefusalCode.WRONG_STATE,
            f"协办单位尚未办结：{'、'.join(waiting)}",
            f"assisting units are not done yet: {', '.join(waiting)}",
        )


def _contact_made(case: Case) -> None:
    """A person who can be called is spoken with before the matter is called done."""
    promised = case.part.dues.contact is not None and case.whistle.demand_ticket is not None
    if not promised or case.part.contacted_at is not None:
        return
    if case.promises.city.policy.judging.contact_required:
        raise RefusedError(
            RefusalCode.INVALID,
            "尚未联系群众：请先报告联系情况，或在办结中填写联系方式（contacted_how）",
            "the citizen was not contacted: report it first, or give contacted_how here",
        )


def _repeats(case: Case, reply: str) -> Reply | None:
    """The reply to another ticket that this one repeats; one answer to a group is no template."""
    ticket_id, matter = case.whistle.demand_ticket, case.grounds.matter
    if ticket_id is None or (matter is not None and matter.group):
        return None
    share = case.promises.city.policy.judging.alike
    found = alike_reply(reply, case.grounds.replies, ticket_id=ticket_id, at_least=share)
    return found.reply if found is not None else None


def _held_up_by(whistle: Whistle) -> tuple[str, ...]:
    """The assisting units that were late themselves: the lead had to wait for them."""
    return tuple(
        a.unit
        for a in whistle.assignments
        if a.relation is Relation.ASSISTING
        and a.done_at is not None
        and a.dues.resolve is not None
        and a.done_at > a.dues.resolve.by
    )


def after_resolving(outcome: Outcome, case: Case) -> Outcome:
    """Who is done last: reviewed, sent back, accepted by the street, or let go."""
    outcome = _lead_told(outcome, case)
    whistle, fact = outcome.whistle, outcome.steps[-1].fact
    if whistle.kind is not WhistleKind.CITIZEN_DEMAND:
        return replace(outcome, whistle=finished(whistle))
    if not isinstance(fact, whistles.Resolved) or not fact.final:
        return outcome
    if fact.like is not None:
        return _sent_back(outcome, case, fact.like)
    if whistle.demand_ticket is not None or fact.review == PENDING:
        return outcome  # the citizen's word ends it, or the reviewer's comes first
    end = closed_on_resolve(whistle, at=case.received_at, policy=case.promises.city.version)
    return Outcome(whistle=end.whistle, steps=(*outcome.steps, *end.steps))


def _lead_told(outcome: Outcome, case: Case) -> Outcome:
    """The lead resolves last: it learns that a unit beside it is done."""
    whistle, lead = outcome.whistle, outcome.whistle.lead()
    if case.part.relation is not Relation.ASSISTING or lead is None or lead.state in FINISHED:
        return outcome
    *before, last = outcome.steps
    view = bureaus.UnitsChanged(
        whistle_id=whistle.whistle_id, seq=whistle.seq, units=whistle.units()
    )
    told = replace(last, views=(*last.views, (lead.unit, view)))
    return replace(outcome, steps=(*before, told))


def _sent_back(outcome: Outcome, case: Case, like: str) -> Outcome:
    part = outcome.whistle.part_of(case.part.unit)
    if part is None:
        raise ValueError("a unit that resolved has a part")
    whistle, made = rejected(
        outcome.whistle,
        part,
        reason=f"答复与哨单 {like} 雷同，请针对本件实际情况重新答复",
        actor=SYSTEM,
        at=case.received_at,
        city=case.promises.city,
    )
    return Outcome(whistle=whistle, steps=(*outcome.steps, made))
