"""Shows how many promises are open and overdue, by kind and unit: gauges for whoever looks on."""

from functools import partial
from typing import Final

from services.notifier import metrics
from services.notifier.store import audit, deadlines
from services.notifier.store import stand as store
from services.notifier.watch import age_of
from shared.runtime.database import Connection
from shared.runtime.instruments import NAN
from shared.runtime.refreshing import keep_fresh
from shared.runtime.service import Runtime

RUNG_SECONDS: Final = 3.0


async def show_stand(runtime: Runtime) -> None:
    """Keep the gauges fresh, for ever; every copy shows the same."""

    async def show(connection: Connection) -> None:
        stand = await store.open_deadlines(connection)
        now = runtime.clock.now()
        metrics.show_open(stand.by_kind, stand.by_unit, stand.overdue_since, now=now)
        finished = await store.audit_finished(connection)
        metrics.AUDIT_FINISHED.set(finished.timestamp() if finished else 0)
        metrics.show_mismatches(await audit.open_by_kind(connection))

    await keep_fresh(runtime, show, of="open deadlines", unknown=metrics.open_unknown)


async def show_oldest_rung(runtime: Runtime) -> None:
    """Keep the age of the oldest rung that has not fired fresh, whatever the watch is at."""

    async def show(connection: Connection) -> None:
        next_at = await deadlines.next_fire_at(connection)
        late = age_of(next_at, runtime.clock) if next_at else 0.0
        metrics.OLDEST_FIRE.set(max(0.0, late))

    unknown = partial(metrics.OLDEST_FIRE.set, NAN)
    await keep_fresh(runtime, show, of="oldest rung", unknown=unknown, at_most=RUNG_SECONDS)
