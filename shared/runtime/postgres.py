"""Shows what PostgreSQL tells of the service's own database, as every copy sees it.

No exporter stands beside it: a handful of statistics views is read over the pool now and then.
"""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from shared.runtime.clock import wall_now
from shared.runtime.database import Connection, queries
from shared.runtime.instruments import NAN, Copies, Open, counter, gauge, show_all
from shared.runtime.refreshing import keep_fresh

if TYPE_CHECKING:
    from prometheus_client import Counter

    from shared.runtime.service import Runtime

SQL = queries(Path(__file__).parent / "sql" / "postgres.sql")
TABLE: Final = Open("a table; partitions count with their parent", 80)
STATES: Final = ("active", "idle", "idle_in_transaction", "other")

# What every copy reads alike: a figure of now, how far something has grown, one of each table.
_shown = partial(gauge, over=Copies.MAX, begins=NAN)
_counted = partial(counter, over=Copies.MAX_OF_RATES)
_of_tables = partial(gauge, over=Copies.MAX, table=TABLE)

BYTES = _shown("shaodao_postgresql_database_bytes", "Size of the service's database.")
SESSIONS = _shown(
    "shaodao_postgresql_connections",
    "Sessions in the service's database; other: of other roles, whose state is not shown.",
    state=STATES,
)
OF_SERVER = _shown(
    "shaodao_postgresql_server_connections", "Sessions in all databases of the server."
)
MOST = _shown("shaodao_postgresql_limit_connections", "max_connections of the server.")
OLDEST = _shown(
    "shaodao_postgresql_oldest_transaction_age_seconds",
    "Age of the oldest open transaction in the service's database; 0 if none.",
)
WAITING = _shown(
    "shaodao_postgresql_waiting_sessions",
    "Sessions in the service's database that wait for a lock.",
)
SLOT_KEPT = _shown(
    "shaodao_postgresql_slot_kept_bytes",
    "Log that the slowest replication slot of the server keeps; 0 without slots.",
)
XID_AGE = _shown(
    "shaodao_postgresql_oldest_xid_age_transactions",
    "Transactions since the oldest that is not frozen; at 2e9 the database stops.",
)
BACKUP = _shown(
    "shaodao_backup_finished_timestamp_seconds",
    "When `shaodao backup` last finished with the database, seconds of Unix; 0 if it never did.",
)
TRANSACTIONS = _counted(
    "shaodao_postgresql_transactions_total",
    "Transactions of the service's database.",
    outcome=("commit", "rollback"),
)
DEADLOCKS = _counted("shaodao_postgresql_deadlocks_total", "Deadlocks in the service's database.")
BLOCKS = _counted(
    "shaodao_postgresql_blocks_total",
    "Blocks that statements of the service's database read.",
    source=("cache", "disk"),
)
TEMP_BYTES = _counted(
    "shaodao_postgresql_temp_bytes_total",
    "Bytes that statements of the service's database sorted or hashed on disk.",
)
WAL_BYTES = _counted(
    "shaodao_postgresql_wal_bytes_total", "Bytes of log that the whole server wrote."
)
CHECKPOINTS = _counted(
    "shaodao_postgresql_checkpoints_total",
    "Checkpoints of the whole server: by time, or requested because much was written.",
    reason=("timed", "requested"),
)
ROWS = _of_tables("shaodao_postgresql_table_rows", "Live rows, estimated.")
DEAD_ROWS = _of_tables(
    "shaodao_postgresql_table_dead_rows", "Dead rows that a vacuum has not cleared, estimated."
)
TABLE_BYTES = _of_tables(
    "shaodao_postgresql_table_bytes", "A table with its indexes, as of its last vacuum or analyze."
)

GROWS: Final[Mapping[str, "Counter"]] = {
    "xact_commit": TRANSACTIONS.labels("commit"),
    "xact_rollback": TRANSACTIONS.labels("rollback"),
    "deadlocks": DEADLOCKS,
    "blks_hit": BLOCKS.labels("cache"),
    "blks_read": BLOCKS.labels("disk"),
    "temp_bytes": TEMP_BYTES,
    "wal_bytes": WAL_BYTES,
    "timed": CHECKPOINTS.labels("timed"),
    "requested": CHECKPOINTS.labels("requested"),
}
_NOW: Final = {
    "bytes": BYTES,
    "sessions": OF_SERVER,
    "most_sessions": MOST,
    "oldest_transaction": OLDEST,
    "waiting": WAITING,
    "slot_kept": SLOT_KEPT,
    "xid_age": XID_AGE,
    "last_backup": BACKUP,
}


async def show_postgres(runtime: "Runtime") -> None:
    """Keep the figures fresh, for ever."""
    look = partial(show, before={})
    await keep_fresh(runtime, look, of="postgresql", unknown=_unknown)


async def show(connection: Connection, before: dict[str, float]) -> None:
    """Read all of it once; `before` holds what grows as it was last time, and is written."""
    now = await connection.fetchrow(SQL.database_now, wall_now())
    for name, shown in _NOW.items():
        shown.set(max(0, now[name] or 0))
    counts = dict.fromkeys(STATES, 0)
    for state, number in await connection.fetch(SQL.sessions):
        counts[_state(state)] += number
    for state, number in counts.items():
        SESSIONS.labels(state).set(number)
    _grow(before, dict(await connection.fetchrow(SQL.grown)))
    newer = connection.get_server_version().major >= 17
    checkpoints = SQL.checkpoints if newer else SQL.checkpoints_before_17
    _grow(before, dict(await connection.fetchrow(checkpoints)))
    tables = await connection.fetch(SQL.tables)
    for of_tables, column in ((ROWS, "live"), (DEAD_ROWS, "dead"), (TABLE_BYTES, "bytes")):
        show_all(of_tables, {(row["table"],): row[column] for row in tables})


def _state(state: str | None) -> str:
    known = (state or "").replace(" ", "_")
    return known if known in STATES else "other"


def _grow(before: dict[str, float], now: Mapping[str, float]) -> None:
    """Count on from the last look; after a reset of the statistics, from nothing."""
    for name, value in now.items():
        last = before.get(name)
        if last is not None:
            GROWS[name].inc(value - last if value >= last else value)
        before[name] = value


def _unknown() -> None:
    for shown in _NOW.values():
        shown.set(NAN)
    for state in STATES:
        SESSIONS.labels(state).set(NAN)
    for of_tables in (ROWS, DEAD_ROWS, TABLE_BYTES):
        show_all(of_tables, {})
