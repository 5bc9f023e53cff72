"""What happens, told at once to the browsers that look on.

One tail of the topics a process, begun by the first listener and ended after the last. A listener
is told of what it may see alone, and only of what and that something happened: the page asks for
the rest, also for what it missed while it was away.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Generic, TypeVar
from uuid import UUID

from shared.contracts.envelope import Envelope, MalformedEventError, Reader
from shared.contracts.topics import Topic
from shared.errors import UnavailableError
from shared.runtime import metrics
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.settings import ServiceSettings
from shared.runtime.tail import tail

MOST_LISTENERS: Final = 2000
MOST_WAITING: Final = 200  # messages of one listener; a browser that is slower looks anew
PLACED_SECONDS: Final = 3.0

log = logger(__name__)
Sight = TypeVar("Sight")


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened to a whistle or a ticket: `what` is the middle of the fact's type."""

    about: UUID
    what: str
    noun: str = "whistle"


class Sign(StrEnum):
    """What a listener is told besides."""

    RELOAD = "reload"  # 重新读取: more happened than was told
    END = "end"  # 断开重连: this process tells nothing more


Message = Happened | Sign


@dataclass(eq=False, slots=True)
class Listener(Generic[Sight]):
    """One open page: what it may see, and what it was not told yet."""

    sight: Sight
    _waiting: "asyncio.Queue[Message]" = field(
        default_factory=lambda: asyncio.Queue(maxsize=MOST_WAITING)
    )

    def tell(self, message: Message) -> None:
        """Queue it; when the listener is too far behind, all it is told is to look anew."""
        if self._waiting.full():
            while not self._waiting.empty():
                self._waiting.get_nowait()
            message = Sign.END if message is Sign.END else Sign.RELOAD
        self._waiting.put_nowait(message)

    async def next(self) -> Message:
        """The next message."""
        return await self._waiting.get()


Telling = Callable[[Sequence[Envelope]], Awaitable[Callable[[Sight], Iterable[Message]]]]
"""Looks at facts once for all listeners; gives what of them each sight is told."""


class Live(Generic[Sight]):
    """The listeners of one process and the tail they share; `telling` says who is told what."""

    def __init__(
        self,
        settings: ServiceSettings,
        topics: Sequence[Topic],
        *,
        client_id: str,
        telling: Telling[Sight],
    ) -> None:
        self._settings = settings
        self._topics = [topic.name for topic in topics]
        self._client_id = client_id
        self._telling = telling
        self._reader = Reader(event for topic in topics for event in topic.events)
        self._listeners: set[Listener[Sight]] = set()
        self._tail: asyncio.Task[None] | None = None
        self._placed = asyncio.Event()

    @property
    def listening(self) -> int:
        """How many pages are open."""
        return len(self._listeners)

    @asynccontextmanager
    async def listen(self, sight: Sight) -> AsyncIterator[Listener[Sight]]:
        """A listener that is told of everything it may see from now on.

        Raises UnavailableError when there are too many.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise UnavailableError(
                "实时连接过多，请稍后重试", "too many open pages", retry_after=30
            )
        listener = Listener(sight)
        self._listeners.add(listener)
        metrics.LIVE_PAGES.inc()
        if self._tail is None:
            self._tail = asyncio.create_task(self._follow(), name="live")
            self._tail.add_done_callback(self._ended)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
            metrics.LIVE_PAGES.dec()
            if not self._listeners:
                self._stop()

    async def placed(self) -> bool:
        """Whether all that happens from now on is told; False after a while without Kafka.

        Then listeners are told to look anew, once Kafka is back.
        """
        try:
            async with asyncio.timeout(PLACED_SECONDS):
                await self._placed.wait()
        except TimeoutError:
            return False
        return True

    def end(self) -> None:
        """Let all listeners go: the process ends."""
        self._tell_all(Sign.END)

    async def stop(self) -> None:
        """Return once the tail has let go of Kafka."""
        ending = self._tail
        self._stop()
        if ending is not None:
            await asyncio.wait([ending])

    def _stop(self) -> None:
        if self._tail is not None:
            self._tail.cancel()
            self._tail = None
        self._placed = asyncio.Event()

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """It never ends by itself: those who listen come again and begin another."""
        if task.cancelled() or task is not self._tail:
            return
        log.error("live_ended", exc_info=task.exception())
        self._stop()
        self._tell_all(Sign.END)

    async def _follow(self) -> None:
        placed = self._placed
        batches = tail(self._settings, *self._topics, client_id=self._client_id)
        async with aclosing(batches):
            async for values in batches:
                if values:
                    await self._tell(values)
                    continue
                self._tell_all(Sign.RELOAD)
                placed.set()

    async def _tell(self, values: Sequence[bytes]) -> None:
        """Tell each listener of what it may see; what that takes is read once for all of them."""
        facts = [fact for fact in map(self._read, values) if fact is not None]
        try:
            told = await self._telling(facts)
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("live_reads_nothing", error=repr(error))
            self._tell_all(Sign.RELOAD)
            return
        for listener in self._listeners:
            for message in told(listener.sight):
                listener.tell(message)

    def _read(self, value: bytes) -> Envelope | None:
        try:
            return self._reader.read(value)  # None: of a newer version of ours
        except MalformedEventError as error:
            log.warning("live_unreadable", error=error.words)
            return None

    def _tell_all(self, sign: Sign) -> None:
        for listener in self._listeners:
            listener.tell(sign)


def middle_of(type_: str) -> str:
    """What happened, as pages are told it: `acknowledged` of `shaodao.whistle.acknowledged.v1`."""
    return type_.split(".")[2]
