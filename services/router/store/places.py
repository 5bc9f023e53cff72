"""What was whistled at a place before."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.router import rows
from services.router.domain.matter import matter_of
from shared.catalogue.place_words import PlaceWords
from shared.contracts.parts import WhistleState
from shared.contracts.values import Relation, WhistleKind
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "places.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier whistle of a place; `units` worked on it, the lead first."""

    whistle_id: UUID
    number: str
    kind: WhistleKind
    state: WhistleState
    title: str
    blown_at: datetime
    blower: str | None
    units: tuple[tuple[str, Relation], ...]


async def earlier_at(
    connection: Connection,
    place_key: str,
    *,
    since: datetime,
    unit: str | None,
    region: str | None,
    words: PlaceWords,
    limit: int,
) -> list[Earlier]:
    """Newest first, as far as they concern the unit or lie in the region; None sees all."""
    found = await connection.fetch(SQL.earlier_at_place, place_key, since, unit, region, limit)
    return [_earlier(row, words if unit is not None else None) for row in found]


def _earlier(row: rows.Row, words: PlaceWords | None) -> Earlier:
    own = rows.content_of(row["content"]).matter
    matter = own or matter_of(rows.registered_of(row["registered"]))
    units = [name.rpartition(":") for name in row["units"] or ()]
    return Earlier(
        whistle_id=row["whistle_id"],
        number=row["number"],
        kind=WhistleKind(row["kind"]),
        state=WhistleState(row["state"]),
        title=matter.title if words is None else matter.for_units(words).title,
        blown_at=row["blown_at"],
        blower=row["blower"],
        units=tuple((unit, Relation(relation)) for unit, _, relation in units),
    )
