"""How far the databases of the services are, and brings them to this version.

A deployment migrates before its new copies start, as a job with the owner's address; no service has
that. What is newer than this version is fine: migrations only add (CONTRIBUTING), so that two
versions run side by side.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from deploy.local.data_folder import PROJECT, SERVICES, DataFolder
from deploy.local.databases import close_to_others, dsn_for, make_databases, owner_of
from deploy.local.errors import StackError
from shared.runtime import migrate
from shared.runtime.database import queries
from shared.runtime.secret_files import said

SQL = queries(Path(__file__).parent / "sql" / "migrating.sql")
ADMIN = "SHAODAO_ADMIN_DATABASE_URL"
OWN = "SHAODAO_DATABASE_URL"
OWNER = "SHAODAO_OWNER_DATABASE_URL"
ROLE = "SHAODAO_RUNTIME_ROLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A database beside this version: what it lacks, what it has beyond, what was changed since."""

    service: str
    applied: int
    missing: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether this version may start on it."""
        return not (self.missing or self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A service's database as its owner reaches it, and who works in it."""

    service: str
    owner_dsn: str
    runtime_role: str


def migrations(service: str) -> Path:
    """The folder of a service's migrations."""
    return PROJECT / "services" / service / "sql" / "migrations"


def named_target(service: str, environ: Mapping[str, str]) -> Target | None:
    """The database that the environment names; None when it names none."""
    owner_dsn = said(OWNER, environ)
    if owner_dsn is None:
        return None
    role = environ.get(ROLE) or urlsplit(owner_dsn).path.removeprefix("/")
    return Target(service=service, owner_dsn=owner_dsn, runtime_role=role or service)


def stack_target(folder: DataFolder, service: str) -> Target:
    """The database of a stack that runs on this machine."""
    stack, secrets = folder.read_stack(), folder.require_secrets()
    role = urlsplit(stack["databases"][service]).path.removeprefix("/")
    password = secrets.owner_passwords[service]
    owner_dsn = dsn_for(stack["postgres"], owner_of(role), password, role)
    return Target(service=service, owner_dsn=owner_dsn, runtime_role=role)


async def create(service: str, environ: Mapping[str, str]) -> None:
    """Make the service's database and roles as an administrator, with the passwords of their DSNs.

    What exists is kept. StackError where an address is not said.
    """
    needed = {name: said(name, environ) for name in (ADMIN, OWN, OWNER)}
    if missing := [name for name, value in needed.items() if not value]:
        raise StackError(f"请设置 {'、'.join(missing)}。", f"set {', '.join(missing)}")
    own, owner = (unquote(urlsplit(needed[name] or "").password or "") for name in (OWN, OWNER))
    await make_databases(needed[ADMIN] or "", {service: own}, {service: owner})


async def standing(target: Target) -> Standing:
    """Compare the database with the migrations of this version; changes nothing."""
    connection = await asyncpg.connect(target.owner_dsn)
    try:
        found: dict[str, str] = {}
        if await connection.fetchval(SQL.has_migrations):
            found = {row["name"]: row["sha256"] for row in await connection.fetch(SQL.applied)}
    finally:
        await connection.close()
    return compared(target.service, dict(migrate.files(migrations(target.service))), found)


def compared(service: str, files: Mapping[str, str], applied: Mapping[str, str]) -> Standing:
    """The standing of a database that has `applied` (name → sha256), given our files; pure."""
    hashes = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in files.items()}
    return Standing(
        service=service,
        applied=len(applied),
        missing=tuple(name for name in hashes if name not in applied),
        newer=tuple(name for name in applied if name not in hashes),
        changed=tuple(n for n, known in hashes.items() if applied.get(n, known) != known),
    )


async def bring_up(target: Target) -> list[str]:
    """Apply what is missing and let the service's role, and nobody else, in; the names applied."""
    applied = await migrate.apply(
        target.owner_dsn, migrations(target.service), runtime_role=target.runtime_role
    )
    owner = await asyncpg.connect(target.owner_dsn)
    try:
        database = urlsplit(target.owner_dsn).path.removeprefix("/")
        await close_to_others(owner, database, user=target.runtime_role)
    finally:
        await owner.close()
    return applied


def known_service(service: str) -> str:
    """The service's name; StackError for any other word."""
    if service not in SERVICES:
        names = "、".join(SERVICES)
        raise StackError(f"没有服务 {service}：{names}", f"no service {service}: {names}")
    return service
