"""Units: seeded from the catalogue's file, declared to the others, then read from the table."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.router import rows
from services.router.domain.calling import SYSTEM
from services.router.domain.outcome import words_text
from services.router.store.units import SQL
from services.router.telling import SOURCE
from shared.catalogue.model import Catalogue, Unit
from shared.contracts import topics
from shared.contracts.ids import fact_id
from shared.contracts.units import UnitDeclared
from shared.runtime import history, outbox
from shared.runtime.database import Connection

UNITS: Final = UUID("5f9f0f2e-4f0c-5c0e-9d38-6a3f5b1f0c11")
"""The namespace of units' ids in the history: a unit is known by its code."""


async def seed(
    connection: Connection, catalogue: Catalogue, *, policy: str, now: datetime
) -> Catalogue:
    """Add the units of the file that the table does not have, and say so; never change one.

    Returns the catalogue with the table's units, those that may be whistled.
    """
    await connection.execute(SQL.lock_units)
    units = sorted(catalogue.units.values(), key=lambda unit: unit.code)
    entries = {unit.code: _entry(unit, policy, now) for unit in units}
    added = await connection.fetch(
        SQL.unit_seed,
        [u.code for u in units],
        [u.name for u in units],
        [u.parent for u in units],
        [u.level for u in units],
        [u.kind for u in units],
        [";".join(u.function_codes) for u in units],
        [u.region_code for u in units],
        [u.can_whistle for u in units],
        [u.duty_24h for u in units],
        [u.population for u in units],
        [entries[u.code].hash for u in units],
    )
    new = {row["code"] for row in added}
    await history.add(connection, [entries[u.code] for u in units if u.code in new])
    await outbox.put(connection, [_declared(u, now) for u in units if u.code in new])
    return with_units(catalogue, await active_units(connection))


def with_units(catalogue: Catalogue, units: Sequence[Unit]) -> Catalogue:
    """The catalogue whose units are these; places and functions resolve to them alone."""
    return replace(catalogue, units={unit.code: unit for unit in units})


async def active_units(connection: Connection) -> list[Unit]:
    """The units that may be whistled: active, with topics of their own."""
    found = await connection.fetch(SQL.units)
    return [rows.unit_of(row) for row in found if row["active"] and row["reachable"]]


def _entry(unit: Unit, policy: str, now: datetime) -> history.Entry:
    return history.entry(
        uuid5(UNITS, unit.code),
        seq=1,
        at=now,
        what="declared",
        actor=SYSTEM,
        before=None,
        after=words_text(code=unit.code, name=unit.name, parent=unit.parent),
        policy=policy,
        previous_hash=history.FIRST_HASH,
    )


def _declared(unit: Unit, now: datetime) -> outbox.Outgoing:
    fact = UnitDeclared(
        code=unit.code,
        name=unit.name,
        parent=unit.parent,
        level=unit.level,
        kind=unit.kind,
        function_codes=unit.function_codes,
        region=unit.region_code or "",
        can_whistle=unit.can_whistle,
        duty_24h=unit.duty_24h,
        active=True,
        reachable=True,
    )
    return outbox.outgoing(
        fact,
        topic=topics.UNITS.name,
        source=SOURCE,
        event_id=fact_id(uuid5(UNITS, unit.code), 1),
        subject=unit.code,
        time=now,
    )
