"""Whom to call, and what was whistled there before, while a whistle is being written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from services.router.domain.city import City
from services.router.domain.joint.place_key import place_key
from services.router.domain.matter import Matter
from services.router.look import Sight
from services.router.store import places
from services.router.store.places import Earlier
from shared.contracts.parts import Place
from shared.contracts.values import Relation, Urgency
from shared.runtime.database import Connection

MOST: Final = 10


class Because(StrEnum):
    """Why a unit is suggested."""

    DUTY = "duty"  # 责任清单
    LEAD = "lead"  # 牵头职能
    CO = "co"  # 配合职能
    EARLIER = "earlier"  # 上次到场


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedUnit:
    """A unit, the part it would have, and why."""

    unit: str
    relation: Relation
    because: Because


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Units by what is most likely first; earlier whistles of the place, newest first."""

    units: tuple[SuggestedUnit, ...]
    earlier: tuple[Earlier, ...]


async def suggested(
    connection: Connection,
    *,
    category: str | None,
    place: Place,
    sight: Sight,
    own: str | None,
    city: City,
    now: datetime,
) -> Suggestion:
    """For what is typed so far; `own` is the caller's unit, which calls others."""
    matter = Matter(title="", summary="", place=place, urgency=Urgency.NORMAL)
    key = place_key(matter, city.catalogue)
    earlier: list[Earlier] = []
    if key is not None:
        since = now - timedelta(days=city.policy.joint.repeats_days)
        earlier = await places.earlier_at(
            connection,
            key,
            since=since,
            unit=sight.unit,
            region=sight.region,
            words=sight.places,
            limit=MOST,
        )
    found: dict[str, SuggestedUnit] = {}
    for each in (*_of_category(city, category, place, now), *_of_before(city, earlier)):
        if each.unit != own:
            found.setdefault(each.unit, each)
    return Suggestion(units=tuple(found.values())[:MOST], earlier=tuple(earlier))


def _of_category(
    city: City, code: str | None, place: Place, now: datetime
) -> Iterator[SuggestedUnit]:
    """The duty list's unit, else those of the leading function, then those that work with it."""
    catalogue = city.catalogue
    category = catalogue.categories.get(code or "")
    if category is None:
        return
    compound = place.compound if place.compound in catalogue.compounds else None
    duty = catalogue.duty_for(category.code, place.region, now)
    if duty is not None and duty.unit in catalogue.units:
        yield SuggestedUnit(unit=duty.unit, relation=Relation.LEAD, because=Because.DUTY)
    else:
        for unit in catalogue.units_for(category.lead_function, place.region, compound):
            yield SuggestedUnit(unit=unit.code, relation=Relation.LEAD, because=Because.LEAD)
    for function in category.co_functions:
        for unit in catalogue.units_for(function, place.region, compound):
            yield SuggestedUnit(unit=unit.code, relation=Relation.ASSISTING, because=Because.CO)


def _of_before(city: City, earlier: Iterable[Earlier]) -> Iterator[SuggestedUnit]:
    """Who worked at the place the last time."""
    for whistle in earlier:
        for unit, relation in whistle.units:
            if unit in city.catalogue.units:
                yield SuggestedUnit(unit=unit, relation=relation, because=Because.EARLIER)
