"""Step 6: where it is. The gazetteer found it at intake; here it is checked and told.

A point lies in a grid by the grid's polygon; a compound or road goes by its names, a community by
being named. What the gazetteer could not make agree is a doubt that a person looks at.
"""

from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Unclear
from services.router.domain.routing.trace import line
from services.router.domain.routing.way import Way
from shared.catalogue.gazetteer import LocatedBy


def find(city: City, way: Way, now: datetime) -> Way | Unclear:
    """The region as far as it is known; one that is not in the catalogue stops here."""
    question = way.question
    if question.region is not None and not city.catalogue.knows_region(question.region):
        return way.stopped(line("unknown_region", raw=question.region))
    if question.by_point:
        way = way.told("point", region=question.region)
    elif question.located_by is not None and question.region is not None:
        sure = f"{question.place_confidence or 0:.2f}"
        way = way.told("located", region=question.region, how=question.located_by, confidence=sure)
    if question.located_by == LocatedBy.CONFLICT:
        way = way.doubted("contradiction")
    return way


def confidence(way: Way) -> float:
    """How surely the place is known: by the gazetteer's word, else as surely as it was said."""
    if way.question.by_point or way.question.place_confidence is None:
        return 1.0
    return way.question.place_confidence
