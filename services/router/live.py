"""What happens to whistles, told at once to the browsers that look on."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from services.router.look import Sight
from services.router.store import whistles as store
from shared.contracts.envelope import Envelope
from shared.contracts.topics import WHISTLES
from shared.runtime.live import Happened, Live, middle_of
from shared.runtime.service import Runtime

CLIENT: Final = "router.live"


def live_whistles(runtime: Runtime) -> Live[Sight]:
    """Tells each listener of those whistles alone that it may see."""

    async def telling(facts: Sequence[Envelope]) -> Callable[[Sight], Iterable[Happened]]:
        ids = list(dict.fromkeys(fact.data.whistle_id for fact in facts))
        async with runtime.pool.acquire() as connection:
            whistles = {w.whistle_id: w for w in await store.read_whistles(connection, ids)}

        def told(sight: Sight) -> Iterable[Happened]:
            for fact in facts:
                whistle = whistles.get(fact.data.whistle_id)
                if whistle is not None and sight.sees(whistle):
                    yield Happened(whistle.whistle_id, middle_of(fact.type))

        return told

    return Live(runtime.settings, [WHISTLES], client_id=CLIENT, telling=telling)
