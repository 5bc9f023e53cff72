"""Keeps the webhooks of departments: where they are called, from where on, and what was sent."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.router.domain.department import (
    Cursor,
    Stream,
    Webhook,
    in_table_order,
    recipient_of,
    topic_of,
)
from services.router.feed import Feed
from services.router.store import webhooks as store
from shared.delivery import leases
from shared.delivery.address import UnsafeAddressError, check_url
from shared.delivery.leases import Logged
from shared.delivery.webhook import new_secret
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime.database import Connection
from shared.sealing import Seals

FORMER_LIVES: Final = timedelta(hours=24)
SECRET_BEGINS: Final = "whsec_"
LEAST_SECRET, MOST_SECRET = 24, 64  # bytes, as Standard Webhooks asks


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a unit's webhook shall be; a `secret` of its own, else one is made."""

    url: str
    streams: tuple[Stream, ...]
    secret: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A webhook, where its streams stand, and its signing secret where it is new."""

    webhook: Webhook
    cursors: tuple[Cursor, ...]
    secret: str | None
    new: bool


async def begins(feed: Feed, unit: str, streams: Sequence[Stream]) -> tuple[Cursor, ...]:
    """The ends of the unit's streams now: what comes later is forwarded. Errors as of `feed`."""
    return tuple(
        [
            Cursor(unit=unit, stream=each, next=await feed.reading.end(topic_of(unit, each)))
            for each in in_table_order(streams)
        ]
    )


async def put_webhook(
    connection: Connection,
    unit: str,
    *,
    wanted: Wanted,
    ends: Sequence[Cursor],
    by: str | None,
    wall: datetime,
    seals: Seals,
) -> Made:
    """Set a unit's webhook, or change it; one that was off is called again.

    A stream that was forwarded before goes on where it stood, another begins at its end. Without
    a new secret the one before stays. Raises InvalidError.
    """
    _check(wanted)
    before = await store.lock(connection, unit, seals=seals)
    fresh = wanted.secret or (new_secret() if before is None else None)
    webhook = Webhook(
        unit=unit,
        url=wanted.url,
        streams=in_table_order(wanted.streams),
        disabled_at=None,
        disabled_why=None,
        changed_at=wall,
        changed_by=by,
    )
    secret = fresh or (before[1] if before is not None else "")
    await store.put(connection, webhook, secret=secret, seals=seals)
    await store.begin(connection, ends)
    cursors = tuple(await store.cursors_of(connection, unit))
    return Made(webhook=webhook, cursors=cursors, secret=fresh, new=before is None)


async def find(connection: Connection, unit: str) -> Made:
    """A unit's webhook, without its secret; NotFoundError where there is none."""
    webhook = await store.find(connection, unit)
    if webhook is None:
        raise no_webhook()
    cursors = tuple(await store.cursors_of(connection, unit))
    return Made(webhook=webhook, cursors=cursors, secret=None, new=False)


async def remove(connection: Connection, unit: str, *, wall: datetime) -> None:
    """Call the unit no more; what waited is given up."""
    if not await store.remove(connection, unit):
        raise no_webhook()
    why = "the webhook was removed"
    await leases.cancel_waiting(connection, recipient_of(unit), why=why, wall=wall)


async def change_secret(
    connection: Connection, unit: str, *, by: str | None, wall: datetime, seals: Seals
) -> Made:
    """A new signing secret; the one before signs beside it for a day."""
    found = await store.lock(connection, unit, seals=seals)
    if found is None:
        raise no_webhook()
    webhook, secret = found
    fresh = new_secret()
    await store.put(connection, webhook, secret=fresh, seals=seals)
    await store.keep_former(connection, unit, secret, until=wall + FORMER_LIVES, seals=seals)
    cursors = tuple(await store.cursors_of(connection, unit))
    return Made(webhook=webhook, cursors=cursors, secret=fresh, new=False)


async def replay(connection: Connection, cursor: Cursor, *, seals: Seals) -> None:
    """Forward a stream again from there; ConflictError where it is not forwarded."""
    found = await store.lock(connection, cursor.unit, seals=seals)
    if found is None:
        raise no_webhook()
    if cursor.stream not in found[0].streams:
        raise ConflictError(
            f"回调未订阅 {cursor.stream.value}",
            f"the webhook does not get {cursor.stream.value}",
            code="not_subscribed",
        )
    await store.move(connection, cursor)


async def list_deliveries(
    connection: Connection, unit: str, *, state: str | None, below: UUID | None, limit: int
) -> list[Logged]:
    """What the unit was told or shall be, with every try, newest first."""
    return await leases.listed(
        connection, recipient_of(unit), below=below, state=state, limit=limit
    )


async def send_again(
    connection: Connection, unit: str, delivery_id: UUID, *, wall: datetime
) -> None:
    """Queue a delivery anew, under its old id."""
    if not await leases.send_again(connection, recipient_of(unit), delivery_id, wall=wall):
        raise NotFoundError(
            "没有这条推送，或正在发送", "there is no such delivery, or it is being sent"
        )


def no_webhook() -> NotFoundError:
    return NotFoundError("本单位没有设置回调地址", "the unit has no webhook")


def _check(wanted: Wanted) -> None:
    """InvalidError for an address that will never be called, or a secret that is none."""
    problems = []
    try:
        check_url(wanted.url)
    except UnsafeAddressError as error:
        zh = "url：只能是 https:// 地址（本机测试可用 http）"
        problems.append(FieldError(field="url", zh=zh, en=f"url: {error}"))
    if wanted.secret is not None and not _is_secret(wanted.secret):
        zh = "secret：应为 whsec_ 加 24 至 64 字节的 Base64"
        en = "secret: must be whsec_ and base64 of 24 to 64 bytes"
        problems.append(FieldError(field="secret", zh=zh, en=en))
    if problems:
        raise InvalidError(*problems)


def _is_secret(text: str) -> bool:
    if not text.startswith(SECRET_BEGINS):
        return False
    try:
        key = base64.b64decode(text.removeprefix(SECRET_BEGINS), validate=True)
    except (binascii.Error, ValueError):
        return False
    return LEAST_SECRET <= len(key) <= MOST_SECRET
