"""Keeps the systems that tickets come from: their keys, webhooks and deliveries."""

import secrets
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake.domain.lines import line_problem
from services.intake.domain.source import ApiKey, Scope, SourceSystem
from services.intake.store import sources as store
from services.intake.store.vault import Vault
from shared.catalogue.model import Catalogue
from shared.contracts.ids import new_id
from shared.delivery import leases
from shared.delivery.address import UnsafeAddressError, check_url
from shared.delivery.leases import Logged
from shared.delivery.webhook import new_secret
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection
from shared.runtime.service import Runtime

KEY_BEGINS: Final = "shaodao_"
PREFIX_CHARACTERS: Final = len(KEY_BEGINS) + 6
FORMER_LIVES: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a system shall be."""

    name: str
    line: str | None
    webhook_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A system with its new signing secret, which is told this once."""

    source: SourceSystem
    secret: str | None


async def add_source(
    connection: Connection,
    system: str,
    *,
    wanted: Wanted,
    by: str | None,
    wall: datetime,
    vault: Vault,
    catalogue: Catalogue,
) -> Made:
    """A new system; ConflictError when there is one of that code."""
    _check(wanted, catalogue)
    source = SourceSystem(
        system=system,
        name=wanted.name,
        line=wanted.line,
        webhook_url=wanted.webhook_url,
        disabled_at=None,
        disabled_why=None,
        created_at=wall,
        created_by=by,
    )
    secret = new_secret() if wanted.webhook_url is not None else None
    if not await store.add_source(connection, source, secret=secret, vault=vault):
        raise ConflictError(
            f"来源系统 {system} 已存在", f"there is a source {system} already", code="exists"
        )
    return Made(source=source, secret=secret)


async def change_source(
    connection: Connection,
    system: str,
    *,
    wanted: Wanted,
    wall: datetime,
    vault: Vault,
    catalogue: Catalogue,
) -> Made:
    """Change a system; its webhook is called again if it was off, what waited for none ends.

    The secret stays while there is a webhook; a first one gets a new secret.
    """
    _check(wanted, catalogue)
    source, secret = await _locked(connection, system, vault)
    fresh = new_secret() if wanted.webhook_url is not None and secret is None else None
    kept = (secret or fresh) if wanted.webhook_url is not None else None
    changed = replace(
        source,
        name=wanted.name,
        line=wanted.line,
        webhook_url=wanted.webhook_url,
        disabled_at=None,
        disabled_why=None,
    )
    await store.change_source(connection, changed, secret=kept, former=None, vault=vault)
    if wanted.webhook_url is None:
        why = "the webhook was removed"
        await leases.cancel_waiting(connection, store.recipient_of(system), why=why, wall=wall)
    return Made(source=changed, secret=fresh)


async def change_secret(
    connection: Connection, system: str, *, wall: datetime, vault: Vault
) -> Made:
    """A new signing secret; the one before signs beside it for a day."""
    source, secret = await _locked(connection, system, vault)
    if secret is None:
        raise ConflictError(
            "该来源系统没有回调地址", "this source has no webhook", code="no_webhook"
        )
    fresh = new_secret()
    former = (secret, wall + FORMER_LIVES)
    await store.change_source(connection, source, secret=fresh, former=former, vault=vault)
    return Made(source=source, secret=fresh)


async def find_source(connection: Connection, system: str) -> SourceSystem:
    """NotFoundError where there is none."""
    found = await store.find_source(connection, system)
    if found is None:
        raise no_such_source(system)
    return found


async def add_key(
    connection: Connection,
    system: str,
    *,
    scopes: Sequence[Scope],
    by: str | None,
    wall: datetime,
) -> tuple[ApiKey, str]:
    """A new key of a system, and the key itself, which is told this once."""
    source = await find_source(connection, system)
    text = KEY_BEGINS + secrets.token_urlsafe(32)
    key = ApiKey(
        key_id=new_id(wall),
        system=source.system,
        prefix=text[:PREFIX_CHARACTERS],
        scopes=frozenset(scopes),
        created_at=wall,
        created_by=by,
        revoked_at=None,
        last_used=None,
        line=source.line,
    )
    hashed = store.key_hash(text)
    await store.add_api_key(connection, key, hashed=hashed, scopes=sorted(set(scopes)))
    return key, text


async def revoke_key(connection: Connection, system: str, key_id: UUID, *, wall: datetime) -> None:
    """The key holds no more; NotFoundError where there is none that does."""
    if not await store.revoke_api_key(connection, system, key_id, wall=wall):
        raise NotFoundError("没有这个密钥，或已吊销", "there is no such key, or it was revoked")


async def list_deliveries(
    connection: Connection, system: str, *, state: str | None, below: UUID | None, limit: int
) -> list[Logged]:
    """What a system was told or shall be, newest first."""
    await find_source(connection, system)
    return await leases.listed(
        connection, store.recipient_of(system), below=below, state=state, limit=limit
    )


async def send_again(
    connection: Connection, system: str, delivery_id: UUID, *, wall: datetime
) -> None:
    """Queue a delivery anew, under its old key."""
    recipient = store.recipient_of(system)
    if not await leases.send_again(connection, recipient, delivery_id, wall=wall):
        raise NotFoundError(
            "没有这条推送，或正在发送", "there is no such delivery, or it is being sent"
        )


class KeyRing:
    """Finds API keys, remembered for some seconds: a busy system costs no query a request."""

    REMEMBERED_SECONDS: Final = 15.0  # a key revoked in another process holds here so long
    MOST: Final = 10_000

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._known: OrderedDict[bytes, tuple[float, ApiKey]] = OrderedDict()

    async def find(self, text: str) -> ApiKey | None:
        """The key that holds now; None for anything else."""
        hashed, now = store.key_hash(text), time.monotonic()
        known = self._known.get(hashed)
        if known is not None and now < known[0]:
            return known[1]
        async with self._runtime.pool.acquire() as connection:
            key = await store.find_api_key(connection, hashed, today=wall_now().date())
        self._known.pop(hashed, None)
        if key is not None:
            self._known[hashed] = (now + self.REMEMBERED_SECONDS, key)
            while len(self._known) > self.MOST:
                self._known.popitem(last=False)
        return key

    def forget(self) -> None:
        """Look every key up anew: one was revoked, or a system changed."""
        self._known.clear()


def no_such_source(system: str) -> NotFoundError:
    return NotFoundError(f"没有来源系统 {system}", f"there is no source {system}")


async def _locked(
    connection: Connection, system: str, vault: Vault
) -> tuple[SourceSystem, str | None]:
    found = await store.lock_source(connection, system, vault=vault)
    if found is None:
        raise no_such_source(system)
    return found


def _check(wanted: Wanted, catalogue: Catalogue) -> None:
    """InvalidError for a line that is none, or an address that will never be called."""
    problems = []
    if wanted.line is not None and (problem := line_problem(catalogue, wanted.line)) is not None:
        problems.append(problem)
    if wanted.webhook_url is not None:
        try:
            check_url(wanted.webhook_url)
        except UnsafeAddressError as error:
            zh = "webhook_url：只能是 https:// 地址（本机测试可用 http）"
            en = f"webhook_url: {error}"
            problems.append(FieldError(field="webhook_url", zh=zh, en=en))
    if problems:
        raise InvalidError(*problems)
