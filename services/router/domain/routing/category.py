"""Step 5: the category tells which function leads."""

from dataclasses import replace
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Unclear
from services.router.domain.routing.trace import line
from services.router.domain.routing.way import Way


def read(city: City, way: Way, now: datetime) -> Way | Unclear:
    """The category, which a first look does not need; without one nothing is guessed."""
    code = way.question.category
    if code is None:
        return way if way.lead is not None else way.stopped(line("no_category"))
    found = city.catalogue.categories.get(code)
    if found is None:
        return way if way.lead is not None else way.stopped(line("unknown_category", raw=code))
    told = line("category", category=code, function=found.lead_function)
    return replace(way, category=found, trace=(*way.trace, told))
