"""Units as the router last declared them, in the order they changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.contracts.envelope import adapter
from shared.contracts.units import UnitDeclared
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "units.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Units that are new or changed, and the last change that was read."""

    units: tuple[UnitDeclared, ...]
    change: int


async def put(connection: Connection, declared: Mapping[str, UnitDeclared]) -> None:
    """Keep the last word on each of these units."""
    kept = adapter(UnitDeclared)
    codes = sorted(declared)
    texts = [kept.dump_json(declared[code]).decode() for code in codes]
    await connection.execute(SQL.unit_heard, codes, texts)


async def since(connection: Connection, change: int) -> Declared:
    """What changed after this change."""
    found = await connection.fetch(SQL.units_since, change)
    kept = adapter(UnitDeclared)
    return Declared(
        units=tuple(kept.validate_json(row["declared"]) for row in found),
        change=found[-1]["change"] if found else change,
    )
