"""What a unit may ask for now, told before it asks: how much, who decides, until when.

The judgement decides; this only says beforehand what it will look at.
"""

import re
from datetime import datetime
from enum import StrEnum

from services.router.domain.assignment import Assignment
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.matter import Matter
from services.router.domain.reports.requests import next_step
from services.router.domain.reports.returning import BEGUN
from services.router.domain.whistle import Whistle
from shared.catalogue.limits import LimitError, Rule
from shared.catalogue.terms import ReviewKind, Term
from shared.contracts.values import Due, Urgency
from shared.records import record

WRITTEN = re.compile(r"(\d+)(m|h|d|wh|WD)")


class WhyNot(StrEnum):
    """Why something is not to be asked for now."""

    NO_LIMIT = "no_limit"  # 没有办结时限
    ASKED = "asked"  # 已有申请待审
    PAST = "past"  # 已过时限
    NO_MORE = "no_more"  # 次数已用完
    CRITICAL = "critical"  # 特急件
    CONFIDENTIAL = "confidential"  # 保密件
    SAFETY = "safety"  # 涉及安全
    HEAT = "heat"  # 供热期内


@record
class Extending:
    """The extension that may be asked for: at most so much, decided by this role by then."""

    up_to: Rule
    total: Rule | None
    used: tuple[str, ...]
    by_role: str
    ask_before: datetime
    decided_by: Due


def extending(whistle: Whistle, part: Assignment, promises: Promises) -> Extending | WhyNot:
    """What extension may be asked for now, or why none."""
    limits = promises.city.limits
    due = part.dues.resolve
    if due is None:
        return WhyNot.NO_LIMIT
    if part.extension_asked is not None:
        return WhyNot.ASKED
    step = next_step(whistle, part, promises)
    if step is None:
        return WhyNot.NO_MORE
    if promises.now > due.by:
        return WhyNot.PAST
    return Extending(
        up_to=step.up_to,
        total=limits.extension(whistle.urgency).total,
        used=tuple(text for text in part.extended.split("+") if text),
        by_role=step.by,
        ask_before=due.by,
        decided_by=promises.due(limits.review(ReviewKind.EXTENSION)),
    )


def suspending(
    whistle: Whistle, part: Assignment, matter: Matter, city: City, now: datetime
) -> WhyNot | None:
    """Why the work may not be suspended, None when the supervisor may be asked."""
    policy = city.policy.judging
    if part.suspension_asked is not None:
        return WhyNot.ASKED
    if whistle.urgency is Urgency.CRITICAL:
        return WhyNot.CRITICAL
    if matter.confidential:
        return WhyNot.CONFIDENTIAL
    if policy.is_safety(whistle.category):
        return WhyNot.SAFETY
    if policy.is_heat_in_season(whistle.category, now):
        return WhyNot.HEAT
    return None


@record
class Returning:
    """How a return would be looked at: `final` goes to the supervisor, whose word ends it."""

    ask_before: datetime | None
    late: bool  # only with an arrival, and straight to the supervisor
    decided_by: Due


def returning(whistle: Whistle, part: Assignment, promises: Promises) -> Returning:
    """How a return that is asked for now would be decided."""
    limits, limit = promises.city.limits, part.dues.acknowledge
    late = part.state in BEGUN or (limit is not None and promises.now > limit.by)
    rule = limits.review(ReviewKind.ADJUDICATION) if late else limits.ruling(whistle.urgency)
    return Returning(
        ask_before=limit.by if limit else None, late=late, decided_by=promises.due(rule)
    )


def disputable_until(part: Assignment, promises: Promises) -> datetime | None:
    """Until when a ruling may be disputed; None when there is none."""
    if part.ruled_at is None or part.disputed:
        return None
    return promises.due(promises.city.limits.term(Term.DISPUTE), part.ruled_at).by


def longest(rule: Rule) -> tuple[int, str]:
    """A limit as a report writes it: 5, "WD"; raises LimitError for one that is no single step."""
    found = WRITTEN.fullmatch(rule.text)
    if found is None:
        raise LimitError(f"{rule.text} is not a single step")
    return int(found[1]), found[2]
