"""Template replies: what a unit tells one citizen in nearly the words it told another.

Alike is measured on the words without spaces and punctuation, as the share of characters that two
texts have in common in order.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from rapidfuzz import fuzz, process

_UNSPOKEN: Final = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A public reply that a unit gave when it resolved."""

    whistle_id: UUID
    ticket_id: UUID
    unit: str
    number: str  # the whistle's
    text: str
    at: datetime


def spoken(text: str) -> str:
    """The words alone."""
    return _UNSPOKEN.sub("", text)


def most_alike(
    text: str, replies: Sequence[Reply], *, ticket_id: UUID, alike: float
) -> Reply | None:
    """The reply to another ticket that this one repeats, None when it is a reply of its own.

    `alike`: the share from which on two texts count as one, 0 to 1.
    """
    others = [reply for reply in replies if reply.ticket_id != ticket_id]
    found = process.extractOne(
        spoken(text),
        [spoken(reply.text) for reply in others],
        scorer=fuzz.ratio,
        score_cutoff=alike * 100,
    )
    return others[found[2]] if found is not None else None
