"""The bytes of files, by the hash of what they are: in a folder, or in S3."""

from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, MemoryStore, S3Store

from shared.errors import UnavailableError

CHUNK: Final = 256 * 1024
S3_SCHEMES: Final = frozenset({"s3", "s3a"})
AWAY: Final = ("文件存储暂不可用，请稍后重试", "the file store is away, try again")


class ObjectStore:
    """One store; names are SHA-256 in hex, so what is there is never written differently."""

    def __init__(self, url: str) -> None:
        """`file:///folder`, which is made, or `s3://bucket/prefix`; `memory:///` for trying.

        S3's region, endpoint and keys come from the usual AWS_* variables. ValueError for another
        scheme.
        """
        scheme = urlsplit(url).scheme
        self._store: LocalStore | S3Store | MemoryStore
        if scheme == "file":
            self._store = LocalStore.from_url(url, mkdir=True)
        elif scheme in S3_SCHEMES:
            self._store = S3Store.from_url(url)
        elif scheme == "memory":
            self._store = MemoryStore()
        else:
            raise ValueError(f"files are kept in file:// or s3://, not in {scheme}://")

    async def put(self, sha256: str, data: bytes, *, media_type: str) -> None:
        """Store; whole or not at all. UnavailableError when the store is away."""
        attributes = None if isinstance(self._store, LocalStore) else {"Content-Type": media_type}
        try:
            await obstore.put_async(self._store, _path(sha256), data, attributes=attributes)
        except BaseError as error:
            raise UnavailableError(*AWAY) from error

    async def get(self, sha256: str) -> AsyncIterator[bytes] | None:
        """The bytes in chunks; None where there is no such object."""
        try:
            found = await obstore.get_async(self._store, _path(sha256))
        except (NotFoundError, FileNotFoundError):
            return None
        except BaseError as error:
            raise UnavailableError(*AWAY) from error
        return _chunks(found)

    async def delete(self, sha256: str) -> None:
        """Delete; what is not there is no error."""
        try:
            await obstore.delete_async(self._store, _path(sha256))
        except (NotFoundError, FileNotFoundError):
            return
        except BaseError as error:
            raise UnavailableError(*AWAY) from error


def _path(sha256: str) -> str:
    return f"{sha256[:2]}/{sha256}"


async def _chunks(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in found.stream(min_chunk_size=CHUNK):
        yield bytes(chunk)
