"""Webhooks of departments: their sealed secrets, and how far each stream was forwarded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from services.router.domain.department import Cursor, Stream, Webhook, seal_id
from shared.runtime.database import Connection, queries
from shared.sealing import Sealed, Seals

SQL = queries(Path(__file__).parents[1] / "sql" / "webhooks.sql")


async def find(connection: Connection, unit: str) -> Webhook | None:
    row = await connection.fetchrow(SQL.webhook, unit)
    return _webhook(row) if row is not None else None


async def lock(connection: Connection, unit: str, *, seals: Seals) -> tuple[Webhook, str] | None:
    """A webhook to be changed, with its secret."""
    row = await connection.fetchrow(SQL.webhook_for_update, unit)
    if row is None:
        return None
    return _webhook(row), _opened(unit, row["key_id"], row["sealed"], seals)


async def put(connection: Connection, webhook: Webhook, *, secret: str, seals: Seals) -> None:
    """Write a webhook with its secret."""
    sealed = seals.seal(seal_id(webhook.unit), secret.encode())
    await connection.execute(
        SQL.put_webhook,
        *(webhook.unit, webhook.url, list(webhook.streams), sealed.key_id, sealed.data),
        *(webhook.changed_at, webhook.changed_by),
    )


async def keep_former(
    connection: Connection, unit: str, secret: str, *, until: datetime, seals: Seals
) -> None:
    """The secret before signs beside the new one until then."""
    sealed = seals.seal(seal_id(unit), secret.encode())
    await connection.execute(SQL.keep_former, unit, sealed.key_id, sealed.data, until)


async def remove(connection: Connection, unit: str) -> bool:
    """False where there is none."""
    return await connection.fetchval(SQL.remove_webhook, unit) is not None


async def disable(
    connection: Connection, unit: str, destination: str, *, why: str, wall: datetime
) -> bool:
    """Call it no more; what was queued and not sent is forwarded again should it be set anew.

    False where it was off before.
    """
    if await connection.fetchval(SQL.disable_webhook, unit, wall, why) is None:
        return False
    await connection.execute(SQL.cursors_back, unit, destination)
    return True


async def endpoint_of(
    connection: Connection, unit: str, *, seals: Seals, wall: datetime
) -> tuple[str, tuple[str, ...]] | None:
    """Address and secrets of a unit's webhook; None when it has none or wants no more calls."""
    row = await connection.fetchrow(SQL.webhook, unit)
    if row is None or row["disabled_at"] is not None:
        return None
    secrets = [_opened(unit, row["key_id"], row["sealed"], seals)]
    if row["former_until"] is not None and wall < row["former_until"]:
        secrets.append(_opened(unit, row["former_key_id"], row["former_sealed"], seals))
    return row["url"], tuple(secrets)


async def begin(connection: Connection, cursors: Sequence[Cursor]) -> None:
    """Forward these streams from there, unless they are forwarded already; no others."""
    for each in cursors:
        await connection.execute(SQL.begin_cursor, each.unit, each.stream, each.next)
    for unit in {each.unit for each in cursors}:
        kept = [each.stream for each in cursors if each.unit == unit]
        await connection.execute(SQL.keep_cursors, unit, kept)


async def move(connection: Connection, cursor: Cursor) -> None:
    """Forward a stream from there, wherever it stood."""
    await connection.execute(SQL.set_cursor, cursor.unit, cursor.stream, cursor.next)


async def cursors_of(connection: Connection, unit: str) -> list[Cursor]:
    """How far each of its streams was forwarded."""
    return [_cursor(row) for row in await connection.fetch(SQL.cursors_of, unit)]


async def cursors(connection: Connection) -> list[Cursor]:
    """What is forwarded to the webhooks that are called."""
    return [_cursor(row) for row in await connection.fetch(SQL.cursors)]


async def advance(connection: Connection, cursor: Cursor, *, to: int) -> bool:
    """Move a cursor on; False when it stands there no more, or the webhook was switched off."""
    if await connection.fetchval(SQL.hold_webhook, cursor.unit) is None:
        return False
    moved = await connection.fetchval(SQL.advance, cursor.unit, cursor.stream, cursor.next, to)
    return moved is not None


async def waiting(connection: Connection, destination: str, *, most: int) -> int:
    """How many deliveries wait for one webhook, at most so many counted."""
    found: int = await connection.fetchval(SQL.waiting, destination, most)
    return found


def _opened(unit: str, key_id: str, data: bytes, seals: Seals) -> str:
    return seals.open(seal_id(unit), Sealed(key_id=key_id, data=data)).decode()


def _webhook(row: Mapping[str, Any]) -> Webhook:
    return Webhook(
        unit=row["unit"],
        url=row["url"],
        streams=tuple(stream for stream in Stream if stream in row["streams"]),
        disabled_at=row["disabled_at"],
        disabled_why=row["disabled_why"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


def _cursor(row: Mapping[str, Any]) -> Cursor:
    return Cursor(unit=row["unit"], stream=Stream(row["stream"]), next=row["next_offset"])
