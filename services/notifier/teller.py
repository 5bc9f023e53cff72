"""The teller: sends people what waits for them, a person at a time, who has waited longest first.

A person's row is locked while they are told, and passed over by other copies: nobody waits behind
another's digest, and nobody is told twice. What was put down is sent by the delivery loop.
"""

import asyncio
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.notifier import channels, metrics, sending
from services.notifier.domain.telling.bundle import Bundle, BundleKind
from services.notifier.domain.telling.message import Settled
from services.notifier.domain.telling.posts import Post
from services.notifier.domain.telling.rules import Rules
from services.notifier.domain.telling.serving import Served, ended, serve, settled
from services.notifier.sending import Parcel
from services.notifier.store import messages as store
from services.notifier.store.board import unit_names
from services.notifier.store.messages import Receiver
from services.notifier.tell import Telling
from services.notifier.wording import NAMELESS, Digests, Named, Said
from shared.contracts.ids import new_id
from shared.delivery.outgoing import Channel
from shared.runtime import outbox
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.outbox import Outgoing
from shared.runtime.service import Runtime

log = logger(__name__)
RECEIVERS: Final = 50  # told in one transaction
MOST: Final = 2000  # messages of one person that are looked at; the rest is told by its number
POLL_SECONDS: Final = 0.5
GAP_SECONDS: Final = 0.05  # between two looks, however often it is woken
SHOW_SECONDS: Final = 10.0
KEPT: Final = timedelta(days=180)
KNOWN_CHANNELS: Final = frozenset(channel.value for channel in Channel)


@dataclass(slots=True)
class Put:
    """What a transaction of the teller writes."""

    settled: list[Settled] = field(default_factory=list)
    parcels: list[Parcel] = field(default_factory=list)
    notices: list[Outgoing] = field(default_factory=list)
    bundles: list[Bundle] = field(default_factory=list)
    rests: list[tuple[UUID, UUID]] = field(default_factory=list)  # persons, with their bundles


async def tell_due(
    connection: Connection,
    now: datetime,
    *,
    telling: Telling,
    digests: Digests,
    categories: Mapping[str, str] | None = None,
    available: frozenset[str] = KNOWN_CHANNELS,
    limit: int = RECEIVERS,
) -> int:
    """Tell up to `limit` persons what is due; how many there were. To be called in a transaction.

    `available` are the channels that this deployment can send by, `categories` the names of codes.
    """
    receivers = await store.claim(connection, now, limit=limit)
    if not receivers:
        return 0
    ids = [each.person_id for each in receivers]
    waiting = await store.waiting_of(connection, ids, most=MOST)
    many = [person_id for person_id, theirs in waiting.items() if len(theirs) == MOST]
    due = await store.count_due(connection, many, now) if many else {}
    on_duty, rules = telling.rota.roster.at(now), telling.rules
    put = Put()
    turns = [
        (each, serve(each.person_id, waiting[each.person_id], on_duty=on_duty, rules=rules))
        for each in receivers
    ]
    named = await _named(connection, (served for _, served in turns), categories or {})
    for receiver, served in turns:
        beyond = max(0, due.get(receiver.person_id, 0) - MOST)
        _put_down(
            put,
            receiver,
            served,
            beyond=beyond,
            digests=digests,
            named=named,
            rules=rules,
            now=now,
            available=available,
        )
    await store.settle(connection, put.settled)
    for person_id, bundle_id in put.rests:
        await store.tell_rest(connection, person_id, now=now, bundle_id=bundle_id)
    await sending.send(connection, put.parcels)
    await outbox.put(connection, put.notices)
    _count(put)
    return len(receivers)


async def _named(
    connection: Connection, turns: Iterable[Served], categories: Mapping[str, str]
) -> Named:
    """What the matters are that these persons are told of, and whose."""
    spoken = [each.subject for turn in turns for bundle in turn.bundles for each in bundle.spoken]
    if not spoken:
        return NAMELESS
    codes = await store.categories_of(connection, (each.about for each in spoken))
    return Named(
        units=await unit_names(connection),
        matters={about: categories[code] for about, code in codes.items() if code in categories},
    )


