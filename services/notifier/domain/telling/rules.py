"""The rules of telling people: at once, bundled or daily; quiet hours; what is held; which way out.

They are data, `templates/telling.toml`; a post may have a window of its own.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from services.notifier.domain.telling.message import Occasion, Subject, Way
from services.notifier.domain.telling.posts import Post
from shared.calendar import SHANGHAI, WorkCalendar, in_utc
from shared.catalogue.limits import RuleUnit, parse_rule
from shared.contracts.values import Urgency
from shared.records import record


@record
class Outlet:
    """The addresses a person is told at: every one of them, or the first there is."""

    every: bool
    order: tuple[str, ...]

    def chosen(self, has: Sequence[str]) -> tuple[str, ...]:
        found = tuple(each for each in self.order if each in has)
        return found if self.every else found[:1]


@record
class Repeat:
    """Told again every so often, so many times, until the unit acknowledges."""

    every: timedelta
    times: int


@record
class Rules:
    """All of `telling.toml`, read."""

    version: str
    quiet_from: time
    quiet_to: time
    quiet_except: frozenset[Urgency]
    daily_at: time
    ways: Mapping[Urgency, Mapping[str, Way]]
    window: timedelta
    windows: Mapping[Post, timedelta]
    lines: int
    singles: int
    repeats: Mapping[Urgency, Repeat]
    longest_gap: timedelta
    critical_within: timedelta
    outlets: Mapping[Urgency, Outlet]
    calendar: WorkCalendar

    def is_quiet(self, at: datetime) -> bool:
        """Whether it is within the quiet hours, which span midnight."""
        local = at.astimezone(SHANGHAI).time()
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= local < self.quiet_to
        return local >= self.quiet_from or local < self.quiet_to

    def heard_at(self, at: datetime, urgency: Urgency) -> datetime:
        """The first moment from `at` on when a person may be told."""
        if urgency in self.quiet_except or not self.is_quiet(at):
            return at
        local = at.astimezone(SHANGHAI)
        day = local.date() if local.time() < self.quiet_to else local.date() + timedelta(days=1)
        return _instant(day, self.quiet_to)

    def next_daily(self, at: datetime) -> datetime:
        """The next daily digest after `at`."""
        local = at.astimezone(SHANGHAI)
        day = local.date() + timedelta(days=local.time() >= self.daily_at)
        return _digest_of(day, self.daily_at, self.calendar)

    def way(self, subject: Subject, now: datetime) -> Way:
        """How a matter is told: by its urgency and what became of it."""
        ways = self.ways[subject.urgency]
        what = Occasion.WARNING if subject.occasion is Occasion.WARNING else Occasion.OVERDUE
        way = ways.get(subject.rung or "", ways[what])
        in_time = subject.due_by is not None and subject.due_by > self.next_daily(now)
        return Way.BUNDLE if way is Way.DAILY and not in_time else way

    def send_at(self, way: Way, post: Post, urgency: Urgency, now: datetime) -> datetime:
        """When a matter that is told this way goes out."""
        if way is Way.DAILY:
            return self.heard_at(self.next_daily(now), urgency)
        if way is Way.BUNDLE:
            return self.heard_at(now + self.windows.get(post, self.window), urgency)
        return self.heard_at(now, urgency)

    def is_young(self, subject: Subject, now: datetime) -> bool:
        """Whether it is told although it fell due while nobody watched."""
        critical = subject.urgency is Urgency.CRITICAL
        return critical and now - subject.at <= self.critical_within

    def repeats_of(self, subject: Subject) -> int:
        """How often a matter is told again while the unit does not acknowledge."""
        repeat = self.repeats.get(subject.urgency)
        return repeat.times if repeat and subject.deadline_id is not None else 0


def read_rules(table: Mapping[str, Any], calendar: WorkCalendar) -> Rules:
    """The rules of a file; KeyError or ValueError where something is missing or wrong."""
    return Rules(
        version=table["version"],
        quiet_from=time.fromisoformat(table["quiet"]["from"]),
        quiet_to=time.fromisoformat(table["quiet"]["to"]),
        quiet_except=frozenset(map(Urgency, table["quiet"]["except"])),
        daily_at=time.fromisoformat(table["daily"]["at"]),
        ways={
            urgency: {what: Way(way) for what, way in table["ways"][urgency].items()}
            for urgency in Urgency
        },
        window=_duration(table["bundle"]["window"]),
        windows={
            Post(post): _duration(own["window"]) for post, own in table.get("post", {}).items()
        },
        lines=int(table["bundle"]["lines"]),
        singles=int(table["bundle"]["singles"]),
        repeats={
            Urgency(urgency): Repeat(every=_duration(each["every"]), times=int(each["times"]))
            for urgency, each in table.get("repeat", {}).items()
        },
        longest_gap=_duration(table["hold"]["gap"]),
        critical_within=_duration(table["hold"]["critical_within"]),
        outlets={
            urgency: Outlet(
                every=bool(table["channels"][urgency]["every"]),
                order=tuple(table["channels"][urgency]["order"]),
            )
            for urgency in Urgency
        },
        calendar=calendar,
    )


def _duration(text: str) -> timedelta:
    """Natural time as limits write it: "10m", "2h"."""
    rule = parse_rule(text)
    if rule.unit is not RuleUnit.NATURAL:
        raise ValueError(f"{text!r} is not natural time such as 10m or 2h")
    return timedelta(seconds=rule.amount)


@lru_cache(maxsize=64)
def _digest_of(day: date, at: time, calendar: WorkCalendar) -> datetime:
    while not calendar.is_workday(day):
        day += timedelta(days=1)
    return _instant(day, at)


def _instant(day: date, at: time) -> datetime:
    return in_utc(datetime.combine(day, at, SHANGHAI))
