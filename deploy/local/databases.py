"""Makes each service's database and role on a server; a role reaches its own database only."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from shared.runtime.database import queries

SQL = queries(Path(__file__).parent / "sql" / "queries.sql")


async def make_databases(
    admin_dsn: str, passwords: Mapping[str, str], *, prefix: str = "", fresh: bool = False
) -> dict[str, str]:
    """A role and a database for each service of `passwords`; returns service → DSN.

    What exists is kept, the password set anew; `fresh` drops the databases first. `prefix` keeps
    stacks apart that share a server.
    """
    admin = await asyncpg.connect(admin_dsn)
    try:
        for service, password in passwords.items():
            name = f"{prefix}{service}"
            await make_role(admin, name, password)
            if fresh:
                await _run(admin, SQL.drop_database, name)
            if not await admin.fetchval(SQL.database_exists, name):
                await _run(admin, SQL.create_database, name, name)
            await _run(admin, SQL.revoke_public, name)
    finally:
        await admin.close()
    return {
        service: dsn_for(admin_dsn, f"{prefix}{service}", password)
        for service, password in passwords.items()
    }


async def make_role(admin: "asyncpg.Connection[Any]", name: str, password: str) -> None:
    """A login role with this password; its administrator may make databases it owns."""
    known = await admin.fetchval(SQL.role_exists, name)
    await _run(admin, SQL.set_password if known else SQL.create_role, name, password)
    if not await admin.fetchval(SQL.is_superuser):
        await _run(admin, SQL.grant_owner, name)


async def copy_database(
    admin: "asyncpg.Connection[Any]", name: str, *, owner: str, template: str
) -> None:
    """A new database with everything that is in `template`, which nobody may be using."""
    await _run(admin, SQL.create_from_template, name, owner, template)
    await _run(admin, SQL.revoke_public, name)


async def drop_database(admin: "asyncpg.Connection[Any]", name: str) -> None:
    """Drop it, whoever is connected."""
    await _run(admin, SQL.drop_database, name)


def dsn_for(admin_dsn: str, role: str, password: str, database: str | None = None) -> str:
    """The address of `database` (named as the role, by default) for `role` on the same server."""
    server = urlsplit(admin_dsn)
    host = server.netloc.rpartition("@")[2]
    netloc = f"{quote(role)}:{quote(password, safe='')}@{host}"
    return urlunsplit((server.scheme, netloc, f"/{database or role}", server.query, ""))


async def _run(admin: "asyncpg.Connection[Any]", statement: str, *arguments: str) -> None:
    """Let the server quote the arguments into a statement, then run that."""
    await admin.execute(await admin.fetchval(statement, *arguments))
