"""What each fact says of which promise, as the contracts and DOMAIN §3–§5 have it.

Written again for the auditor. A fact about a whole whistle (its end, a group matter) is not here
but in `story`, as it is about every promise that stands by then.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final
from uuid import UUID, uuid5

from services.notifier.domain.audit.note import Note, Told, Verb
from shared.contracts import joint, rulings, tickets, whistles
from shared.contracts.parts import Assignment, DeadlineKind, DueChange

K = DeadlineKind
PART: Final = (K.ACKNOWLEDGE, K.DEEMED, K.CONTACT, K.ARRIVE, K.RESOLVE)
OF_TICKET: Final = (K.DISPATCH, K.CITIZEN)
Notes = Iterable[Note]


def _registered(told: Told) -> Notes:
    fact: tickets.Registered = told.data
    yield Note(Verb.OPEN, fact.ticket_id, K.DISPATCH, 1, told.at, fact.dispatch_by)
    yield Note(Verb.OPEN, fact.ticket_id, K.CITIZEN, 1, told.at, fact.citizen_by)


def _on_ticket(verb: Verb) -> Callable[[Told], Notes]:
    """Of all that a ticket is owed: its dispatch, its own clock, the callback of the round."""

    def notes(told: Told) -> Notes:
        fact: tickets.TicketFact = told.data
        yield Note(verb, fact.ticket_id, K.CALLBACK, fact.round, told.at)
        for kind in OF_TICKET:
            yield Note(verb, fact.ticket_id, kind, 1, told.at)

    return notes


def _withdrawn(told: Told) -> Notes:
    return () if told.data.ex_officio else _on_ticket(Verb.END)(told)


def _appealed(told: Told) -> Notes:
    fact: tickets.Appealed = told.data
    yield Note(Verb.RESTORE, fact.ticket_id, K.CITIZEN, 1, told.at)
    yield Note(Verb.CHANGE, fact.ticket_id, K.DISPATCH, 1, told.at, fact.dispatch_by)


def _info_requested(told: Told) -> Notes:
    fact: tickets.InfoRequested = told.data
    if fact.dispatch_waits:
        yield Note(Verb.PAUSE, fact.ticket_id, K.DISPATCH, 1, told.at)


def _supplemented(told: Told) -> Notes:
    fact: tickets.Supplemented = told.data
    if fact.dispatch_by is not None:
        yield Note(Verb.RESUME, fact.ticket_id, K.DISPATCH, 1, told.at, fact.dispatch_by)


def _callback_opened(told: Told) -> Notes:
    fact: tickets.CallbackOpened = told.data
    yield Note(Verb.OPEN, fact.ticket_id, K.CALLBACK, fact.round, told.at, fact.callback_by)


def _called_back(told: Told) -> Notes:
    fact: tickets.CalledBack = told.data
    if fact.final:
        yield Note(Verb.MEET, fact.ticket_id, K.CALLBACK, fact.round, told.at)


def _rework_requested(told: Told) -> Notes:
    fact: tickets.ReworkRequested = told.data
    yield Note(Verb.MEET, fact.ticket_id, K.CALLBACK, fact.round - 1, told.at)


def _closed(told: Told) -> Notes:
    fact: tickets.Closed = told.data
    yield Note(Verb.MEET, fact.ticket_id, K.CALLBACK, fact.round, told.at)
    yield Note(Verb.MEET, fact.ticket_id, K.CITIZEN, 1, told.at)


def _part(told: Told, part: Assignment) -> Iterator[Note]:
    """A unit is called: it owes whatever has a due time."""
    for kind in PART:
        due = getattr(part, kind.value)
        if due is not None:
            yield Note(Verb.OPEN, part.assignment_id, kind, told.data.round, told.at, due)


def _held(told: Told) -> Notes:
    fact: whistles.Held = told.data
    if fact.rule_by is not None and fact.ticket_ids:
        yield Note(Verb.OPEN, fact.whistle_id, K.RULING, fact.round, told.at, fact.rule_by)


def _blown(told: Told) -> Notes:
    fact: whistles.Blown = told.data
    for part in fact.assignments:
        yield from _part(told, part)
    yield Note(Verb.MEET, fact.whistle_id, K.RULING, fact.round, told.at)
    for kind, due in ((K.TAKEOVER, fact.takeover_by), (K.OWN_EFFORT, fact.own_effort_by)):
        if due is not None:
            yield Note(Verb.OPEN, fact.whistle_id, kind, fact.round, told.at, due)


def _unit_called(told: Told) -> Notes:
    return _part(told, told.data.assignment)


def _reported(*met: DeadlineKind) -> Callable[[Told], Notes]:
    """A report keeps its promise when it was received; who reports is silent no more."""

    def notes(told: Told) -> Notes:
        fact: whistles.UnitFact = told.data
        silence = () if K.ACKNOWLEDGE in met else (K.ACKNOWLEDGE, K.DEEMED)
        for verb, kinds in ((Verb.MEET, met), (Verb.END, silence)):
            for kind in kinds:
                yield Note(verb, fact.assignment_id, kind, fact.round, fact.received_at)

    return notes


def _on_part(verb: Verb, *kinds: DeadlineKind) -> Callable[[Told], Notes]:
    def notes(told: Told) -> Notes:
        fact: whistles.UnitFact = told.data
        return [Note(verb, fact.assignment_id, kind, fact.round, told.at) for kind in kinds]

    return notes


def _resumed(told: Told) -> Notes:
    """The part runs on, and whatever else has a due time told."""
    fact: rulings.Resumed = told.data
    dues = {(change.assignment_id, change.kind): change.due for change in fact.changes}
    for owner_id, kind in dict.fromkeys([*((fact.assignment_id, kind) for kind in PART), *dues]):
        due = dues.get((owner_id, kind))
        yield Note(Verb.RESUME, owner_id, kind, fact.round, told.at, due)


def _moved(change: DueChange, told: Told, verb: Verb) -> Note:
    return Note(verb, change.assignment_id, change.kind, told.data.round, told.at, change.due)


def _due_changed(told: Told) -> Notes:
    for change in told.data.changes:
        yield _moved(change, told, Verb.CHANGE if change.due is None else Verb.OPEN)


def _acceptance_failed(told: Told) -> Notes:
    for change in told.data.changes:
        yield _moved(change, told, Verb.REOPEN)
        if change.due is not None:
            yield _moved(change, told, Verb.OPEN)


def _of_whistle(verb: Verb, kind: DeadlineKind) -> Callable[[Told], Notes]:
    def notes(told: Told) -> Notes:
        fact: whistles.WhistleFact = told.data
        return (Note(verb, fact.whistle_id, kind, fact.round, told.at),)

    return notes


def _evaluator(whistle_id: UUID, unit: str) -> UUID:
    return uuid5(whistle_id, unit)


def _accepted(told: Told) -> Notes:
    fact: joint.Accepted = told.data
    if fact.evaluate_by is not None:
        for unit in fact.evaluators:
            owner_id = _evaluator(fact.whistle_id, unit)
            due = fact.evaluate_by
            yield Note(Verb.OPEN, owner_id, K.EVALUATION, fact.round, told.at, due)


def _evaluated(told: Told) -> Notes:
    fact: joint.Evaluated = told.data
    if fact.complete and fact.by_unit is not None:
        owner_id = _evaluator(fact.whistle_id, fact.by_unit)
        yield Note(Verb.MEET, owner_id, K.EVALUATION, fact.round, told.at)


MEANINGS: Final[Mapping[type, Callable[[Told], Notes]]] = {
    tickets.Registered: _registered,
    tickets.Answered: _on_ticket(Verb.END),
    tickets.Transferred: _on_ticket(Verb.END),
    tickets.Rejected: _on_ticket(Verb.END),
    tickets.Voided: _on_ticket(Verb.END),
    tickets.Merged: _on_ticket(Verb.END),
    tickets.MergeUndone: _on_ticket(Verb.RESTORE),
    tickets.Withdrawn: _withdrawn,
    tickets.Appealed: _appealed,
    tickets.InfoRequested: _info_requested,
    tickets.Supplemented: _supplemented,
    tickets.CallbackOpened: _callback_opened,
    tickets.CalledBack: _called_back,
    tickets.ReworkRequested: _rework_requested,
    tickets.Closed: _closed,
    whistles.Held: _held,
    whistles.Blown: _blown,
    rulings.UnitOffered: _unit_called,
    rulings.AssistingAdded: _unit_called,
    whistles.Acknowledged: _reported(K.ACKNOWLEDGE, K.DEEMED),
    whistles.DeemedAcknowledged: _on_part(Verb.END, K.DEEMED),
    whistles.Contacted: _reported(K.CONTACT),
    whistles.Arrived: _reported(K.ARRIVE),
    whistles.Departed: _reported(),
    whistles.Progressed: _reported(),
    whistles.Resolved: _reported(K.RESOLVE),
    rulings.ReviewRejected: _on_part(Verb.REOPEN, K.RESOLVE),
    rulings.UnitReturned: _on_part(Verb.END, *PART),
    joint.Released: _on_part(Verb.END, *PART),
    rulings.Suspended: _on_part(Verb.PAUSE, *PART),
    rulings.Resumed: _resumed,
    rulings.DueChanged: _due_changed,
    joint.Consulted: _due_changed,
    joint.AcceptanceFailed: _acceptance_failed,
    joint.TakenOver: _of_whistle(Verb.MEET, K.TAKEOVER),
    joint.EffortNoted: _of_whistle(Verb.MEET, K.OWN_EFFORT),
    joint.Accepted: _accepted,
    joint.Evaluated: _evaluated,
}
"""The facts that say something of a promise; of a whole whistle speak those below."""

ENDS_WHISTLE: Final = (whistles.Withdrawn, whistles.Closed)
AUDITED: Final = frozenset(
    {*PART, *OF_TICKET, K.CALLBACK, K.RULING, K.TAKEOVER, K.OWN_EFFORT, K.EVALUATION}
)
"""The kinds of promise that this model knows; rows of another kind are counted as not audited."""

READ: Final = (*MEANINGS, *ENDS_WHISTLE, tickets.GroupFlagged)
EVENTS: Final[Mapping[str, Any]] = {cls.TYPE: cls for cls in READ}  # type: ignore[attr-defined]
"""Every event the audit reads, by its type."""


def notes(told: Told) -> Notes:
    """What the fact says of single promises."""
    meaning = MEANINGS.get(type(told.data))
    return meaning(told) if meaning is not None else ()
