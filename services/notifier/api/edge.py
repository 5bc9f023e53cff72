"""What every route stands on: the context the app made, the trace, who may call, what they see."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import Depends, Request

from services.notifier.context import NotifierContext
from shared.contracts.parts import Role
from shared.errors import ForbiddenError
from shared.web.identity import Caller, allow

OF_A_UNIT: Final = (
    Role.LIAISON,
    Role.HANDLER,
    Role.DEPARTMENT,
    Role.STREET_OFFICER,
    Role.COMMUNITY_WORKER,
    Role.GRID_WORKER,
)
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
Looking = Annotated[Caller, Depends(allow(*OF_A_UNIT, *OF_THE_CITY))]
Supervising = Annotated[Caller, Depends(allow(Role.SUPERVISOR, Role.LEADER))]
Operating = Annotated[Caller, Depends(allow(Role.OPS, Role.SUPERVISOR))]


def visible_unit(caller: Caller, unit: str | None) -> str | None:
    """The unit whose promises are shown; a unit's, street's and community's people see their own.

    What lies in a region is shown there by `sight.unit_seen` and the board.
    """
    if caller.role in OF_THE_CITY:
        return unit
    if caller.unit is None or unit not in (None, caller.unit):
        raise ForbiddenError("只能查看本单位的时限", "only your own unit's deadlines are shown")
    return caller.unit


def moment_of(text: str) -> datetime:
    """An instant as a cursor has it; raises ValueError for none, or one beyond all calendars."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError(text)
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None
