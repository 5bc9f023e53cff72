"""Template replies: what a unit tells one citizen in nearly the words it told another.

Alike is measured on the words without spaces and punctuation, as the share of characters that two
texts have in common in order.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from rapidfuzz import fuzz, process

from shared.records import record

_UNSPOKEN: Final = re.compile(r"[\W_]+")


@record
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


@record
class Alike:
    """An earlier reply, and the share of its characters that a text has in common with it."""

    reply: Reply
    share: float


def alike_reply(
    text: str, replies: Sequence[Reply], *, ticket_id: UUID, at_least: float = 0.0
) -> Alike | None:
    """The reply to another ticket that this text is most like, from this share on; else None."""
    others = [reply for reply in replies if reply.ticket_id != ticket_id]
    found = process.extractOne(
        spoken(text),
        [spoken(reply.text) for reply in others],
        scorer=fuzz.ratio,
        score_cutoff=at_least * 100,
    )
    return Alike(reply=others[found[2]], share=found[1] / 100) if found is not None else None
