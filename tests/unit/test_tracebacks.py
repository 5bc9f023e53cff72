"""A traceback in the log tells where and why, and quotes nothing that somebody said."""

from collections.abc import Callable

import asyncpg
import pytest
from pydantic import BaseModel

from shared.runtime.tracebacks import traceback_of

SAID = "赵小明住河湾锦苑"


class Asked(BaseModel):
    name: int


def broken_row() -> None:
    error = asyncpg.CheckViolationError('new row for relation "ticket" violates check constraint')
    error.detail = f"Failing row contains ({SAID})."
    error.table_name, error.constraint_name = "ticket", "ticket_title_check"
    raise error


def bad_value() -> None:
    raise asyncpg.InvalidTextRepresentationError(f'invalid input syntax for type uuid: "{SAID}"')


def bad_argument() -> None:
    raise asyncpg.exceptions.DataError(f"invalid input for query argument $1: {SAID!r}")


def bad_field() -> None:
    Asked.model_validate({"name": SAID})


def chained() -> None:
    try:
        bad_field()
    except ValueError as error:
        raise LookupError("no such ticket") from error


def grouped() -> None:
    try:
        broken_row()
    except asyncpg.PostgresError as error:
        raise ExceptionGroup("two tasks", [error]) from None


@pytest.mark.parametrize(
    ("fails", "told"),
    [
        (broken_row, ("CheckViolationError", "ticket_title_check", "in broken_row")),
        (bad_value, ("InvalidTextRepresentationError", "in bad_value")),
        (bad_argument, ("DataError", "22000")),
        (bad_field, ("ValidationError", "name int_parsing")),
        (chained, ("name int_parsing", "LookupError: no such ticket", "in chained")),
        (grouped, ("ExceptionGroup", "ticket_title_check", "in broken_row")),
    ],
)
def test_no_value_is_quoted(fails: Callable[[], None], told: tuple[str, ...]) -> None:
    with pytest.raises(Exception) as failed:
        fails()
    written = traceback_of((failed.type, failed.value, failed.tb))
    assert SAID not in written
    for each in told:
        assert each in written
