"""Tracebacks for logs: where it failed and why, without the values that were sent or stored.

What a driver or a validator says of an error quotes the row or the input, which may tell who asked;
their messages are replaced by what they name: fields, tables, constraints. Any other's is masked.
"""

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final

from pydantic_core import ValidationError

from shared.runtime.masking import said

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]

# SQLSTATE classes whose messages or details quote data: data exceptions, broken constraints
QUOTING: Final = ("22", "23", "P0")


def traceback_of(exc_info: ExcInfo) -> str:
    """The traceback of an error with those it came from, the first one first."""
    return "".join(_parts(exc_info[1])).rstrip("\n")


def described(error: BaseException) -> str:
    """An error in one line, for those who look after what failed."""
    return f"{type(error).__name__}: {message_of(error)}"


def message_of(error: BaseException) -> str:
    """What an error says of itself, without values."""
    if isinstance(error, ValidationError):
        found = error.errors(include_input=False, include_context=False, include_url=False)
        fields = (f"{'.'.join(map(str, each['loc']))} {each['type']}" for each in found)
        return said("; ".join(fields))  # a field that there is not is named by who sent it
    state = getattr(error, "sqlstate", None)  # of a driver, unknown to who only logs
    if not isinstance(state, str):
        return said(str(error))
    if not state.startswith(QUOTING):
        return said(f"{state} {error.args[0] if error.args else ''}".strip())
    names = (getattr(error, name, None) for name in ("table_name", "constraint_name"))
    return " ".join([state, *(name for name in names if name)])


def _parts(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _parts(before)
        yield "\nand then:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    kind = type(error)
    yield f"{kind.__module__}.{kind.__qualname__}: {message_of(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield "\namong them:\n\n"
            yield from _parts(each)
