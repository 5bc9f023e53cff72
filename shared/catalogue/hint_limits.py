"""The limits of hints: what counts as near, as alike, as a group, and how learning is bounded."""

from datetime import timedelta

from shared.records import record


@record
class HintLimits:
    """The figures of `data/hints.toml`; scores are from 0 to 1."""

    since: timedelta  # duplicates are looked for so far back
    metres: float
    candidates: int
    alike: float  # place, category and text taken together
    text: float  # two texts alone
    most: int
    callers: int
    group_within: timedelta
    half_life: timedelta
    most_per_day: int
