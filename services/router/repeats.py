"""Earlier whistles of the same place: whoever whistles again sees what was done before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.router import rows
from services.router.domain.city import City
from services.router.domain.matter import matter_of
from services.router.look import Sight
from services.router.store import whistles as store
from services.router.store.joint import SQL
from shared.contracts.parts import WhistleState
from shared.contracts.values import WhistleKind
from shared.errors import NotFoundError
from shared.runtime.database import Connection

MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatItem:
    """An earlier whistle of the place."""

    whistle_id: UUID
    number: str
    kind: WhistleKind
    state: WhistleState
    title: str
    blown_at: datetime
    blower: str | None
    lead: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Newest first; those within so many `days` before."""

    now: datetime
    days: int
    items: tuple[RepeatItem, ...]


async def repeats(
    connection: Connection, whistle_id: UUID, *, sight: Sight, city: City, now: datetime
) -> Repeats:
    """What the caller may see of them; NotFoundError where the whistle does not concern it."""
    found = await store.read_whistles(connection, [whistle_id])
    if not found or not sight.sees(found[0]):
        raise NotFoundError("没有这张哨单", "there is no such whistle")
    days = city.policy.joint.repeats_days
    earlier = await connection.fetch(SQL.repeats, whistle_id, days, sight.unit, sight.region, MOST)
    return Repeats(now=now, days=days, items=tuple(_item(row, sight) for row in earlier))


def _item(row: rows.Row, sight: Sight) -> RepeatItem:
    own = rows.content_of(row["content"]).matter
    matter = sight.matter(own or matter_of(rows.registered_of(row["registered"])))
    return RepeatItem(
        whistle_id=row["whistle_id"],
        number=row["number"],
        kind=WhistleKind(row["kind"]),
        state=WhistleState(row["state"]),
        title=matter.title,
        blown_at=row["blown_at"],
        blower=row["blower"],
        lead=row["lead"],
    )
