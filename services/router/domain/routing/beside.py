"""Who is called beside the lead: co functions, the duty office at night, the street to be informed.

An urgent matter whose lead has nobody on duty outside working hours goes to the lead's duty office
at once, with the district's 12345 centre beside it (DOMAIN §6).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Found, Summons
from services.router.domain.routing.asset import units_at
from services.router.domain.routing.trace import line
from services.router.domain.routing.way import Way
from shared.contracts.parts import Place
from shared.contracts.values import Relation, Urgency

DUTY_OFFICE = "值班室"
DUTY_POST = "夜间值班"
AT_NIGHT = "紧急件，非工作时间：值班室接件后立即处置"
CENTRE_AT_NIGHT = "主办单位夜间无值守，协助联系并盯办"


def assist(city: City, way: Way) -> Way:
    """With the co functions' units; one that the place does not tell is left to the lead to add.

    A first look needs nobody else: who looks passes it on.
    """
    if way.category is None or way.lead is None or way.lead.one_tap is not None:
        return way
    called = {way.lead.unit, *(summons.unit for summons in way.beside)}
    beside, trace = list(way.beside), list(way.trace)
    for function in way.category.co_functions:
        units = units_at(city, function, way)
        if len(units) != 1:
            trace.append(line("co_many", function=function, n=len(units)))
        elif (unit := units[0].code) not in called:
            called.add(unit)
            told = function in city.policy.rows.informed_only
            relation = Relation.INFORMED if told else Relation.ASSISTING
            beside.append(Summons(unit=unit, relation=relation))
            trace.append(line("co_informed" if told else "co", function=function, unit=unit))
    return replace(way, beside=tuple(beside), trace=tuple(trace))


def complete(
    city: City,
    summonses: Sequence[Summons],
    *,
    place: Place,
    urgency: Urgency,
    now: datetime,
    trace: tuple[str, ...],
) -> Found:
    """With the duty office at night and the street informed; the first summons is the lead's."""
    called = {summons.unit for summons in summonses}
    lead, *others = summonses
    unit = city.catalogue.unit(lead.unit)
    if urgency is not Urgency.NORMAL and not unit.duty_24h and not city.is_working_time(now):
        lead = _to_duty_office(lead)
        centre = city.hotline_centre(place.region)
        if centre is not None:
            trace = (*trace, line("night", lead=unit.code, unit=centre.code))
            if centre.code not in called:
                others.append(_watching(centre.code))
                called.add(centre.code)
    street = city.catalogue.street_unit(place.region)
    if street is not None and street.code not in called:
        others.append(Summons(unit=street.code, relation=Relation.INFORMED))
        trace = (*trace, line("street", unit=street.code))
    return Found(summonses=(lead, *others), trace=trace)


def _to_duty_office(lead: Summons) -> Summons:
    """On the duty office's desk, unless a person is named already."""
    if lead.handler is not None:
        return lead
    return replace(lead, handler=DUTY_OFFICE, handler_post=DUTY_POST, task=lead.task or AT_NIGHT)


def _watching(centre: str) -> Summons:
    return Summons(
        unit=centre, relation=Relation.ASSISTING, task=CENTRE_AT_NIGHT, coordinating=True
    )
