"""Step 7: the owner of the asset, by words that name it: a telecom operator, whose manhole cover.

The rows stand in the policy; heat zones and the like, which go by place, are rows of the duty list.
"""

from dataclasses import replace
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Summons
from services.router.domain.routing.rows import AssetRow
from services.router.domain.routing.way import Way
from shared.catalogue.model import PROPERTY_FUNCTION, Unit
from shared.contracts.values import Relation


def own(city: City, way: Way, now: datetime) -> Way:
    """The one owner that the words name leads; of several owners a person chooses."""
    category = way.category
    if category is None or way.lead is not None:
        return way
    leads: dict[str, tuple[int, str]] = {}
    for mark in way.question.marked("asset"):
        row = city.policy.rows.assets[mark.number - 1]
        owner = _owner(city, row, way)
        if owner is None:
            continue
        if row.task is not None:
            way = _beside(way, row, owner, mark.word)
        elif not city.catalogue.may_lead(category.code, owner.code):
            way = way.doubted("asset_unlawful", number=row.number, unit=owner.code)
        else:
            leads.setdefault(owner.code, (row.number, mark.word))
    if len(leads) > 1:
        return replace(way.doubted("asset_conflict", units=",".join(leads)), rivals=tuple(leads))
    for unit, (number, word) in leads.items():
        lead = Summons(unit=unit, relation=Relation.LEAD)
        return way.led_by(lead, "asset", number=number, word=word, unit=unit)
    return way


def _owner(city: City, row: AssetRow, way: Way) -> Unit | None:
    if row.unit is not None:
        return city.catalogue.units.get(row.unit)
    found = units_at(city, row.function or "", way)
    return found[0] if len(found) == 1 else None


def units_at(city: City, function: str, way: Way) -> tuple[Unit, ...]:
    """The units of a function at the place; of property companies the one intake found."""
    question, catalogue = way.question, city.catalogue
    if function == PROPERTY_FUNCTION and question.property_unit is not None:
        return (catalogue.unit(question.property_unit),)
    return catalogue.units_for(function, question.region, question.compound)


def _beside(way: Way, row: AssetRow, owner: Unit, word: str) -> Way:
    called = Summons(unit=owner.code, relation=Relation.ASSISTING, task=row.task)
    way = replace(way, beside=(*way.beside, called))
    return way.told("asset_beside", number=row.number, word=word, unit=owner.code)
