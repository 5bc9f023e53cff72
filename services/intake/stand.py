"""Shows how many tickets are open, in which state and district: a gauge for whoever looks on."""

from services.intake import metrics
from services.intake.store import open_tickets as store
from shared.runtime.database import Connection
from shared.runtime.refreshing import keep_fresh
from shared.runtime.service import Runtime


async def show_open_tickets(runtime: Runtime) -> None:
    """Keep the gauge fresh, for ever; every copy shows the same."""
    await keep_fresh(runtime, show, of="open tickets", unknown=lambda: metrics.show_open({}))


async def show(connection: Connection) -> None:
    """Count once and show."""
    metrics.show_open(await store.count_open(connection))
