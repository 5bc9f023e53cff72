"""Learns from the desk: the words of registered requests speak for the category chosen.

Only words of the dictionary out of redacted texts are counted, never a confidential request. One
person teaches no more than a limit a day for a category, and what was learned fades, so that
nobody bends the suggestions. A loop does it, beside registration; every process reads what any
has learned.
"""

import asyncio
from collections import Counter
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake.domain.experience import Experience
from services.intake.domain.segment import is_known, plain, terms
from services.intake.hints import Hints
from services.intake.store import hints as store
from shared.calendar import SHANGHAI
from shared.catalogue.hint_limits import HintLimits
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime

BATCH: Final = 200
EVERY: Final = timedelta(minutes=1)  # of the stack's clock
SETTLED: Final = timedelta(seconds=30)  # ids before this are all committed
KEPT: Final = timedelta(days=2)
NOTHING: Final = UUID(int=0)
log = logger(__name__)


async def learn(connection: Connection, *, now: datetime, limits: HintLimits) -> int:
    """Count one batch of confirmations; how many tickets it read, 0 while another one learns."""
    after = await store.take_learning(connection)
    if after is None:
        return 0
    read = await store.confirmed(connection, after, before=now - SETTLED, limit=BATCH)
    if not read:
        return 0
    categories: Counter[str] = Counter()
    words: Counter[tuple[str, str]] = Counter()
    for each in read:
        if not each.teaches or each.category is None:
            continue
        day = each.registered_at.astimezone(SHANGHAI).date()
        taught = await store.count_teaching(connection, day, each.teacher, each.category)
        if taught <= limits.most_per_day:
            categories[each.category] += 1
            words.update((word, each.category) for word in taught_words(each.title, each.summary))
    learned = store.Learned(
        categories={code: float(count) for code, count in categories.items()},
        words=[(word, code, float(count)) for (word, code), count in words.items()],
    )
    last = read[-1].ticket_id
    await store.keep_learned(connection, learned, up_to=last, now=now, half_life=limits.half_life)
    await store.forget_teaching(connection, (now - KEPT).date())
    return len(read)


def taught_words(title: str, text: str) -> set[str]:
    """The different words of a request that a dictionary knows: no names of people."""
    return {word for word in terms(plain(f"{title} {text}")) if is_known(word) and len(word) <= 20}


async def recall(connection: Connection, *, now: datetime, limits: HintLimits) -> Experience:
    """Everything learned so far, as the suggester wants it."""
    learned = await store.load_learned(connection, now=now, half_life=limits.half_life)
    return await asyncio.to_thread(_experience, learned)


def _experience(learned: store.Learned) -> Experience:
    experience = Experience()
    for category, texts in learned.categories.items():
        experience.add_texts(category, texts)
    for word, category, texts in learned.words:
        experience.add_word(word, category, texts)
    return experience


async def learn_for_ever(runtime: Runtime, hints: Hints) -> None:
    """Recall at the start, then learn and recall what is new, every minute."""
    never, known = asyncio.Event(), None
    while True:
        try:
            known = await _turn(runtime, hints, known)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("learn", error=repr(error))
        await runtime.clock.wait_until(runtime.clock.now() + EVERY, never)


async def _turn(runtime: Runtime, hints: Hints, known: UUID | None) -> UUID:
    """Learn all there is; returns up to which ticket the suggester knows."""
    count = BATCH
    while count == BATCH:
        async with runtime.transaction() as connection:
            count = await learn(connection, now=runtime.clock.now(), limits=hints.limits)
    async with runtime.pool.acquire() as connection:
        up_to = await store.learned_up_to(connection)
        if up_to not in (known, NOTHING):
            hints.suggester.experience = await recall(
                connection, now=runtime.clock.now(), limits=hints.limits
            )
    return up_to
