"""What each service's role may do on a real server: its own rows, and to a ledger only add."""

import secrets
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from deploy.local.data_folder import SERVICES
from deploy.local.databases import (
    ServiceDatabase,
    close_to_others,
    dsn_for,
    make_databases,
    make_role,
)
from deploy.local.stack import migrations
from shared.runtime import migrate
from tests.support.stack import Servers

LEDGERS = {
    "intake": {"history"},
    "router": {"history"},
    "notifier": {"history", "fact", "ended_dropped"},
}
Own = tuple[str, asyncpg.Connection]
RIGHTS = "select, insert, update, delete, truncate, references, trigger"
PRIVILEGES = """
select c.relname, c.relkind::text as kind, c.relispartition as is_partition,
    array(
        select p from unnest(string_to_array($1, ', ')) as p
        where has_table_privilege(current_user, c.oid, p)
    ) as may
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """The databases of three services on the run's server, migrated as a stack does it."""

    admin_dsn: str
    passwords: dict[str, str]
    databases: dict[str, ServiceDatabase]


@pytest.fixture(scope="module")
async def ground(servers: Servers) -> AsyncIterator[Ground]:
    prefix = f"r{uuid.uuid4().hex[:8]}_"
    passwords = {name: secrets.token_hex() for name in SERVICES}
    owners = {name: secrets.token_hex() for name in SERVICES}
    made = await make_databases(servers.admin_dsn, passwords, owners, prefix=prefix)
    for name, each in made.items():
        await migrate.apply(each.owner_dsn, migrations(name), runtime_role=each.role)
    yield Ground(servers.admin_dsn, passwords, made)
    for each in made.values():
        await servers.drop_database(each.dsn)


@pytest.fixture(params=SERVICES)
async def own(request: pytest.FixtureRequest, ground: Ground) -> AsyncIterator[Own]:
    """Each service's name and its connection as itself."""
    connection = await asyncpg.connect(ground.databases[request.param].dsn)
    yield request.param, connection
    await connection.close()


async def test_a_role_is_nothing_but_itself(own: Own) -> None:
    _, connection = own
    row = await connection.fetchrow("select * from pg_roles where rolname = current_user")
    above = ("rolsuper", "rolcreatedb", "rolcreaterole", "rolreplication", "rolbypassrls")
    assert not any(row[name] for name in above)
    memberships = "select count(*) from pg_auth_members where member = $1"
    assert await connection.fetchval(memberships, row["oid"]) == 0
    owned = "select count(*) from pg_class where relowner = $1"
    assert await connection.fetchval(owned, row["oid"]) == 0


async def test_no_role_reaches_the_database_of_another(ground: Ground) -> None:
    tried = 0
    for service, mine in ground.databases.items():
        for other, theirs in ground.databases.items():
            if other == service:
                continue
            for role, password in (
                (mine.role, ground.passwords[service]),
                (f"{mine.role}_owner", mine.owner_dsn.split(":")[2].split("@")[0]),
            ):
                dsn = dsn_for(ground.admin_dsn, role, password, theirs.role)
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await asyncpg.connect(dsn)
                tried += 1
    assert tried == 12


async def test_a_service_touches_rows_and_adds_to_ledgers(own: Own) -> None:
    service, connection = own
    rows = ["select", "insert", "update", "delete"]
    found = {
        row["relname"]: (row["kind"], row["is_partition"], set(row["may"]))
        for row in await connection.fetch(PRIVILEGES, RIGHTS)
    }
    assert LEDGERS[service] <= found.keys()
    for name, (kind, is_partition, may) in found.items():
        if is_partition:
            assert may == set(), name  # reached by way of its table
        elif name in LEDGERS[service]:
            assert may == {"select", "insert"}, name
        elif name == "schema_migration":
            assert may == {"select"}, name
        elif name == "disclosure":  # its trigger lets go of what is past its term
            assert may == {"select", "insert", "delete"}, name
        else:
            assert may == set(rows), (name, kind)


@pytest.mark.parametrize(
    "statement",
    [
        "create table mine (n int)",
        "create schema mine",
        "create temporary table mine (n int)",
        "create function mine() returns int language sql as 'select 1'",
        "alter table history disable trigger history_append_only",
        "drop trigger history_append_only on history",
        "drop table outbox",
        "truncate outbox",
        "update schema_migration set sha256 = ''",
        "update history set what = 'x'",
        "delete from history",
        "set session_replication_role = replica",
        "create role mine",
        "create database mine",
        "copy history to program 'cat'",
        "select pg_read_file('postgresql.conf')",
        "select rolpassword from pg_authid",
        "select give_rights(current_user)",
    ],
)
async def test_what_a_service_is_refused(own: Own, statement: str) -> None:
    _, connection = own
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)


async def test_rights_given_a_second_time_are_the_same_and_others_go(ground: Ground) -> None:
    database = ground.databases["router"]
    owner = await asyncpg.connect(database.owner_dsn)
    await owner.execute(f"grant update, truncate on history to {database.role}")
    await migrate.apply(database.owner_dsn, migrations("router"), runtime_role=database.role)
    for right in ("update", "truncate", "delete"):
        held = "select has_table_privilege($1, 'history', $2)"
        assert not await owner.fetchval(held, database.role, right)
    await owner.close()


async def test_a_database_of_before_is_handed_over_to_an_owner(servers: Servers) -> None:
    """As `shaodao up` made it once: the service's role owned all and ran the migrations."""
    name, password = f"r{uuid.uuid4().hex[:8]}_router", secrets.token_hex()
    admin = await asyncpg.connect(servers.admin_dsn)
    await make_role(admin, name, password)
    await admin.execute(f"create database {name} owner {name}")
    await close_to_others(admin, name)
    await admin.close()
    before = dsn_for(servers.admin_dsn, name, password)
    await migrate.apply(before, migrations("router"))
    made = await make_databases(
        servers.admin_dsn,
        {"router": password},
        {"router": secrets.token_hex()},
        prefix=name.removesuffix("router"),
    )
    database = made["router"]
    await migrate.apply(database.owner_dsn, migrations("router"), runtime_role=database.role)
    own = await asyncpg.connect(database.dsn)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await own.execute("drop table outbox")
    assert await own.fetchval("select count(*) from history") == 0
    await own.close()
    await servers.drop_database(database.dsn)
