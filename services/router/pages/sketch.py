"""A small map of a place, drawn from the city's own grids and compounds, with tiles where set."""

from typing import Any, Final

from shapely.geometry import mapping

from services.router.domain.city import City
from shared.contracts.parts import Place

COMMUNITY_DIGITS: Final = 12
MOST_COMPOUNDS: Final = 40


def sketch_of(place: Place, city: City, *, tile_url: str | None) -> dict[str, Any] | None:
    """What the page's script draws: the point, the grids around it; None without any place."""
    grids = _grids(place, city)
    point = _point(place, city)
    if point is None and not grids:
        return None
    return {
        "point": point,
        "exact": place.lat is not None,
        "areas": [{"code": grid.code, "geometry": mapping(grid.area)} for grid in grids],
        "compounds": [
            {"name": each.name, "lat": each.lat, "lon": each.lon}
            for each in city.catalogue.compounds.values()
            if grids and each.region_code.startswith(grids[0].code[:COMMUNITY_DIGITS])
        ][:MOST_COMPOUNDS],
        "tiles": tile_url,
    }


def _grids(place: Place, city: City) -> tuple[Any, ...]:
    """The grids of the community."""
    region = place.region
    if region is None and place.lat is not None and place.lon is not None:
        grid = city.grids.at(place.lat, place.lon)
        region = grid.code if grid is not None else None
    if region is None or len(region) < COMMUNITY_DIGITS:
        return ()
    return city.grids.of_community(region[:COMMUNITY_DIGITS])


def _point(place: Place, city: City) -> dict[str, float] | None:
    """Where it is; where only the compound is known, the compound."""
    if place.lat is not None and place.lon is not None:
        return {"lat": place.lat, "lon": place.lon}
    compound = city.catalogue.compounds.get(place.compound or "")
    return {"lat": compound.lat, "lon": compound.lon} if compound is not None else None
