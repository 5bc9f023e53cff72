"""Lets go of what is past its term, and seals under the new key what an old one had sealed.

Runs beside the service, a batch a transaction, until a batch comes back short; two copies may run.
"""

import asyncio
from datetime import datetime
from typing import Final

from services.intake import metrics
from services.intake.domain.registration import Rules
from services.intake.domain.retention import Retention
from services.intake.store import calls, drafts, privacy, seals
from services.intake.store import tickets as store
from services.intake.store.vault import Vault
from shared.contracts.parts import Actor, Role
from shared.runtime.chains import FORGOTTEN
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

BATCH: Final = 200
EVERY_SECONDS: Final = 3600.0
SYSTEM: Final = Actor(role=Role.SYSTEM)
log = logger(__name__)


async def retain_for_ever(
    runtime: Runtime, *, rules: Rules, vault: Vault, retention: Retention
) -> None:
    """The loop; a database that is away is tried again at the next turn."""
    while True:
        try:
            await retain(runtime, rules=rules, vault=vault, retention=retention)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("retain_unavailable", error=repr(error))
        await asyncio.sleep(EVERY_SECONDS)


async def retain(runtime: Runtime, *, rules: Rules, vault: Vault, retention: Retention) -> None:
    """One turn: everything that is due now."""
    now = runtime.clock.now()
    for what, turn in (
        ("persons", _persons),
        ("keys", _keys),
        ("looks", _looks),
        ("tickets", _tickets),
        ("drafts", _drafts),
        ("numbers", _numbers),
    ):
        count = BATCH
        while count == BATCH:
            async with runtime.transaction() as connection:
                count = await turn(connection, now, retention, rules)
            metrics.FORGOTTEN.labels(what).inc(count)
    count = BATCH
    while count:
        async with runtime.transaction() as connection:
            count = await seals.reseal(connection, seals=vault, limit=BATCH)
        metrics.RESEALED.inc(count)


async def _persons(
    connection: Connection, now: datetime, retention: Retention, rules: Rules
) -> int:
    due = await privacy.persons_past_term(connection, retention.persons_since(now), limit=BATCH)
    if due:
        cases = await store.load_cases(connection, due)
        for case in cases.values():
            case.note("pseudonymised", at=now, actor=SYSTEM)
        await privacy.forget_persons(connection, due)
        await store.save_cases(connection, cases.values(), policy=rules.policy)
    return len(due)


async def _keys(connection: Connection, now: datetime, retention: Retention, _rules: Rules) -> int:
    return await privacy.forget_keys(connection, retention.keys_since(now), limit=BATCH)


async def _looks(connection: Connection, now: datetime, retention: Retention, _rules: Rules) -> int:
    return await privacy.forget_looks(connection, retention.looks_since(now), limit=BATCH)


async def _tickets(
    connection: Connection, now: datetime, retention: Retention, rules: Rules
) -> int:
    due = await privacy.tickets_past_term(connection, retention.tickets_since(now), limit=BATCH)
    if due:
        cases = await store.load_cases(connection, due)
        for case in cases.values():
            case.note(FORGOTTEN, at=now, actor=SYSTEM)  # or its history would miss a ticket
        await store.save_cases(connection, cases.values(), policy=rules.policy)
        await privacy.forget_tickets(connection, due)
    return len(due)


async def _drafts(
    connection: Connection, now: datetime, retention: Retention, _rules: Rules
) -> int:
    return await drafts.forget_drafts(connection, retention.drafts_since(now), limit=BATCH)


async def _numbers(
    connection: Connection, now: datetime, retention: Retention, _rules: Rules
) -> int:
    """A call's number is kept as long as the draft that a new call would reopen."""
    return await calls.forget_numbers(connection, retention.drafts_since(now), limit=BATCH)
