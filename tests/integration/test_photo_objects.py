"""Where the bytes of photos are: the same in a folder and in S3, whole or not at all."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from shared.errors import UnavailableError
from shared.uploads.objects import ObjectStore

NAME = "ab" * 32
DATA = bytes(range(256)) * 4000  # more than one chunk


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as photos need: to put, get and delete."""

    objects: dict[str, tuple[str, bytes]]

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.objects[self.path] = (self.headers["content-type"], body)
        self._answer(200, headers={"ETag": '"1"'})

    def do_GET(self) -> None:
        kind, body = self.objects.get(self.path, ("", b""))
        self._answer(200 if kind else 404, body, headers={"ETag": '"1"', "Content-Type": kind})

    def do_POST(self) -> None:
        """Deletes many at once: /photos?delete."""
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        bucket, keys = self.path.partition("?")[0], re.findall(r"<Key>([^<]*)</Key>", asked)
        for key in keys:
            self.objects.pop(f"{bucket.rstrip('/')}/{key}", None)
        deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
        self._answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())

    def _answer(
        self, status: int, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Last-Modified", "Mon, 14 Sep 2026 01:00:00 GMT")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, tuple[str, bytes]]]:
    """A bucket `photos` behind the usual variables; what it holds, by path."""
    objects: dict[str, tuple[str, bytes]] = {}
    handler = type("Handler", (Bucket,), {"objects": objects})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    try:
        yield objects
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def put_get_delete(store: ObjectStore) -> None:
    assert await store.get(NAME) is None
    for _ in range(2):  # the same name is the same bytes
        await store.put(NAME, DATA, media_type="image/jpeg")
    chunks = await store.get(NAME)
    assert chunks is not None
    assert b"".join([chunk async for chunk in chunks]) == DATA
    await store.delete(NAME)
    await store.delete(NAME)
    assert await store.get(NAME) is None


async def test_a_folder_is_made_and_kept_to(tmp_path: Path) -> None:
    folder = tmp_path / "new folder" / "照片"
    await put_get_delete(ObjectStore(folder.as_uri()))
    assert [path.name for path in folder.rglob("*") if path.is_file()] == []


async def test_s3(bucket: dict[str, tuple[str, bytes]]) -> None:
    store = ObjectStore("s3://photos/of/intake")
    await store.put(NAME, DATA, media_type="image/webp")
    ((path, (kind, body)),) = bucket.items()
    assert path.startswith(f"/photos/of/intake/ab/{NAME}")
    assert (kind, body) == ("image/webp", DATA)
    await store.delete(NAME)
    await put_get_delete(store)
    assert bucket == {}


async def test_a_store_that_is_away_is_a_refusal_that_may_come_again(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    store = ObjectStore((tmp_path / "photos").as_uri())
    (tmp_path / "photos" / "ab").write_text("in the way")
    with pytest.raises(UnavailableError):
        await store.put(NAME, DATA, media_type="image/jpeg")


def test_another_kind_of_store_is_refused() -> None:
    with pytest.raises(ValueError, match="ftp"):
        ObjectStore("ftp://somewhere/photos")
