"""The connection to a service's own PostgreSQL: pool, named queries, which errors pass by."""

import re
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias

import asyncpg

from shared.runtime.pool import MeasuredPool
from shared.runtime.settings import ServiceSettings

Connection: TypeAlias = "asyncpg.Connection[Any] | asyncpg.pool.PoolConnectionProxy[Any]"
"""A connection as verbs and stores get it, within a transaction."""

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)

_TRANSIENT = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.InvalidCachedStatementError,  # a newer version's column: it is prepared anew
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
MAY_BE_TRANSIENT = (*_TRANSIENT, asyncpg.InterfaceError, asyncpg.InternalClientError)


def is_transient(error: BaseException) -> bool:
    """Whether the error is no fault of the work itself: the same work will succeed later.

    When the server ends a connection in the midst of an operation, asyncpg may complain of its own
    state instead, and again when the transaction is left.
    """
    if isinstance(error, asyncpg.InterfaceError) and not isinstance(error, ValueError):
        text, before = str(error), error.__context__  # the connection or the pool
        return "clos" in text or "terminat" in text or (before is not None and is_transient(before))
    if isinstance(error, asyncpg.InternalClientError):
        return "cannot switch to state" in str(error)
    return isinstance(error, _TRANSIENT)


def was_rolled_back(error: BaseException) -> bool:
    """Whether the server gave the transaction up for another: a deadlock, a conflict."""
    return isinstance(error, asyncpg.DeadlockDetectedError | asyncpg.SerializationError)


def is_duplicate(error: BaseException) -> bool:
    """Whether a row was there already under its key."""
    return isinstance(error, asyncpg.UniqueViolationError)


def queries(path: Path) -> SimpleNamespace:
    """The named statements of a `.sql` file: `-- name: claim_due` becomes `.claim_due`.

    Raises ValueError on a name used twice or a statement without a name.
    """
    parts = _NAME.split(path.read_text())
    if any(line and not line.startswith("--") for line in parts[0].splitlines()):
        raise ValueError(f"{path}: a statement before the first name")
    names, bodies = parts[1::2], parts[2::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{path}: a name is used twice")
    return SimpleNamespace(**{n: b.strip() for n, b in zip(names, bodies, strict=True)})


async def open_pool(settings: ServiceSettings, *, name: str) -> MeasuredPool:
    """A pool of connections; times are UTC, statements are prepared once a connection."""
    pool = MeasuredPool(
        str(settings.database_url),
        min_size=2,
        max_size=settings.pool_size,
        command_timeout=60,
        timeout=10,
        server_settings={
            "application_name": f"shaodao-{name}",
            "timezone": "UTC",
            "jit": "off",
            "idle_in_transaction_session_timeout": "60s",
        },
    )
    await pool
    pool.show()
    return pool
