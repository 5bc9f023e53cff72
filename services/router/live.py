"""What happens to whistles, told at once to the browsers that look on.

One tail of the topic `whistles` a process, begun by the first listener and ended after the last.
A listener is told of those whistles alone that it may see, and only which one and what happened:
the page asks for the rest, also for what it missed while it was away.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.router.look import Sight
from services.router.store import whistles as store
from shared.contracts.envelope import MalformedEventError, Reader
from shared.contracts.topics import WHISTLES
from shared.errors import UnavailableError
from shared.runtime.database import is_transient
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.runtime.tail import tail

MOST_LISTENERS: Final = 2000
MOST_WAITING: Final = 200  # messages of one listener; a browser that is slower looks anew
PLACED_SECONDS: Final = 3.0

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Happened:
    """Something happened to a whistle: `what` is the middle of the fact's type."""

    whistle_id: UUID
    what: str


class Sign(StrEnum):
    """What a listener is told besides."""

    RELOAD = "reload"  # 重新读取: more happened than was told
    END = "end"  # 断开重连: this process tells nothing more


Message = Happened | Sign


@dataclass(eq=False, slots=True)
class Listener:
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


class Live:
    """The listeners of one process and the tail they share."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._reader = Reader(WHISTLES.events)
        self._listeners: set[Listener] = set()
        self._tail: asyncio.Task[None] | None = None
        self._placed = asyncio.Event()

    @property
    def listening(self) -> int:
        """How many pages are open."""
        return len(self._listeners)

    @asynccontextmanager
    async def listen(self, sight: Sight) -> AsyncIterator[Listener]:
        """A listener that is told of everything it may see from now on.

        Raises UnavailableError when there are too many.
        """
        if len(self._listeners) >= MOST_LISTENERS:
            raise UnavailableError(
                "实时连接过多，请稍后重试", "too many open pages", retry_after=30
            )
        listener = Listener(sight)
        self._listeners.add(listener)
        if self._tail is None:
            self._tail = asyncio.create_task(self._follow(), name="live")
            self._tail.add_done_callback(self._ended)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)
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
        batches = tail(self._runtime.settings, WHISTLES.name, client_id="router.live")
        async with aclosing(batches):
            async for values in batches:
                if values:
                    await self._tell(values)
                    continue
                self._tell_all(Sign.RELOAD)
                placed.set()

    async def _tell(self, values: Sequence[bytes]) -> None:
        """Tell each listener of what it may see; the whistles are read once for all of them."""
        happened = [found for found in map(self._read, values) if found is not None]
        ids = list(dict.fromkeys(each.whistle_id for each in happened))
        try:
            async with self._runtime.pool.acquire() as connection:
                whistles = {w.whistle_id: w for w in await store.read_whistles(connection, ids)}
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("live_reads_nothing", error=repr(error))
            self._tell_all(Sign.RELOAD)
            return
        for listener in self._listeners:
            for each in happened:
                whistle = whistles.get(each.whistle_id)
                if whistle is not None and listener.sight.sees(whistle):
                    listener.tell(each)

    def _read(self, value: bytes) -> Happened | None:
        try:
            event = self._reader.read(value)
        except MalformedEventError as error:
            log.warning("live_unreadable", error=error.words)
            return None
        if event is None:  # of a newer version of ours
            return None
        return Happened(event.data.whistle_id, event.type.split(".")[2])

    def _tell_all(self, sign: Sign) -> None:
        for listener in self._listeners:
            listener.tell(sign)
