"""Reads a unit's own figures from the router's tables, with the whistles behind each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.router.domain.workbench.figures import Counted, Figure, Row, figures
from services.router.store import whistles as whistle_store
from services.router.store import workbench as store
from services.router.workbench import Job, jobs_of
from shared.catalogue.place_words import PlaceWords
from shared.runtime.database import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFigures:
    """The figures of a unit for the whistles that were blown in a time."""

    since: datetime
    until: datetime
    figures: Mapping[Figure, Counted]


async def of_unit(
    connection: Connection, unit: str, *, since: datetime, until: datetime, now: datetime
) -> UnitFigures:
    """The unit's figures of the whistles blown from `since` to before `until`."""
    parts = await store.parts_between(connection, unit, since, until)
    rows = [Row(whistle_id=p.whistle_id, round=p.round, state=p.state, part=p.part) for p in parts]
    ids = [row.whistle_id for row in rows]
    back = await store.said_of(connection, unit, ids, ["review_rejected"])
    counted = figures(
        rows,
        now=now,
        sent_back={whistle_id for whistle_id, _, _ in back},
        template={whistle_id for whistle_id, _, by_system in back if by_system},
    )
    return UnitFigures(since=since, until=until, figures=counted)


async def behind(
    connection: Connection,
    unit: str,
    whistle_ids: list[UUID],
    *,
    places: PlaceWords,
    now: datetime,
) -> list[Job]:
    """The matters behind a figure, newest first."""
    newest = sorted(whistle_ids, reverse=True)
    found = await whistle_store.read_whistles(connection, newest)
    return await jobs_of(connection, found, unit, places=places, now=now)
