"""What every route stands on: the context the app made, the trace, who may call, what they see."""

from typing import Annotated, Final

from fastapi import Depends, Request

from services.router.context import RouterContext
from services.router.look import Sight
from shared.catalogue.model import UnitKind
from shared.contracts.parts import Role
from shared.errors import ForbiddenError
from shared.web.identity import Caller, allow

# A unit's people see what concerns their unit; streets and communities their region besides.
OF_A_REGION: Final = (Role.STREET_OFFICER, Role.COMMUNITY_WORKER, Role.GRID_WORKER)
OF_A_UNIT: Final = (Role.LIAISON, Role.HANDLER, Role.DEPARTMENT)
OF_THE_CITY: Final = (
    Role.OPERATOR,
    Role.SHIFT_LEAD,
    Role.DISPATCHER,
    Role.REVIEWER,
    Role.SUPERVISOR,
    Role.CALLBACK_CLERK,
    Role.LEADER,
    Role.OPS,
    Role.AUDITOR,
)
REPORTING: Final = (Role.LIAISON, Role.HANDLER, *OF_A_REGION)


async def context(request: Request) -> RouterContext:
    """What the app made."""
    made: RouterContext = request.app.state.context
    return made


async def trace(request: Request) -> str | None:
    """The request's trace."""
    traceparent: str | None = getattr(request.state, "traceparent", None)
    return traceparent


Context = Annotated[RouterContext, Depends(context)]
Trace = Annotated[str | None, Depends(trace)]
Dispatcher = Annotated[Caller, Depends(allow(Role.DISPATCHER, Role.SUPERVISOR))]
Reviewer = Annotated[Caller, Depends(allow(Role.REVIEWER, Role.SUPERVISOR))]
Looking = Annotated[Caller, Depends(allow(*OF_THE_CITY, *OF_A_UNIT, *OF_A_REGION))]
Blowing = Annotated[
    Caller, Depends(allow(*OF_A_REGION, Role.LEADER, Role.SUPERVISOR, Role.DISPATCHER))
]
Reporting = Annotated[Caller, Depends(allow(*REPORTING))]


def sight(caller: Caller, router_context: RouterContext) -> Sight:
    """What the caller may see."""
    if caller.role in OF_THE_CITY:
        return Sight()
    if caller.unit is None:
        raise ForbiddenError("您的账号没有所属单位", "the caller has no unit")
    unit = router_context.city.catalogue.units.get(caller.unit)
    local = unit is not None and unit.kind in (UnitKind.STREET, UnitKind.COMMUNITY)
    return Sight(
        unit=caller.unit,
        region=unit.region_code if unit and local else None,
        places=router_context.city.catalogue.place_words,
    )
