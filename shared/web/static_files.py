"""Serves the files pages are made with: compressed, and cached for good under their hash.

`/static/…` is `shared/web/static`, `/static/<service>/…` is the service's own folder. A file asked
for with its own hash (`?v=`) may be kept for a year; any other is asked for again each time.
"""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from starlette.requests import Request
from starlette.responses import Response

from shared.errors import NotFoundError

SHARED = Path(__file__).parent / "static"
COMPRESSED = frozenset({".css", ".js", ".json", ".svg", ".webmanifest", ".txt", ".map"})
SERVED = COMPRESSED | {".png", ".webp", ".jpg", ".ico", ".woff2"}
TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json"}
YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticFile:
    """A file as it is sent."""

    stamp: tuple[int, int]
    version: str
    media_type: str
    content: bytes
    packed: bytes | None


class StaticFiles:
    """The files of one service and the shared ones; each is read once and again when it changes."""

    def __init__(self, service: str, folder: Path) -> None:
        self._roots = {service: folder}
        self._known: dict[str, StaticFile] = {}

    def find(self, name: str) -> StaticFile:
        """The file `intake/desk.js` or `shaodao.css`; NotFoundError when there is none."""
        parts = PurePosixPath(name).parts
        path = self._path(parts)
        if path is None or not path.is_file():
            raise NotFoundError("没有这个文件", "there is no such file")
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._known.get(name)
        if known is None or known.stamp != stamp:
            known = self._known[name] = _read(path, stamp)
        return known

    def url(self, name: str) -> str:
        """The address of a file with its version; NotFoundError when there is none."""
        return f"/static/{name}?v={self.find(name).version}"

    def _path(self, parts: tuple[str, ...]) -> Path | None:
        if not parts or any(part in ("..", "/") or part.startswith(".") for part in parts):
            return None
        if PurePosixPath(parts[-1]).suffix not in SERVED:
            return None
        own = self._roots.get(parts[0])
        return SHARED.joinpath(*parts) if own is None else own.joinpath(*parts[1:])

    async def answer(self, request: Request) -> Response:
        """Answer a request for `{name}`."""
        name = request.path_params["name"]
        file = self.find(name)
        headers = {
            "ETag": f'"{file.version}"',
            "Cache-Control": YEAR
            if request.query_params.get("v") == file.version
            else "public, no-cache",
            "Vary": "Accept-Encoding",
        }
        if name.endswith("worker.js"):
            headers["Service-Worker-Allowed"] = "/"
        if file.version in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = file.content
        if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            content = file.packed
            headers["Content-Encoding"] = "gzip"
        return Response(content, media_type=file.media_type, headers=headers)


def _read(path: Path, stamp: tuple[int, int]) -> StaticFile:
    content = path.read_bytes()
    guessed = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    return StaticFile(
        stamp=stamp,
        version=hashlib.sha256(content).hexdigest()[:12],
        media_type=guessed or "application/octet-stream",
        content=content,
        packed=gzip.compress(content, 6, mtime=0) if path.suffix in COMPRESSED else None,
    )
