"""The unit that takes the place of one a ruling let go: who may be it, and how it is called."""

from dataclasses import replace

from services.router.domain.assignment import ASSIGNMENT, Assignment, AssignmentCommand
from services.router.domain.calling import offered, views_of_call
from services.router.domain.case import Precedent
from services.router.domain.dues import Promises, without_resolve
from services.router.domain.joint.releasing import let_go
from services.router.domain.jurisdiction import breach
from services.router.domain.matter import Content, Matter
from services.router.domain.outcome import Step, about_part, part_text, step
from services.router.domain.routing.answer import Summons
from services.router.domain.whistle import Whistle
from shared.contracts import bureaus, joint, rulings
from shared.contracts.parts import Actor, BlownBy
from shared.contracts.values import Relation
from shared.errors import FieldError, InvalidError
from shared.records import record


@record
class Desk:
    """What a ruling is made with; `final`: it is the supervisor's last word."""

    matter: Matter
    content: Content
    actor: Actor
    promises: Promises
    final: bool


def lawful(
    whistle: Whistle,
    part: Assignment,
    new: str | None,
    desk: Desk,
    precedent: Precedent,
) -> None:
    """Whether that unit may follow, or nobody; raises InvalidError."""
    city = desk.promises.city
    if new is None:
        if part.relation is Relation.LEAD:
            raise _wrong("主办退单须指定新的主办单位", "a new lead is needed")
        return
    if new not in city.catalogue.units:
        raise _wrong(f"没有单位 {new}", f"there is no unit {new}")
    if new == part.unit or (new in precedent.asked and not desk.final):
        raise _wrong(f"{new} 已申请退单，不能再派", f"{new} asked to return it already")
    lead = whistle.lead()
    if lead is not None and lead.unit == new:
        raise _wrong(f"{new} 已是主办单位", f"{new} leads already")
    found = breach(city, whistle.category, new) if part.relation is Relation.LEAD else None
    if found is not None:
        raise _wrong(found.zh, found.en)


def _wrong(zh: str, en: str) -> InvalidError:
    return InvalidError(FieldError(field="new_unit", zh=zh, en=en))


def told_others(whistle: Whistle, but: tuple[str, ...]) -> tuple[tuple[str, bureaus.View], ...]:
    """Who works on it changed: for every unit that goes on."""
    view = bureaus.UnitsChanged(
        whistle_id=whistle.whistle_id, seq=whistle.seq, units=whistle.units()
    )
    return tuple((a.unit, view) for a in whistle.running() if a.unit not in but)


def give_up_part(whistle: Whistle, new_unit: str, desk: Desk) -> tuple[Whistle, tuple[Step, ...]]:
    """A unit that assisted or was informed and now takes over gives up that part."""
    part = whistle.part_of(new_unit)
    if part is None or part.gone:
        return whistle, ()
    if not ASSIGNMENT.allows(part.state, AssignmentCommand.RELEASE):
        raise _wrong(f"{new_unit} 的协办已办结", f"{new_unit} has done its part already")
    gone = let_go(part)
    after = whistle.replaced(seq=whistle.seq + 1, assignments=whistle.with_assignment(gone))
    promises, policy = desk.promises, desk.promises.city.version
    fact = joint.Released(
        **about_part(after, gone, actor=desk.actor, policy=policy, at=promises.now)
    )
    made = step(
        fact,
        promises.now,
        before=part_text(part.unit, part.state),
        after=part_text(gone.unit, gone.state),
    )
    return after, (made,)


def call_instead(
    whistle: Whistle, left: Assignment, new_unit: str, desk: Desk
) -> tuple[Whistle, Step]:
    """The new unit is called, with full time; the others learn of it.

    After the supervisor's word it has the time that is left, at least half of the full.
    """
    promises, matter, content = desk.promises, desk.matter, desk.content
    summons = Summons(unit=new_unit, relation=left.relation, task=left.task)
    new = offered(summons, matter.terms(whistle.kind, whistle.round), promises)
    if desk.final:
        resolve = promises.taken_over(left.dues.resolve, new.dues.resolve)
        new = replace(new, dues=without_resolve(new.dues, resolve))
    after = whistle.replaced(seq=whistle.seq + 1, assignments=(*whistle.assignments, new))
    fact = rulings.UnitOffered(
        seq=after.seq,
        actor=desk.actor,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        assignment=new.shown(),
        in_place_of=left.unit,
        ruled_by=desk.actor,
    )
    blown_by = content.blown_by or BlownBy(unit=whistle.blower or "", level="city")
    places = promises.city.catalogue.place_words
    called = views_of_call(after, matter, blown_by, content.trace, [new.shown()], fact.seq, places)
    made = step(
        fact,
        promises.now,
        before=part_text(left.unit, left.state),
        after=part_text(new.unit, new.state),
        views=(*called, *told_others(after, (new.unit,))),
    )
    return after, made
