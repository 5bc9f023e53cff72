"""Units: the catalogue's file is the seed, this table the truth afterwards."""

from collections.abc import Collection, Sequence
from pathlib import Path
from uuid import UUID

from services.router import rows
from services.router.domain.units.known import KnownUnit
from shared.catalogue.model import Unit
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "units.sql")


async def lock(connection: Connection) -> None:
    """Nobody else changes units until the commit."""
    await connection.execute(SQL.lock_units)


async def known(connection: Connection) -> dict[str, KnownUnit]:
    """All units there ever were, by code."""
    return {row["code"]: _known(row) for row in await connection.fetch(SQL.units)}


async def seed(connection: Connection, units: Sequence[Unit], hashes: Sequence[bytes]) -> set[str]:
    """Add the units the table does not have; returns their codes."""
    found = await connection.fetch(
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
        list(hashes),
    )
    return {row["code"] for row in found}


async def add(connection: Connection, new: KnownUnit) -> None:
    """Write a new unit."""
    u = new.unit
    await connection.execute(
        SQL.unit_add,
        *(u.code, new.seq, u.name, u.parent, u.level, u.kind, list(u.function_codes)),
        *(u.region_code, u.can_whistle, u.duty_24h, u.population, new.active, new.reachable),
        *(new.removed_at, new.removed_why, new.history_hash),
    )


async def update(connection: Connection, now: KnownUnit) -> None:
    """Write what has become of a unit."""
    u = now.unit
    await connection.execute(
        SQL.unit_update,
        *(u.code, now.seq, u.name, u.parent, list(u.function_codes), u.region_code),
        *(u.can_whistle, u.duty_24h, u.population, now.active, now.reachable),
        *(now.removed_at, now.removed_why, now.history_hash),
    )


async def left_with(
    connection: Connection, units: Collection[str], but: Collection[UUID], limit: int
) -> list[UUID]:
    """Running whistles in which these units still have something to do, without some."""
    found = await connection.fetch(SQL.left_with, list(units), list(but), limit)
    return [row["whistle_id"] for row in found]


def _known(row: rows.Row) -> KnownUnit:
    return KnownUnit(
        unit=rows.unit_of(row),
        active=row["active"],
        reachable=row["reachable"],
        seq=row["seq"],
        history_hash=row["history_hash"],
        removed_at=row["removed_at"],
        removed_why=row["removed_why"],
    )
