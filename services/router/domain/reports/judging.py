"""The city's own settings of judgement: replies, risks, what is never suspended, evidence.

They stand in `policy.toml`; the evidence that a resolution should show in `evidence.toml`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.router.domain.reports.evidence import EvidenceGuide, read_evidence
from shared.calendar import SHANGHAI
from shared.records import record


class Risk(StrEnum):
    """Why a reviewer looks at a resolution."""

    CRITICAL = "critical"  # 特急件
    URGENT = "urgent"  # 紧急件
    GROUP = "group"  # 群体诉求
    HARD_CASE = "hard_case"  # 疑难件
    UNTRUE = "untrue"  # 认定不属实
    CANNOT = "cannot"  # 客观条件限制
    EXPLAINED = "explained"  # 解释说明
    PARTLY = "partly"  # 部分解决
    AGAIN = "again"  # 重办件
    MANY_ROUNDS = "many_rounds"  # 多轮重办
    LATE = "late"  # 超时办结
    NO_EVIDENCE = "no_evidence"  # 缺少佐证
    OLD_EVIDENCE = "old_evidence"  # 佐证早于派单
    NOT_ON_SITE = "not_on_site"  # 应到场而未报到
    LIKE_ANOTHER = "like_another"  # 答复雷同


@record
class Season:
    """A part of the year by month and day, over New Year too; both ends belong to it."""

    first: tuple[int, int]
    last: tuple[int, int]

    def holds(self, now: datetime) -> bool:
        """Whether the local day of `now` lies in it."""
        local = now.astimezone(SHANGHAI)
        day = (local.month, local.day)
        if self.first <= self.last:
            return self.first <= day <= self.last
        return day >= self.first or day <= self.last


@record
class JudgingPolicy:
    """How strict the city is; every number is its own."""

    contact_required: bool  # the lead speaks with a person who can be called before it resolves
    alike: float  # from this share on a reply counts as another one's
    alike_within: timedelta
    alike_compared: int  # with so many of the unit's last replies
    review_from: int  # a reviewer looks from this sum of risks on
    supervisor_from_round: int  # what a reviewer decides is the supervisor's from this round on
    risks: Mapping[Risk, int]
    safety: tuple[str, ...]  # categories that are never suspended, by code or its beginning
    heat: tuple[str, ...]  # nor these in the season
    heat_season: Season
    never_returned_because: tuple[str, ...]  # words that say "it comes from a community"
    evidence: EvidenceGuide

    def is_safety(self, category: str | None) -> bool:
        """Whether people may come to harm while work is suspended."""
        return category is not None and category.startswith(self.safety)

    def is_heat_in_season(self, category: str | None, now: datetime) -> bool:
        """Whether it is about heat while it is cold."""
        heat = category is not None and category.startswith(self.heat)
        return heat and self.heat_season.holds(now)


JUDGING_TABLES = ("resolving", "returns", "suspension", "review", "evidence")
"""The tables of the policy that are read here."""


def read_judging(table: Mapping[str, Any]) -> JudgingPolicy:
    """The policy of a parsed file's tables; raises ValueError on what is missing or not known."""
    resolving, review = _section(table, "resolving"), _section(table, "review")
    suspension, returns = _section(table, "suspension"), _section(table, "returns")
    weights = _section(review, "risk")
    if set(weights) != set(Risk):
        raise ValueError(f"review.risk: one weight for each of {', '.join(Risk)}")
    try:
        first, last = suspension["heat_season"]
        return JudgingPolicy(
            contact_required=bool(resolving["contact_required"]),
            alike=float(resolving["alike"]),
            alike_within=timedelta(days=int(resolving["alike_within_days"])),
            alike_compared=int(resolving["alike_compared"]),
            review_from=int(review["from"]),
            supervisor_from_round=int(review["supervisor_from_round"]),
            risks={Risk(name): int(weight) for name, weight in weights.items()},
            safety=tuple(suspension["safety"]),
            heat=tuple(suspension["heat"]),
            heat_season=Season(first=_day(first), last=_day(last)),
            never_returned_because=tuple(returns["never_because"]),
            evidence=read_evidence(_section(table, "evidence")),
        )
    except KeyError as missing:
        raise ValueError(f"the policy lacks {missing}") from None


def _section(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = table.get(name)
    if not isinstance(found, Mapping):
        raise ValueError(f"the policy lacks the table [{name}]")
    return found


def _day(text: str) -> tuple[int, int]:
    month, _, day = text.partition("-")
    return int(month), int(day)
