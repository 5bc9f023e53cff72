"""Two whistles about one matter: what a merge at intake does to them (CONTRACTS §4d).

Where one unit leads both, the merged ticket goes over to the parent's whistle, and of each promise
that is not kept yet the earlier one stays. Where two units lead, a dispatcher decides; until then
both go on.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.router.domain import ending
from services.router.domain.altering import altered
from services.router.domain.assignment import FINISHED, Assignment
from services.router.domain.calling import SYSTEM
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.matter import Ticket
from services.router.domain.outcome import Outcome, Step, step, words_text
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from shared.contracts import bureaus, rulings, whistles
from shared.contracts.parts import Actor, DeadlineKind, DueChange
from shared.contracts.values import Due
from shared.records import record


class MergeDecision(StrEnum):
    """A dispatcher's word on two leads of one matter."""

    KEPT_INTO = "kept_into"  # 由主单的承办单位一并办理
    KEPT_OWN = "kept_own"  # 由并入工单的承办单位一并办理
    KEPT_BOTH = "kept_both"  # 两家单位各自办理


@record
class MergeQuestion:
    """A merged ticket whose whistle another unit leads than the parent's."""

    ticket_id: UUID
    whistle_id: UUID
    into_ticket_id: UUID
    into_whistle_id: UUID
    asked_at: datetime
    due: Due


@record
class Settled:
    """A question that waits no more."""

    ticket_id: UUID
    decision: str
    at: datetime
    actor: Actor
    reason: str = ""


def same_lead(own: Whistle, parent: Whistle) -> bool:
    """Whether one unit leads both now."""
    mine, other = own.lead(), parent.lead()
    return mine is not None and other is not None and mine.unit == other.unit


def join(
    own: Whistle,
    parent: Whistle,
    tickets: Iterable[Ticket],
    *,
    into: UUID,
    actor: Actor,
    promises: Promises,
    at: datetime,
) -> tuple[Outcome, Outcome]:
    """`own` ends and its tickets follow `parent`'s whistle: (own's outcome, parent's).

    Raises IllegalMoveError where own cannot be withdrawn or parent takes no ticket.
    """
    policy = promises.city.version
    reason = f"工单已并单，并入哨单 {parent.number} 一并办理"
    gone = ending.withdraw(own, at=at, policy=policy, actor=actor, reason=reason)
    linked = link(own, parent, tickets, into=into, actor=actor, city=promises.city, at=at)
    after, earlier = _earlier_dues(own, linked.whistle, actor, policy, at)
    return gone, Outcome(whistle=after, steps=(*linked.steps, *earlier))


def link(
    own: Whistle,
    parent: Whistle,
    tickets: Iterable[Ticket],
    *,
    into: UUID,
    actor: Actor,
    city: City,
    at: datetime,
) -> Outcome:
    """The tickets of `own` go over to `parent`'s whistle; raises IllegalMoveError."""
    after, steps = parent, []
    for ticket in tickets:
        if ticket.ticket_id not in after.ticket_ids:
            after, made = _linked(after, ticket, own, into, actor, city, at)
            steps.append(made)
    return Outcome(whistle=after, steps=tuple(steps))


def _linked(
    whistle: Whistle,
    ticket: Ticket,
    own: Whistle,
    into: UUID,
    actor: Actor,
    city: City,
    at: datetime,
) -> tuple[Whistle, Step]:
    """One more ticket; the units at work are told the person's words."""
    after = altered(
        whistle,
        state=WHISTLE.next(whistle.state, WhistleCommand.LINK_TICKET),
        seq=whistle.seq + 1,
        ticket_ids=tuple(sorted((*whistle.ticket_ids, ticket.ticket_id))),
    )
    fact = whistles.TicketLinked(
        **_about(after, actor, city.version),
        ticket_id=ticket.ticket_id,
        into=into,
        from_whistle_id=own.whistle_id,
        assignments=tuple(a.shown() for a in after.running()),
    )
    matter = ticket.matter.for_units(city.catalogue.place_words)
    view = bureaus.Supplemented(
        whistle_id=after.whistle_id,
        seq=after.seq,
        text=f"另一件诉求并入本单：{matter.title}。{matter.summary}",
        attachments=matter.attachments,
    )
    words = words_text(ticket_id=str(ticket.ticket_id), from_number=own.number)
    told = tuple((part.unit, view) for part in after.running())
    return after, step(fact, at, after=words, views=told)


_KEPT: Final = (
    (DeadlineKind.CONTACT, "contact", "contacted_at"),
    (DeadlineKind.ARRIVE, "arrive", "arrived_at"),
    (DeadlineKind.RESOLVE, "resolve", "done_at"),
)


