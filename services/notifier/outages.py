"""Outages: a supervisor declares a window, the owners move the due times inside it.

The notifier is one of them: it works off what it declares as the others do what they hear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notifier.channels import SOURCE
from services.notifier.fact_log import keep_own
from services.notifier.store import outages as store
from services.notifier.store.outages import DeclaredOutage
from shared.calendar import in_utc
from shared.contracts import rulings, tickets
from shared.contracts.deadlines import OutageDeclared
from shared.contracts.ids import fact_id, new_id
from shared.contracts.parts import Actor
from shared.contracts.topics import DEADLINES
from shared.dues.moved import take_up
from shared.errors import ConflictError, FieldError, InvalidError
from shared.runtime import outbox
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming
from shared.runtime.outbox import outgoing

LONGEST: Final = timedelta(days=7)
LONGEST_REASON: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A window in which the system could not be worked with, and why."""

    from_at: datetime
    to_at: datetime
    reason: str


async def declare(
    connection: Connection, outage: Outage, *, by: Actor, policy: str, now: datetime
) -> DeclaredOutage:
    """Declare a window that is over; raises InvalidError, ConflictError where it was before."""
    _demand(outage, now)
    before = await store.overlapping(connection, outage.from_at, outage.to_at)
    if before is not None:
        raise ConflictError(
            "这段时间与已声明的停运重叠，同一时限不能顺延两次",
            "a part of this time was declared before; nothing moves twice",
            code="declared_before",
        )
    declared = DeclaredOutage(
        outage_id=new_id(now),
        from_at=in_utc(outage.from_at),
        to_at=in_utc(outage.to_at),
        reason=outage.reason.strip(),
        declared_at=now,
        declared_by=by.name or by.role,
    )
    await store.put(connection, declared)
    fact = OutageDeclared(
        seq=1,
        actor=by,
        policy=policy,
        outage_id=declared.outage_id,
        from_at=declared.from_at,
        to_at=declared.to_at,
        reason=declared.reason,
    )
    said = [
        outgoing(
            fact,
            topic=DEADLINES.name,
            source=SOURCE,
            event_id=fact_id(declared.outage_id, 1),
            subject=str(declared.outage_id),
            time=now,
            traceparent=None,
        )
    ]
    await keep_own(connection, said, now)
    await outbox.put(connection, said)
    await take_up(connection, fact, now)
    return declared


def _demand(outage: Outage, now: datetime) -> None:
    if outage.from_at >= outage.to_at:
        raise _wrong("to_at", "结束时间应晚于开始时间", "it ends before it begins")
    if outage.to_at > now:
        raise _wrong("to_at", "停运结束后才能声明", "it can be declared once it is over")
    if outage.to_at - outage.from_at > LONGEST:
        raise _wrong("from_at", "一次停运不超过 7 天", "7 days at most")
    if not 1 <= len(outage.reason.strip()) <= LONGEST_REASON:
        zh, en = f"请填写原因，不超过 {LONGEST_REASON} 字", "a reason of 1 to 200 characters"
        raise _wrong("reason", zh, en)


def _wrong(field: str, zh: str, en: str) -> InvalidError:
    return InvalidError(FieldError(field=field, zh=zh, en=en))


async def count_moved(connection: Connection, events: Sequence[Incoming]) -> None:
    """Count what the owners moved for outages."""
    moved = [
        (fact.outage_id, len(fact.changes) + len(getattr(fact, "owed", ())))
        for fact in (event.data for event in events)
        if isinstance(fact, rulings.DueChanged | tickets.DueChanged) and fact.outage_id is not None
    ]
    if moved:
        await store.count_moved(connection, moved)
