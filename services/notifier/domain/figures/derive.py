"""Works out what a ticket and its whistles say only together: base, clocks, hops, who answers.

Whatever is worked out here depends on the folded facts alone, never on when it is worked out.
"""

from collections.abc import Iterable
from datetime import date, datetime

from services.notifier.domain.figures.ticket import Round, Ticket
from services.notifier.domain.figures.whistle import CLOSED, RETURNED, WITHDRAWN, Part, Whistle
from shared.calendar import SHANGHAI
from shared.catalogue.regions import street_of

Clock = tuple[bool | None, datetime | None]  # kept once it is known; until then when it fails
NO_CLOCK: Clock = (None, None)


def local_day(at: datetime) -> date:
    """The day on the city's calendar."""
    return at.astimezone(SHANGHAI).date()


def derive(ticket: Ticket, whistles: Iterable[Whistle]) -> None:
    """Fill in what is derived of a ticket, its rounds, its whistles and their parts."""
    called = [whistle for whistle in whistles if whistle.blown_at is not None]
    called.sort(key=lambda each: (each.round, each.blown_at, each.whistle_id))
    ticket.canary = ticket.canary or any(whistle.canary for whistle in called)
    _derive_ticket(ticket, called)
    for whistle in called:
        derive_whistle(whistle, counted=ticket.counted)
    for found in ticket.rounds.values():
        _derive_round(found, ticket, called)


def derive_alone(whistle: Whistle) -> None:
    """Of a whistle that is no ticket's dispatch: it counts unless it was taken back."""
    counted = whistle.kind is not None and whistle.ended_how != WITHDRAWN and not whistle.canary
    derive_whistle(whistle, counted=counted)


def _derive_ticket(ticket: Ticket, called: list[Whistle]) -> None:
    leads = [part for whistle in called for part in whistle.leads]
    standing = [part for part in leads if part.return_ruled != RETURNED]
    first = called[0] if called else None
    ticket.dispatched_at = min((w.blown_at for w in called if w.blown_at), default=None)
    ticket.day = ticket.dispatched_at and local_day(ticket.dispatched_at)
    ticket.category = next((w.category for w in called if w.category), ticket.said_category)
    if ticket.region is None and first is not None:
        ticket.region = first.region
    ticket.street = ticket.region and street_of(ticket.region)
    ticket.unit = (standing or leads)[-1].unit if leads else None
    ticket.first_unit = leads[0].unit if leads else None
    ticket.first_stood = _stood(first)
    ticket.hops = sum(max(0, len(whistle.leads) - 1) for whistle in called)
    ticket.returns = sum(part.return_asked_at is not None for part in leads)
    paused = [
        part.paused_at
        for whistle in called
        if whistle.ended_at is None
        for part in whistle.leads
        if part.paused_at is not None and part.returned_at is None
    ]
    ticket.suspended_at = min(paused, default=None)
    ticket.counted = (
        ticket.dispatched_at is not None
        and ticket.merged_into is None
        and ticket.ended_how != "voided"
        and not ticket.withdrawn
        and ticket.excluded is None
        and not ticket.canary
    )


def _stood(whistle: Whistle | None) -> bool | None:
    """Whether the first lead was the right one: it took the matter and kept it."""
    if whistle is None or not whistle.leads:
        return None
    first = whistle.leads[0]
    if len(whistle.leads) > 1 or first.return_ruled == RETURNED:
        return False
    if first.return_asked_at is not None and first.return_ruled is None:
        return None
    taken = first.acknowledged_at or first.deemed_at or first.resolved_at or whistle.ended_at
    return True if taken is not None else None


def _derive_round(found: Round, ticket: Ticket, called: list[Whistle]) -> None:
    whistle = next((w for w in reversed(called) if w.round == found.round), None)
    found.counted = ticket.counted and whistle is not None
    if whistle is None:
        return
    found.whistle_id, found.compound = whistle.whistle_id, whistle.compound
    found.category, found.region = whistle.category, whistle.region
    found.street, found.day = whistle.street, whistle.day
    lead = _answering(whistle)
    found.unit, found.unit_result = (lead.unit, lead.result) if lead else (None, None)


def _answering(whistle: Whistle) -> Part | None:
    """The lead whose work the citizen was asked about: who resolved it, else who led last."""
    leads = whistle.leads
    done = [part for part in leads if part.resolved_at is not None]
    return (done or leads)[-1] if leads else None


def derive_whistle(whistle: Whistle, *, counted: bool) -> None:
    """Fill in what is derived of one whistle, its parts and marks."""
    whistle.day = whistle.blown_at and local_day(whistle.blown_at)
    whistle.street = whistle.region and street_of(whistle.region)
    whistle.counted = counted
    for part in whistle.parts.values():
        part.ticket_id, part.kind, part.round = whistle.ticket_id, whistle.kind, whistle.round
        part.provisional, part.compound = whistle.provisional, whistle.compound
        part.ended_at = part.returned_at or part.released_at or whistle.ended_at
        _place(part, whistle)
        _clocks(part, closed=whistle.ended_how == CLOSED and part.released_at is None)
    for mark in whistle.marks.values():
        _place(mark, whistle)


def _place(row: object, whistle: Whistle) -> None:
    for name in ("category", "region", "street", "day", "counted"):
        setattr(row, name, getattr(whistle, name))


def _clocks(part: Part, *, closed: bool) -> None:
    """A unit that was rightly returned, or only informed, is measured by no clock."""
    measured = part.relation != "informed" and part.return_ruled != RETURNED
    done = {
        "acknowledge": part.acknowledged_at,
        "contact": part.contacted_at,
        "arrive": part.arrived_at,
        "resolve": part.resolved_at,
    }
    found = {
        name: _clock(getattr(part, f"{name}_by"), at, part, closed=closed) if measured else NO_CLOCK
        for name, at in done.items()
    }
    part.acknowledge_kept, part.acknowledge_fails = found["acknowledge"]
    part.arrive_kept, part.arrive_fails = found["arrive"]
    part.resolve_kept, part.resolve_fails = found["resolve"]
    asked = [
        found[name]
        for name in ("acknowledge", "contact")
        if measured and getattr(part, f"{name}_by") is not None
    ]
    part.respond_kept, part.respond_fails = _together(asked)


def _clock(due: datetime | None, done: datetime | None, part: Part, *, closed: bool) -> Clock:
    """One clock: kept, missed, or running until it fails; let go before its due, it is neither.

    A paused clock stood still: what came in the pause is judged by where it stopped.
    """
    if due is None:
        return NO_CLOCK
    paused, ended = part.paused_at, part.ended_at
    if done is not None:
        counted = done if paused is None else min(done, paused)
        return counted <= due, None
    if ended is not None:
        return (False, None) if closed or ended > due else NO_CLOCK
    if paused is not None:
        return (False, None) if paused > due else NO_CLOCK
    return None, due


def _together(clocks: list[Clock]) -> Clock:
    """All kept, or one missed; an absent clock is left out of the condition."""
    if not clocks:
        return NO_CLOCK
    kept = [each[0] for each in clocks]
    if False in kept:
        return False, None
    if all(kept):
        return True, None
    running = [fails for known, fails in clocks if known is None and fails is not None]
    return None, min(running, default=None)
