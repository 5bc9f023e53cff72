"""Step 9: the duty list names the unit for a category, a place and a time, with its clause."""

from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Summons
from services.router.domain.routing.way import Way
from shared.contracts.values import Relation


def look_up(city: City, way: Way, now: datetime) -> Way:
    """The unit of the row that holds here and now, unless the hard guard forbids it to lead."""
    if way.category is None or way.lead is not None:
        return way
    row = city.catalogue.duty_for(way.category.code, way.question.region, now)
    if row is None or row.unit not in city.catalogue.units:
        return way
    words: dict[str, object] = {
        "subject": row.subject,
        "region": row.region,
        "unit": row.unit,
        "version": city.duty_version,
    }
    if not city.catalogue.may_lead(way.category.code, row.unit):
        return way.told("duty_unlawful", **words)
    lead = Summons(unit=row.unit, relation=Relation.LEAD, clause=row.clause)
    if row.condition is None:
        return way.led_by(lead, "duty", **words)
    return way.led_by(lead, "hours", when=row.condition.text, **words)
