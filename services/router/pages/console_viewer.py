"""Who uses the street console, and which whistles each may blow."""

from typing import Annotated, Final

from fastapi import Depends

from services.router.domain.city import City
from shared.catalogue.model import Unit
from shared.contracts.parts import Role
from shared.contracts.values import WhistleKind
from shared.web.identity import Caller, allow

VIEWING: Final = (
    Role.STREET_OFFICER,
    Role.COMMUNITY_WORKER,
    Role.GRID_WORKER,
    Role.LEADER,
    Role.SUPERVISOR,
    Role.DISPATCHER,
)
Viewer = Annotated[Caller, Depends(allow(*VIEWING))]


def unit_of(caller: Caller, city: City) -> Unit | None:
    """The caller's unit, where it has one that the city knows."""
    return city.catalogue.units.get(caller.unit or "")


def kinds_of(caller: Caller, city: City) -> list[WhistleKind]:
    """The kinds this caller may blow, in DOMAIN's order; none without a unit that may whistle."""
    unit = unit_of(caller, city)
    dispatching = caller.role in (Role.DISPATCHER, Role.SUPERVISOR)
    if unit is None or not (unit.can_whistle or dispatching):
        return []
    return [kind for kind in WhistleKind if caller.role in city.policy.may_blow[kind]]
