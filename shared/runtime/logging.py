"""Structured logs: one JSON object a line, with service, ticket, whistle and trace ids.

No personal data is ever passed to a logger; as an error of a driver may quote a value, telephones
and ID numbers are masked in every text besides. The `aiokafka` logger repeats itself many times a
second while a broker is away; one line per message and 10 s is let through.
"""

import logging
import re
import sys
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from aiokafka.errors import GroupCoordinatorNotAvailableError

from shared.runtime.tracebacks import traceback_of

PERSONAL = re.compile(r"(?<!\d)(?:(?:\+?86)?1[3-9]\d{9}|\d{17}[\dXx])(?!\d)")
TRIED_AGAIN = "Group Coordinator Request failed"


class RecoveryFilter(logging.Filter):
    """Tells what a client is about to try again as a warning: a first start is no fault."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(TRIED_AGAIN) and any(
            isinstance(arg, GroupCoordinatorNotAvailableError) for arg in record.args or ()
        ):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
        return True


class RepeatFilter(logging.Filter):
    """Lets one line per logger and message template through every `seconds`."""

    def __init__(self, seconds: float = 10.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._last: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        key, now = (record.name, str(record.msg)), time.monotonic()
        if now - self._last.get(key, -self._seconds) < self._seconds:
            return False
        if len(self._last) > 1000:
            self._last.clear()
        self._last[key] = now
        return True


def configure(service: str, *, fmt: str, level: str) -> None:
    """Set up logging for this process; called once by a service's main."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if fmt == "json"
        else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(traceback_of),
                _mask,
                renderer,
            ],
        )
    )
    handler.addFilter(RecoveryFilter())
    handler.addFilter(_only_repeats_of("aiokafka", "faststream"))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    logging.getLogger("aiokafka.consumer.consumer").setLevel(logging.WARNING)  # every assignment
    # every reading of a feed
    logging.getLogger("aiokafka.consumer.subscription_state").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # a line with the address for each call
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def _mask(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: PERSONAL.sub("〔…〕", value) if isinstance(value, str) else value
        for name, value in event.items()
    }


def _only_repeats_of(*loggers: str) -> logging.Filter:
    repeats = RepeatFilter()

    class Named(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            return not record.name.startswith(loggers) or repeats.filter(record)

    return Named()


def logger(name: str) -> Any:
    """A structured logger; call it with an event name and key-values."""
    return structlog.stdlib.get_logger(name)
