"""How far each caller may look: the whole city, a street its region, a unit what it owes."""

from uuid import UUID

from services.notifier.api.edge import visible_unit
from services.notifier.context import NotifierContext
from services.notifier.domain.sight import Sight
from services.notifier.store import board
from shared.catalogue.model import Catalogue, UnitKind
from shared.catalogue.rights import Scope
from shared.errors import ForbiddenError
from shared.runtime.database import Connection
from shared.web.identity import Caller


def sight(caller: Caller, catalogue: Catalogue) -> Sight:
    """What the caller may see; raises ForbiddenError where that hangs on a unit that is missing."""
    if caller.scope is Scope.CITY:
        return Sight()
    if caller.unit is None:
        raise ForbiddenError("您的账号没有所属单位", "the caller has no unit")
    unit = catalogue.units.get(caller.unit)
    local = unit is not None and unit.kind in (UnitKind.STREET, UnitKind.COMMUNITY)
    of_a_region = caller.scope is Scope.REGION and local
    return Sight(unit=caller.unit, region=unit.region_code if unit and of_a_region else None)


async def unit_seen(
    connection: Connection,
    here: NotifierContext,
    caller: Caller,
    unit: str | None,
    *,
    about: UUID | None,
) -> str | None:
    """The unit whose promises are shown, all of them for None: of a matter in one's region, all."""
    region = None if caller.scope is Scope.CITY else sight(caller, here.catalogue).region
    if region is not None and about is not None:
        found = (await board.about(connection, [about])).get(about)
        if found is not None and (found.region or "").startswith(region):
            return unit
    return visible_unit(caller, unit)
