"""What each fact says of which promise, as the contracts and DOMAIN §3–§5 have it.

Written again for the auditor. A fact about a whole whistle (its end, a group matter) is not here
but in `story`, as it is about every promise that stands by then.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from services.notifier.domain.audit.note import Note, Told, Verb
from services.notifier.domain.audit.owners import evaluator, owner_of, promise_of
from shared.contracts import deadlines, joint, rulings, tickets, whistles
from shared.contracts.parts import Assignment, DeadlineKind, DueChange
from shared.contracts.values import Due

K = DeadlineKind
PART: Final = (K.ACKNOWLEDGE, K.DEEMED, K.CONTACT, K.ARRIVE, K.RESOLVE)
OF_TICKET: Final = (K.DISPATCH, K.CITIZEN)
CALLBACKS: Final = (K.CALLBACK, K.CALLBACK_START)
Notes = Iterable[Note]
_WISHES: Final = ("extension", "suspension", "release")  # void once the unit is done


def _registered(told: Told) -> Notes:
    fact: tickets.Registered = told.data
    yield Note(Verb.OPEN, fact.ticket_id, K.DISPATCH, 1, told.at, fact.dispatch_by)
    yield Note(Verb.OPEN, fact.ticket_id, K.CITIZEN, 1, told.at, fact.citizen_by)


def _on_ticket(verb: Verb) -> Callable[[Told], Notes]:
    """Of all that a ticket is owed: its dispatch, its own clock, the callback of the round."""

    def notes(told: Told) -> Notes:
        fact: tickets.TicketFact = told.data
        for kind in CALLBACKS:
            yield Note(verb, fact.ticket_id, kind, fact.round, told.at)
        for kind in OF_TICKET:
            yield Note(verb, fact.ticket_id, kind, 1, told.at)

    return notes


def _withdrawn(told: Told) -> Notes:
    return () if told.data.ex_officio else _on_ticket(Verb.END)(told)


def _appealed(told: Told) -> Notes:
    fact: tickets.Appealed = told.data
    yield Note(Verb.RESTORE, fact.ticket_id, K.CITIZEN, 1, told.at)
    yield Note(Verb.CHANGE, fact.ticket_id, K.DISPATCH, 1, told.at, fact.dispatch_by)


def _due_moved(told: Told) -> Notes:
    fact: tickets.DueChanged = told.data
    outage = fact.outage_id is not None
    for change in fact.changes:
        yield Note(
            Verb.CHANGE, fact.ticket_id, change.kind, change.round, told.at, change.due, outage
        )


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
    if fact.start_by is not None:
        yield Note(Verb.OPEN, fact.ticket_id, K.CALLBACK_START, fact.round, told.at, fact.start_by)


def _called_back(told: Told) -> Notes:
    fact: tickets.CalledBack = told.data
    yield Note(Verb.MEET, fact.ticket_id, K.CALLBACK_START, fact.round, told.at)
    if fact.final:
        yield Note(Verb.MEET, fact.ticket_id, K.CALLBACK, fact.round, told.at)


def _rework_requested(told: Told) -> Notes:
    fact: tickets.ReworkRequested = told.data
    for kind in CALLBACKS:
        yield Note(Verb.MEET, fact.ticket_id, kind, fact.round - 1, told.at)


def _closed(told: Told) -> Notes:
    fact: tickets.Closed = told.data
    for kind in CALLBACKS:
        yield Note(Verb.MEET, fact.ticket_id, kind, fact.round, told.at)
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


def _at_work(*met: DeadlineKind) -> Callable[[Told], Notes]:
    """A report that shows work: the next on progress is owed by the time the router says."""
    reported = _reported(*met)

    def notes(told: Told) -> Notes:
        fact: whistles.Progressed = told.data
        yield from reported(told)
        yield Note(Verb.MEET, fact.assignment_id, K.PROGRESS, fact.round, fact.received_at)
        yield from _renewed(told, fact.assignment_id, K.PROGRESS, fact.progress_by)

    return notes


def _renewed(told: Told, owner_id: UUID, kind: DeadlineKind, due: Due | None) -> Iterator[Note]:
    if due is not None:
        yield Note(Verb.RENEW, owner_id, kind, told.data.round, told.at, due)


def _wished(wish: str) -> Callable[[Told], Notes]:
    """Somebody is asked to decide by then; asked again, anew."""

    def notes(told: Told) -> Notes:
        return _renewed(told, *promise_of(told.data, wish), told.data.rule_by)

    return notes


def _wishes(told: Told, verb: Verb, *wishes: str) -> Iterator[Note]:
    for wish in wishes:
        yield Note(verb, *promise_of(told.data, wish), told.data.round, told.at)


def _answered(*wishes: str) -> Callable[[Told], Notes]:
    return lambda told: _wishes(told, Verb.MEET, *wishes)


def _let_go(*granted: str) -> Callable[[Told], Notes]:
    """The unit has no part any more: it owes nothing, and is owed nothing but what let it go."""
    owes_nothing = _on_part(Verb.END, *PART, K.PROGRESS)

    def notes(told: Told) -> Notes:
        yield from owes_nothing(told)
        yield from _wishes(told, Verb.MEET, *granted)
        every = ("return", "dispute", *_WISHES)
        yield from _wishes(told, Verb.END, *(wish for wish in every if wish not in granted))

    return notes


def _resolved(told: Told) -> Notes:
    fact: whistles.Resolved = told.data
    yield from _reported(K.RESOLVE)(told)
    yield from _on_part(Verb.END, K.PROGRESS)(told)
    yield from _wishes(told, Verb.END, *_WISHES)
    yield from _renewed(told, fact.assignment_id, K.REVIEW, fact.review_by)


def _review_rejected(told: Told) -> Notes:
    fact: rulings.ReviewRejected = told.data
    yield from _wishes(told, Verb.MEET, "resolution")
    yield from _on_part(Verb.REOPEN, K.RESOLVE)(told)
    yield from _renewed(told, fact.assignment_id, K.PROGRESS, fact.progress_by)


def _suspended(told: Told) -> Notes:
    fact: rulings.Suspended = told.data
    yield from _on_part(Verb.PAUSE, *PART, K.PROGRESS)(told)
    yield from _wishes(told, Verb.MEET, "suspension", "pause")
    yield from _wishes(told, Verb.END, "extension")
    yield from _renewed(told, *promise_of(fact, "pause"), fact.review_by)


def _resumed(told: Told) -> Notes:
    """The part runs on, and whatever else has a due time told; progress is reported anew."""
    fact: rulings.Resumed = told.data
    yield from _wishes(told, Verb.MEET, "pause")
    yield from _on_part(Verb.END, K.PROGRESS)(told)
    yield from _renewed(told, fact.assignment_id, K.PROGRESS, fact.progress_by)
    dues = {(change.assignment_id, change.kind): change.due for change in fact.changes}
    for owner_id, kind in dict.fromkeys([*((fact.assignment_id, kind) for kind in PART), *dues]):
        due = dues.get((owner_id, kind))
        yield Note(Verb.RESUME, owner_id, kind, fact.round, told.at, due)


def _moved(change: DueChange, told: Told, verb: Verb) -> Note:
    return Note(verb, change.assignment_id, change.kind, told.data.round, told.at, change.due)


def _changed(change: DueChange, told: Told) -> Note:
    """More time that was asked for begins another term of reporting; nothing else does."""
    if change.due is None:
        return _moved(change, told, Verb.CHANGE)
    anew = change.kind is K.PROGRESS and getattr(told.data, "granted", False)
    return _moved(change, told, Verb.RENEW if anew else Verb.OPEN)


def _due_changed(told: Told) -> Notes:
    fact: rulings.DueChanged = told.data
    outage = fact.outage_id is not None
    yield from (replace(note, outage=outage) for note in _consulted(told))
    if fact.granted:
        for owner_id in dict.fromkeys(change.assignment_id for change in fact.changes):
            yield Note(Verb.MEET, owner_id, K.EXTENSION, fact.round, told.at)
    for each in fact.owed:
        owner_id = owner_of(fact, each)
        yield Note(Verb.CHANGE, owner_id, each.kind, fact.round, told.at, each.due, outage)


def _consulted(told: Told) -> Notes:
    return [_changed(change, told) for change in told.data.changes]


def _acceptance_failed(told: Told) -> Notes:
    changes: tuple[DueChange, ...] = told.data.changes
    for owner_id in dict.fromkeys(change.assignment_id for change in changes):
        yield Note(Verb.END, owner_id, K.REVIEW, told.data.round, told.at)
    for change in changes:
        yield _moved(change, told, Verb.REOPEN)
        if change.due is not None:
            yield _moved(change, told, Verb.OPEN)


def _of_whistle(verb: Verb, kind: DeadlineKind) -> Callable[[Told], Notes]:
    def notes(told: Told) -> Notes:
        fact: whistles.WhistleFact = told.data
        return (Note(verb, fact.whistle_id, kind, fact.round, told.at),)

    return notes


def _accepted(told: Told) -> Notes:
    fact: joint.Accepted = told.data
    if fact.evaluate_by is not None:
        for unit in fact.evaluators:
            owner_id = evaluator(fact.whistle_id, unit)
            due = fact.evaluate_by
            yield Note(Verb.OPEN, owner_id, K.EVALUATION, fact.round, told.at, due)


def _evaluated(told: Told) -> Notes:
    fact: joint.Evaluated = told.data
    if fact.complete and fact.by_unit is not None:
        owner_id = evaluator(fact.whistle_id, fact.by_unit)
        yield Note(Verb.MEET, owner_id, K.EVALUATION, fact.round, told.at)


def _supervised(told: Told) -> Notes:
    """The notifier's own: a written answer is asked for; asked again at a higher level it stays.

    Said again with another time, that one holds.
    """
    fact: deadlines.Supervised = told.data
    outage = fact.outage_id is not None
    if fact.supervision_id is not None:
        owner_id, due = fact.supervision_id, fact.answer_by
        yield Note(Verb.OPEN, owner_id, K.SUPERVISION, fact.round, told.at, due, outage)


def _supervision_answered(told: Told) -> Notes:
    fact: deadlines.SupervisionAnswered = told.data
    if fact.supervision_id is not None:
        yield Note(Verb.MEET, fact.supervision_id, K.SUPERVISION, fact.round, told.at)


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
    tickets.DueChanged: _due_moved,
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
    whistles.Acknowledged: _at_work(K.ACKNOWLEDGE, K.DEEMED),
    whistles.DeemedAcknowledged: _on_part(Verb.END, K.DEEMED),
    whistles.Contacted: _reported(K.CONTACT),
    whistles.Arrived: _at_work(K.ARRIVE),
    whistles.Departed: _reported(),
    whistles.Progressed: _at_work(),
    whistles.Resolved: _resolved,
    rulings.ReviewPassed: _answered("resolution"),
    rulings.ReviewRejected: _review_rejected,
    whistles.ReturnRequested: _wished("return"),
    rulings.ReturnRefused: _answered("return"),
    whistles.Disputed: _wished("dispute"),
    rulings.Adjudicated: _answered("return", "dispute"),
    rulings.UnitReturned: _let_go("return", "dispute"),
    whistles.ReleaseRequested: _wished("release"),
    rulings.ReleaseRefused: _answered("release"),
    joint.Released: _let_go("release"),
    whistles.ExtensionRequested: _wished("extension"),
    rulings.ExtensionRefused: _answered("extension"),
    rulings.DueChanged: _due_changed,
    whistles.SuspensionRequested: _wished("suspension"),
    rulings.SuspensionRefused: _answered("suspension"),
    rulings.Suspended: _suspended,
    rulings.Resumed: _resumed,
    whistles.MergeHeld: _wished("merge"),
    whistles.MergeSettled: _answered("merge"),
    joint.Consulted: _consulted,
    joint.AcceptanceFailed: _acceptance_failed,
    joint.TakenOver: _of_whistle(Verb.MEET, K.TAKEOVER),
    joint.EffortNoted: _of_whistle(Verb.MEET, K.OWN_EFFORT),
    joint.Accepted: _accepted,
    joint.Evaluated: _evaluated,
    deadlines.Supervised: _supervised,
    deadlines.SupervisionAnswered: _supervision_answered,
}
"""The facts that say something of a promise; of a whole whistle speak those below."""

ENDS_WHISTLE: Final = (whistles.Withdrawn, whistles.Closed)
AUDITED: Final = frozenset(
    {*PART, *OF_TICKET, *CALLBACKS, K.RULING, K.TAKEOVER, K.OWN_EFFORT, K.EVALUATION}
    | {K.PROGRESS, K.EXTENSION, K.SUSPENSION, K.REVIEW, K.SUPERVISION}
)
"""The kinds of promise that this model knows; rows of another kind are counted as not audited."""

READ: Final = (*MEANINGS, *ENDS_WHISTLE, tickets.GroupFlagged)
EVENTS: Final[Mapping[str, Any]] = {cls.TYPE: cls for cls in READ}  # type: ignore[attr-defined]
"""Every event the audit reads, by its type."""


def notes(told: Told) -> Notes:
    """What the fact says of single promises."""
    meaning = MEANINGS.get(type(told.data))
    return meaning(told) if meaning is not None else ()
