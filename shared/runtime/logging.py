"""Structured logs: one JSON object a line, with service, version, trace, ticket and whistle ids.

No personal data is ever passed to a logger; as an error may quote some, every value is masked
besides (`masking`). A line is no longer than LONGEST_LINE, and a kind of line no more frequent than
`flooding` lets it be.
"""

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from importlib.metadata import version
from typing import Any, Final, TypeAlias

import structlog

from shared.runtime import tracing
from shared.runtime.flooding import FloodFilter, RecoveryFilter
from shared.runtime.masking import plain, said
from shared.runtime.tracebacks import traceback_of

Event: TypeAlias = MutableMapping[str, Any]
LONGEST_LINE: Final = 16_000
LONGEST_TRACEBACK: Final = 10_000
OF_ERRORS: Final = frozenset({"error", "errors", "why", "words", "reason"})
QUIET: Final = (
    "aiokafka.consumer.consumer",  # every assignment
    "aiokafka.consumer.subscription_state",  # every reading of a feed
    "uvicorn.access",
    "httpx",  # a line with the address for each call
)


def configure(service: str, *, fmt: str, level: str) -> None:
    """Set up logging for this process; called once by a service's main."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _in_a_trace,
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
                _of_service(service),
                _masked,
                _bounded,
                renderer,
            ],
        )
    )
    handler.addFilter(RecoveryFilter())
    handler.addFilter(_ToldFilter())
    handler.addFilter(FloodFilter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
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


def _in_a_trace(_logger: Any, _method: str, event: Event) -> Event:
    """The trace of whom this task works for."""
    traceparent = tracing.current()
    if traceparent is not None:
        event.setdefault("trace_id", traceparent[3:35])
        event.setdefault("span_id", traceparent[36:52])
    return event


def _of_service(service: str) -> Callable[[Any, str, Event], Event]:
    """Who says it; threads of libraries say it, too."""
    known = {"service": service, "version": version("shaodao")}

    def told(_logger: Any, _method: str, event: Event) -> Event:
        return {**event, **known}

    return told


def _masked(_logger: Any, _method: str, event: Event) -> Mapping[str, Any]:
    """Ours by value; what others say, and errors of themselves, without what it quotes."""
    is_foreign = "logger" in event
    return {
        name: _traceback(value)
        if name == "exception"
        else said(value)
        if isinstance(value, str) and (name in OF_ERRORS or (is_foreign and name == "event"))
        else [said(str(each)) for each in value]
        if name in OF_ERRORS and isinstance(value, list)
        else plain(value)
        for name, value in event.items()
    }


def _traceback(text: str) -> str:
    """A traceback, of which the messages are masked already; its middle is left out first."""
    if len(text) <= LONGEST_TRACEBACK:
        return text
    half = LONGEST_TRACEBACK // 2
    return f"{text[:half]}\n…\n{text[-half:]}"


def _bounded(_logger: Any, _method: str, event: Event) -> Event:
    """Within LONGEST_LINE: what is longest goes first."""
    sizes = {name: len(str(value)) for name, value in event.items()}
    while sum(sizes.values()) > LONGEST_LINE:
        longest = max(sizes, key=sizes.__getitem__)
        event[longest] = f"{str(event[longest])[:500]}…"
        sizes[longest] = 501
    return event


def mark_told(error: BaseException) -> None:
    """It is in the log: the server, to which it is raised on, need not say it again."""
    error.__dict__["shaodao_told"] = True


class _ToldFilter(logging.Filter):
    """Leaves out what `mark_told` marked."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info and record.name == "uvicorn.error" else None
        return error is None or "shaodao_told" not in getattr(error, "__dict__", {})


def logger(name: str) -> Any:
    """A structured logger; call it with an event name and key-values."""
    return structlog.stdlib.get_logger(name)
