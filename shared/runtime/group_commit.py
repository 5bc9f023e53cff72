"""Group commit: HTTP commands that arrive together share one transaction.

While one transaction commits, the next commands gather; so the rate rises with the load and a
single command waits for nobody. Tried bare: 2,900–3,500 submissions/s against 1,900/s with a
transaction each.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from shared.errors import ShaodaoError, UnavailableError
from shared.runtime import metrics
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger
from shared.runtime.tracing import Part, is_sampled

if TYPE_CHECKING:
    from shared.runtime.service import Runtime
    from shared.runtime.spans import Together

Req = TypeVar("Req")
Res = TypeVar("Res")
log = logger(__name__)

ATTEMPTS = 3


class GroupCommit(Generic[Req, Res]):
    """Gathers requests of one command and carries them out together.

    `verb` gets a connection within a transaction, the requests in order of arrival and `now`, and
    returns one answer for each: a result, or the ShaodaoError that refuses it.
    """

    def __init__(
        self,
        runtime: "Runtime",
        name: str,
        verb: Callable[
            [Connection, Sequence[Req], datetime], Awaitable[Sequence[Res | ShaodaoError]]
        ],
        *,
        most: int = 200,
        waiting: int = 2000,
    ) -> None:
        self._runtime = runtime
        self._name = name
        self._verb = verb
        self._most = most
        self._queue: asyncio.Queue[tuple[Req, asyncio.Future[Res]]] = asyncio.Queue(waiting)
        self._since: float | None = None  # when the batch in hand was begun
        runtime.loop(f"commit-{name}", self._run)
        runtime.load.looks.append(self.waited)

    async def submit(self, request: Req) -> Res:
        """Carry out one request; returns when it is committed.

        Raises the ShaodaoError that refuses it, UnavailableError when too many wait.
        """
        future: asyncio.Future[Res] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((request, future))
        except asyncio.QueueFull:
            raise UnavailableError("系统繁忙，请稍后重试", "too many requests, try again") from None
        return await future

    def waited(self) -> float:
        """Seconds that the batch in hand takes already, and others wait for it; 0 without one."""
        return 0.0 if self._since is None else time.monotonic() - self._since

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._most and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            metrics.COMMIT_REQUESTS.labels(self._name).observe(len(batch))
            metrics.COMMIT_WAITING.labels(self._name).set(self._queue.qsize())
            self._since = time.monotonic()
            await self._commit(batch)
            self._since = None

    async def _commit(self, batch: list[tuple[Req, "asyncio.Future[Res]"]]) -> None:
        together = self._spanned(batch) if self._runtime.spans is not None else None
        with together.under_way() if together is not None else nullcontext():
            await self._committed(batch)

    def _spanned(self, batch: list[tuple[Req, "asyncio.Future[Res]"]]) -> "Together | None":
        """A span in the trace of each request that is sampled."""
        traceparents = [getattr(request, "traceparent", None) for request, _ in batch]
        parts = [
            Part(place=place, name=f"commit {self._name}", parent=each, attributes={})
            for place, each in enumerate(traceparents)
            if is_sampled(each)
        ]
        if not parts or self._runtime.spans is None:
            return None
        attributes = {"shaodao.requests": len(batch)}
        return self._runtime.spans.together(f"commit {self._name}", parts, attributes=attributes)

    async def _committed(self, batch: list[tuple[Req, "asyncio.Future[Res]"]]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._runtime.transaction() as connection:
                    answers = await self._verb(
                        connection, [request for request, _ in batch], self._runtime.clock.now()
                    )
                for (_, future), answer in zip(batch, answers, strict=True):
                    _answer(future, answer)
                return
            except Exception as error:  # noqa: BLE001 - handed to whoever asked
                if is_transient(error) and attempt < ATTEMPTS:
                    await asyncio.sleep(0.02 * 2**attempt)
                    continue
                await self._failed(batch, error)
                return

    async def _failed(
        self, batch: list[tuple[Req, "asyncio.Future[Res]"]], error: Exception
    ) -> None:
        if is_transient(error):
            log.warning("commit_unavailable", command=self._name, error=repr(error))
            for _, future in batch:
                _answer(
                    future,
                    UnavailableError(
                        "数据库暂不可用，请稍后重试", "the database is away, try again"
                    ),
                )
        elif len(batch) == 1:
            _answer(batch[0][1], error)
        else:  # one of them fails; the others shall not
            log.warning("commit_split", command=self._name, error=repr(error))
            for item in batch:
                await self._commit([item])


def _answer(future: "asyncio.Future[Res]", answer: Res | Exception) -> None:
    if future.done():  # the client went away; what it asked for is done all the same
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)
