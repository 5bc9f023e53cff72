"""How a try to send ended, and when the next one is due; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from shared.delivery.outgoing import Channel


class Ending(StrEnum):
    """What a try came to."""

    SENT = "sent"  # 对方已收下
    AGAIN = "again"  # 稍后再试
    REFUSED = "refused"  # 对方拒收，不再试
    NOBODY = "nobody"  # 已无接收者


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One ended try; `retry_after` is the other side's own word. No personal data in `error`."""

    ending: Ending
    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def reached(self) -> bool:
        """Whether the other side works, whatever it thought of this message."""
        return self.ending is not Ending.AGAIN


_S, _M, _H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
# Pauses after the first, second … try. Webhooks: the schedule the Standard Webhooks specification
# recommends, some three days in all. A text message that is half a day late helps nobody.
_TEXT = (2 * _S, 10 * _S, 30 * _S, 2 * _M, 10 * _M, 30 * _M, 1 * _H, 2 * _H)
PAUSES: Final[Mapping[Channel, tuple[timedelta, ...]]] = {
    Channel.WEBHOOK: (
        *(5 * _S, 5 * _M, 30 * _M, 2 * _H, 5 * _H),
        *(10 * _H, 14 * _H, 20 * _H, 24 * _H),
    ),
    Channel.SMS: _TEXT,
    Channel.WECOM: _TEXT,
}
JITTER: Final = 0.2  # of a pause, either way, so that what failed together does not return so
LONGEST_ASKED: Final = timedelta(hours=24)  # to wait, by the other side's word


def pause_after(
    channel: Channel, tries: int, *, chance: float, retry_after: timedelta | None = None
) -> timedelta | None:
    """How long to wait after `tries` tries; None when that was the last one.

    `chance` from 0 to 1 spreads the pauses; what the other side asks for is waited for at least.
    """
    pauses = PAUSES[channel]
    if tries > len(pauses):
        return None
    pause = pauses[tries - 1] * (1 - JITTER + 2 * JITTER * chance)
    if retry_after is None:
        return pause
    return max(pause, min(retry_after, LONGEST_ASKED))
