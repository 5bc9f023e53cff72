"""Tell: puts down what people hear of rungs, urgings and supervisions, and passes urgings to units.

Messages are written in the transaction of what they tell of, one a person; the teller sends them.
"""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.notifier import channels, metrics
from services.notifier.channels import Wording
from services.notifier.domain.known import Called, TicketKnown
from services.notifier.domain.promises import Change
from services.notifier.domain.supervision import Supervision
from services.notifier.domain.telling.addressing import Addressing
from services.notifier.domain.telling.message import Message, Occasion, Subject
from services.notifier.domain.telling.rules import Rules, read_rules
from services.notifier.heartbeat import Heartbeat
from services.notifier.roster import RosterNow
from services.notifier.store import deadlines as store
from services.notifier.store import known as known_store
from services.notifier.store import messages, rota
from shared.calendar import WorkCalendar
from shared.contracts import tickets, whistles
from shared.contracts.parts import Assignment, DeadlineKind
from shared.contracts.units import UnitDeclared
from shared.contracts.values import Urgency
from shared.runtime import outbox
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming
from shared.runtime.outbox import Outgoing

URGED_AUDIENCE = ("handler", "liaison")
SUPERVISED_AUDIENCE = ("unit_leader", "liaison")
SUPERVISED_AT_THE_CENTRE = ("shift_lead",)
RULES = Path(__file__).parent / "templates" / "telling.toml"


def load_rules(calendar: WorkCalendar, path: Path = RULES) -> Rules:
    """The rules of a file; raises KeyError or ValueError where one is missing or wrong."""
    return read_rules(tomllib.loads(path.read_text(encoding="utf-8")), calendar)


@dataclass(slots=True, kw_only=True)
class Telling:
    """What is needed to decide whom to tell, and when; `rules` are replaced as a whole."""

    rules: Rules
    rota: RosterNow
    heartbeat: Heartbeat

    def learn_calendar(self, calendar: WorkCalendar) -> None:
        """Take in years whose days off became known: digests come on working days."""
        self.rules = replace(self.rules, calendar=calendar)

    def addressing(self, now: datetime) -> Addressing:
        """The rota, the rules and what is held back, for one batch."""
        return Addressing(
            on_duty=self.rota.roster.at(now),
            rules=self.rules,
            gaps=self.heartbeat.gaps,
            now=now,
            wall=wall_now(),
        )


async def write_rungs(
    connection: Connection, changes: Iterable[Change], *, telling: Telling, now: datetime
) -> None:
    """Put down what people hear of the rungs that fired, within the firing's transaction."""
    addressing = telling.addressing(now)
    made = [message for change in changes for message in addressing.of_change(change)]
    await messages.write_fresh(connection, made)
    metrics.count_messages(made, unreached=addressing.on_duty.unreached)


async def write_supervisions(
    connection: Connection,
    asked: Iterable[tuple[Supervision, datetime]],
    *,
    telling: Telling,
    now: datetime,
) -> None:
    """Put down what people hear of supervisions that were asked for or raised, and when."""
    addressing = telling.addressing(now)
    made = [
        message
        for each, at in asked
        if not each.canary
        for message in addressing.of_subject(
            Subject(
                about=each.whistle_id or each.ticket_id or each.supervision_id,
                number=each.number,
                unit=each.unit,
                urgency=Urgency.URGENT,
                occasion=Occasion.SUPERVISED,
                at=at,
                level=each.level,
                kind=DeadlineKind.SUPERVISION,
                due_by=each.answer_by.by,
                deadline_id=each.deadline_id,
            ),
            SUPERVISED_AT_THE_CENTRE if each.unit is None else SUPERVISED_AUDIENCE,
            source=each.supervision_id,
            occasion=f"supervised/{each.level}",
        )
    ]
    await _write(connection, made, addressing)


async def _write(connection: Connection, made: Sequence[Message], addressing: Addressing) -> None:
    await messages.write(connection, made)
    metrics.count_messages(made, unreached=addressing.on_duty.unreached)


async def hear_units(connection: Connection, events: Sequence[Incoming]) -> None:
    """Take over where units are, for the posts above them."""
    declared = [
        (event.data.code, event.data.name, event.data.region, event.data.active)
        for event in events
        if isinstance(event.data, UnitDeclared)
    ]
    if declared and await rota.declare_units(connection, declared):
        await rota.changed(connection)


