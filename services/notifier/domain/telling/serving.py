"""What becomes of all that waits for one person, at one moment: told, of no use, or passed on."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.notifier.domain.telling.bundle import Bundle, bundles, ripe
from services.notifier.domain.telling.message import Message, MessageState, Settled, Waiting, Way
from services.notifier.domain.telling.roster import OnDuty, Reached
from services.notifier.domain.telling.rules import Rules
from shared.records import record


@record
class Served:
    """One person's turn: what is sent, what needs nothing any more, what others get instead."""

    bundles: tuple[Bundle, ...]
    moot: tuple[Message, ...]
    passed_on: tuple[Settled, ...]
    acknowledged: frozenset[UUID]  # of the messages in `bundles`, by id

    @property
    def done(self) -> int:
        """How many matters were never told and need not be."""
        return len({each.subject.deadline_id for each in self.moot if each.told == 0})


def serve(person_id: UUID, waiting: Sequence[Waiting], *, on_duty: OnDuty, rules: Rules) -> Served:
    """Decide on all that waits for a person; what is not ripe yet goes on waiting."""
    known = {each.message.message_id: each for each in waiting}
    moot: list[Message] = []
    passed: list[Settled] = []
    told: list[Message] = []
    for message in ripe((each.message for each in waiting), on_duty.now, rules):
        each = known[message.message_id]
        if each.moot or (message.told and each.acknowledged):
            moot.append(message)
        elif (heir := _heir(person_id, message, on_duty)) is not None:
            passed.append(_passed(message, heir))
        else:
            told.append(message)
    return Served(
        bundles=tuple(bundles(told, singles=rules.singles)),
        moot=tuple(moot),
        passed_on=tuple(passed),
        acknowledged=frozenset(
            each.message_id for each in told if known[each.message_id].acknowledged
        ),
    )


def _heir(person_id: UUID, message: Message, on_duty: OnDuty) -> Reached | None:
    """Who hears it instead, as the person went off duty; None where there is no need."""
    if person_id in on_duty.roster.on_duty(message.seat, on_duty.now):
        return None
    there = on_duty.at_post(message.post, message.subject.unit)
    if not there or any(each.person_id == person_id for each in there):
        return None
    return there[0]


def _passed(message: Message, heir: Reached) -> Settled:
    return Settled(message=replace(message, person_id=heir.person_id, seat=heir.seat))


def settled(
    served: Served, bundle: Bundle, bundle_id: UUID, *, rules: Rules, now: datetime
) -> Iterable[Settled]:
    """The messages of a bundle after it was put down to be sent."""
    for message in bundle.messages:
        again = rules.repeats.get(message.subject.urgency)
        once_more = (
            message.repeats > 0
            and again is not None
            and message.way is Way.AT_ONCE
            and message.message_id not in served.acknowledged
        )
        after = replace(
            message,
            told=message.told + 1,
            repeats=message.repeats - 1 if once_more else 0,
            state=MessageState.WAITING if once_more else MessageState.TOLD,
            send_at=(
                rules.heard_at(now + again.every, message.subject.urgency)
                if once_more and again is not None
                else None
            ),
        )
        yield Settled(message=after, told_at=now, bundle_id=bundle_id)


def ended(moot: Iterable[Message]) -> Iterable[Settled]:
    """Messages that nobody needs any more; one that was told before stays told."""
    for message in moot:
        state = MessageState.TOLD if message.told else MessageState.MOOT
        yield Settled(message=replace(message, state=state, send_at=None, repeats=0))
