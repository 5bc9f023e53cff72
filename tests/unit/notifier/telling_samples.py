"""A rota, rules and messages for the tests of telling people."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.notifier.domain.telling.message import (
    Message,
    MessageState,
    Occasion,
    Subject,
    Waiting,
    Way,
)
from services.notifier.domain.telling.posts import Post, Seat
from services.notifier.domain.telling.roster import Roster, Shift
from services.notifier.tell import load_rules
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency
from tests.unit.notifier.samples import CALENDAR, UNIT, WHISTLE, local

SPACE = UUID("01900000-0000-7000-8000-00000000ffff")
RULES = load_rules(CALENDAR)
CITY, DISTRICT = "159900", "159902"
CITY_UNIT = "C-CGJ"
REGIONS = {UNIT: DISTRICT, CITY_UNIT: CITY}
LONG_AGO = local("2020-01-01 00:00")
HANDLER = Seat(Post.HANDLER, UNIT)
EVERY_SEAT = (
    *(Seat(post, UNIT) for post in (Post.HANDLER, Post.LIAISON)),
    *(Seat(post, UNIT) for post in (Post.SECTION_HEAD, Post.UNIT_LEADER)),
    *(Seat(post, DISTRICT) for post in (Post.SUPERVISOR, Post.DISTRICT_SUPERVISOR)),
    Seat(Post.DISTRICT_LEADER, DISTRICT),
    *(Seat(post, CITY) for post in (Post.SHIFT_LEAD, Post.SUPERVISOR)),
    *(Seat(post, CITY) for post in (Post.CITY_SUPERVISOR, Post.CITY_LEADER)),
)


def person(name: str) -> UUID:
    return uuid5(SPACE, name)


def at_seat(seat: Seat) -> UUID:
    """Who is there by the rota below."""
    return person(f"{seat.post}@{seat.place}")


def shift(
    seat: Seat,
    person_id: UUID | None = None,
    *,
    starts_at: datetime = LONG_AGO,
    ends_at: datetime | None = None,
) -> Shift:
    who = person_id or at_seat(seat)
    return Shift(
        shift_id=uuid5(SPACE, f"shift {seat} {who} {starts_at}"),
        seat=seat,
        person_id=who,
        starts_at=starts_at,
        ends_at=ends_at,
    )


def roster(*shifts: Shift, without: tuple[Seat, ...] = ()) -> Roster:
    """These shifts, or one person at every seat but those named."""
    every = [shift(seat) for seat in EVERY_SEAT if seat not in without]
    return Roster.of(shifts or every, regions=REGIONS, city=CITY, units=tuple(REGIONS))


def a_message(
    name: str = "m",
    *,
    at: datetime,
    person_id: UUID | None = None,
    way: Way = Way.BUNDLE,
    send_at: datetime | None = None,
    urgency: Urgency = Urgency.NORMAL,
    due_by: datetime | None = None,
    matter: str | None = None,
    level: int = 0,
    occasion: Occasion = Occasion.WARNING,
    repeats: int = 0,
    told: int = 0,
    seat: Seat = HANDLER,
) -> Message:
    return Message(
        message_id=uuid5(SPACE, f"message {name}"),
        person_id=person_id or at_seat(seat),
        post=seat.post,
        seat=seat,
        subject=Subject(
            about=WHISTLE,
            number=f"W-{name}",
            unit=UNIT,
            urgency=urgency,
            occasion=occasion,
            at=at,
            level=level,
            kind=DeadlineKind.RESOLVE,
            rung="yellow",
            due_by=due_by or at + timedelta(days=1),
            deadline_id=uuid5(SPACE, f"matter {matter or name}"),
            term=1,
        ),
        way=way,
        state=MessageState.WAITING,
        send_at=send_at or at,
        repeats=repeats,
        told=told,
    )


def waiting(message: Message, *, moot: bool = False, acknowledged: bool = False) -> Waiting:
    return Waiting(message=message, moot=moot, acknowledged=acknowledged)


def held(message: Message) -> Message:
    return replace(message, state=MessageState.HELD, send_at=None)
