"""How a whistle comes to be: held for a dispatcher, or blown with its units and their dues."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from services.router.domain.altering import altered
from services.router.domain.assignment import Assignment
from services.router.domain.dues import Promises, Terms
from services.router.domain.matter import Content, Matter
from services.router.domain.outcome import Outcome, Step, step, words_text
from services.router.domain.routing.answer import Summons, Unclear
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from shared.catalogue.place_words import PlaceWords
from shared.contracts import bureaus, parts, whistles
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, AssignmentState, BlownBy, Role, WhistleState
from shared.contracts.values import Due, WhistleKind
from shared.records import record

SYSTEM = Actor(role=Role.SYSTEM)


@record
class Call:
    """How a whistle is blown: by whom, why these units, in place of what."""

    actor: Actor
    blown_by: BlownBy
    trace: tuple[str, ...]
    provisional: bool = False
    cross_district: bool = False
    takeover_by: Due | None = None  # a community's whistle: its street may take it over until then
    own_effort_by: Due | None = None  # a community's emergency: what it did itself may follow


def new_whistle(
    whistle_id: UUID,
    *,
    number: str,
    kind: WhistleKind,
    matter: Matter,
    round: int,
    ticket_ids: tuple[UUID, ...],
    demand_ticket: UUID | None,
    place_key: str | None = None,
    canary: bool = False,
) -> Whistle:
    """A whistle with no fact yet; `hold` or `blow` makes its first."""
    return Whistle(
        whistle_id=whistle_id,
        number=number,
        kind=kind,
        state=WhistleState.HELD,
        round=round,
        urgency=matter.urgency,
        seq=0,
        ticket_ids=ticket_ids,
        assignments=(),
        category=matter.category,
        demand_ticket=demand_ticket,
        region=matter.place_for_units().region,  # by it streets and communities see it
        place_key=place_key,
        canary=canary,
    )


def hold(whistle: Whistle, unclear: Unclear, *, promises: Promises) -> Outcome:
    """No single lead: the whistle waits for a dispatcher."""
    fact = whistles.Held(
        seq=whistle.seq + 1,
        actor=SYSTEM,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        why=unclear.why,
        candidates=unclear.candidates,
        rule_by=convened_by(whistle, unclear, promises),
    )
    after = words_text(state=WhistleState.HELD, why=unclear.why)
    return Outcome(
        whistle=replace(whistle, seq=fact.seq),
        steps=(step(fact, promises.now, after=after),),
    )


def convened_by(whistle: Whistle, unclear: Unclear, promises: Promises) -> Due | None:
    """Until when the supervisor says who takes what nobody owns."""
    if not unclear.convene:
        return None
    return promises.due(promises.city.limits.ruling(whistle.urgency))


def offered(summons: Summons, terms: Terms, promises: Promises) -> Assignment:
    """A unit's new assignment; its clocks start now."""
    if summons.one_tap is not None:
        terms = replace(terms, one_tap=summons.one_tap)
    return Assignment(
        assignment_id=new_id(promises.now),
        unit=summons.unit,
        relation=summons.relation,
        state=AssignmentState.OFFERED,
        dues=promises.of(terms, summons.relation, coordinating=summons.coordinating),
        task=summons.task,
        clause=summons.clause,
        handler=summons.handler,
        handler_post=summons.handler_post,
    )


def blow(
    whistle: Whistle,
    matter: Matter,
    summonses: Sequence[Summons],
    call: Call,
    *,
    promises: Promises,
) -> Outcome:
    """Call the units now, each with its own view of the whistle."""
    terms = matter.terms(whistle.kind, whistle.round)
    assignments = tuple(offered(summons, terms, promises) for summons in summonses)
    blown = altered(
        whistle,
        state=WHISTLE.next(whistle.state, WhistleCommand.BLOW),
        seq=whistle.seq + 1,
        assignments=assignments,
        category=matter.category,
        blower=call.blown_by.unit,
        in_charge=None if whistle.demand_ticket else call.blown_by.unit,
        takeover_by=call.takeover_by.by if call.takeover_by else None,
        cross_district=call.cross_district,
        provisional=call.provisional,
        dispatcher_role=call.actor.role,
        dispatcher_name=call.actor.name,
    )
    return Outcome(whistle=blown, steps=(_blown_step(blown, matter, call, promises),))


def _blown_step(whistle: Whistle, matter: Matter, call: Call, promises: Promises) -> Step:
    shown = tuple(assignment.shown() for assignment in whistle.assignments)
    fact = whistles.Blown(
        seq=whistle.seq,
        actor=call.actor,
        policy=promises.city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        number=whistle.number,
        kind=whistle.kind,
        urgency=matter.urgency,
        title=matter.title,
        summary=matter.summary,
        place=matter.place,
        blown_by=call.blown_by,
        dispatched_by=call.actor,
        assignments=shown,
        trace=call.trace,
        category=matter.category,
        type=matter.type,
        own_effort=matter.own_effort,
        muster=matter.muster,
        confidential=matter.confidential,
        provisional=call.provisional,
        attachments=matter.attachments,
        cross_district=call.cross_district,
        takeover_by=call.takeover_by,
        why_beyond=matter.why_beyond,
        own_effort_by=call.own_effort_by,
    )
    after = words_text(state=whistle.state, units=[a.unit for a in whistle.assignments])
    places = promises.city.catalogue.place_words
    views = views_of_call(whistle, matter, call.blown_by, call.trace, shown, fact.seq, places)
    return step(fact, promises.now, after=after, views=views)


def views_of_call(
    whistle: Whistle,
    matter: Matter,
    blown_by: BlownBy,
    trace: tuple[str, ...],
    called: Sequence[parts.Assignment],
    seq: int,
    places: PlaceWords,
) -> tuple[tuple[str, bureaus.View], ...]:
    """What each of the called units is told: the matter, its own part and dues, the others."""
    units = whistle.units()
    why = matter.trace_for_units(trace)
    matter = matter.for_units(places)
    return tuple(
        (
            assignment.unit,
            bureaus.Whistled(
                whistle_id=whistle.whistle_id,
                seq=seq,
                number=whistle.number,
                round=whistle.round,
                kind=whistle.kind,
                level=blown_by.level,
                ticket_ids=whistle.ticket_ids,
                blown_by=blown_by,
                urgency=matter.urgency,
                title=matter.title,
                summary=matter.summary,
                place=matter.place,
                confidential=matter.confidential,
                assignment=assignment,
                units=units,
                why=why,
                category=matter.category,
                type=matter.type,
                own_effort=matter.own_effort,
                muster=matter.muster,
                attachments=matter.attachments,
                cross_district=whistle.cross_district,
                why_beyond=matter.why_beyond,
            ),
        )
        for assignment in called
    )


def content_of(matter: Matter | None, call: Call) -> Content:
    """What is kept of a blown whistle; the matter only when no ticket has it."""
    return Content(
        matter=matter, blown_by=call.blown_by, dispatched_by=call.actor, trace=call.trace
    )
