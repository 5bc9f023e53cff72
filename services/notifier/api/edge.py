"""What every route stands on: the context the app made, the trace, who may call, what they see."""

from typing import Annotated

from fastapi import Depends, Request

from services.notifier.context import NotifierContext
from shared.catalogue.rights import Scope
from shared.errors import ForbiddenError
from shared.web.identity import Caller, allow


async def context(request: Request) -> NotifierContext:
    """What the app made."""
    made: NotifierContext = request.app.state.context
    return made


async def trace(request: Request) -> str | None:
    """The request's trace."""
    traceparent: str | None = getattr(request.state, "traceparent", None)
    return traceparent


Context = Annotated[NotifierContext, Depends(context)]
Trace = Annotated[str | None, Depends(trace)]
Looking = Annotated[Caller, Depends(allow("promises.see"))]
Supervising = Annotated[Caller, Depends(allow("supervisions.ask"))]
Operating = Annotated[Caller, Depends(allow("notices.operate"))]


def visible_unit(caller: Caller, unit: str | None) -> str | None:
    """The unit whose promises are shown; a unit's, street's and community's people see their own.

    What lies in a region is shown there by `sight.unit_seen` and the board.
    """
    if caller.scope is Scope.CITY:
        return unit
    if caller.unit is None or unit not in (None, caller.unit):
        raise ForbiddenError("只能查看本单位的时限", "only your own unit's deadlines are shown")
    return caller.unit
