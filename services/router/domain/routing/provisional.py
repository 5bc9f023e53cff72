"""A held ticket past its dispatch limit never waits where it is urgent (DOMAIN §6).

It goes to the best lawful candidate, or to the district's 12345 centre where there is none, marked
provisional and with the centre beside it, which confirms who leads. No return of that unit counts.
"""

from collections.abc import Sequence
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.jurisdiction import breach
from services.router.domain.matter import Matter
from services.router.domain.routing.answer import Found, Summons
from services.router.domain.routing.beside import complete
from services.router.domain.routing.trace import line
from shared.contracts.values import Relation
from shared.contracts.whistles import Candidate

CONFIRM = "超时未派，暂派并协助确认主办单位"


def provisionally(
    city: City,
    matter: Matter,
    candidates: Sequence[Candidate],
    *,
    why: tuple[str, ...],
    now: datetime,
) -> Found | None:
    """The units to call at once; None where the city has not even a hotline centre."""
    centre = city.hotline_centre(matter.place.region)
    lead = next((c.unit for c in candidates if _lawful(city, matter, c.unit)), None)
    lead = lead or (centre.code if centre is not None else None)
    if lead is None:
        return None
    summonses = [Summons(unit=lead, relation=Relation.LEAD)]
    if centre is not None and centre.code != lead:
        beside = Relation.ASSISTING
        summonses.append(
            Summons(unit=centre.code, relation=beside, task=CONFIRM, coordinating=True)
        )
    trace = (*why, line("overdue", unit=lead))
    return complete(
        city, summonses, place=matter.place, urgency=matter.urgency, now=now, trace=trace
    )


def _lawful(city: City, matter: Matter, unit: str) -> bool:
    known = unit in city.catalogue.units
    return known and breach(city, matter.category, unit) is None
