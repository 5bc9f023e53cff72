"""Hands a held ticket over: to another dispatcher by name, to the shift lead or the supervisor."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from annotated_types import Ge, Le, Len, MaxLen

from services.router.conclude import conclude
from services.router.dispatch import last_demand
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.outcome import Outcome, step, words_text
from services.router.domain.whistle import Whistle
from services.router.store import queue
from services.router.store import whistles as store
from shared.contracts import rulings
from shared.contracts.parts import Actor, WhistleState
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """To whom, and what the next one must know; `version` is the one that was looked at."""

    to_role: Literal["dispatcher", "shift_lead", "supervisor"]
    note: Annotated[str, Len(1, 500)]
    to_name: Annotated[str, MaxLen(64)] | None = None
    version: Annotated[int, Ge(0), Le(2**31 - 1)] | None = None


async def hand_over(
    connection: Connection,
    ticket_id: UUID,
    handing: HandOver,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The ticket waits on another desk; raises NotFoundError, ConflictError or InvalidError."""
    book = await store.of_tickets(connection, [ticket_id], Promises(city, now), new_whistles=0)
    whistle = last_demand(book, ticket_id)
    if whistle is None:
        raise NotFoundError("没有这张待派工单", "no such ticket waits for dispatch")
    await _still_held(connection, whistle, handing.version)
    _somebody_else(handing, actor)
    fact = rulings.HeldHandedOver(
        seq=whistle.seq + 1,
        actor=actor,
        policy=city.version,
        whistle_id=whistle.whistle_id,
        ticket_ids=whistle.ticket_ids,
        round=whistle.round,
        to_role=handing.to_role,
        to_name=handing.to_name,
        note=handing.note,
    )
    words = words_text(to_role=handing.to_role, to_name=handing.to_name, note=handing.note)
    outcome = Outcome(whistle=replace(whistle, seq=fact.seq), steps=(step(fact, now, after=words),))
    return await conclude(connection, book, outcome, traceparent)


async def _still_held(connection: Connection, whistle: Whistle, version: int | None) -> None:
    held = whistle.state is WhistleState.HELD
    if held and version in (None, whistle.seq):
        return
    since = whistle.seq if version is None else version
    raise ConflictError(
        "工单已有变化，请核对后再移交" if held else "工单已派出或已结束",
        "the ticket has changed since it was looked at"
        if held
        else "the ticket is not held any more",
        code="out_of_date" if held else "wrong_state",
        state=whistle.state,
        version=whistle.seq,
        changes=await queue.changes_since(connection, whistle.whistle_id, since, whistle.state),
    )


def _somebody_else(handing: HandOver, actor: Actor) -> None:
    """A dispatcher is named; nobody hands over to themselves."""
    if handing.to_role == "dispatcher" and not handing.to_name:
        raise InvalidError(
            FieldError(field="to_name", zh="请写明移交给哪位派单员", en="name the dispatcher")
        )
    if handing.to_role == actor.role.value and handing.to_name in (None, actor.name):
        raise InvalidError(
            FieldError(field="to_name", zh="不能移交给自己", en="nobody hands over to themselves")
        )
