"""Moves due times that nobody decided on: a year became known, an outage was declared."""

from datetime import datetime
from uuid import UUID

from services.router import metrics
from services.router.context import CityNow
from services.router.domain.dues import Promises
from services.router.domain.moving import Owed, moved_dues
from services.router.store import moved_dues as moved_dues_store
from services.router.store import whistles as store
from shared.dues.moved import MoveBatch, Moved, Moving
from shared.runtime.database import Connection


def mover(here: CityNow) -> MoveBatch:
    """What moves a batch of whistles, by the city as it is then."""

    async def move(
        connection: Connection, moving: Moving, after: UUID, limit: int, now: datetime
    ) -> Moved:
        found = await moved_dues_store.next_whistles(connection, moving, after, limit)
        promises = Promises(here.city, now)
        book = await store.of_whistles(connection, found, promises)
        owed = await moved_dues_store.owed_of(connection, found)
        moved: list[tuple[UUID, Owed]] = []
        whistles = 0
        for whistle in list(book.whistles.values()):
            made = moved_dues(
                whistle,
                owed.get(whistle.whistle_id, ()),
                moving.to,
                reason=moving.reason,
                promises=promises,
                outage_id=moving.outage_id,
            )
            if made is not None:
                book.put(made.outcome, None)
                moved += [(whistle.whistle_id, each) for each in made.owed]
                whistles += 1
        await store.save(connection, book)
        await moved_dues_store.move_owed(connection, moved)
        metrics.count(book)
        return Moved(looked_at=found, moved=whistles)

    return move
