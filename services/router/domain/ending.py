"""How a whistle ends: closed with the citizen's word, or withdrawn."""

from dataclasses import replace
from datetime import datetime

from services.router.domain.assignment import FINISHED, Assignment, AssignmentCommand, moved
from services.router.domain.calling import SYSTEM
from services.router.domain.outcome import Outcome, Step, step, words_text
from services.router.domain.whistle import WHISTLE, Whistle, WhistleCommand
from shared.contracts import bureaus, tickets, whistles
from shared.contracts.parts import Actor, Attachment
from shared.contracts.tickets import CallbackResult, Satisfaction


def _let_go(assignment: Assignment) -> Assignment:
    """A unit that is not done has no part any more."""
    if assignment.state in FINISHED:
        return assignment
    return moved(assignment, AssignmentCommand.RELEASE, paused_at=None)


def _ended(whistle: Whistle, command: WhistleCommand) -> Whistle:
    """Raises IllegalMoveError where the whistle cannot end so."""
    return replace(
        whistle,
        state=WHISTLE.next(whistle.state, command),
        seq=whistle.seq + 1,
        assignments=tuple(map(_let_go, whistle.assignments)),
    )


def close(
    whistle: Whistle,
    *,
    at: datetime,
    policy: str,
    actor: Actor,
    result: CallbackResult | None,
    satisfaction: Satisfaction | None,
) -> Outcome:
    """The whistle ended with the citizen's word; raises IllegalMoveError."""
    ended = _ended(whistle, WhistleCommand.CLOSE)
    fact = whistles.Closed(
        seq=ended.seq,
        actor=actor,
        policy=policy,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        result=result,
        satisfaction=satisfaction,
    )
    view = bureaus.Closed(
        whistle_id=whistle.whistle_id, seq=ended.seq, result=result, satisfaction=satisfaction
    )
    views = tuple((a.unit, view) for a in whistle.running())
    return Outcome(
        whistle=ended,
        steps=(
            step(
                fact,
                at,
                before=words_text(state=whistle.state),
                after=words_text(state=ended.state, result=result, satisfaction=satisfaction),
                views=views,
            ),
        ),
    )


def closed_on_resolve(whistle: Whistle, *, at: datetime, policy: str) -> Outcome:
    """A street's demand without a ticket is let go when it is resolved (DOMAIN §4)."""
    return close(whistle, at=at, policy=policy, actor=SYSTEM, result=None, satisfaction=None)


def closed_when_rated(whistle: Whistle, *, at: datetime, policy: str) -> Outcome:
    """A street's or community's whistle ends with the last evaluation (DOMAIN §4)."""
    return close(whistle, at=at, policy=policy, actor=SYSTEM, result=None, satisfaction=None)


def withdraw(
    whistle: Whistle,
    *,
    at: datetime,
    policy: str,
    actor: Actor,
    reason: str,
    besides: tuple[str, ...] = (),
) -> Outcome:
    """The whistle is taken back; raises IllegalMoveError.

    `besides`: units that are told although they have no part in it.
    """
    ended = _ended(whistle, WhistleCommand.WITHDRAW)
    fact = whistles.Withdrawn(
        seq=ended.seq,
        actor=actor,
        policy=policy,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        reason=reason,
    )
    view = bureaus.Withdrawn(whistle_id=whistle.whistle_id, seq=ended.seq, reason=reason)
    told = dict.fromkeys((*(a.unit for a in whistle.running()), *besides))
    made = step(
        fact,
        at,
        before=words_text(state=whistle.state),
        after=words_text(state=ended.state, reason=reason),
        views=tuple((unit, view) for unit in told),
    )
    return Outcome(whistle=ended, steps=(made,))


def refuse_merge(whistle: Whistle, merged: tickets.Merged, *, at: datetime, policy: str) -> Outcome:
    """Its ticket was merged too late: the lead had finished."""
    after = replace(whistle, seq=whistle.seq + 1)
    fact = whistles.MergeConflict(
        seq=after.seq,
        actor=SYSTEM,
        policy=policy,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        ticket_id=merged.ticket_id,
        into=merged.into,
    )
    return Outcome(whistle=after, steps=(step(fact, at, after=words_text(into=merged.into)),))


def supplement(
    whistle: Whistle,
    *,
    at: datetime,
    actor: Actor,
    text: str,
    told: str,
    attachments: tuple[Attachment, ...],
) -> Outcome:
    """The citizen's further words, kept, and as units are told them; raises IllegalMoveError."""
    state = WHISTLE.next(whistle.state, WhistleCommand.SUPPLEMENT)
    after = replace(whistle, state=state, seq=whistle.seq + 1)
    view = bureaus.Supplemented(
        whistle_id=whistle.whistle_id, seq=after.seq, text=told, attachments=attachments
    )
    made = Step(
        seq=after.seq,
        what="supplemented",
        actor=actor,
        at=at,
        fact=None,
        after=words_text(text=text, attachments=[a.sha256 for a in attachments]),
        views=tuple((a.unit, view) for a in whistle.running()),
    )
    return Outcome(whistle=after, steps=(made,))
