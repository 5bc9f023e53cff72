"""What the one in charge decides in a joint matter: conferred, accepted, sent back, let go."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.router import files
from services.router.conclude import conclude
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.joint import acceptance, consulting, releasing
from services.router.domain.joint.acceptance import Acceptance, FailedAcceptance
from services.router.domain.joint.consulting import Consultation
from services.router.domain.joint.releasing import Release, ReleaseDecision
from services.router.domain.rulings.pending import ReviewKind
from services.router.domain.whistle import Whistle
from services.router.store import files as file_store
from services.router.store import joint as joint_store
from services.router.store import reviews as review_store
from services.router.store import whistles as store
from shared.contracts import joint
from shared.contracts.parts import Actor
from shared.runtime.database import Connection


async def consult(
    connection: Connection,
    whistle_id: UUID,
    consultation: Consultation,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The units conferred; raises the ShaodaoError that says why that does not count."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = consulting.consult(whistle, consultation, actor=actor, promises=book.promises)
    return await conclude(connection, book, outcome, traceparent)


async def accept(
    connection: Connection,
    whistle_id: UUID,
    accepted: Acceptance,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """The work is good; raises the ShaodaoError that says why it cannot be accepted."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = acceptance.accept(whistle, accepted, actor=actor, promises=book.promises)
    await _photos(connection, whistle_id, accepted.photos, actor)
    after = await conclude(connection, book, outcome, traceparent)
    fact = outcome.steps[0].fact
    assert isinstance(fact, joint.Accepted)
    await joint_store.accepted(connection, fact, at=now)
    return after


async def fail_acceptance(
    connection: Connection,
    whistle_id: UUID,
    failed: FailedAcceptance,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """Units work again; raises the ShaodaoError that says why they cannot be sent back."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    outcome = acceptance.fail(whistle, failed, actor=actor, promises=book.promises)
    await _photos(connection, whistle_id, failed.photos, actor)
    return await conclude(connection, book, outcome, traceparent)


async def release(
    connection: Connection,
    whistle_id: UUID,
    order: Release,
    *,
    actor: Actor,
    city: City,
    now: datetime,
    traceparent: str | None,
) -> Whistle:
    """A unit may go, or stays in; raises the ShaodaoError that says why that cannot be."""
    book, whistle = await store.one(connection, whistle_id, Promises(city, now))
    if order.decision is ReleaseDecision.RELEASED:
        outcome = releasing.release(whistle, order, actor=actor, promises=book.promises)
    else:
        asked = await review_store.waiting(
            connection, whistle_id, ReviewKind.RELEASE, unit=order.unit
        )
        outcome = releasing.refuse(
            whistle,
            order,
            asked_by=asked[0].request["by"] if asked else None,
            actor=actor,
            promises=book.promises,
        )
    return await conclude(connection, book, outcome, traceparent)


async def _photos(
    connection: Connection, whistle_id: UUID, photos: Sequence[UUID], actor: Actor
) -> None:
    """The street's own photos, which the whistle's units may see; raises InvalidError."""
    await files.attachments(connection, photos, unit=actor.unit, address="", field="photos")
    await file_store.link(connection, [(file_id, whistle_id) for file_id in photos])
