"""What is asked of a reviewer or the supervisor: decisions that the city itself owes by then.

None of them is owed by the unit that asked, so they name no unit. A part may ask the same thing
again, a second extension say: the promise is then owed anew. What is decided is met; what another
fact overtook is called off, as in the router's own queue of reviews.
"""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID, uuid5

from services.notifier.domain.deadline import Command, Owner
from services.notifier.domain.effects import Effect, Heard, Meaning, Opening, order_of, orders_to
from services.notifier.domain.known import Known
from shared.contracts import joint, rulings, whistles
from shared.contracts.parts import Asked, DeadlineKind
from shared.contracts.values import Due

KIND = {
    Asked.EXTENSION: DeadlineKind.EXTENSION,
    Asked.PAUSE: DeadlineKind.SUSPENSION,
    Asked.RESOLUTION: DeadlineKind.REVIEW,
}
"""The others are rulings."""

WISHES = (Asked.EXTENSION, Asked.SUSPENSION, Asked.RELEASE)
"""What a unit may be waiting for when it is done with its part, and needs no more."""
DUTIES = (Asked.RETURN, Asked.DISPUTE)
"""Whose duty it is, after all; nothing is resolved before that is said."""
BESIDES = frozenset({Asked.DISPUTE, Asked.SUSPENSION, Asked.RELEASE, Asked.MERGE})


def asking_id(owner_id: UUID, asked: Asked) -> UUID:
    """The owner of what a part or whistle asks for; rulings beside its return are told apart."""
    return uuid5(owner_id, asked) if asked in BESIDES else owner_id


def ask(heard: Heard, known: Known, asked: Asked, by: Due | None) -> Iterable[Effect]:
    """Owed by then; where it was asked before, owed anew."""
    if by is None:
        return
    fact: whistles.WhistleFact = heard.data
    whistle = known.whistle_of(fact, heard.at)
    owner = Owner(
        owner_id=_owner_id(fact, asked),
        round=fact.round,
        number=whistle.number,
        urgency=whistle.urgency,
        ticket_ids=whistle.ticket_ids,
        whistle_id=fact.whistle_id,
        group_matter=whistle.group_matter,
        canary=fact.canary,
        traceparent=heard.traceparent,
    )
    order = replace(order_of(heard, Command.RENEW), due=by)
    yield Opening(owner=owner, kind=_kind(asked), order=order, due=by, again=True)


def _kind(asked: Asked) -> DeadlineKind:
    return KIND.get(asked, DeadlineKind.RULING)


def _owner_id(fact: whistles.WhistleFact, asked: Asked) -> UUID:
    part: UUID = getattr(fact, "assignment_id", fact.whistle_id)
    return asking_id(part, asked)


def _orders(heard: Heard, command: Command, *asked: Asked) -> Iterable[Effect]:
    order = order_of(heard, command)
    for each in asked:
        owner_id = _owner_id(heard.data, each)
        yield from orders_to(owner_id, heard.data.round, (_kind(each),), order)


def wanted(asked: Asked) -> Meaning:
    """The fact asks for it, to be decided by its `rule_by`."""
    return lambda heard, known: ask(heard, known, asked, heard.data.rule_by)


def decided(*asked: Asked) -> Meaning:
    """The fact is the answer."""
    return lambda heard, _known: _orders(heard, Command.MEET, *asked)


def overtaken(heard: Heard, *, met: tuple[Asked, ...] = ()) -> Iterable[Effect]:
    """The part has ended: what it was let go by is decided, its other wishes are void."""
    yield from _orders(heard, Command.MEET, *met)
    void = (each for each in (*DUTIES, *WISHES) if each not in met)
    yield from _orders(heard, Command.CANCEL, *void)


def resolution_asked(heard: Heard, known: Known) -> Iterable[Effect]:
    """The part is done: nothing more is asked for, but somebody may look at the work."""
    fact: whistles.Resolved = heard.data
    yield from _orders(heard, Command.CANCEL, *WISHES)
    yield from ask(heard, known, Asked.RESOLUTION, fact.review_by)


def paused(heard: Heard, known: Known) -> Iterable[Effect]:
    """The pause is granted, or goes on to another day; it is looked at again by then."""
    fact: rulings.Suspended = heard.data
    yield from _orders(heard, Command.MEET, Asked.SUSPENSION, Asked.PAUSE)
    yield from _orders(heard, Command.CANCEL, Asked.EXTENSION)
    yield from ask(heard, known, Asked.PAUSE, fact.review_by)


def granted(heard: Heard) -> Iterable[Effect]:
    """An extension that was asked for."""
    fact: rulings.DueChanged = heard.data
    if not fact.granted:
        return
    order = order_of(heard, Command.MEET)
    for part in dict.fromkeys(change.assignment_id for change in fact.changes):
        owner_id = asking_id(part, Asked.EXTENSION)
        yield from orders_to(owner_id, fact.round, (DeadlineKind.EXTENSION,), order)


def work_not_accepted(heard: Heard) -> Iterable[Effect]:
    """The street found the work undone before the reviewer did."""
    fact: joint.AcceptanceFailed = heard.data
    order = order_of(heard, Command.CANCEL)
    for part in dict.fromkeys(change.assignment_id for change in fact.changes):
        owner_id = asking_id(part, Asked.RESOLUTION)
        yield from orders_to(owner_id, fact.round, (DeadlineKind.REVIEW,), order)
