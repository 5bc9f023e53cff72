"""Shows how much is open, by district and unit: gauges for whoever looks on."""

from services.router import metrics
from services.router.context import CityNow
from services.router.store import stand as store
from shared.runtime.database import Connection
from shared.runtime.refreshing import keep_fresh
from shared.runtime.service import Runtime


async def show_stand(runtime: Runtime, here: CityNow) -> None:
    """Keep the gauges fresh, for ever; every copy shows the same."""

    async def show(connection: Connection) -> None:
        metrics.show_open(
            await store.open_whistles(connection),
            await store.open_assignments(connection),
            oldest_held=await store.oldest_held(connection),
            city=here.city,
        )

    await keep_fresh(runtime, show, of="open whistles", unknown=metrics.open_unknown)
