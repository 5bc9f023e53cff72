"""Archives tickets that ended long enough ago, batch by batch."""

import asyncio
from datetime import datetime, timedelta
from typing import Final

from services.intake import metrics
from services.intake.domain import reopening
from services.intake.domain.case import SYSTEM
from services.intake.domain.doing import Doing
from services.intake.domain.registration import Rules
from services.intake.store import changes
from services.intake.store import tickets as store
from shared.catalogue.terms import Term
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

BATCH: Final = 200
EVERY: Final = timedelta(hours=1)  # of the stack's clock
log = logger(__name__)


async def archive(connection: Connection, *, now: datetime, rules: Rules) -> int:
    """One batch of those whose term is over; how many there were."""
    term = timedelta(seconds=rules.limits.term(Term.ARCHIVE).amount)
    ticket_ids = await changes.to_archive(connection, now - term, limit=BATCH)
    cases = await store.load_cases(connection, ticket_ids)
    doing = Doing(now=now, actor=SYSTEM, policy=rules.policy)
    for case in cases.values():
        reopening.archive(case, doing)
    await store.save_cases(connection, cases.values(), policy=rules.policy)
    metrics.count_moves(cases.values())
    return len(cases)


async def archive_for_ever(runtime: Runtime, rules: Rules) -> None:
    """Archive whatever is due, now and every hour; never returns."""
    never = asyncio.Event()
    while True:
        try:
            done = BATCH
            while done == BATCH:
                async with runtime.transaction() as connection:
                    done = await archive(connection, now=runtime.clock.now(), rules=rules)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("archive", error=repr(error))
        await runtime.clock.wait_until(runtime.clock.now() + EVERY, never)
