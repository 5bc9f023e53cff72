"""Hears from the router which units there are, so that those that come later have their names.

One copy of intake hears a fact and keeps it; every copy takes it over within seconds.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from services.intake.domain.registration import Rules
from services.intake.store import units as store
from shared.contracts.units import UnitDeclared
from shared.runtime.database import Connection, is_transient
from shared.runtime.incoming import Incoming
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.web.pages import Pages

log = logger(__name__)
LOOK_SECONDS: Final = 2.0


async def hear_units(connection: Connection, events: Sequence[Incoming]) -> None:
    """Keep what was said of units; of several about one the last."""
    said: dict[str, UnitDeclared] = {event.data.code: event.data for event in events}
    if said:
        await store.put(connection, said)


async def learn_units(runtime: Runtime, rules: Rules, pages: Pages, since: int) -> int:
    """Take over what changed after `since`; returns the last change."""
    async with runtime.pool.acquire() as connection:
        found = await store.since(connection, since)
    if found.units:
        rules.learn(found.units)
        pages.learn({unit.code: unit.name for unit in found.units})
    return found.change


async def learn_units_for_ever(runtime: Runtime, rules: Rules, pages: Pages) -> None:
    """Look for units that are new or changed every other second."""
    change = 0
    while True:
        try:
            change = await learn_units(runtime, rules, pages, change)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("learn_units", error=repr(error))
        await asyncio.sleep(LOOK_SECONDS)
