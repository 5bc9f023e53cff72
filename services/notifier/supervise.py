"""Supervise: ask units for written answers, take the answers, and rise with the ladder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from services.notifier import channels, metrics, tell
from services.notifier.channels import Wording
from services.notifier.domain.deadline import SYSTEM
from services.notifier.domain.escalation import Escalation
from services.notifier.domain.promises import Change
from services.notifier.domain.supervision import (
    Matter,
    Source,
    Supervision,
    answer_due,
    answered,
    asked,
    by_ladder,
    climbs_of,
    ended,
    endings_of,
    level_for,
    promise_kept,
    promise_of,
    promise_off,
    raised,
    words_of,
)
from services.notifier.fact_log import keep_own
from services.notifier.store import supervisions as store
from services.notifier.tell import Telling
from services.notifier.track import carry_out
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, Role
from shared.contracts.topics import DEADLINES
from shared.errors import ConflictError, FieldError, ForbiddenError, InvalidError, NotFoundError
from shared.runtime import outbox
from shared.runtime.database import Connection
from shared.runtime.outbox import Outgoing

NOT_CLIMBED: Final[Mapping[UUID, datetime]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A person's wish: a whistle or a ticket; without `unit`, whoever leads it answers."""

    words: str
    whistle_id: UUID | None = None
    ticket_id: UUID | None = None
    unit: str | None = None
    level: int | None = None


async def ask(
    connection: Connection,
    asking: Asking,
    *,
    by: Actor,
    now: datetime,
    escalation: Escalation,
    wording: Wording,
    traceparent: str | None,
    telling: Telling | None = None,
) -> Supervision:
    """Ask one unit in writing; raises InvalidError, NotFoundError or ConflictError."""
    words, level = words_of("words", asking.words), level_for(by.role, asking.level)
    matter = await _matter(connection, asking)
    supervision = asked(
        new_id(now),
        matter,
        source=Source.LEADER if by.role is Role.LEADER else Source.SUPERVISOR,
        level=level,
        words=words,
        by=by,
        at=now,
        answer_by=answer_due(now, escalation.limits, escalation.calendar),
        traceparent=traceparent,
    )
    await carry_out(connection, [promise_of(supervision)], escalation=escalation)
    supervision = await store.save(connection, supervision, what="asked", actor=by, at=now)
    await _tell(connection, [supervision], wording=wording, telling=telling, at=now)
    return supervision


async def _matter(connection: Connection, asking: Asking) -> Matter:
    if (asking.whistle_id is None) == (asking.ticket_id is None):
        raise InvalidError(
            FieldError(
                field="ticket_id",
                zh="请给出工单或哨单中的一个",
                en="either a ticket or a whistle is wanted",
            )
        )
    found = await store.matters(
        connection, whistle_id=asking.whistle_id, ticket_id=asking.ticket_id
    )
    if found:
        return await _part(connection, found, asking.unit)
    waiting = asking.ticket_id and await store.waiting_ticket(connection, asking.ticket_id)
    if not waiting:
        raise NotFoundError(
            "没有找到仍在办理的工单或哨单", "nothing that is still open was found under this id"
        )
    if asking.unit is not None:
        raise ConflictError("该工单尚未派给任何单位", "no unit has this ticket yet")
    return waiting


async def _part(connection: Connection, found: Sequence[Matter], unit: str | None) -> Matter:
    """The named unit's part, else the lead's, else the first that owes something."""
    whistle_id = found[0].whistle_id
    if unit is None and whistle_id is not None:
        lead = await store.lead_of(connection, whistle_id)
        return next((part for part in found if part.unit == lead), found[0])
    for part in found:
        if part.unit == unit:
            return part
    raise InvalidError(
        FieldError(
            field="unit",
            zh="该单位在这件事上没有未完成的事项",
            en="this unit owes nothing on the matter",
        )
    )


