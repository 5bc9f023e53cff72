"""Draws up the leaders' page of the morning, once a day, from the figures as they then stand."""

import asyncio
from datetime import date, datetime
from time import monotonic
from typing import Final

from services.notifier.domain.figures import brief as rules
from services.notifier.domain.figures.brief import Brief
from services.notifier.domain.figures.figure import Counts
from services.notifier.store import briefs as store
from services.notifier.store import figures as figure_store
from services.notifier.store.figures import By, Scope
from shared.catalogue.model import Catalogue
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

log = logger(__name__)
MOST: Final = 6  # rows of a table on the page: it is one sheet
LOOK_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 600.0  # for the figures to come up with what was heard


async def draw_up(
    connection: Connection,
    day: date,
    now: datetime,
    *,
    catalogue: Catalogue,
    counted_to: datetime | None = None,
) -> Brief:
    """The page of a day as it stands now; call it in a transaction."""
    start, end = rules.bounds(day)
    month_from = day.replace(day=1)
    scope = Scope(first=month_from, last=day)
    month = (await figure_store.counted(connection, scope, By.CITY, now)).get("city", Counts())
    found = await store.counted(connection, start, end, now, most=MOST)
    units = {code: unit.name for code, unit in catalogue.units.items()}
    units |= await figure_store.unit_names(connection)
    drawn = Brief(
        day=day,
        made_at=now,
        month_from=month_from,
        counts=found.day,
        figures=rules.figures_of(month),
        tickets=month.tickets,
        excluded=month.excluded,
        overdue=month.overdue,
        late=found.late,
        rising=found.rising,
        standing=found.standing,
        whistles=found.whistles,
        rulings=found.rulings,
        counted_to=counted_to,
    )
    return rules.named(drawn, units, {c: each.name for c, each in catalogue.categories.items()})


async def write_due(
    connection: Connection, now: datetime, *, catalogue: Catalogue, patient: bool
) -> bool:
    """Keep the page that is due, unless it is there; whether this copy drew it up.

    Waits while it is `patient` for the figures to count all that was heard by the hour; then it is
    drawn up as it stands and says up to when it counts. Call it in a transaction.
    """
    day = rules.day_due(now)
    if await store.find(connection, day) is not None:
        return False
    behind = await store.first_uncounted(connection)
    if behind is not None and behind >= rules.due_at(day):
        behind = None
    if behind is not None:
        log.warning("brief_behind", day=str(day), counted_to=behind.isoformat(), waits=patient)
        if patient:
            return False
    drawn = await draw_up(connection, day, now, catalogue=catalogue, counted_to=behind)
    return await store.keep(connection, drawn)


async def write_for_ever(runtime: Runtime, *, catalogue: Catalogue) -> None:
    """At eight every morning by the city's clock, wherever that is sent; two copies write one."""
    wake = asyncio.Event()
    day, since = None, 0.0
    while True:
        now = runtime.clock.now()
        if (due := rules.day_due(now)) != day:
            day, since = due, monotonic()
        patient = monotonic() - since < PATIENCE_SECONDS
        try:
            async with runtime.pool.acquire() as connection, connection.transaction():
                await write_due(connection, now, catalogue=catalogue, patient=patient)
        except Exception as error:
            if not is_transient(error):
                log.exception("brief_failed")
            else:
                log.warning("brief_retry", error=repr(error))
        look = asyncio.get_running_loop().call_later(LOOK_SECONDS, wake.set)
        try:
            await runtime.clock.wait_until(rules.next_due(now), wake)
        finally:
            look.cancel()
