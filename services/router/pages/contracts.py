"""The contract of departments as a page, and its documents as files: open to anyone."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from fastapi import Path as PathParameter
from fastapi.responses import HTMLResponse, Response

from services.router.domain.department import MOST_REPORTS
from services.router.pages.contract_view import FOLDER, contract, types
from shared.contracts.envelope import MAX_BYTES
from shared.errors import NotFoundError
from shared.uploads.media import MOST_BYTES
from shared.web.guards import Unasked
from shared.web.pages import Pages, page
from shared.web.strings import language_of

router = APIRouter(prefix="/contracts", tags=["contracts"], dependencies=[Depends(Unasked.PUBLIC)])

YAML, JSON = "application/yaml", "application/json"
CACHED: Final = "public, max-age=3600"
FileName = Annotated[str, PathParameter(pattern=r"^shaodao\.[a-z_.]+\.v[0-9]+\.json$")]


def _file(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {}}}, 304: {"description": "As it was"}}


@router.get("", include_in_schema=False)
async def get_contracts(request: Request) -> HTMLResponse:
    """The contract in words: topics, events, fields, examples, codes, and the ways beside Kafka."""
    pages: Pages = request.app.state.pages
    known = pages.strings.keys(language_of(request))

    def meaning(of: str, name: str) -> str | None:
        """The key of what a field means: there, else anywhere."""
        for key in (f"contracts.field_of.{of}.{name}", f"contracts.field.{name}"):
            if key in known:
                return key
        return None

    def about(short: str) -> str | None:
        key = f"contracts.event.{short}"
        return key if key in known else None

    return await page(
        request,
        "contracts/index.html",
        contract=contract(),
        meaning=meaning,
        about=about,
        most_bytes=MAX_BYTES,
        most_file=MOST_BYTES // 1_000_000,
        most_reports=MOST_REPORTS,
        router_url=request.app.state.context.shelf.address,
    )


@router.get("/asyncapi.yaml", response_class=Response, responses=_file(YAML))
async def get_asyncapi(request: Request) -> Response:
    """The AsyncAPI 3 document of all topics."""
    return _answer(request, FOLDER / "asyncapi.yaml", YAML)


@router.get("/schemas/{name}", response_class=Response, responses=_file(JSON))
async def get_schema(request: Request, name: FileName) -> Response:
    """The JSON Schema (2020-12) of one type of event: `shaodao.report.resolved.v1.json`."""
    return _answer(request, _known("schemas", name), JSON)


@router.get("/examples/{name}", response_class=Response, responses=_file(JSON))
async def get_example(request: Request, name: FileName) -> Response:
    """The golden example of one type of event."""
    return _answer(request, _known("examples", name), JSON)


def _known(folder: str, name: str) -> Path:
    if name.removesuffix(".json") not in types():
        raise NotFoundError("没有这种事件", "there is no such type of event")
    return FOLDER / folder / name


def _answer(request: Request, path: Path, media_type: str) -> Response:
    content, tag = _read(path)
    headers = {"Cache-Control": CACHED, "ETag": f'"{tag}"'}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=f"{media_type}; charset=utf-8", headers=headers)


@cache
def _read(path: Path) -> tuple[bytes, str]:
    content = path.read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:16]
