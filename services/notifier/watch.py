"""The watch: fires what is past, as often as something is, and sleeps until the next.

Each claimed batch is one transaction: state, history, facts, notices and the next rung. Rows that
are held elsewhere are passed over, so several copies may run; one that dies leaves nothing behind.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from services.notifier import channels, metrics, supervise, tell
from services.notifier.channels import Wording
from services.notifier.domain.deadline import Deadline
from services.notifier.domain.escalation import Escalation
from services.notifier.domain.promises import Change, fire
from services.notifier.store import deadlines as store
from services.notifier.tell import Telling
from shared.runtime import outbox
from shared.runtime.clock import Clock, wall_now
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.outbox import Outgoing
from shared.runtime.service import Runtime
from shared.runtime.tracing import Part, is_sampled, within

if TYPE_CHECKING:
    from shared.runtime.spans import Spans, Together

log = logger(__name__)

CLAIM_ROWS = 250
CLAIMS = 3  # batches at once when many are due: one computes while the database writes the others
FIRST_ROWS = 100  # a batch that is full tells that many are due: nothing goes on beside it
# How long a rung that another copy wrote, or a fact still held, may go unseen (wall time).
POLL_SECONDS = 0.25
TRY_AGAIN = timedelta(minutes=10)
# The relay of this process shares its core: for so long it leaves it to a burst, and not too often.
HOLD_SECONDS, HOLD_EVERY_SECONDS = 0.4, 2.0
HELD_SECONDS = 0.02  # before a row that is held is looked for again


async def fire_due(
    connection: Connection,
    now: datetime,
    *,
    escalation: Escalation,
    wording: Wording,
    telling: Telling | None = None,
    limit: int = CLAIM_ROWS,
    spans: "Spans | None" = None,
) -> list[Change]:
    """Claim and fire one batch of what is past; returns what changed, [] when nothing was past.

    People are told besides the units where `telling` says who is on duty.
    """
    claimed = await store.claim(connection, now, limit=limit)
    if not claimed:
        return []
    together = None
    if spans is not None:
        together, claimed = _in_their_traces(spans, claimed)
    with together.under_way() if together is not None else nullcontext():
        fired = [_fired(each, now, escalation=escalation, wording=wording) for each in claimed]
        changes = [change for change, _, _ in fired]
        if together is not None:
            for place in together.own:
                steps = " ".join(step.what.value for step in changes[place].steps)
                together.tell(place, {"shaodao.steps": steps})
        await store.save_fired(connection, changes, policy=escalation.limits.version, now=now)
        notices = [notice for _, _, notice in fired if notice is not None]
        metrics.count_notices(notices)
        await outbox.put(connection, [*(fact for _, facts, _ in fired for fact in facts), *notices])
        if telling is not None:
            await tell.write_rungs(connection, changes, telling=telling, now=now)
        await supervise.climb(
            connection, changes, now=now, escalation=escalation, wording=wording, telling=telling
        )
    return changes


def _in_their_traces(
    spans: "Spans", claimed: list[Deadline]
) -> "tuple[Together | None, list[Deadline]]":
    """Each rung goes on in the trace that its promise was made in, however long ago."""
    parts = [
        Part(
            place=place,
            name="fire deadline",
            parent=each.traceparent,
            attributes={
                "shaodao.deadline_id": str(each.deadline_id),
                "shaodao.deadline_kind": each.kind.value,
                "shaodao.rung": each.next_rung or "",
                "shaodao.ticket_id": str(each.ticket_id or ""),
                "shaodao.whistle_id": str(each.whistle_id or ""),
            },
        )
        for place, each in enumerate(claimed)
        if is_sampled(each.traceparent)
    ]
    if not parts:
        return None, claimed
    together = spans.together(
        "fire deadlines", parts, attributes={"shaodao.deadlines": len(claimed)}
    )
    own = together.own
    return together, [
        replace(each, traceparent=own[place]) if place in own else each
        for place, each in enumerate(claimed)
    ]


def _fired(
    deadline: Deadline, now: datetime, *, escalation: Escalation, wording: Wording
) -> tuple[Change, list[Outgoing], Outgoing | None]:
    """One promise after all that is past, and what to tell.

    One that cannot be worked out is tried again later: it must not hold up all the others.
    """
    try:
        after, steps = fire(deadline, now, escalation)
        change = Change(before=deadline, after=after, steps=tuple(steps))
        return change, *channels.fired(change, wording, policy=escalation.limits.version)
    except Exception:
        with within(deadline.traceparent):
            log.exception("deadline_failed", deadline_id=str(deadline.deadline_id))
        metrics.FAILED.labels(deadline.kind).inc()
        later = replace(deadline, fire_at=now + TRY_AGAIN)
        return Change(before=deadline, after=later, steps=()), [], None


class Watch:
    """The watch of one process; `wake` when a rung may fire sooner than it waits for."""

    def __init__(
        self, runtime: Runtime, *, escalation: Escalation, wording: Wording, telling: Telling
    ) -> None:
        self._runtime = runtime
        self._escalation = escalation
        self._wording = wording
        self._telling = telling
        self._wake = asyncio.Event()
        self._may_hold_at = 0.0

    def wake(self) -> None:
        """Look again soon: what was just written is committed by then."""
        asyncio.get_running_loop().call_later(HELD_SECONDS, self._wake.set)

    async def run(self) -> None:
        """Watch for ever; a database that is away is waited for."""
        while True:
            try:
                await self._fire_all()
                await self._sleep()
            except* Exception as group:
                if not all(is_transient(error) for error in group.exceptions):
                    raise
                log.warning("watch_retry", errors=[repr(error) for error in group.exceptions])
                await asyncio.sleep(POLL_SECONDS)

    async def _fire_all(self) -> None:
        if await self.fire_batch(FIRST_ROWS) == FIRST_ROWS:
            self._hold_relay()
            async with asyncio.TaskGroup() as claims:
                for _ in range(CLAIMS):
                    claims.create_task(self._drain())

    def _hold_relay(self) -> None:
        """Many are due at once: they are written first, and told of a moment later."""
        loop_time = asyncio.get_running_loop().time()
        if loop_time >= self._may_hold_at:
            self._may_hold_at = loop_time + HOLD_EVERY_SECONDS
            self._runtime.relay.hold(HOLD_SECONDS)

    async def _drain(self) -> None:
        while await self.fire_batch() == CLAIM_ROWS:
            pass

    async def fire_batch(self, limit: int = CLAIM_ROWS) -> int:
        """Fire one batch in a transaction of its own; returns how many promises it had."""
        clock = self._runtime.clock
        now = await self._telling.heartbeat.check()
        began = time.monotonic()
        async with self._runtime.transaction() as connection:
            changes = await fire_due(
                connection,
                now,
                escalation=self._escalation,
                wording=self._wording,
                telling=self._telling,
                limit=limit,
                spans=self._runtime.spans,
            )
        if changes:
            _measure(changes, clock, took=time.monotonic() - began)
        return len(changes)

    async def _sleep(self) -> None:
        """Until the next rung, or the poll, or a wake-up."""
        clock = self._runtime.clock
        async with self._runtime.pool.acquire() as connection:
            next_at = await store.next_fire_at(connection)
        behind = next_at is not None and next_at <= clock.now()
        poll = asyncio.get_running_loop().call_later(
            HELD_SECONDS if behind else POLL_SECONDS, self._wake.set
        )
        try:
            await clock.wait_until(None if behind else next_at, self._wake)
        finally:
            poll.cancel()


def age_of(fire_at: datetime, clock: Clock) -> float:
    """How long ago it should have fired, in wall seconds."""
    return (wall_now() - clock.wall_at(fire_at)) / timedelta(seconds=1)


def _measure(changes: Sequence[Change], clock: Clock, *, took: float) -> None:
    """Called after the commit."""
    known: dict[datetime, float] = {}  # many are due at one instant
    ages = []
    for change in changes:
        if change.before is not None and (fire_at := change.before.fire_at) is not None:
            if fire_at not in known:
                known[fire_at] = age_of(fire_at, clock)
            ages.append((change.before.kind, known[fire_at]))
    metrics.count_fired(changes, ages, took)
