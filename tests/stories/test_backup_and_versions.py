"""A city is backed up while it works, and works on a schema that is newer than its services."""

from pathlib import Path
from typing import Any

import asyncpg
import pytest

from deploy.backup.kafka_state import ends, rewind
from deploy.backup.manifest import Manifest
from deploy.backup.place import Place
from deploy.backup.programs import restore
from deploy.backup.prove import Line, prove, scratch_server
from deploy.backup.take import take
from deploy.local.databases import copy_database
from deploy.local.errors import StackError
from deploy.local.migrating import Target, migrations, standing
from shared.runtime import migrate
from tests.support.city import City
from tests.support.stack import OWNER, ROLE
from tests.support.stack import owner_dsn as as_owner

LEAD = "C-SZZ"
NEWER = "next/9999_more_columns.sql"
OF_A_TABLE = """
select c.relname from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
"""


def owner_dsn(city: City, service: str) -> str:
    return as_owner(city.databases[service])


async def whistled(city: City) -> dict[str, Any]:
    """A request that the bureau is whistled for and acknowledges."""
    lead = await city.bureau(LEAD)
    ticket_id = (await city.submit())["ticket_id"]
    whistle = await lead.whistled(ticket_id)
    await lead.accepted(await lead.report("acknowledged", whistle["whistle_id"]))
    await city.ticket_in(ticket_id, "processing")
    return whistle


async def add_columns(dsn: str) -> int:
    """As the next version's migrations may do while this one runs: a column more in each table."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = [row["relname"] for row in await connection.fetch(OF_A_TABLE)]
        for table in tables:
            await connection.execute(f'alter table "{table}" add column of_the_next_version text')
        await connection.execute(
            "insert into schema_migration (name, sha256) values ($1, '')", NEWER
        )
        return len(tables)
    finally:
        await connection.close()


async def test_this_version_works_on_the_next_schema(city: City):
    await whistled(city)
    for service in city.databases:
        assert await add_columns(owner_dsn(city, service)) > 20
    await whistled(city)  # by processes that have prepared their statements before
    for service, program in city.programs.items():
        await program.stop()
        city.programs[service] = city.program(service)
        await city.programs[service].start()  # it checks its schema
        found = await standing(
            Target(service=service, owner_dsn=owner_dsn(city, service), runtime_role=ROLE)
        )
        assert (found.fits, found.newer) == (True, (NEWER,))
    whistle = await whistled(city)
    await city.deadline(lambda d: d["state"] == "met", kind="acknowledge", unit=LEAD,
                        whistle_id=whistle["whistle_id"])  # fmt: skip


async def finished(dsn: str) -> list[str]:
    """Which backups the database knows to have been finished, by the version that took them."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch("select version from backup_finished order by finished_at")
        return [row["version"] for row in rows]
    finally:
        await connection.close()


async def test_a_backup_is_proven_by_restoring_it(city: City, tmp_path: Path):
    await whistled(city)
    place = Place(
        databases={service: owner_dsn(city, service) for service in city.databases},
        broker=city.servers.kafka_bootstrap,
        prefix=city.prefix,
        clock=city.clock_path,
    )
    made = await take(place, tmp_path / "backup")
    assert {s: d.tables["ticket"].rows > 0 for s, d in made.dumps.items() if "ticket" in d.tables}
    assert set(made.heard) >= {f"{city.prefix}{s}" for s in ("intake", "router", "notifier")}
    for service, dsn in place.databases.items():
        assert await finished(dsn) == [made.version], service  # its age is watched from there
    await whistled(city)  # what the backup knows nothing of

    lines: list[Line] = []
    now = await ends(city.servers.kafka_bootstrap, made.ends)
    async with scratch_server() as admin_dsn:
        assert await prove(tmp_path / "backup", admin_dsn, lines.append, now=now)
    said = "\n".join(line.en for line in lines)
    assert "each as it was" in said
    assert "figures rebuilt" in said
    assert not lines[1].en.startswith("restored now, 0 events")


@pytest.mark.proof
async def test_a_backup_that_differs_is_found(city: City, tmp_path: Path):
    folder = tmp_path / "backup"
    made = await take(Place(databases={"router": owner_dsn(city, "router")}), folder)
    with pytest.raises(StackError):
        await take(Place(databases={}), folder)  # one folder, one backup
    manifest = (folder / "manifest.json").read_text("utf-8")
    rows = made.dumps["router"].tables["whistle"].rows
    wrong = manifest.replace(
        f'"whistle": {{\n     "rows": {rows}', f'"whistle": {{\n     "rows": {rows + 1}'
    )
    assert wrong != manifest
    (folder / "manifest.json").write_text(wrong, "utf-8")
    lines: list[Line] = []
    async with scratch_server() as admin_dsn:
        assert not await prove(folder, admin_dsn, lines.append)
    assert [line.en for line in lines if not line.ok and "whistle (" in line.en]
    dump = folder / "router.dump"
    dump.write_bytes(dump.read_bytes()[:-1])
    assert Manifest.read(folder).damaged(folder) == ["router.dump"]


@pytest.mark.proof
async def test_a_notifier_restored_to_an_older_point_hears_the_rest_again(
    city: City, tmp_path: Path
):
    """The runbook's way, step by step."""
    kafka, group, folder = city.servers.kafka_bootstrap, f"{city.prefix}notifier", tmp_path / "b"
    owner = owner_dsn(city, "notifier")
    place = Place(databases={"notifier": owner}, broker=kafka, prefix=city.prefix)
    made = await take(place, folder)
    after = await whistled(city)
    await city.deadline(lambda d: d["state"] == "met", kind="acknowledge", unit=LEAD,
                        whistle_id=after["whistle_id"])  # fmt: skip
    with pytest.raises(StackError):  # it still hears
        await rewind(kafka, {group: made.heard[group]})
    await city.programs["notifier"].stop()

    await city.servers.drop_database(owner)
    admin = await asyncpg.connect(city.servers.admin_dsn)
    try:
        name = owner.rpartition("/")[2]
        await copy_database(admin, name, owner=OWNER, user=ROLE, template="template1")
    finally:
        await admin.close()
    await restore(folder / "notifier.dump", owner)
    await migrate.apply(owner, migrations("notifier"), runtime_role=ROLE)
    assert await rewind(kafka, {group: made.heard[group]}) > 0
    city.programs["notifier"] = city.program("notifier")
    await city.programs["notifier"].start()

    await city.deadline(lambda d: d["state"] == "met", kind="acknowledge", unit=LEAD,
                        whistle_id=after["whistle_id"])  # fmt: skip
    whistle = await whistled(city)
    await city.deadline(lambda d: d["state"] == "met", kind="acknowledge", unit=LEAD,
                        whistle_id=whistle["whistle_id"])  # fmt: skip
