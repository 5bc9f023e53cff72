"""Step 11: nobody leads yet. Too coarse a place, several with equal right, or no owner at all.

Where nobody owns the matter the supervisor convenes; the other two a dispatcher decides.
"""

from collections.abc import Iterator
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Unclear
from services.router.domain.routing.asset import units_at
from services.router.domain.routing.trace import NO_PLACE, line
from services.router.domain.routing.way import Way, candidate
from shared.catalogue.model import PROPERTY_FUNCTION, Category, Unit
from shared.catalogue.regions import contains
from shared.contracts.whistles import Candidate


def clear(city: City, way: Way, now: datetime) -> Way | Unclear:
    """Goes on with a lead; without one a person decides, with the likely units."""
    ownerless = next(way.question.marked("no_owner"), None)
    if way.category is None:
        return way
    if way.lead is not None:
        return way if ownerless is None or _named(way) else _ownerless(city, way, ownerless.word)
    function = way.category.lead_function
    units = units_at(city, function, way)
    if units:
        equal = line("equal", n=len(units), function=function)
        return way.stopped(equal, candidates=_candidates(city, way.category, units))
    around = tuple(_around(city, function, way.question.region))
    if not around:
        return way.stopped(line("no_owner", function=function), convene=True)
    where = way.question.region or NO_PLACE
    coarse = line("too_coarse", where=where, function=function)
    return way.stopped(coarse, candidates=_candidates(city, way.category, around))


def _named(way: Way) -> bool:
    """Whether a row says whose it is: then it is clear, whatever the words say."""
    return any(told.startswith(("3:", "7:asset", "8:duty", "9:duty")) for told in way.trace)


def _ownerless(city: City, way: Way, word: str) -> Unclear:
    found: tuple[Unit, ...] = ()
    if way.lead is not None:
        found = (city.catalogue.unit(way.lead.unit),)
    category = way.category
    likely = _candidates(city, category, found) if category is not None else ()
    return way.stopped(line("ownerless", word=word), candidates=likely, convene=True)


def _candidates(city: City, category: Category, units: tuple[Unit, ...]) -> tuple[Candidate, ...]:
    lawful = [unit for unit in units if city.catalogue.may_lead(category.code, unit.code)]
    confidence = round(1 / len(lawful), 2) if lawful else 0.0
    shown = lawful[: city.policy.candidates_shown]
    why = line("category", category=category.code, function=category.lead_function)
    return tuple(candidate(unit, confidence, why) for unit in shown)


def _around(city: City, function: str, region: str | None) -> Iterator[Unit]:
    """Units of the function around a place, finest first; the street before property companies."""
    if function == PROPERTY_FUNCTION and (street := city.catalogue.street_unit(region)):
        yield street
    found = [
        unit
        for unit in city.catalogue.units.values()
        if function in unit.function_codes and _touches(unit.region_code, region)
    ]
    yield from sorted(found, key=lambda unit: (-len(unit.region_code or ""), unit.code))


def _touches(served: str | None, region: str | None) -> bool:
    if served is None or region is None:
        return True
    return contains(served, region) or contains(region, served)