async def tell_urgings(
    connection: Connection,
    events: Sequence[Incoming],
    *,
    wording: Wording,
    telling: Telling | None = None,
    now: datetime | None = None,
) -> None:
    """Tell the units called now; and units whose whistle is heard after the urging it was due.

    To be called after the batch was tracked, in the same transaction. People are told besides
    where `telling` says who is on duty.
    """
    urgings = [event for event in events if isinstance(event.data, tickets.Urged)]
    blown = [event for event in events if isinstance(event.data, whistles.Blown)]
    passed = [
        *await _called_now(connection, urgings, wording),
        *await _urged_before(connection, blown, wording),
    ]
    told = {each.notice.event_id: each for each in passed}
    rows = [each.notice for each in told.values()]
    metrics.count_notices(rows)
    await outbox.put(connection, rows)
    if telling is not None and now is not None and told:
        addressing = telling.addressing(now)
        made = [message for each in told.values() for message in _heard(each, addressing)]
        await _write(connection, made, addressing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """An urging on its way to one unit."""

    called: Called
    ticket_id: UUID
    count: int
    seq: int
    at: datetime
    notice: Outgoing


def _heard(passed: Passed, addressing: Addressing) -> Iterable[Message]:
    called = passed.called
    subject = Subject(
        about=called.whistle_id,
        number=called.number,
        unit=called.unit,
        urgency=called.urgency,
        occasion=Occasion.URGED,
        at=passed.at,
        count=passed.count,
    )
    return addressing.of_subject(
        subject,
        URGED_AUDIENCE,
        source=passed.ticket_id,
        occasion=f"urged/{passed.seq}/{called.whistle_id}",
    )


async def _called_now(
    connection: Connection, urgings: Sequence[Incoming], wording: Wording
) -> list[Passed]:
    if not urgings:
        return []
    called = await store.called_now(connection, [event.data.ticket_id for event in urgings])
    return [
        _passed(
            each,
            ticket_id=event.data.ticket_id,
            seq=event.data.seq,
            count=event.data.count,
            at=event.time,
            wording=wording,
            traceparent=event.traceparent,
        )
        for event in urgings
        for each in called
        if event.data.ticket_id in each.ticket_ids
    ]


async def _urged_before(
    connection: Connection, blown: Sequence[Incoming], wording: Wording
) -> list[Passed]:
    ticket_ids = [ticket_id for event in blown for ticket_id in event.data.ticket_ids]
    if not ticket_ids:
        return []
    urged = await known_store.urged_tickets(connection, ticket_ids)
    return [
        passed
        for event in blown
        for ticket in (urged[each] for each in event.data.ticket_ids if each in urged)
        if ticket.urged_at is not None and ticket.urged_at >= event.time
        for passed in _late(event, ticket, wording)
    ]


def _late(event: Incoming, ticket: TicketKnown, wording: Wording) -> Iterable[Passed]:
    """The urging came after the whistle was blown, and was heard before it."""
    fact: whistles.Blown = event.data
    for assignment in fact.assignments:
        if _owes(assignment):
            called = Called(
                whistle_id=fact.whistle_id,
                number=fact.number,
                unit=assignment.unit,
                ticket_ids=fact.ticket_ids,
                urgency=fact.urgency,
            )
            yield _passed(
                called,
                ticket_id=ticket.ticket_id,
                seq=ticket.urged_seq or 0,
                count=ticket.urged_count,
                at=ticket.urged_at or event.time,
                wording=wording,
                traceparent=event.traceparent,
            )


def _passed(
    called: Called,
    *,
    ticket_id: UUID,
    seq: int,
    count: int,
    at: datetime,
    wording: Wording,
    traceparent: str | None,
) -> Passed:
    notice = channels.urged(
        called,
        ticket_id=ticket_id,
        seq=seq,
        count=count,
        at=at,
        wording=wording,
        traceparent=traceparent,
    )
    return Passed(called=called, ticket_id=ticket_id, count=count, seq=seq, at=at, notice=notice)


def _owes(part: Assignment) -> bool:
    return any((part.acknowledge, part.contact, part.arrive, part.resolve))
