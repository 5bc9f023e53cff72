"""The map of the street console: the grids of a region, drawn from our own gazetteer."""

from statistics import fmean
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from shapely.geometry import mapping

from services.router.api.edge import Context, sight
from services.router.domain.city import City
from services.router.pages.console_viewer import Viewer
from shared.catalogue.grids import Grid
from shared.catalogue.regions import RegionLevel
from shared.contracts.parts import Place
from shared.runtime.settings import ServiceSettings

router = APIRouter(prefix="/console", include_in_schema=False)

COMMUNITY_DIGITS: Final = 12
KEPT: Final = "private, max-age=600"

Latitude = Annotated[float, Query(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Query(ge=-180, le=180, allow_inf_nan=False)]


@router.get("/map.json")
async def get_map(here: Context, caller: Viewer) -> JSONResponse:
    """The grids and compounds of the caller's region, or of the whole city."""
    drawn = base_of(here.city, sight(caller, here).region, here.runtime.settings)
    return JSONResponse(drawn, headers={"Cache-Control": KEPT})


async def seeing(here: Context, caller: Viewer) -> None:
    """ForbiddenError for who sees nothing, having no unit."""
    sight(caller, here)


@router.get("/at", dependencies=[Depends(seeing)])
async def get_at(here: Context, lat: Latitude, lon: Longitude) -> dict[str, Any]:
    """The grid at a point: {grid, community, name}; {} outside of all."""
    grid = here.city.grids.at(lat, lon)
    if grid is None:
        return {}
    community = grid.code[:COMMUNITY_DIGITS]
    name = here.city.catalogue.region_name(community)
    return {"grid": grid.code, "community": community, "name": name}


def base_of(city: City, region: str | None, settings: ServiceSettings) -> dict[str, Any]:
    """What the page's script draws below the pins."""
    catalogue = city.catalogue
    grids = [g for g in city.grids.by_code.values() if g.code.startswith(region or "")]
    return {
        "areas": [{"grid": grid.code, "geometry": mapping(grid.area)} for grid in grids],
        "names": [
            {"name": known.name, **_middle(own)}
            for code, known in catalogue.regions.items()
            if known.level is RegionLevel.COMMUNITY
            and (own := [grid for grid in grids if grid.code.startswith(code)])
        ],
        "compounds": [
            {"name": each.name, "lat": each.lat, "lon": each.lon}
            for each in catalogue.compounds.values()
            if each.region_code.startswith(region or "")
        ],
        "tiles": settings.tile_url,
    }


def point_of(place: Place, city: City) -> dict[str, Any] | None:
    """Where a pin stands: the point, else the compound, grid or community it lies in."""
    if place.lat is not None and place.lon is not None:
        return {"lat": place.lat, "lon": place.lon, "exact": True}
    compound = city.catalogue.compounds.get(place.compound or "")
    if compound is not None:
        return {"lat": compound.lat, "lon": compound.lon, "exact": False}
    region = place.region or ""
    grid = city.grids.by_code.get(region)
    own = [grid] if grid is not None else []
    if not own and len(region) >= COMMUNITY_DIGITS:
        own = list(city.grids.of_community(region[:COMMUNITY_DIGITS]))
    return {**_middle(own), "exact": False} if own else None


def _middle(grids: list[Grid]) -> dict[str, float]:
    """The middle of some grids; shapely's points are (lon, lat)."""
    points = [grid.area.representative_point() for grid in grids]
    return {
        "lat": round(fmean(point.y for point in points), 6),
        "lon": round(fmean(point.x for point in points), 6),
    }
