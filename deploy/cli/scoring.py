"""Figures of a measurement: how often the right label stood first, and within what interval."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

NORMAL_95: Final = 1.959964


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Where the right label stood (0 is first), and which major was suggested first."""

    label: str
    major: str
    place: float


@dataclass(frozen=True, slots=True)
class Tally:
    """So many judgements; each message weighs `1 / repeats` of one."""

    judged: Sequence[Judged]
    repeats: int = 1

    @property
    def n(self) -> int:
        """How many messages."""
        return round(len(self.judged) / self.repeats)

    @property
    def top1(self) -> float:
        """How often the label stood first."""
        return self.share(1)

    @property
    def top3(self) -> float:
        """How often it stood among the first three, all different."""
        return self.share(3)

    def share(self, within: int) -> float:
        """The share of messages whose label stood within the first so many."""
        return sum(each.place < within for each in self.judged) / len(self.judged)

    def interval(self, within: int) -> tuple[float, float]:
        """The 95 % interval of that share (Wilson)."""
        n, share, z = self.n, self.share(within), NORMAL_95
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return max(0.0, middle - reach), min(1.0, middle + reach)

    def by(self, what: str) -> dict[str, "Tally"]:
        """The same apart for each label or major, the most frequent first."""
        groups: defaultdict[str, list[Judged]] = defaultdict(list)
        for each in self.judged:
            groups[getattr(each, what)].append(each)
        ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
        return {name: Tally(each, self.repeats) for name, each in ordered}

    def summary(self) -> dict[str, Any]:
        """The figures, rounded."""
        return {
            "n": self.n,
            "top1": round(self.top1, 4),
            "top1_interval": [round(bound, 4) for bound in self.interval(1)],
            "top3": round(self.top3, 4),
            "top3_interval": [round(bound, 4) for bound in self.interval(3)],
        }
