"""Flags group matters: tickets of a category and place that many different callers told of."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from services.intake import metrics
from services.intake.domain.case import SYSTEM
from services.intake.domain.doing import Doing
from services.intake.domain.group import flag
from services.intake.domain.registration import Rules
from services.intake.store import hints as store
from services.intake.store import tickets
from shared.catalogue.hint_limits import HintLimits
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

BATCH: Final = 200
EVERY: Final = timedelta(minutes=1)  # of the stack's clock
AGAIN: Final = timedelta(minutes=5)  # a transaction may commit after the next has begun
log = logger(__name__)


async def flag_groups(
    connection: Connection,
    *,
    touched_since: datetime,
    now: datetime,
    rules: Rules,
    limits: HintLimits,
) -> int:
    """One batch of tickets whose group is large enough; each is flagged once. How many it read.

    Callers are told apart by the keyed hash of their phone; who left none is not counted.
    """
    callers = await store.groups(
        connection,
        touched_since=touched_since,
        since=now - limits.group_within,
        callers=limits.callers,
        limit=BATCH,
    )
    cases = await tickets.load_cases(connection, callers)
    doing = Doing(now=now, actor=SYSTEM, policy=rules.policy)
    flagged = [case for each, case in cases.items() if flag(case, callers[each], doing, rules)]
    if flagged:
        await store.mark_groups(connection, [case.ticket.ticket_id for case in flagged])
        await tickets.save_cases(connection, flagged, policy=rules.policy)
        metrics.count_moves(flagged)
    return len(callers)


async def flag_groups_for_ever(runtime: Runtime, *, rules: Rules, limits: HintLimits) -> None:
    """Look every minute at the places where somebody asked since the last look."""
    never = asyncio.Event()
    looked = runtime.clock.now() - limits.group_within
    while True:
        began = runtime.clock.now()
        try:
            found = BATCH
            while found == BATCH:
                async with runtime.transaction() as connection:
                    found = await flag_groups(
                        connection,
                        touched_since=looked - AGAIN,
                        now=runtime.clock.now(),
                        rules=rules,
                        limits=limits,
                    )
            looked = began
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("flag_groups", error=repr(error))
        await runtime.clock.wait_until(runtime.clock.now() + EVERY, never)
