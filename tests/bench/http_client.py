"""A lean HTTP/1.1 client on keep-alive connections: the load must cost less than the service."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast
from urllib.parse import urlsplit

_END = b"\r\n\r\n"
_LENGTH = b"content-length:"


class _Protocol(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self.head = b""  # of the last answer
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(_END)
        if not found or len(rest) < _content_length(head) or self._answer is None:
            return
        answer, self._answer, self._received = self._answer, None, b""
        self.head = head
        if not answer.done():
            answer.set_result((int(head[9:12]), rest))

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("the server closed the connection"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; returns the status and the body of the answer."""
        if self._transport is None:
            raise ConnectionError("the connection is closed")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


class Connection:
    """A connection that is made anew when the server has closed it for being idle."""

    def __init__(self, url: str) -> None:
        self._host, _, port = urlsplit(url).netloc.partition(":")
        self._port = int(port)
        self._protocol = _Protocol()

    @property
    def head(self) -> bytes:
        """Status line and headers of the last answer."""
        return self._protocol.head

    async def open(self) -> None:
        """Connect."""
        loop = asyncio.get_running_loop()
        _, self._protocol = await loop.create_connection(_Protocol, self._host, self._port)

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Send a whole request; returns the status and the body of the answer.

        Its Idempotency-Key makes it safe to send it once more when the connection ends meanwhile.
        """
        if not self._protocol.is_open:
            await self.open()
        try:
            return await self._protocol.ask(request)
        except ConnectionError:
            await self.open()
            return await self._protocol.ask(request)

    def close(self) -> None:
        """Close the connection."""
        self._protocol.close()


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(_LENGTH):
            return int(line[len(_LENGTH) :])
    raise ValueError(f"an answer without a length: {head!r}")


def post(url: str, body: bytes, *, token: str, idempotency_key: str) -> bytes:
    """A POST of JSON, as it goes over the wire."""
    parts = urlsplit(url)
    head = (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer {token}\r\nIdempotency-Key: {idempotency_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@asynccontextmanager
async def connected(url: str, number: int) -> AsyncIterator[list[Connection]]:
    """So many open connections, closed at the end."""
    connections = [Connection(url) for _ in range(number)]
    try:
        for connection in connections:
            await connection.open()
        yield connections
    finally:
        for connection in connections:
            connection.close()
