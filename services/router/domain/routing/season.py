"""Step 8: season and hour. A cold room in the heating season is urgent.

Who is on duty at which hours are rows of the duty list with a condition (`duty`).
"""

from dataclasses import replace
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.way import Way
from shared.calendar import SHANGHAI
from shared.contracts.values import Urgency

_ORDER = list(Urgency)  # the most urgent first


def hasten(city: City, way: Way, now: datetime) -> Way:
    """More urgent where a row says so; never less."""
    rows = city.policy.rows.seasons_of.get(way.category.code, ()) if way.category else ()
    if not rows:
        return way
    marked = {mark.number for mark in way.question.marked("season")}
    local = now.astimezone(SHANGHAI)
    for row in rows:
        if row.words and row.number not in marked:
            continue
        if row.when.holds(local) and _ORDER.index(row.urgency) < _ORDER.index(way.urgency):
            way = replace(way, urgency=row.urgency)
            way = way.told("season", number=row.number, when=row.text, urgency=row.urgency.value)
    return way
