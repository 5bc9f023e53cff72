"""Source systems, their sealed secrets and hashed keys; what they are told goes out from here."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.intake.domain.case import Case
from services.intake.domain.source import ApiKey, Scope, SourceSystem, changes, seal_id
from services.intake.store.vault import Vault
from shared.delivery.outgoing import Channel, Message, put_many
from shared.runtime.database import Connection, queries
from shared.sealing import Sealed

SQL = queries(Path(__file__).parents[1] / "sql" / "sources.sql")
SOURCE: Final = "source"  # of the recipient "source:<system>"


def recipient_of(system: str) -> str:
    """A system as the recipient of deliveries."""
    return f"{SOURCE}:{system}"


def key_hash(key: str) -> bytes:
    """What is kept of a key: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(key.encode()).digest()


async def tell_sources(connection: Connection, cases: Iterable[Case]) -> None:
    """Put down what source systems hear of these changes, in their transaction."""
    changed = [case for case in cases if case.ticket.source is not None and case.moves]
    systems = {case.ticket.source.system for case in changed if case.ticket.source is not None}
    if not systems:
        return
    rows = await connection.fetch(SQL.systems_told, sorted(systems))
    told = frozenset(row["system"] for row in rows)
    traces = {case.ticket.ticket_id: case.traceparent for case in changed}
    messages = [
        Message(
            channel=Channel.WEBHOOK,
            recipient=recipient_of(each.system),
            template=each.type,
            values=each.values,
            about=each.ticket_id,
            at=each.at,
            traceparent=traces[each.ticket_id],
        )
        for each in changes(changed, told)
    ]
    await put_many(connection, messages)


async def add_source(
    connection: Connection,
    source: SourceSystem,
    *,
    secret: str | None,
    vault: Vault,
) -> bool:
    """A new system; False when there is one of that code."""
    sealed = _sealed(source.system, secret, vault)
    added = await connection.fetchval(
        SQL.add_source,
        *(source.system, source.name, source.line, source.webhook_url),
        *(sealed.key_id if sealed else None, sealed.data if sealed else None),
        *(source.created_at, source.created_by),
    )
    return added is not None


async def list_sources(connection: Connection) -> list[SourceSystem]:
    """All systems, by code."""
    return [_source(row) for row in await connection.fetch(SQL.sources, None)]


async def find_source(connection: Connection, system: str) -> SourceSystem | None:
    row = await connection.fetchrow(SQL.sources, system)
    return _source(row) if row is not None else None


async def lock_source(
    connection: Connection, system: str, *, vault: Vault
) -> tuple[SourceSystem, str | None] | None:
    """A system to be changed, with its secret."""
    row = await connection.fetchrow(SQL.source_for_update, system)
    if row is None:
        return None
    return _source(row), _opened(system, row["key_id"], row["sealed"], vault)


async def change_source(
    connection: Connection,
    source: SourceSystem,
    *,
    secret: str | None,
    former: tuple[str, datetime] | None,
    vault: Vault,
) -> None:
    """Write a locked system; `former` is the secret before and until when it is good."""
    sealed = _sealed(source.system, secret, vault)
    before = _sealed(source.system, former[0], vault) if former else None
    await connection.execute(
        SQL.change_source,
        *(source.system, source.name, source.line, source.webhook_url),
        *(sealed.key_id if sealed else None, sealed.data if sealed else None),
        *(before.key_id if before else None, before.data if before else None),
        former[1] if former else None,
    )


async def endpoint_of(
    connection: Connection, system: str, *, vault: Vault, wall: datetime
) -> tuple[str, tuple[str, ...]] | None:
    """Address and secrets of a system's webhook; None when it has none or wants no more."""
    row = await connection.fetchrow(SQL.sources, system)
    if row is None or row["webhook_url"] is None or row["disabled_at"] is not None:
        return None
    secrets = [_opened(system, row["key_id"], row["sealed"], vault)]
    if row["former_until"] is not None and wall < row["former_until"]:
        secrets.append(_opened(system, row["former_key_id"], row["former_sealed"], vault))
    return row["webhook_url"], tuple(each for each in secrets if each is not None)


async def disable_webhook(connection: Connection, system: str, *, why: str, wall: datetime) -> None:
    """Tell the system nothing any more."""
    await connection.execute(SQL.disable_webhook, system, wall, why)


async def add_api_key(
    connection: Connection, key: ApiKey, *, hashed: bytes, scopes: Sequence[Scope]
) -> None:
    await connection.execute(
        SQL.add_api_key,
        *(key.key_id, key.system, key.prefix, hashed, list(scopes)),
        *(key.created_at, key.created_by),
    )


async def list_api_keys(connection: Connection, system: str) -> list[ApiKey]:
    """All keys of a system, also revoked ones, oldest first."""
    return [_api_key(row) for row in await connection.fetch(SQL.api_keys_of, system)]


async def revoke_api_key(
    connection: Connection, system: str, key_id: UUID, *, wall: datetime
) -> bool:
    """From now on the key is none; False when there is no such key."""
    return await connection.fetchval(SQL.revoke_api_key, system, key_id, wall) is not None


async def find_api_key(connection: Connection, hashed: bytes, *, today: date) -> ApiKey | None:
    """The key of that hash, noted as used today; None when there is none that holds."""
    row = await connection.fetchrow(SQL.api_key_of_hash, hashed)
    if row is None:
        return None
    if row["last_used"] != today:
        await connection.execute(SQL.api_key_used, row["key_id"], today)
    return _api_key(row, line=row["line"])


def _sealed(system: str, secret: str | None, vault: Vault) -> Sealed | None:
    return vault.seal(seal_id(system), secret.encode()) if secret is not None else None


def _opened(system: str, key_id: str | None, data: bytes | None, vault: Vault) -> str | None:
    if key_id is None or data is None:
        return None
    return vault.open(seal_id(system), Sealed(key_id=key_id, data=data)).decode()


def _source(row: Mapping[str, Any]) -> SourceSystem:
    return SourceSystem(
        system=row["system"],
        name=row["name"],
        line=row["line"],
        webhook_url=row["webhook_url"],
        disabled_at=row["disabled_at"],
        disabled_why=row["disabled_why"],
        created_at=row["created_at"],
        created_by=row["created_by"],
    )


def _api_key(row: Mapping[str, Any], *, line: str | None = None) -> ApiKey:
    return ApiKey(
        key_id=row["key_id"],
        system=row["system"],
        prefix=row["prefix"],
        scopes=frozenset(map(Scope, row["scopes"])),
        created_at=row["created_at"],
        created_by=row["created_by"],
        revoked_at=row["revoked_at"],
        last_used=row["last_used"],
        line=line,
    )
