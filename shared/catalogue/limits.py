"""Time limits: what a limit such as "4wh" or "5WD*0.8" means, and which one applies when.

A limit is written `<amount><unit>`: m, h, d are natural time, day and night; wh is working hours;
WD is working days to closing time. `*0.8` takes that share of the time between start and due;
`2wh+5WD` counts the second limit from the due time of the first. The values stand in
`data/time_limits.toml`, read by `load_limits`; this module only looks them up.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from shared.calendar import Moment, WorkCalendar, in_utc
from shared.catalogue.terms import OneTapTaker, ReviewKind, Term
from shared.contracts.values import Due, TicketType, Urgency, WhistleKind
from shared.records import record


class RuleUnit(StrEnum):
    NATURAL = "natural"  # 自然时间
    WORKING_HOUR = "working_hour"  # 工作小时
    WORKING_DAY = "working_day"  # 工作日


class LimitError(ValueError):
    """A limit that is not written as one, or that the file does not have."""


@record
class Rule:
    """One limit. `amount` is seconds for natural time and working hours, days for working days."""

    text: str
    unit: RuleUnit
    amount: int
    share: float = 1.0
    first: "Rule | None" = None  # counted before this one: "2wh+5WD"

    @property
    def working(self) -> bool:
        """Whether it counts working time, so that a pause conserves working seconds."""
        return self.unit is not RuleUnit.NATURAL

    def shared(self, share: float) -> "Rule":
        """The same limit at a share of its time; shares multiply."""
        if self.first is not None:
            raise LimitError(f"{self.text!r} is a sum of limits and has no share")
        whole = self.text.partition("*")[0]
        return parse_rule(f"{whole}*{round(self.share * share, 6):g}")

    def then(self, second: "Rule") -> "Rule":
        """This limit, and the second counted from where it ends."""
        return replace(second, text=f"{self.text}+{second.text}", first=self)

    def __str__(self) -> str:
        return self.text


_STEP = re.compile(r"(\d+)(m|h|d|wh|WD)(?:\*(\d+(?:\.\d+)?))?")
_SECONDS = {"m": 60, "h": 3600, "d": 86400, "wh": 3600, "WD": 1}
_UNITS = {"wh": RuleUnit.WORKING_HOUR, "WD": RuleUnit.WORKING_DAY}


@lru_cache(maxsize=1024)
def parse_rule(text: str) -> Rule:
    """Reads "15m", "24h", "4wh", "5WD", "5WD*0.8" or "2wh+5WD"; raises LimitError."""
    before, plus, last = text.rpartition("+")
    found = _STEP.fullmatch(last)
    if found is None or (share := float(found[3] or 1)) == 0 or (found[1] == "0" and text != "0m"):
        raise LimitError(f"{text!r} is not a limit such as 15m, 24h, 4wh, 5WD, 5WD*0.8, 2wh+5WD")
    unit = _UNITS.get(found[2], RuleUnit.NATURAL)
    first = parse_rule(before) if plus else None
    amount = int(found[1]) * _SECONDS[found[2]]
    return Rule(text=text, unit=unit, amount=amount, share=share, first=first)


def moment_of(rule: Rule, started_at: datetime, calendar: WorkCalendar) -> Moment:
    """When a limit that starts then ends."""
    if rule.first is None:
        return _step_end(rule, started_at, calendar)
    first = moment_of(rule.first, started_at, calendar)
    last = _step_end(rule, first.at, calendar)
    return Moment(at=last.at, provisional=first.provisional or last.provisional)


def _step_end(rule: Rule, started_at: datetime, calendar: WorkCalendar) -> Moment:
    if rule.unit is RuleUnit.NATURAL:
        return calendar.add_natural(started_at, rule.amount * rule.share)
    if rule.unit is RuleUnit.WORKING_HOUR:
        return calendar.add_working_seconds(started_at, rule.amount * rule.share)
    whole = calendar.add_working_days(started_at, rule.amount)
    if rule.share == 1:
        return whole
    seconds = calendar.working_seconds_between(started_at, whole.at)
    part = calendar.add_working_seconds(started_at, seconds * rule.share)
    return Moment(at=part.at, provisional=whole.provisional)


def due(rule: str | Rule, started_at: datetime, calendar: WorkCalendar, *, policy: str) -> Due:
    """The promised instant of a limit, with all that is needed to compute it again."""
    if isinstance(rule, str):
        rule = parse_rule(rule)
    moment = moment_of(rule, started_at, calendar)
    return Due(
        by=moment.at,
        rule=rule.text,
        started_at=in_utc(started_at),
        calendar=calendar.version,
        policy=policy,
        provisional=moment.provisional,
    )


def limit_of_seconds(seconds: int, *, working: bool) -> Rule:
    """So many seconds as a limit, so that the due time can be computed again: "4wh*0.857"."""
    if seconds <= 0:
        raise LimitError("a limit of no time is none")
    hours = max(1, math.ceil(seconds / 3600))
    whole = f"{hours}{'wh' if working else 'h'}"
    share = f"{seconds / (hours * 3600):.12f}".rstrip("0").rstrip(".")
    return parse_rule(whole if share == "1" else f"{whole}*{share}")


@record
class ExtensionStep:
    """One extension a unit may ask for: how much at most, and who grants it."""

    up_to: Rule
    by: str


@record
class ExtensionLimits:
    """The extensions of an urgency in their order, none or more, and all of them together."""

    steps: tuple[ExtensionStep, ...] = ()
    total: Rule | None = None


@record
class KindLimits:
    """The limits of a whistle that a street or community blows."""

    acknowledge: Rule
    contact: Rule | None
    arrive: Rule | None
    arrive_banner: Rule | None  # in a banner (旗), where the ways are long


@record
class OneTapLimits:
    accept: Rule
    done: Rule | None


@record
class Rework:
    """From which round on the time is shortened, to which share, and to no less than what."""

    from_round: int
    share: float
    least_natural: Rule
    least_working: Rule


@record
class Rung:
    """One step of warning or escalation, told to its audience.

    Exactly one of the three says when: `elapsed` a share of the whole time, `before` the due time,
    `after` it ("0m" at the due time). A later round or a group matter reaches some at once.
    """

    name: str
    level: int  # 0 warns; 1–5 are the levels of supervision
    audience: tuple[str, ...]
    elapsed: float | None = None
    before: Rule | None = None
    after: Rule | None = None
    from_round: int | None = None
    group_matter: bool = False


@record
class UrgencyLimits:
    dispatch: Rule
    acknowledge: Rule
    contact: Rule
    arrive: Rule | None
    resolve: Mapping[TicketType, Rule]
    hard_case: Rule | None
    ruling: Rule
    extension: ExtensionLimits
    ladder: tuple[Rung, ...]


@record
class TimeLimits:
    """Every limit of DOMAIN §3–§7 under one policy version."""

    version: str
    urgencies: Mapping[Urgency, UrgencyLimits]
    kinds: Mapping[WhistleKind, KindLimits]
    reviews: Mapping[ReviewKind, Rule]
    one_taps: Mapping[OneTapTaker, OneTapLimits]
    terms: Mapping[Term, Rule]
    callback_starts: Rule
    callback_ends: Rule
    assisting_share: float
    deemed_acknowledged_at: float  # times the acknowledge limit
    reworked: Rework
    short_warnings: tuple[Rung, ...]  # natural limits, and working ones up to `short_days`
    long_warnings: tuple[Rung, ...]
    short_days: int
    climbing: frozenset[str]  # the kinds of deadline that climb the ladder; the others only warn
    audiences: Mapping[str, Mapping[str, tuple[str, ...]]]  # of kinds that no unit owes, by rung

    def dispatch(self, urgency: Urgency) -> Rule:
        return self.urgencies[urgency].dispatch

    def acknowledge(self, urgency: Urgency) -> Rule:
        return self.urgencies[urgency].acknowledge

    def deemed_acknowledge(self, urgency: Urgency) -> Rule:
        """After which a unit that said nothing is deemed to have acknowledged."""
        return self.urgencies[urgency].acknowledge.shared(self.deemed_acknowledged_at)

    def contact(self, urgency: Urgency) -> Rule:
        return self.urgencies[urgency].contact

    def arrive(self, urgency: Urgency) -> Rule | None:
        """On the spot; None where no on-site duty goes with the urgency."""
        return self.urgencies[urgency].arrive

    def resolve(self, urgency: Urgency, ticket_type: TicketType, hard_case: bool = False) -> Rule:
        limits = self.urgencies[urgency]
        if hard_case and limits.hard_case is not None:
            return limits.hard_case
        return limits.resolve[ticket_type]

    def citizen(self, urgency: Urgency, ticket_type: TicketType) -> Rule:
        """The citizen's own clock: the dispatch limit, then the resolve limit; it never moves."""
        return self.dispatch(urgency).then(self.resolve(urgency, ticket_type))

    def ruling(self, urgency: Urgency) -> Rule:
        return self.urgencies[urgency].ruling

    def review(self, kind: ReviewKind | str) -> Rule:
        return self.reviews[ReviewKind(kind)]

    def callback_start(self) -> Rule:
        return self.callback_starts

    def callback_end(self) -> Rule:
        return self.callback_ends

    def whistle(self, kind: WhistleKind) -> KindLimits:
        """Limits of the kinds a street blows; a citizen's demand goes by its urgency instead."""
        if kind not in self.kinds:
            raise LimitError(f"the limits of a {kind} whistle go by its urgency")
        return self.kinds[kind]

    def extension(self, urgency: Urgency) -> ExtensionLimits:
        return self.urgencies[urgency].extension

    def one_tap(self, taker: OneTapTaker) -> OneTapLimits:
        return self.one_taps[taker]

    def term(self, term: Term) -> Rule:
        return self.terms[term]

    def assisting(self, rule: Rule) -> Rule:
        """An assisting unit's resolve limit, from the lead's."""
        return rule.shared(self.assisting_share)

    def rework(self, rule: Rule, round: int) -> Rule:
        """The limit in a later round, from that of the first; never longer than the first."""
        if round < self.reworked.from_round:
            return rule
        natural = rule.unit is RuleUnit.NATURAL
        least = self.reworked.least_natural if natural else self.reworked.least_working
        part = rule.shared(self.reworked.share)
        if rule.unit is RuleUnit.WORKING_HOUR or rule.amount * rule.share <= least.amount:
            return rule
        return part if part.amount * part.share > least.amount else least

    def ladder(self, urgency: Urgency) -> tuple[Rung, ...]:
        """The rungs from the due time on; the warnings before it are in `warnings`."""
        return self.urgencies[urgency].ladder

    def warnings(self, rule: str | Rule) -> tuple[Rung, ...]:
        """The warnings before a limit is due."""
        rule = parse_rule(rule) if isinstance(rule, str) else rule
        long = rule.unit is RuleUnit.WORKING_DAY and rule.amount * rule.share > self.short_days
        return self.long_warnings if long else self.short_warnings
