"""One more unit beside the lead: who may be added, and what it promises.

It answers to the lead, so its limit is the lead's less a fifth of what is left of it (DOMAIN §3).
That a bureau's duty is never dispatched down (decision 5) binds who leads, not who assists.
"""

import math
from dataclasses import replace
from datetime import datetime

from services.router.domain.assignment import AssignmentCommand, moved
from services.router.domain.calling import offered, views_of_call
from services.router.domain.dues import Promises, Terms, without_resolve
from services.router.domain.matter import Content, Matter
from services.router.domain.outcome import Outcome, Step, about_part, part_text, step, words_text
from services.router.domain.routing.answer import Summons
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from services.router.domain.words import WHISTLE_ZH
from shared.catalogue.limits import parse_rule
from shared.contracts import bureaus, joint, rulings
from shared.contracts.parts import Actor, AssignmentState, BlownBy
from shared.contracts.values import Due, Relation
from shared.errors import ConflictError, FieldError, InvalidError

LEAST_SECONDS = 60


def add_assisting(
    whistle: Whistle,
    unit: str,
    *,
    task: str | None,
    matter: Matter,
    content: Content,
    actor: Actor,
    promises: Promises,
    at: datetime,
) -> Outcome:
    """Call one more unit to assist; the whistle is read whole.

    Raises ConflictError when nobody leads it now, InvalidError (field `unit`) for a unit that is
    not known, may not be whistled, or has a part already.
    """
    _may_be_added(whistle, unit, promises)
    after, steps = _no_longer_informed(whistle, unit, actor, promises, at)
    summons = Summons(unit=unit, relation=Relation.ASSISTING, task=task)
    new = offered(summons, _terms_now(whistle, matter, promises), promises)
    new = replace(
        new, dues=without_resolve(new.dues, _resolve(whistle, new.dues.resolve, promises))
    )
    after = after.replaced(seq=after.seq + 1, assignments=(*after.assignments, new))
    fact = rulings.AssistingAdded(
        seq=after.seq,
        actor=actor,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        assignment=new.shown(),
    )
    blown_by = content.blown_by or BlownBy(unit=whistle.blower or "", level="city")
    places = promises.city.catalogue.place_words
    called = views_of_call(after, matter, blown_by, content.trace, [new.shown()], fact.seq, places)
    others = bureaus.UnitsChanged(whistle_id=after.whistle_id, seq=fact.seq, units=after.units())
    told = tuple((part.unit, others) for part in after.running() if part.unit != unit)
    words = words_text(task=task) if task else None
    added = step(fact, at, after=part_text(new.unit, new.state, words), views=(*called, *told))
    return Outcome(whistle=after, steps=(*steps, added))


def _may_be_added(whistle: Whistle, unit: str, promises: Promises) -> None:
    lead = whistle.lead()
    allowed = WHISTLE.allows(whistle.state, WhistleCommand.ADD_ASSISTING)
    if not allowed or lead is None or lead.state is AssignmentState.DONE:
        done = "，主办单位已办结" if lead is not None and allowed else ""
        raise ConflictError(
            f"哨单当前为“{WHISTLE_ZH[whistle.state]}”{done}，不能增加协办单位",
            "no unit is at work as the lead: nobody can be added to assist",
            code="wrong_state",
            state=whistle.state,
            version=whistle.seq,
        )
    if unit not in promises.city.catalogue.units:
        raise _wrong(f"没有单位 {unit}", f"there is no unit {unit}")
    part = whistle.part_of(unit)
    if part is not None and not part.gone and part.relation is not Relation.INFORMED:
        name = promises.city.catalogue.unit(unit).name
        raise _wrong(f"{name}已在承办之列", f"{unit} has a part in this whistle already")


def _wrong(zh: str, en: str) -> InvalidError:
    return InvalidError(FieldError(field="unit", zh=zh, en=en))


def _no_longer_informed(
    whistle: Whistle, unit: str, actor: Actor, promises: Promises, at: datetime
) -> tuple[Whistle, tuple[Step, ...]]:
    """A unit that was only informed gives up that part: it has one at a time."""
    part = whistle.part_of(unit)
    if part is None or part.gone:
        return whistle, ()
    gone = moved(part, AssignmentCommand.RELEASE)
    after = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(gone))
    policy = promises.city.version
    fact = joint.Released(
        **about_part(after, gone, actor=actor, policy=policy, at=promises.now),
        reason="改为协办",
    )
    made = step(
        fact,
        at,
        before=part_text(part.unit, part.state),
        after=part_text(gone.unit, gone.state),
    )
    return after, (made,)


def _terms_now(whistle: Whistle, matter: Matter, promises: Promises) -> Terms:
    """A muster that is over binds nobody who is called later: the kind's own limit does."""
    terms = matter.terms(whistle.kind, whistle.round)
    if terms.muster_at is not None and terms.muster_at <= promises.now:
        return replace(terms, muster_at=None)
    return terms


def _resolve(whistle: Whistle, own: Due | None, promises: Promises) -> Due | None:
    """The earlier of its own limit and the lead's less a fifth of what is left of that.

    Where nothing is left of the lead's, its own limit holds: nobody is called to be late at once.
    """
    lead = whistle.lead()
    leads = lead.dues.resolve if lead is not None else None
    if own is None or leads is None:
        return own
    city = promises.city
    rule = parse_rule(leads.rule)
    left = city.calendar.remaining(rule, leads.by, promises.now) * city.limits.assisting_share
    if left < LEAST_SECONDS:
        return own
    hours = math.ceil(left / 3600)
    share = math.floor(left / (hours * 3600) * 1_000_000) / 1_000_000
    within = promises.due(parse_rule(f"{hours}{'wh' if rule.working else 'h'}*{share:.6f}"))
    return min(own, within, key=lambda due: due.by)
