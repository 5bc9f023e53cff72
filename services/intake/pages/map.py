"""The base map, drawn from our own gazetteer, and what lies at a point or is meant by a text."""

import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from services.intake.api.tickets import Intake
from services.intake.domain.base_map import base_map
from services.intake.domain.registration import Rules
from services.intake.maps import Found
from shared.errors import FieldError, InvalidError
from shared.web.guards import Unasked
from shared.web.pages import Pages
from shared.web.strings import Language, language_of

router = APIRouter(prefix="/map", tags=["map"], dependencies=[Depends(Unasked.PUBLIC)])

HOUR: Final = "public, max-age=3600"
MOST_TYPED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Places, the likeliest first."""

    items: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class _Drawn:
    etag: str
    packed: bytes


@router.get(
    "/base.json",
    response_class=Response,
    responses={200: {"content": {"application/geo+json": {}}}, 304: {"description": "As it was"}},
)
async def get_base(request: Request, intake: Intake, lang: Language | None = None) -> Response:
    """The base map as GeoJSON, with the words of the map and where its tiles are."""
    drawn = _base(request, intake.rules, lang or language_of(request))
    headers = {
        "ETag": drawn.etag,
        "Cache-Control": HOUR,
        "Vary": "Accept-Encoding" if lang else "Accept-Encoding, Accept-Language, Cookie",
    }
    if drawn.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = drawn.packed
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
    else:
        content = gzip.decompress(content)
    return Response(content, media_type="application/geo+json", headers=headers)


def _base(request: Request, rules: Rules, language: Language) -> _Drawn:
    """Drawn once a language and kept, packed, with the app."""
    state = request.app.state
    known: dict[Language, _Drawn] | None = getattr(state, "base_maps", None)
    if known is None:
        known = state.base_maps = {}
    if language not in known:
        pages: Pages = state.pages
        settings: Any = pages.settings
        drawn = {
            **base_map(rules.catalogue, rules.grids),
            "words": json.loads(pages.strings.table_json(language, "map.js")),
            "tiles": {
                "url": settings.tile_url,
                "gcj02": settings.tile_gcj02,
                "subdomains": settings.tile_subdomains,
                "credit": settings.tile_credit,
            }
            if settings.tile_url
            else None,
        }
        content = json.dumps(drawn, ensure_ascii=False, separators=(",", ":")).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
        known[language] = _Drawn(etag, gzip.compress(content, 6, mtime=0))
    return known[language]


@router.get("/locate")
async def locate(
    intake: Intake,
    lat: Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False)] = None,
    lon: Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False)] = None,
    q: Annotated[str | None, Query(max_length=MOST_TYPED)] = None,
    datum: Literal["wgs84", "gcj02"] = "wgs84",
    limit: Annotated[int, Query(ge=1, le=20)] = 8,
) -> Candidates:
    """What lies at `lat` and `lon`, or the places that `q` may mean: names, parts, pinyin."""
    if lat is not None and lon is not None:
        return Candidates(items=(intake.maps.at(lat, lon, is_gcj02=datum == "gcj02"),))
    if q is None:
        raise InvalidError(
            FieldError(field="q", zh="请给出 lat 和 lon，或 q", en="give lat and lon, or q")
        )
    return Candidates(items=tuple(intake.maps.search(q, limit=limit)))
