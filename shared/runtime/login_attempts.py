"""How often somebody may try a password: five failures lock a login, twenty an address.

Five failures of a login within half an hour lock it until a quarter of an hour after the last one;
an address has twenty in ten minutes.

A try is written down as failed before the password is looked at, so that many at once cannot slip
past the limit, and marked when it succeeded. A login nobody has is locked like any other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parent / "sql" / "login_attempts.sql")
LOGIN_FAILURES: Final = 5
LOGIN_WINDOW: Final = timedelta(minutes=30)
LOGIN_LOCKED: Final = timedelta(minutes=15)
ADDRESS_FAILURES: Final = 20
ADDRESS_WINDOW: Final = timedelta(minutes=10)
KEPT: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """No more tries until `until` (wall time)."""

    until: datetime


async def begin(connection: Connection, login: str, *, address: str, now: datetime) -> int | Locked:
    """Write down a try, within a transaction of its own; its id, or that it may not be made."""
    await connection.execute(SQL.login_attempt_forget, now - KEPT)
    await connection.execute(SQL.login_attempt_lock, login, address)
    row = await connection.fetchrow(
        SQL.login_attempt_failures,
        login,
        address,
        now - LOGIN_WINDOW,
        now - ADDRESS_WINDOW,
        LOGIN_FAILURES,
        ADDRESS_FAILURES,
    )
    assert row is not None  # it selects one row
    ends = []
    if len(row["of_login"]) >= LOGIN_FAILURES:
        ends.append(row["of_login"][0] + LOGIN_LOCKED)
    if len(row["of_address"]) >= ADDRESS_FAILURES:
        ends.append(row["of_address"][-1] + ADDRESS_WINDOW)
    if ends and max(ends) > now:
        return Locked(until=max(ends))
    attempt_id: int = await connection.fetchval(SQL.login_attempt_add, login, address, now)
    return attempt_id


async def succeeded(connection: Connection, attempt_id: int) -> None:
    """The password was right: the failures before count no more against the login."""
    await connection.execute(SQL.login_attempt_succeeded, attempt_id)
