"""The inbox: events already acted on, remembered in the transaction that acted."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from shared.runtime.database import Connection, queries
from shared.runtime.incoming import Incoming

SQL = queries(Path(__file__).parent / "sql" / "queries.sql")


async def remember(connection: Connection, events: Sequence[Incoming]) -> list[Incoming]:
    """The events never heard before, in order, each once; from now on they are known.

    The key is (topic, event id), as departments may reuse ids.
    """
    first: dict[tuple[str, str], Incoming] = {}
    for event in events:
        first.setdefault((event.topic, event.event_id), event)
    rows = await connection.fetch(
        SQL.inbox_remember,
        [topic for topic, _ in first],
        [event_id for _, event_id in first],
        [event.received_at for event in first.values()],
    )
    if len(rows) == len(first):
        return list(first.values())
    fresh = {(row["topic"], row["event_id"]) for row in rows}
    return [event for key, event in first.items() if key in fresh]


async def remember_keys(
    connection: Connection, keys: Sequence[tuple[str, str]], at: datetime
) -> set[tuple[str, str]]:
    """Of (where, key) pairs those never seen before; from now on they are known.

    For requests that their sender may repeat. Two that come at once wait for each other.
    """
    wanted = sorted(set(keys))
    rows = await connection.fetch(
        SQL.inbox_remember,
        [where for where, _ in wanted],
        [key for _, key in wanted],
        [at for _ in wanted],
    )
    return {(row["topic"], row["event_id"]) for row in rows}


async def release_keys(connection: Connection, keys: Sequence[tuple[str, str]]) -> None:
    """Forget keys whose request was refused: it may be made again."""
    if keys:
        await connection.execute(
            SQL.inbox_release, [where for where, _ in keys], [key for _, key in keys]
        )