def _put_down(
    put: Put,
    receiver: Receiver,
    served: Served,
    *,
    beyond: int,
    digests: Digests,
    named: Named,
    rules: Rules,
    now: datetime,
    available: frozenset[str],
) -> None:
    """One person's turn."""
    put.settled += served.passed_on
    put.settled += ended(served.moot)
    put.bundles += served.bundles
    for bundle in served.bundles:
        bundle_id = new_id(now)
        rest = beyond if bundle is served.bundles[-1] else 0
        said = digests.say(bundle, lines=rules.lines, done=served.done, beyond=rest, named=named)
        if rest:
            put.rests.append((receiver.person_id, bundle_id))
        has = [each for each in receiver.channels if each in available] or receiver.channels
        for name in rules.outlets[bundle.urgency].chosen([n for n in has if n in KNOWN_CHANNELS]):
            put.parcels.append(
                Parcel(
                    kind=bundle.kind,
                    receiver=receiver.person_id,
                    channel=Channel(name),
                    title=said.title.zh,
                    text_zh=said.text.zh,
                    text_en=said.text.en,
                    urgency=bundle.urgency,
                    about=bundle.spoken[0].subject.about,
                    at=now,
                    dedupe=f"bundle/{bundle_id}/{name}",
                )
            )
        put.settled += settled(served, bundle, bundle_id, rules=rules, now=now)
        if bundle.kind is not BundleKind.SINGLE:
            put.notices += _digests_of(bundle, said, bundle_id, now=now)


def _digests_of(bundle: Bundle, said: Said, bundle_id: UUID, *, now: datetime) -> list[Outgoing]:
    """What a unit's own system is told of the digest that its liaison gets."""
    units = {each.seat.place for each in bundle.messages if each.seat.post is Post.LIAISON}
    return [
        channels.digest(
            unit,
            text=said.text,
            about=bundle.spoken[0].subject.about,
            count=len(bundle.spoken),
            digest_id=bundle_id,
            at=now,
        )
        for unit in sorted(units)
    ]


def _count(put: Put) -> None:
    metrics.count_notices(put.notices)
    metrics.count_bundles(put.bundles)
    metrics.count_outcomes(put.settled)


class Teller:
    """The teller of one process; `wake` when something may be due sooner than it waits for."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        telling: Telling,
        digests: Digests,
        categories: Mapping[str, str],
        available: frozenset[str],
        sent: Callable[[], None],
    ) -> None:
        """`sent` is called when something was put down; `categories` are names of codes."""
        self._runtime = runtime
        self._telling = telling
        self._digests = digests
        self._categories = categories
        self._available = available
        self._sent = sent
        self._wake = asyncio.Event()
        runtime.after_commit(self._wake.set)

    async def run(self) -> None:
        """Tell for ever; a database that is away is waited for."""
        while True:
            self._wake.clear()
            try:
                while await self.tell_batch() == RECEIVERS:
                    pass
                await self._sleep()
            except Exception as error:
                if not is_transient(error):
                    raise
                log.warning("teller_retry", error=repr(error))
                await asyncio.sleep(POLL_SECONDS)

    async def tell_batch(self) -> int:
        """Tell one batch of persons; how many there were."""
        runtime = self._runtime
        now = await self._telling.heartbeat.check()
        async with runtime.pool.acquire() as connection:
            next_at = await store.next_send_at(connection)
        if next_at is None or next_at > now:
            return 0
        async with runtime.transaction() as connection:
            told = await tell_due(
                connection,
                now,
                telling=self._telling,
                digests=self._digests,
                categories=self._categories,
                available=self._available,
            )
        self._sent()
        return told

    async def _sleep(self) -> None:
        await asyncio.sleep(GAP_SECONDS)
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return


async def show_messages(runtime: Runtime, telling: Telling) -> None:
    """Keep the gauges fresh and let go of what was told long ago, for ever."""
    while True:
        try:
            now = runtime.clock.now()
            async with runtime.pool.acquire() as connection:
                waiting = await store.count_waiting(connection)
                held = await store.held_in_all(connection)
                while await store.forget(connection, before=now - KEPT, most=5000):
                    pass
            metrics.show_messages(waiting, held.n, oldest_held=held.oldest, clock=runtime.clock)
            metrics.show_vacant(Tally(seat.post for seat in telling.rota.roster.vacant(now)))
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("messages_retry", error=repr(error))
            metrics.messages_unknown()
        await asyncio.sleep(SHOW_SECONDS)
