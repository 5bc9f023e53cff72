"""Step 10: the street leads only what is on its own list, else the bureau leads.

The street's own list are the categories that the catalogue gives to street, community or property
company; they go by the address. All else is a bureau's: the district's unit, else the city's. That
the street is informed then is in `beside`.
"""

from dataclasses import replace
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Summons
from services.router.domain.routing.asset import units_at
from services.router.domain.routing.way import Way
from shared.catalogue.model import LOCAL_LEADS, PROPERTY_FUNCTION
from shared.contracts.values import Relation

ONLY_ONE_IN_CITY = 0.9  # no place is known, but the whole city has one unit for it


def lead(city: City, way: Way, now: datetime) -> Way:
    """The one unit of the leading function at the place; several or none are left to step 11."""
    if way.category is None or way.lead is not None:
        return way
    function = way.category.lead_function
    found = units_at(city, function, way)
    if len(found) != 1:
        return way
    unit = found[0].code
    if function in LOCAL_LEADS:
        way = way.told("own_list", function=function, unit=unit)
    kind = "compound" if function == PROPERTY_FUNCTION else "region"
    if city.catalogue.units_for(function, None) == found:
        # the same wherever it is: how surely the place is known does not matter
        way = replace(way, in_place=False)
        if way.question.region is None:
            kind, way = "whole_city", replace(way, confidence=ONLY_ONE_IN_CITY)
    return way.led_by(Summons(unit=unit, relation=Relation.LEAD), kind, unit=unit)
