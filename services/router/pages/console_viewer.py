"""Who uses the street console, and which whistles each may blow."""

from typing import Annotated

from fastapi import Depends

from services.router.domain.city import City
from shared.catalogue.model import Unit
from shared.catalogue.rights import blowing
from shared.contracts.values import WhistleKind
from shared.web.identity import Caller, allow

Viewer = Annotated[Caller, Depends(allow("whistles.blow"))]


def unit_of(caller: Caller, city: City) -> Unit | None:
    """The caller's unit, where it has one that the city knows."""
    return city.catalogue.units.get(caller.unit or "")


def kinds_of(caller: Caller, city: City) -> list[WhistleKind]:
    """The kinds this caller may blow, in DOMAIN's order; none without a unit that may whistle."""
    unit = unit_of(caller, city)
    dispatching = caller.may("queue.dispatch")
    if unit is None or not (unit.can_whistle or dispatching):
        return []
    return [kind for kind in WhistleKind if caller.may(blowing(kind))]
