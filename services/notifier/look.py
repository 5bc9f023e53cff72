"""Look at one ticket or whistle: its promises, how each ran, which rungs fired and who was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.notifier.domain.board.reached import level_of
from services.notifier.domain.deadline import Deadline
from services.notifier.domain.escalation import Escalation
from services.notifier.domain.segments import Segment, seconds_run, segments
from services.notifier.domain.sight import Sight
from services.notifier.domain.supervision import Supervision
from services.notifier.store import board, deadlines, messages, supervisions
from services.notifier.store.board import About
from services.notifier.store.deadlines import Event
from services.notifier.store.messages import Listed
from services.notifier.store.supervisions import SupervisionFilter
from shared.errors import NotFoundError
from shared.runtime.database import Connection

MOST: Final = 300
MOST_TOLD: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseView:
    """One promise: the stretches it ran in, what happened to it, who was told of it."""

    deadline: Deadline
    level: int
    stretches: Sequence[Segment]
    seconds_run: int
    history: Sequence[Event]
    told: Sequence[Listed]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatterView:
    """A ticket, or a street's own whistle; what is told of no one promise stands apart."""

    about: About | None
    number: str
    promises: Sequence[PromiseView]
    told: Sequence[Listed]
    supervisions: Sequence[Supervision]


async def matter(
    connection: Connection,
    about: UUID,
    *,
    sight: Sight,
    escalation: Escalation,
    now: datetime,
) -> MatterView:
    """All that is promised on a ticket or whistle, as far as it may be seen.

    Raises NotFoundError where nothing is, or nothing that concerns the caller.
    """
    found = await _promises(connection, about)
    subjects = [about, *dict.fromkeys(each.subject for each in found)]
    topics = await board.about(connection, subjects)
    near = any(_lies_in(topics.get(each), sight.region) for each in subjects)
    seen = found if sight.whole or near else [each for each in found if each.unit == sight.unit]
    if not seen:
        raise NotFoundError("没有这个事项的时限", "nothing is promised there")
    unit = None if sight.whole or near else sight.unit
    told = await _told(connection, subjects, unit)
    histories = await deadlines.histories(connection, [each.deadline_id for each in seen])
    return MatterView(
        about=next((topics[each] for each in subjects if each in topics), None),
        number=seen[0].number,
        promises=[_view(each, histories[each.deadline_id], told, escalation, now) for each in seen],
        told=told.get(None, ()),
        supervisions=await _asked(connection, about, unit, now),
    )


def _lies_in(about: About | None, region: str | None) -> bool:
    return region is not None and about is not None and (about.region or "").startswith(region)


async def _promises(connection: Connection, about: UUID) -> list[Deadline]:
    """Of the ticket with that id, else of the whistle."""
    for wanted in (
        deadlines.Filter(ticket_id=about, limit=MOST),
        deadlines.Filter(whistle_id=about, limit=MOST),
    ):
        found = await deadlines.listed(connection, wanted)
        if found:
            return sorted(found, key=lambda each: (each.round, each.due.started_at, each.due.by))
    return []


async def _told(
    connection: Connection, subjects: Sequence[UUID], unit: str | None
) -> Mapping[UUID | None, list[Listed]]:
    """What people were told, by promise, oldest first."""
    by_promise: dict[UUID | None, list[Listed]] = {}
    for subject in subjects:
        wanted = messages.Filter(about=subject, unit=unit, limit=MOST_TOLD)
        for each in reversed(await messages.listed(connection, wanted)):
            by_promise.setdefault(each.message.subject.deadline_id, []).append(each)
    return by_promise


async def _asked(
    connection: Connection, about: UUID, unit: str | None, now: datetime
) -> Sequence[Supervision]:
    for wanted in (
        SupervisionFilter(ticket_id=about, unit=unit, limit=MOST),
        SupervisionFilter(whistle_id=about, unit=unit, limit=MOST),
    ):
        found = await supervisions.listed(connection, wanted, now)
        if found:
            return found
    return ()


def _view(
    deadline: Deadline,
    history: Sequence[Event],
    told: Mapping[UUID | None, list[Listed]],
    escalation: Escalation,
    now: datetime,
) -> PromiseView:
    stretches = segments(history)
    return PromiseView(
        deadline=deadline,
        level=level_of(deadline, escalation),
        stretches=stretches,
        seconds_run=seconds_run(
            stretches, rule=deadline.due.rule, now=now, calendar=escalation.calendar
        ),
        history=history,
        told=told.get(deadline.deadline_id, ()),
    )