async def answer(
    connection: Connection,
    supervision_id: UUID,
    words: str,
    *,
    by: Actor,
    of_the_centre: bool,
    now: datetime,
    escalation: Escalation,
) -> Supervision:
    """The written answer of the unit that was asked; raises NotFoundError or ConflictError.

    `of_the_centre`: the caller may answer for matters that no unit has yet.
    """
    text = words_of("words", words)
    found = await store.locked(connection, supervision_id)
    if found is None:
        raise NotFoundError("没有找到这条督办", "there is no such supervision")
    mine = of_the_centre if found.unit is None else by.unit == found.unit
    if not mine:
        raise ForbiddenError("这条督办由别的单位答复", "another unit answers this one")
    after = answered(found, words=text, by=by, at=now)
    await carry_out(connection, [promise_kept(after, by=by, at=now)], escalation=escalation)
    after = await store.save(connection, after, what="answered", actor=by, at=now)
    said = [channels.supervision_answered(after)]
    await keep_own(connection, said, now)
    await outbox.put(connection, said)
    metrics.SUPERVISIONS.labels(after.source, "answered_late" if after.late else "answered").inc()
    return after


async def climb(
    connection: Connection,
    changes: Sequence[Change],
    *,
    now: datetime,
    escalation: Escalation,
    wording: Wording,
    telling: Telling | None = None,
) -> list[Supervision]:
    """Ask for an answer where the ladder reached a level that wants one, or raise what is open."""
    climbs = climbs_of(changes)
    if not climbs:
        return []
    known = await store.open_of_ladder(connection, [each.place for each in climbs])
    told, opened = [], []
    climbed_at: dict[UUID, datetime] = {}
    for each in climbs:
        before = known.get(each.place)
        if before is not None and before.level >= each.level:
            continue
        if before is None:
            answer_by = answer_due(max(now, each.at), escalation.limits, escalation.calendar)
            supervision = by_ladder(new_id(each.at), each, answer_by=answer_by)
            opened.append(promise_of(supervision))
        else:
            supervision = raised(before, each.level)
        what = "asked" if before is None else "raised"
        saved = await store.save(connection, supervision, what=what, actor=SYSTEM, at=each.at)
        climbed_at[saved.supervision_id] = each.at
        told.append(saved)
    await carry_out(connection, opened, escalation=escalation)
    await _tell(connection, told, wording=wording, telling=telling, at=now, climbed_at=climbed_at)
    return told


async def _tell(
    connection: Connection,
    asked: Sequence[Supervision],
    *,
    wording: Wording,
    telling: Telling | None,
    at: datetime,
    climbed_at: Mapping[UUID, datetime] = NOT_CLIMBED,
) -> None:
    """Tell the units, and the people on duty; of a rung that was climbed at its own time."""
    if telling is not None:
        times = [(each, climbed_at.get(each.supervision_id, at)) for each in asked]
        await tell.write_supervisions(connection, times, telling=telling, now=at)
    rows: list[Outgoing] = []
    for each in asked:
        metrics.SUPERVISIONS.labels(each.source, "asked").inc()
        rows += channels.supervised(each, wording, at=at)
    await keep_own(connection, [row for row in rows if row.topic == DEADLINES.name], at)
    await outbox.put(connection, rows)


async def follow(
    connection: Connection, changes: Sequence[Change], *, escalation: Escalation
) -> None:
    """No answer is wanted any more where the matter has ended."""
    endings = endings_of(changes)
    if endings.at is None:
        return
    waiting = await store.unanswered(
        connection, whistle_ids=endings.whistle_ids, ticket_ids=endings.ticket_ids
    )
    for each in waiting:
        if not ended(each, endings):
            continue
        off = promise_off(each, at=endings.at)
        await carry_out(connection, [off], escalation=escalation)
        after = replace(each, ended_at=endings.at)
        await store.save(connection, after, what="ended", actor=SYSTEM, at=endings.at)
        metrics.SUPERVISIONS.labels(after.source, "ended").inc()
