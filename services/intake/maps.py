"""Finds places for forms and maps: what lies at a point, and which places a text may mean."""

from dataclasses import dataclass, replace
from typing import Final

from services.intake.domain.areas import middle_of
from services.intake.domain.place_search import Match, PlaceKind, PlaceSearch
from shared.catalogue.gazetteer import CONFIDENCE, Gazetteer, Located, LocatedBy, metres_between
from shared.catalogue.model import Catalogue, Compound, Road
from shared.catalogue.regions import community_of
from shared.gcj02 import to_wgs84

REACH: Final = 800.0  # metres from a compound within which a point is of its community
AT: Final = 60.0  # metres within which a compound is not "near"
NEAR: Final = 300.0  # metres within which the gazetteer trusts the nearest compound
FAR_CONFIDENCE: Final = 0.6  # of a community further away, but within the reach of its compounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A place: a point's surroundings (`kind` "point") or what a text may mean.

    `confidence` below 0.85 asks for a person's look; `zh` and `en` are for showing.
    """

    kind: str
    name: str
    region: str | None
    region_name: str | None
    community: str | None
    compound: str | None
    property_unit: str | None
    property_name: str | None
    road: str | None
    roads: tuple[str, ...]
    lat: float | None
    lon: float | None
    metres: float | None
    confidence: float
    zh: str
    en: str


class Maps:
    """Looks up places in one catalogue; built once a process."""

    def __init__(self, catalogue: Catalogue, gazetteer: Gazetteer) -> None:
        self._catalogue = catalogue
        self._gazetteer = gazetteer
        self._search = PlaceSearch(catalogue)
        self._middles: dict[str, tuple[float, float]] = {}
        for code in {compound.region_code for compound in catalogue.compounds.values()}:
            own = [c for c in catalogue.compounds.values() if c.region_code == code]
            self._middles[code] = middle_of((each.lat, each.lon) for each in own)

    def at(self, lat: float, lon: float, *, is_gcj02: bool = False) -> Found:
        """What lies at a point; without a region where nothing of the city is near."""
        if is_gcj02:
            lat, lon = to_wgs84(lat, lon)
        compounds = self._catalogue.compounds.values()
        metres, nearest = min(
            ((metres_between(lat, lon, each.lat, each.lon), each) for each in compounds),
            key=lambda pair: pair[0],
            default=(float("inf"), None),
        )
        if nearest is None or metres > REACH:
            return self._nowhere(lat, lon, nearest, metres)
        is_near = metres <= NEAR
        confidence = CONFIDENCE[LocatedBy.POINT] if is_near else FAR_CONFIDENCE
        found = self._of_compound(nearest, kind="point", confidence=confidence)
        zh, en = _words(nearest.name, found.community or "", metres)
        return replace(
            found,
            compound=nearest.name if is_near else None,
            property_unit=found.property_unit if is_near else None,
            property_name=found.property_name if is_near else None,
            lat=round(lat, 7),
            lon=round(lon, 7),
            metres=round(metres, 1),
            zh=zh,
            en=en,
        )

    def search(self, typed: str, *, limit: int = 8) -> list[Found]:
        """The places that a text may mean, best first; an address is read as at registration."""
        located = self._gazetteer.locate(typed)
        found = [self._of_match(match, located) for match in self._search.find(typed, limit=limit)]
        return sorted(found, key=lambda each: -each.confidence)

    def _of_match(self, match: Match, located: Located) -> Found:
        place = match.place
        if isinstance(place, Compound):
            is_it = located.compound == place.name
            confidence = max(match.score, located.confidence) if is_it else match.score
            return self._of_compound(place, kind=match.kind, confidence=round(confidence, 2))
        if isinstance(place, Road):
            return self._of_road(place, located, round(match.score, 2))
        return self._of_region(match.kind, place.name, place.code, round(match.score, 2))

    def _of_compound(self, compound: Compound, *, kind: str, confidence: float) -> Found:
        found = self._of_region(kind, compound.name, compound.region_code, confidence)
        unit = self._catalogue.units.get(compound.property_unit or "")
        return replace(
            found,
            compound=compound.name,
            property_unit=compound.property_unit,
            property_name=unit.name if unit is not None else None,
            lat=compound.lat,
            lon=compound.lon,
            zh=f"{compound.name}，{found.region_name}",
            en=f"{compound.name}, {found.region_name}",
        )

    def _of_road(self, road: Road, located: Located, confidence: float) -> Found:
        """A road lies in one community only where it runs through no other, or a place tells."""
        told = located.region_code
        codes = [code for code in road.region_codes if told is None or code.startswith(told)]
        code = codes[0] if len(codes) == 1 else None
        found = self._of_region(PlaceKind.ROAD, road.name, code or told, confidence)
        middles = [self._middles[c] for c in codes or road.region_codes if c in self._middles]
        lat, lon = middle_of(middles) if middles else (found.lat, found.lon)
        where = found.region_name or "、".join(
            self._catalogue.regions[c].name
            for c in road.region_codes
            if c in self._catalogue.regions
        )
        words = f"{road.name}，{where}"
        return replace(found, road=road.name, lat=lat, lon=lon, zh=words, en=words)

    def _of_region(self, kind: str, name: str, code: str | None, confidence: float) -> Found:
        catalogue = self._catalogue
        community = community_of(code) if code is not None else None
        named = catalogue.regions.get(community or "")
        middles = [at for region, at in self._middles.items() if code and region.startswith(code)]
        lat, lon = middle_of(middles) if middles else (None, None)
        whole = catalogue.region_name(code) if code is not None else None
        return Found(
            kind=kind,
            name=name,
            region=code,
            region_name=whole,
            community=named.name if named is not None else None,
            compound=None,
            property_unit=None,
            property_name=None,
            road=None,
            roads=tuple(r.name for r in catalogue.roads.values() if community in r.region_codes),
            lat=round(lat, 6) if lat is not None else None,
            lon=round(lon, 6) if lon is not None else None,
            metres=None,
            confidence=confidence,
            zh=whole or name,
            en=whole or name,
        )

    def _nowhere(self, lat: float, lon: float, nearest: Compound | None, metres: float) -> Found:
        found = self._of_region("point", "", None, 0.0)
        km = f"{metres / 1000:.1f}"
        zh = f"离最近的小区（{nearest.name}）约 {km} 公里，请核对位置" if nearest else "位置未知"
        en = f"about {km} km from {nearest.name}, please check" if nearest else "unknown place"
        return replace(found, lat=lat, lon=lon, metres=round(metres, 1), zh=zh, en=en)


def _words(compound: str, community: str, metres: float) -> tuple[str, str]:
    if metres <= AT:
        return f"{compound}，{community}", f"{compound}, {community}"
    if metres <= NEAR:
        return f"{compound}附近，{community}", f"near {compound}, {community}"
    far = round(metres, -1)
    return (
        f"{community}，距{compound}约 {far:.0f} 米",
        f"{community}, about {far:.0f} m from {compound}",
    )
