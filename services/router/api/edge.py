"""What every route stands on: the context the app made, the trace, who may call, what they see."""

from typing import Annotated

from fastapi import Depends, Request

from services.router.context import RouterContext
from services.router.look import Sight
from shared.catalogue.model import UnitKind
from shared.catalogue.rights import Scope
from shared.errors import ForbiddenError
from shared.web.identity import Caller, allow


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
Dispatcher = Annotated[Caller, Depends(allow("queue.dispatch"))]
Reviewer = Annotated[Caller, Depends(allow("reviews.rule"))]
Looking = Annotated[Caller, Depends(allow("whistles.see"))]
Blowing = Annotated[Caller, Depends(allow("whistles.blow"))]
Reporting = Annotated[Caller, Depends(allow("whistles.report"))]


def sight(caller: Caller, router_context: RouterContext) -> Sight:
    """What the caller may see, as far as the right goes that let it in."""
    if caller.scope is Scope.CITY:
        return Sight()
    if caller.unit is None:
        raise ForbiddenError("您的账号没有所属单位", "the caller has no unit")
    unit = router_context.city.catalogue.units.get(caller.unit)
    local = unit is not None and unit.kind in (UnitKind.STREET, UnitKind.COMMUNITY)
    of_a_region = caller.scope is Scope.REGION and local
    return Sight(
        unit=caller.unit,
        region=unit.region_code if unit and of_a_region else None,
        places=router_context.city.catalogue.place_words,
    )
