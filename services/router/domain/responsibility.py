"""Who must come: category → lead function → the unit of the place, with the trace of why.

The steps are those of DOMAIN §6 that are the router's (5–12). Without one clear lead the ticket is
held, with the lawful candidates and how sure the router is of each; nothing is guessed.
"""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.city import City
from shared.catalogue.model import (
    PROPERTY_FUNCTION,
    Category,
    Unit,
    UnknownCodeError,
)
from shared.catalogue.regions import contains
from shared.contracts.parts import Place
from shared.contracts.values import Relation, Urgency
from shared.contracts.whistles import Candidate

Key = tuple[str | None, str | None, str | None, str | None, Urgency]

SURE = 1.0
ONLY_ONE_IN_CITY = 0.9  # no place is known, but the whole city has one unit for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Summons:
    """One unit that must come."""

    unit: str
    relation: Relation
    task: str | None = None
    clause: str | None = None
    coordinating: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One lead and those beside it."""

    summonses: tuple[Summons, ...]
    trace: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """No single lead: for a dispatcher, with the best candidates first."""

    why: tuple[str, ...]
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lead:
    unit: Unit
    confidence: float
    clause: str | None
    trace: str


class Responsibilities:
    """Answers of one batch: many of its tickets ask for the same category and place."""

    def __init__(self, city: City, now: datetime) -> None:
        self._city = city
        self._now = now
        self._known: dict[Key, Found | Unclear] = {}

    def of(self, category: str | None, place: Place, urgency: Urgency) -> Found | Unclear:
        """The units of a ticket at the batch's `now`, or why a person must decide."""
        key = (category, place.region, place.compound, place.property_unit, urgency)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = resolve(
                self._city, category=category, place=place, urgency=urgency, now=self._now
            )
        return found


def resolve(
    city: City, *, category: str | None, place: Place, urgency: Urgency, now: datetime
) -> Found | Unclear:
    """The units of a ticket, or why a person must decide."""
    if category is None:
        return Unclear(why=("5:no category",))
    try:
        found = city.catalogue.category(category)
    except UnknownCodeError:
        return Unclear(why=(f"5:category {category} is not in the catalogue",))
    trace = (f"5:category {category}→{found.lead_function}",)
    if place.region is not None and not city.catalogue.knows_region(place.region):
        return Unclear(why=(*trace, f"6:region {place.region} is not in the catalogue"))
    lead = _lead(city, found, place, now)
    if isinstance(lead, Unclear):
        return Unclear(why=(*trace, *lead.why), candidates=lead.candidates)
    if lead.confidence < city.policy.auto_confidence:
        why = (*trace, lead.trace, f"12:confidence {lead.confidence:.2f}")
        return Unclear(why=why, candidates=(_candidate(lead.unit, lead.confidence, lead.trace),))
    first = Summons(unit=lead.unit.code, relation=Relation.LEAD, clause=lead.clause)
    summonses = [first]
    assisting, more = _assisting(city, found, place, lead.unit)
    summonses += assisting
    return complete(
        city,
        summonses,
        place=place,
        urgency=urgency,
        now=now,
        trace=(*trace, lead.trace, *more),
    )


def complete(
    city: City,
    summonses: list[Summons],
    *,
    place: Place,
    urgency: Urgency,
    now: datetime,
    trace: tuple[str, ...],
) -> Found:
    """With the duty office at night (DOMAIN §6) and the street informed (step 10).

    An urgent matter whose lead has nobody on duty outside working hours gets the district's 12345
    centre beside it.
    """
    called = {summons.unit for summons in summonses}
    lead = city.catalogue.unit(summonses[0].unit)
    if urgency is not Urgency.NORMAL and not lead.duty_24h and not city.is_working_time(now):
        centre = city.hotline_centre(place.region)
        if centre is not None and centre.code not in called:
            task = "主办单位夜间无值守，协助联系并盯办"
            summonses.append(_beside(centre, Relation.ASSISTING, task, coordinating=True))
            called.add(centre.code)
            trace = (*trace, f"8:no night duty at {lead.code}→{centre.code}")
    street = city.catalogue.street_unit(place.region)
    if street is not None and street.code not in called:
        summonses.append(_beside(street, Relation.INFORMED))
        trace = (*trace, f"10:street informed→{street.code}")
    return Found(summonses=tuple(summonses), trace=trace)


