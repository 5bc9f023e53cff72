"""How much a process logs at most: of each kind of line so many in ten seconds, then it counts.

A client whose server is away repeats itself many times a second. What is left out is told with the
next line of its kind. Of our own errors some are written whole, and many more without their
traceback, so that whoever was shown an error's id finds it.
"""

import logging
import time
from dataclasses import dataclass
from typing import Final

from aiokafka.errors import GroupCoordinatorNotAvailableError

TRIED_AGAIN: Final = "Group Coordinator Request failed"
SECONDS: Final = 10.0
CHATTY: Final = ("aiokafka", "faststream", "opentelemetry", "urllib3", "asyncio")
MOST_OF_OTHERS: Final = 1
WHOLE: Final = 20
SHORT: Final = 2_000
KINDS: Final = 1_000


class RecoveryFilter(logging.Filter):
    """Tells what a client is about to try again as a warning: a first start is no fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(TRIED_AGAIN) and any(
            isinstance(arg, GroupCoordinatorNotAvailableError) for arg in record.args or ()
        ):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


@dataclass(slots=True)
class _Kind:
    since: float
    lines: int = 0
    left_out: int = 0


class FloodFilter(logging.Filter):
    """Lets so many lines of one logger and event through every `seconds`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        super().__init__()
        self._seconds = seconds
        self._kinds: dict[tuple[str, str], _Kind] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind, now = self._kind(record), time.monotonic()
        if now - kind.since >= self._seconds:
            kind.since, kind.lines = now, 0
        kind.lines += 1
        chatty = record.name.startswith(CHATTY)
        if kind.lines > (MOST_OF_OTHERS if chatty else SHORT):
            kind.left_out += 1
            return False
        if kind.lines > WHOLE:
            record.exc_info = record.exc_text = None
            if isinstance(record.msg, dict):
                record.msg = {k: v for k, v in record.msg.items() if k != "exc_info"}
        if kind.left_out:
            _tell(record, kind.left_out)
        kind.left_out = 0
        return True

    def _kind(self, record: logging.LogRecord) -> _Kind:
        event = record.msg.get("event") if isinstance(record.msg, dict) else record.msg
        key = record.name, str(event)[:200]
        found = self._kinds.get(key)
        if found is None:
            if len(self._kinds) >= KINDS:
                self._kinds.clear()
            found = self._kinds[key] = _Kind(since=time.monotonic())
        return found


def _tell(record: logging.LogRecord, left_out: int) -> None:
    """Say with a line how many of its kind were left out before it."""
    if isinstance(record.msg, dict):
        record.msg = {**record.msg, "left_out": left_out}
    else:
        record.msg = f"{record.msg} ({left_out} more were left out)"
