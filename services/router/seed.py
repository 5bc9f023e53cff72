"""Units and duty list: seeded from the catalogue's files once, then the tables are the truth."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import uuid5

from services.router.declare import declared
from services.router.domain.calling import SYSTEM
from services.router.domain.duty.rows import DutyRow, changes, digest
from services.router.domain.duty.version import DUTIES, DutyVersion, VersionState, changes_text
from services.router.domain.outcome import words_text
from services.router.domain.units.known import KnownUnit
from services.router.store import duties as duty_store
from services.router.store import units as unit_store
from shared.catalogue.duties import Duty
from shared.catalogue.model import Catalogue, Unit, regions_of
from shared.runtime import history, outbox
from shared.runtime.database import Connection


async def seed(
    connection: Connection, catalogue: Catalogue, *, policy: str, now: datetime
) -> Catalogue:
    """Add the units of the file that the table does not have, and say so; never change one.

    The duty list of the file becomes version 1 where there is none. Returns the catalogue with
    the table's units, those that may be whistled.
    """
    await unit_store.lock(connection)
    units = sorted(catalogue.units.values(), key=lambda unit: unit.code)
    entries = {unit.code: _entry(unit, policy, now) for unit in units}
    new = await unit_store.seed(connection, units, [entries[u.code].hash for u in units])
    if new:
        await duty_store.city_changed(connection)
    if await duty_store.next_number(connection) == 1:
        await _seed_duties(connection, catalogue, policy=policy, now=now)
    await history.add(connection, [entries[u.code] for u in units if u.code in new])
    await outbox.put(
        connection, [declared(_known(u, entries[u.code].hash), now) for u in units if u.code in new]
    )
    return with_units(catalogue, (await unit_store.known(connection)).values())


def with_units(catalogue: Catalogue, units: Iterable[KnownUnit]) -> Catalogue:
    """The catalogue with these units; functions and places resolve to those it may whistle.

    The regions that units stand for stay known when the unit has gone.
    """
    every = list(units)
    regions = {**catalogue.regions, **regions_of(each.unit for each in every)}
    active = {each.unit.code: each.unit for each in every if each.may_be_whistled}
    return replace(catalogue, units=active, regions=regions)


def _known(unit: Unit, history_hash: bytes) -> KnownUnit:
    return KnownUnit(unit=unit, active=True, reachable=True, seq=1, history_hash=history_hash)


def _entry(unit: Unit, policy: str, now: datetime) -> history.Entry:
    return history.entry(
        _known(unit, history.FIRST_HASH).aggregate_id,
        seq=1,
        at=now,
        what="declared",
        actor=SYSTEM,
        before=None,
        after=words_text(code=unit.code, name=unit.name, parent=unit.parent),
        policy=policy,
        previous_hash=history.FIRST_HASH,
    )


async def _seed_duties(
    connection: Connection, catalogue: Catalogue, *, policy: str, now: datetime
) -> None:
    rows = _rows(catalogue.duties)
    version = DutyVersion(
        version=1,
        state=VersionState.PUBLISHED,
        based_on=None,
        note="目录文件 duties.csv",
        drafted_by=SYSTEM.role.value,
        drafted_at=now,
        editors=(),
        edits=0,
        seq=1,
        history_hash=history.FIRST_HASH,
        published_by=SYSTEM.role.value,
        published_at=now,
    )
    entry = history.entry(
        version.aggregate_id,
        seq=1,
        at=now,
        what="published",
        actor=SYSTEM,
        before=None,
        after=changes_text(changes((), rows), digest(rows)),
        policy=policy,
        previous_hash=history.FIRST_HASH,
    )
    await duty_store.add_version(connection, replace(version, history_hash=entry.hash))
    await duty_store.add_rows(connection, 1, rows)
    await history.add(connection, [entry])


def _rows(duties: Sequence[Duty]) -> list[DutyRow]:
    """The file's rows, each known by its place in it."""
    return [
        DutyRow(duty_id=uuid5(DUTIES, f"file/{place}"), duty=duty)
        for place, duty in enumerate(duties)
    ]
