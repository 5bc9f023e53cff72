"""What becomes of the running work of a unit that was removed: it goes to those above it.

The unit's part is released with the reason, and offered to its parent: with full time to
acknowledge and contact, and for the resolution with the time that is left, at least half, as after
an adjudication. The citizen's clock knows nothing of reorganisations. Where the parent may not lead
(decision 5) or has done its own part, the next one above it is asked, at last the 12345 centre.
"""

from collections.abc import Iterator
from dataclasses import replace

from services.router.domain.assignment import ASSIGNMENT, FINISHED, Assignment, AssignmentCommand
from services.router.domain.calling import SYSTEM, offered, views_of_call
from services.router.domain.dues import Promises, without_resolve
from services.router.domain.joint.finishing import finished
from services.router.domain.joint.releasing import let_go
from services.router.domain.jurisdiction import breach
from services.router.domain.matter import Content, Matter
from services.router.domain.outcome import Outcome, Step, about_part, part_text, step, words_text
from services.router.domain.routing.answer import Summons
from services.router.domain.units.known import KnownUnit, Units, above
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, joint, rulings
from shared.contracts.parts import BlownBy
from shared.contracts.values import Relation
from shared.records import record


@record
class Heir:
    """Who goes on in place of the removed unit; `offer` unless it has a part that will do."""

    unit: str
    offer: bool
    instead_of: Assignment | None = None  # the lesser part it gives up


def hand_up(
    whistle: Whistle, units: Units, *, matter: Matter, content: Content, promises: Promises
) -> Outcome | None:
    """The whistle without removed units; None where there is nobody who could take over.

    Needs all assignments.
    """
    steps: list[Step] = []
    after = whistle
    for part in whistle.running():
        known = units.get(part.unit)
        if part.state in FINISHED or known is None or known.active:
            continue
        heir = _heir(after, part, units, promises)
        if heir is None:
            continue
        reason = _reason(known)
        after, made = _released(after, part, reason, promises)
        steps.append(made)
        if heir.instead_of is not None:
            after, made = _released(after, heir.instead_of, "改由其承接", promises)
            steps.append(made)
        if heir.offer:
            after, made = _offered(after, part, heir, reason, matter, content, promises)
            steps.append(made)
    if not steps:
        return None
    return Outcome(whistle=finished(after), steps=tuple(steps))


def _reason(known: KnownUnit) -> str:
    return f"{known.unit.name}已撤销：{known.removed_why}"


def _heir(whistle: Whistle, part: Assignment, units: Units, promises: Promises) -> Heir | None:
    for code in _candidates(part.unit, whistle, units, promises):
        own = whistle.part_of(code)
        own = None if own is None or own.gone else own
        if part.relation is not Relation.LEAD:
            if own is not None and own.relation is not Relation.INFORMED:
                return Heir(unit=code, offer=False)
            if part.relation is Relation.INFORMED and own is not None:
                return Heir(unit=code, offer=False)
            return Heir(unit=code, offer=True, instead_of=own)
        if breach(promises.city, whistle.category, code) is not None:
            continue
        if own is None or ASSIGNMENT.allows(own.state, AssignmentCommand.RELEASE):
            return Heir(unit=code, offer=True, instead_of=own)
    return None


def _candidates(unit: str, whistle: Whistle, units: Units, promises: Promises) -> Iterator[str]:
    city = promises.city
    for each in above(unit, units):
        if each.unit.code in city.catalogue.units:
            yield each.unit.code
    centre = city.hotline_centre(whistle.region)
    if centre is not None:
        yield centre.code


def _released(
    whistle: Whistle, part: Assignment, reason: str, promises: Promises
) -> tuple[Whistle, Step]:
    gone = let_go(part)
    after = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(gone))
    policy = promises.city.version
    fact = joint.Released(
        **about_part(after, gone, actor=SYSTEM, policy=policy, at=promises.now),
        reason=reason,
    )
    view = bureaus.Released(whistle_id=after.whistle_id, seq=after.seq, reason=reason)
    made = step(
        fact,
        promises.now,
        before=part_text(part.unit, part.state),
        after=part_text(gone.unit, gone.state, words_text(reason=reason)),
        views=((part.unit, view), *_told_others(after, ())),
    )
    return after, made


def _offered(
    whistle: Whistle,
    left: Assignment,
    heir: Heir,
    reason: str,
    matter: Matter,
    content: Content,
    promises: Promises,
) -> tuple[Whistle, Step]:
    summons = Summons(
        unit=heir.unit, relation=left.relation, task=left.task or reason, clause=left.clause
    )
    terms = matter.terms(whistle.kind, whistle.round)
    if terms.muster_at is not None and terms.muster_at <= promises.now:
        terms = replace(terms, muster_at=None)
    new = offered(summons, terms, promises)
    resolve = promises.taken_over(left.dues.resolve, new.dues.resolve)
    new = replace(new, dues=without_resolve(new.dues, resolve))
    after = whistle.replaced(seq=whistle.seq + 1, assignments=(*whistle.assignments, new))
    fact = rulings.UnitOffered(
        seq=after.seq,
        actor=SYSTEM,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        assignment=new.shown(),
        in_place_of=left.unit,
    )
    blown_by = content.blown_by or BlownBy(unit=whistle.blower or "", level="city")
    trace = (*content.trace, f"removed:{left.unit}→{new.unit} {reason}")
    places = promises.city.catalogue.place_words
    called = views_of_call(after, matter, blown_by, trace, [new.shown()], fact.seq, places)
    made = step(
        fact,
        promises.now,
        before=part_text(left.unit, left.state),
        after=part_text(new.unit, new.state, words_text(reason=reason)),
        views=(*called, *_told_others(after, (new.unit,))),
    )
    return after, made


def _told_others(whistle: Whistle, but: tuple[str, ...]) -> tuple[tuple[str, bureaus.View], ...]:
    view = bureaus.UnitsChanged(
        whistle_id=whistle.whistle_id, seq=whistle.seq, units=whistle.units()
    )
    return tuple((a.unit, view) for a in whistle.running() if a.unit not in but)
