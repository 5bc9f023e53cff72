"""Migrations: numbered SQL files, applied once each, in order, under an advisory lock.

A folder's files are known by `<folder>/<file>`; a file that changed after it was applied is an
error. Run by `shaodao up`, or by a job before a deployment, as the owner of the tables, who then
gives the service's own role its rights; a service only checks.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg

from shared.errors import ShaodaoError

RUNTIME = Path(__file__).parent / "sql" / "migrations"
LOCK = 0x5348414F  # "SHAO"

CREATE = """
create table if not exists schema_migration (
    name text primary key,
    sha256 text not null,
    applied_order bigint generated always as identity
)
"""


class MigrationError(ShaodaoError):
    """The database and the migrations of this version do not fit together."""

    code = "migration"


def files(*folders: Path) -> list[tuple[str, str]]:
    """(name, SQL) of every migration, the runtime's first, in the order to apply."""
    found = []
    for folder in (RUNTIME, *folders):
        owner = folder.parent.parent.name
        found += [(f"{owner}/{p.name}", p.read_text()) for p in sorted(folder.glob("*.sql"))]
    return found


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def _applied(connection: "asyncpg.Connection[Any]") -> dict[str, str]:
    rows = await connection.fetch("select name, sha256 from schema_migration")
    return {row["name"]: row["sha256"] for row in rows}


def _missing(wanted: Sequence[tuple[str, str]], applied: dict[str, str]) -> list[tuple[str, str]]:
    for name, text in wanted:
        if name in applied and applied[name] != _sha(text):
            raise MigrationError(
                f"迁移 {name} 在执行之后被改动；演示数据可用 --fresh 重来",
                f"migration {name} was changed after it was applied; --fresh starts a demo anew",
            )
    return [(name, text) for name, text in wanted if name not in applied]


async def apply(dsn: str, *folders: Path, runtime_role: str | None = None) -> list[str]:
    """Apply what is missing, each file in a transaction of its own; returns the names applied.

    `runtime_role` gets the rights of a service; without one it works as the owner itself.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", LOCK)
        await connection.execute(CREATE)
        missing = _missing(files(*folders), await _applied(connection))
        for name, text in missing:
            async with connection.transaction():
                await connection.execute(text)
                await connection.execute(
                    "insert into schema_migration (name, sha256) values ($1, $2)", name, _sha(text)
                )
        if runtime_role is not None:
            await connection.execute("select give_rights($1)", runtime_role)
        return [name for name, _ in missing]
    finally:
        await connection.close()


async def check(pool: "asyncpg.Pool[Any]", *folders: Path) -> None:
    """Raise MigrationError unless every migration of this version is applied, unchanged."""
    async with pool.acquire() as connection:
        if await connection.fetchval("select to_regclass('schema_migration')") is None:
            raise MigrationError(
                "数据库还没有执行过任何迁移", "no migration was ever applied to this database"
            )
        missing = _missing(files(*folders), await _applied(connection))
    if missing:
        names = ", ".join(name for name, _ in missing)
        raise MigrationError(f"尚未执行的迁移：{names}", f"not applied yet: {names}")