def _beside(
    unit: Unit, relation: Relation, task: str | None = None, *, coordinating: bool = False
) -> Summons:
    return Summons(unit=unit.code, relation=relation, task=task, coordinating=coordinating)


def _lead(city: City, category: Category, place: Place, now: datetime) -> _Lead | Unclear:
    duty = city.catalogue.duty_for(category.code, place.region, now)
    if duty is not None and duty.unit in city.catalogue.units:
        unit = city.catalogue.unit(duty.unit)
        trace = f"9:duty {duty.subject}@{duty.region}→{unit.code}"
        if city.catalogue.may_lead(category.code, unit.code):
            return _Lead(unit=unit, confidence=SURE, clause=duty.clause, trace=trace)
    units = _units(city, category.lead_function, place)
    if len(units) == 1:
        where, confidence = _where(category.lead_function, place)
        trace = f"6:{where}→{units[0].code}"
        return _Lead(unit=units[0], confidence=confidence, clause=None, trace=trace)
    return _unclear(city, category, place, units)


def _where(function: str, place: Place) -> tuple[str, float]:
    if function == PROPERTY_FUNCTION:
        return "compound", SURE
    return ("region", SURE) if place.region is not None else ("whole city", ONLY_ONE_IN_CITY)


def _units(city: City, function: str, place: Place) -> tuple[Unit, ...]:
    """The units of a function at a place; of property companies the one intake found."""
    if function == PROPERTY_FUNCTION and place.property_unit in city.catalogue.units:
        return (city.catalogue.unit(place.property_unit or ""),)
    compound = place.compound if place.compound in city.catalogue.compounds else None
    return city.catalogue.units_for(function, place.region, compound)


def _unclear(city: City, category: Category, place: Place, units: tuple[Unit, ...]) -> Unclear:
    """Several with equal right, or a place that is not fine enough: the likely ones."""
    function = category.lead_function
    if units:
        why = f"11:{len(units)} units have equal right to {function}"
    else:
        where = place.region or "no place"
        why = f"6:{where} does not tell the unit of {function}"
        units = _nearby(city, function, place.region)
    lawful = [u for u in units if city.catalogue.may_lead(category.code, u.code)]
    confidence = round(1 / len(lawful), 2) if lawful else 0.0
    shown = lawful[: city.policy.candidates_shown]
    return Unclear(
        why=(why,),
        candidates=tuple(_candidate(u, confidence, f"5:{function}") for u in shown),
    )


def _nearby(city: City, function: str, region: str | None) -> tuple[Unit, ...]:
    """Units of the function around a place, finest first; the street before property companies."""
    found = [
        unit
        for unit in city.catalogue.units.values()
        if function in unit.function_codes and _touches(unit.region_code, region)
    ]
    found.sort(key=lambda unit: (-len(unit.region_code or ""), unit.code))
    if function == PROPERTY_FUNCTION and (street := city.catalogue.street_unit(region)):
        found.insert(0, street)
    return tuple(found)


def _touches(served: str | None, region: str | None) -> bool:
    if served is None or region is None:
        return True
    return contains(served, region) or contains(region, served)


def _candidate(unit: Unit, confidence: float, why: str) -> Candidate:
    return Candidate(unit=unit.code, confidence=confidence, why=(why, unit.name))


def _assisting(
    city: City, category: Category, place: Place, lead: Unit
) -> tuple[list[Summons], tuple[str, ...]]:
    """The co functions' units; one that the place does not tell is left to the lead to add."""
    called, trace = {lead.code}, []
    summonses: list[Summons] = []
    for function in category.co_functions:
        units = _units(city, function, place)
        if len(units) != 1:
            trace.append(f"5:co {function}→{len(units)} units, left to the lead")
        elif units[0].code not in called:
            called.add(units[0].code)
            summonses.append(_beside(units[0], Relation.ASSISTING))
            trace.append(f"5:co {function}→{units[0].code}")
    return summonses, tuple(trace)
