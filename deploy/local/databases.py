"""Makes each service's database on a server, with the roles that reach it and no other.

Its owner runs migrations, the service's own role touches rows (`give_rights` of the runtime's
migrations says how far). Neither is a superuser, makes roles or databases, or reads another's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import asyncpg

from shared.runtime.database import queries

SQL = queries(Path(__file__).parent / "sql" / "queries.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceDatabase:
    """A service's database: for the service itself, which touches rows, and for its owner."""

    role: str
    dsn: str = field(repr=False)
    owner_dsn: str = field(repr=False)  # migrations; no service ever has it


async def make_databases(
    admin_dsn: str,
    passwords: Mapping[str, str],
    owner_passwords: Mapping[str, str],
    *,
    prefix: str = "",
    fresh: bool = False,
) -> dict[str, ServiceDatabase]:
    """A database with an owner and a role for each service of `passwords`, by service.

    What exists is kept, the passwords set anew; `fresh` drops the databases first. `prefix` keeps
    stacks apart that share a server.
    """
    made = {}
    admin = await asyncpg.connect(admin_dsn)
    try:
        for service, password in passwords.items():
            name, owner = f"{prefix}{service}", owner_of(f"{prefix}{service}")
            await make_role(admin, owner, owner_passwords[service])
            await make_role(admin, name, password)
            if fresh:
                await _run(admin, SQL.drop_database, name)
            known = await admin.fetchval(SQL.owner_of, name)
            if known is None:
                await _run(admin, SQL.create_database, name, owner)
            elif known == name:
                await _hand_over(admin_dsn, name, owner)
            await close_to_others(admin, name, user=name)
            made[service] = ServiceDatabase(
                role=name,
                dsn=dsn_for(admin_dsn, name, password),
                owner_dsn=dsn_for(admin_dsn, owner, owner_passwords[service], name),
            )
    finally:
        await admin.close()
    return made


def owner_of(role: str) -> str:
    """The role that owns what a service's role works on."""
    return f"{role}_owner"


async def close_to_others(
    admin: "asyncpg.Connection[Any]", database: str, *, user: str | None = None
) -> None:
    """Only the database's owner comes in, and that user."""
    await _run(admin, SQL.revoke_public, database)
    if user is not None:
        await _run(admin, SQL.grant_connect, database, user)


async def _hand_over(admin_dsn: str, database: str, owner: str) -> None:
    """A database of before, whose service owned its tables, gets an owner of its own."""
    server = urlsplit(admin_dsn)
    inside = await asyncpg.connect(urlunsplit(server._replace(path=f"/{quote(database)}")))
    try:
        await _run(inside, SQL.reassign_owned, database, owner)
    finally:
        await inside.close()


async def make_role(admin: "asyncpg.Connection[Any]", name: str, password: str) -> None:
    """A login role with this password; its administrator may make databases it owns."""
    known = await admin.fetchval(SQL.role_exists, name)
    await _run(admin, SQL.set_password if known else SQL.create_role, name, password)
    if not await admin.fetchval(SQL.is_superuser):
        await _run(admin, SQL.grant_owner, name)


async def copy_database(
    admin: "asyncpg.Connection[Any]",
    name: str,
    *,
    owner: str,
    template: str,
    user: str | None = None,
) -> None:
    """A new database with everything that is in `template`, which nobody may be using."""
    await _run(admin, SQL.create_from_template, name, owner, template)
    await close_to_others(admin, name, user=user)


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
