"""Notes what a community did itself, after its emergency whistle."""

from datetime import datetime
from uuid import UUID

from services.router.conclude import conclude
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint import own_effort
from services.router.domain.joint.own_effort import OwnEffort
from services.router.domain.whistle import Whistle
from services.router.store import joint as joint_store
from services.router.store import whistles as store
from shared.contracts.parts import Actor, DeadlineKind
from shared.runtime.database import Connection


async def note_effort(
    connection: Connection,
    whistle_id: UUID,
    effort: OwnEffort,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The note stands with the whistle; past its time it is marked late. Raises ShaodaoError."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    content, _ = (await store.contents(connection, [whistle_id]))[whistle_id]
    owed = (whistle_id, DeadlineKind.OWN_EFFORT, actor.unit)
    outcome, words = own_effort.note(
        whistle,
        content,
        effort,
        owed_by=await joint_store.owed_by(connection, *owed),
        actor=actor,
        promises=book.promises,
    )
    after = await conclude(connection, book, outcome, traceparent)
    await joint_store.rewrite(connection, whistle_id, words)
    await joint_store.kept(connection, *owed)
    return after
