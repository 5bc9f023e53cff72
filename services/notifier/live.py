"""What happens to promises and whistles, told at once to the boards that look on.

A fact of a whistle is told once the notifier itself has acted on it, or a page would look before
there is anything to see.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from services.notifier.domain.sight import Sight
from services.notifier.store import board as store
from shared.contracts.deadlines import DeadlineFact
from shared.contracts.envelope import Envelope
from shared.contracts.topics import DEADLINES, WHISTLES
from shared.runtime.live import Happened, Live, Message, Sign, middle_of
from shared.runtime.service import Runtime

CLIENT: Final = "notifier.live"
LOOKS: Final = 20
LOOK_SECONDS: Final = 0.1


def live_promises(runtime: Runtime) -> Live[Sight]:
    """Tells each listener of the matters it may see; where that is not plain, to look anew."""

    async def telling(facts: Sequence[Envelope]) -> Callable[[Sight], Iterable[Message]]:
        await _until_heard(runtime, facts)
        return lambda sight: [each for fact in facts for each in _told(fact, sight)]

    return Live(runtime.settings, [DEADLINES, WHISTLES], client_id=CLIENT, telling=telling)


def _told(fact: Envelope, sight: Sight) -> Iterable[Message]:
    unit = getattr(fact.data, "unit", None)
    if sight.region is not None or (sight.unit is not None and unit is None):
        yield Sign.RELOAD
    elif sight.unit in (None, unit):
        yield _happened(fact)


def _happened(fact: Envelope) -> Happened:
    what = middle_of(fact.type)
    if fact.data.whistle_id is None:
        return Happened(fact.data.ticket_id, what, "ticket")
    return Happened(fact.data.whistle_id, what)


async def _until_heard(runtime: Runtime, facts: Sequence[Envelope]) -> None:
    """Wait a little until this service has acted on the whistles' facts."""
    ids = [fact.event_id for fact in facts if not isinstance(fact.data, DeadlineFact)]
    for _ in range(LOOKS if ids else 0):
        async with runtime.pool.acquire() as connection:
            if await store.all_heard(connection, WHISTLES.name, ids):
                return
        await asyncio.sleep(LOOK_SECONDS)
