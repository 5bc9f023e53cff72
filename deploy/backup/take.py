"""Takes a backup while all runs: positions in Kafka first, then each database at a moment."""

import asyncio
from importlib.metadata import version
from pathlib import Path

from deploy.backup.contents import SQL, contents, open_plain
from deploy.backup.kafka_state import ends, heard
from deploy.backup.manifest import NAME, Dump, Manifest, sha256
from deploy.backup.place import Place
from deploy.backup.programs import dump
from deploy.local.data_folder import SERVICES
from deploy.local.errors import StackError
from deploy.local.migrating import SQL as MIGRATIONS
from shared.contracts.topics import CITY_TOPICS
from shared.runtime.clock import Clock, wall_now


async def take(place: Place, folder: Path) -> Manifest:
    """Write the dumps and, last, the manifest into a new folder; StackError where one is already.

    What a consumer has committed is in its database, so that positions read before the databases
    are never ahead of them: heard again from there, nothing is missing, and inboxes drop the rest.
    """
    _begin(folder)
    groups = {} if place.broker is None else await heard(place.broker, SERVICES, place.prefix)
    made_at, domain_at = wall_now(), Clock(place.clock).now()
    dumps = await asyncio.gather(
        *(_dump(service, dsn, folder) for service, dsn in place.databases.items())
    )
    topics = [f"{place.prefix}{topic.name}" for topic in CITY_TOPICS]
    manifest = Manifest(
        made_at=made_at,
        domain_at=domain_at,
        version=version("shaodao"),
        dumps=dict(zip(place.databases, dumps, strict=True)),
        heard=groups,
        ends={} if place.broker is None else await ends(place.broker, topics),
        besides=place.besides,
    )
    manifest.write(folder)
    for dsn in place.databases.values():
        await _note(dsn, manifest.version)
    return manifest


async def _note(dsn: str, by: str) -> None:
    """Write into the database that it was backed up: its age is watched from there."""
    connection = await open_plain(dsn)
    try:
        if await connection.fetchval(SQL.takes_note):
            await connection.execute(SQL.note, wall_now(), by)
    finally:
        await connection.close()


def _begin(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / NAME).exists():
        raise StackError(f"{folder} 中已有备份。", f"there is a backup in {folder} already")


async def _dump(service: str, dsn: str, folder: Path) -> Dump:
    """One database: dumped and summed up in the same snapshot, so that both tell of one moment."""
    file = folder / f"{service}.dump"
    connection = await open_plain(dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval(SQL.snapshot)
            dumping = asyncio.create_task(dump(dsn, file, snapshot=snapshot))
            try:
                tables = await contents(connection)
                applied = await connection.fetch(MIGRATIONS.applied)
                said = [await connection.fetchval(q) for q in (SQL.server, SQL.size)]
            finally:
                await dumping
    finally:
        await connection.close()
    file.chmod(0o600)
    return Dump(
        file=file.name,
        sha256=sha256(file),
        file_bytes=file.stat().st_size,
        database_bytes=said[1],
        server=said[0],
        migrations=tuple(row["name"] for row in applied),
        tables=tables,
        outbox_rows=tables["outbox"].rows,
    )