def _earlier_dues(
    own: Whistle, parent: Whistle, actor: Actor, policy: str, at: datetime
) -> tuple[Whistle, tuple[Step, ...]]:
    """The lead's promises end when the earlier of the two ends: nobody gains time by a merge."""
    mine, lead = own.lead(), parent.lead()
    if mine is None or lead is None or mine.unit != lead.unit or lead.state in FINISHED:
        return parent, ()
    sooner = {
        kind: due
        for kind, due_of, kept in _KEPT
        if (due := _sooner(mine, lead, due_of, kept)) is not None
    }
    if not sooner:
        return parent, ()
    dues = replace(lead.dues, **{kind.value: due for kind, due in sooner.items()})
    changed = altered(lead, dues=dues)
    after = parent.replaced(seq=parent.seq + 1, assignments=parent.with_assignment(changed))
    changes = tuple(
        DueChange(assignment_id=lead.assignment_id, unit=lead.unit, kind=kind, due=due)
        for kind, due in sooner.items()
    )
    reason = f"并入哨单 {own.number}，以较早时限为准"
    fact = rulings.DueChanged(**_about(after, actor, policy), changes=changes, reason=reason)
    view = bureaus.DueChanged(
        whistle_id=after.whistle_id, seq=after.seq, changes=changes, reason=reason
    )
    words = words_text(unit=lead.unit, reason=reason, kinds=[kind.value for kind in sooner])
    return after, (step(fact, at, after=words, views=((lead.unit, view),)),)


def _sooner(mine: Assignment, lead: Assignment, due_of: str, kept: str) -> Due | None:
    own: Due | None = getattr(mine.dues, due_of)
    theirs: Due | None = getattr(lead.dues, due_of)
    if own is None or getattr(mine, kept) is not None or getattr(lead, kept) is not None:
        return None
    return own if theirs is None or own.by < theirs.by else None


def ask(
    own: Whistle, parent: Whistle, *, ticket_id: UUID, into: UUID, promises: Promises, at: datetime
) -> tuple[Outcome, MergeQuestion]:
    """Two units lead the one matter: said of the merged ticket's whistle, and put to a person."""
    city = promises.city
    due = promises.due(city.limits.ruling(own.urgency), at)
    after = own.replaced(seq=own.seq + 1, assignments=own.assignments)
    fact = whistles.MergeHeld(
        **_about(after, SYSTEM, city.version),
        ticket_id=ticket_id,
        into=into,
        into_whistle_id=parent.whistle_id,
        rule_by=due,
    )
    question = MergeQuestion(
        ticket_id=ticket_id,
        whistle_id=own.whistle_id,
        into_ticket_id=into,
        into_whistle_id=parent.whistle_id,
        asked_at=at,
        due=due,
    )
    made = step(fact, at, after=words_text(into_number=parent.number))
    return Outcome(whistle=after, steps=(made,)), question


def settled(
    own: Whistle,
    question: MergeQuestion,
    decision: MergeDecision,
    reason: str,
    *,
    actor: Actor,
    policy: str,
    at: datetime,
) -> Outcome:
    """The dispatcher's word, said of the merged ticket's whistle before what it changes."""
    after = own.replaced(seq=own.seq + 1, assignments=own.assignments)
    fact = whistles.MergeSettled(
        **_about(after, actor, policy),
        ticket_id=question.ticket_id,
        into=question.into_ticket_id,
        into_whistle_id=question.into_whistle_id,
        decision=decision.value,
        reason=reason,
    )
    made = step(fact, at, after=words_text(decision=decision.value, reason=reason))
    return Outcome(whistle=after, steps=(made,))


def unlink(
    whistle: Whistle, ticket_id: UUID, *, actor: Actor, policy: str, at: datetime
) -> Outcome:
    """The ticket follows this whistle no more; the units at work are told."""
    rest = tuple(each for each in whistle.ticket_ids if each != ticket_id)
    after = altered(whistle, seq=whistle.seq + 1, ticket_ids=rest)
    about = _about(after, actor, policy) | {"ticket_ids": whistle.ticket_ids}
    fact = whistles.TicketUnlinked(**about, ticket_id=ticket_id)
    view = bureaus.Supplemented(
        whistle_id=after.whistle_id, seq=after.seq, text="并入的诉求经核实不是同一事项，已分出"
    )
    told = tuple((part.unit, view) for part in after.running())
    made = step(fact, at, after=words_text(ticket_id=str(ticket_id)), views=told)
    return Outcome(whistle=after, steps=(made,))


def _about(whistle: Whistle, actor: Actor, policy: str) -> dict[str, Any]:
    return {
        "seq": whistle.seq,
        "actor": actor,
        "policy": policy,
        "whistle_id": whistle.whistle_id,
        "ticket_ids": whistle.ticket_ids,
        "round": whistle.round,
    }
