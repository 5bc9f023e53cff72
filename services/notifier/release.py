"""Release: what was held after an outage or a leap of the clock goes out, one digest a person."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from annotated_types import Len
from pydantic_core import to_json

from services.notifier.domain.telling.message import Message, MessageState, Settled, Way
from services.notifier.domain.telling.rules import Rules
from services.notifier.store import gaps, messages
from services.notifier.store.gaps import OpenGap
from shared.contracts.parts import Actor
from shared.runtime import history
from shared.runtime.database import Connection

AT_A_TIME: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Releasing:
    """A person's order: why, and whether also people are told for whom it is quiet now."""

    words: Annotated[str, Len(1, 500)]
    also_quiet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """What an order did: so many messages to so many persons, over so many gaps."""

    messages: int
    receivers: int
    gaps: int


async def release(
    connection: Connection, releasing: Releasing, *, by: Actor, rules: Rules, now: datetime
) -> Released:
    """Let go of all that is held; what is fired later of the same gaps is told as any other."""
    open_gaps = await gaps.lock_unreleased(connection)
    entries = [_entry(each, releasing, by=by, rules=rules, now=now) for each in open_gaps]
    hashes = [(entry.aggregate_id, entry.hash) for entry in entries]
    if hashes:
        await gaps.release(connection, hashes, at=now, by=_who(by))
        await history.add(connection, entries)
    count = 0
    persons: set[UUID] = set()
    while found := await messages.held(connection, limit=AT_A_TIME):
        count += len(found)
        persons.update(each.person_id for each in found)
        await messages.settle(connection, _let_go(found, releasing, rules=rules, now=now))
    return Released(messages=count, receivers=len(persons), gaps=len(open_gaps))


def _let_go(
    found: Iterable[Message], releasing: Releasing, *, rules: Rules, now: datetime
) -> Iterable[Settled]:
    for each in found:
        quiet_over = rules.heard_at(now, each.subject.urgency)
        after = replace(
            each,
            state=MessageState.WAITING,
            way=Way.RELEASED,
            repeats=0,
            send_at=now if releasing.also_quiet else quiet_over,
        )
        yield Settled(message=after)


def _entry(
    each: OpenGap, releasing: Releasing, *, by: Actor, rules: Rules, now: datetime
) -> history.Entry:
    return history.entry(
        each.gap.gap_id,
        seq=each.seq + 1,
        at=now,
        what="released",
        actor=by,
        before=None,
        after=_text({"words": releasing.words, "also_quiet": releasing.also_quiet}),
        policy=rules.version,
        previous_hash=each.history_hash,
    )


def _text(words: dict[str, object]) -> str:
    return to_json(words).decode()


def _who(actor: Actor) -> str:
    return f"{actor.role.value} {actor.name}" if actor.name else actor.role.value
