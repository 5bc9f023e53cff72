"""The router's HTTP edge: held tickets, whistles, units' reports, rulings and extensions."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Header, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from services.router import blow, dispatch, look, rule
from services.router.context import RouterContext
from services.router.dispatch import Dispatching
from services.router.domain.blowing import Blow
from services.router.domain.extension import Extension
from services.router.domain.judgement import JUDGED, Refused
from services.router.domain.ruling import Ruling
from services.router.judge import Reported
from services.router.look import HeldPage, Sight, WhistleDetail, WhistleItem, WhistlePage
from shared.catalogue.model import UnitKind, UnitLevel
from shared.contracts import parts
from shared.contracts.envelope import adapter
from shared.contracts.ids import new_id
from shared.contracts.parts import AssignmentState, Role, WhistleState
from shared.contracts.reports import Report
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.web.identity import Caller, allow
from shared.web.problems import field_errors

router = APIRouter(prefix="/api/v1")

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
REPORTS: Final = {
    report.TYPE.split(".")[2]: report for report in sorted(JUDGED, key=lambda kind: kind.TYPE)
}


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
    return Sight(unit=caller.unit, region=unit.region_code if unit and local else None)


@router.get("/held", tags=["dispatch"])
async def list_held(
    here: Context,
    caller: Dispatcher,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> HeldPage:
    """The tickets that wait for a dispatcher, with the candidates and why."""
    async with here.runtime.pool.acquire() as connection:
        return await look.held(connection, now=here.runtime.clock.now(), cursor=cursor, limit=limit)


@router.post("/held/{ticket_id}/dispatch", tags=["dispatch"], status_code=201)
async def post_dispatch(
    ticket_id: UUID, body: Dispatching, here: Context, caller: Dispatcher, traceparent: Trace
) -> WhistleItem:
    """Whistle the units a person chose."""
    async with here.runtime.transaction() as connection:
        whistle = await dispatch.dispatch_held(
            connection,
            ticket_id,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
        )
    return look.item(whistle)


@router.get("/whistles", tags=["whistles"])
async def list_whistles(
    here: Context,
    caller: Looking,
    ticket_id: UUID | None = None,
    unit: str | None = None,
    state: WhistleState | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> WhistlePage:
    """Whistles of a ticket, a unit or in a state, newest first."""
    async with here.runtime.pool.acquire() as connection:
        return await look.listed(
            connection,
            ticket_id=ticket_id,
            unit=unit,
            state=state,
            sight=sight(caller, here),
            now=here.runtime.clock.now(),
            cursor=cursor,
            limit=limit,
        )


@router.get("/whistles/{whistle_id}", tags=["whistles"])
async def get_whistle(whistle_id: UUID, here: Context, caller: Looking) -> WhistleDetail:
    """One whistle with its assignments, dues, trace and history."""
    async with here.runtime.pool.acquire() as connection:
        return await look.detail(
            connection,
            whistle_id,
            sight=sight(caller, here),
            now=here.runtime.clock.now(),
        )


@router.post("/whistles", tags=["whistles"], status_code=201)
async def post_whistle(
    body: Blow,
    here: Context,
    caller: Blowing,
    response: Response,
    traceparent: Trace,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> WhistleItem:
    """Blow a whistle; the same Idempotency-Key gives the same whistle."""
    async with here.runtime.transaction() as connection:
        blown = await blow.blow(
            connection,
            body,
            actor=caller.actor(on_behalf_of=body.on_behalf_of),
            key=idempotency_key,
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
        )
    response.status_code = 201 if blown.new else 200
    return look.item(blown.whistle)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """The unit's part after its report."""

    report_id: str
    whistle_id: UUID
    seq: int
    state: AssignmentState
    late: bool
    assignment: parts.Assignment


@router.post(
    "/whistles/{whistle_id}/reports",
    tags=["reports"],
    status_code=201,
    response_model=ReportAnswer,
)
async def post_report(
    whistle_id: UUID,
    body: Annotated[dict[str, Any], Body()],
    here: Context,
    caller: Reporting,
    traceparent: Trace,
) -> ReportAnswer | JSONResponse:
    """A unit's report, judged as those on Kafka are; the unit is the caller's."""
    if caller.unit is None:
        raise ForbiddenError("您的账号没有所属单位", "the caller has no unit")
    now = here.runtime.clock.now()
    report_id = str(new_id(now))
    reported = Reported(
        unit=caller.unit,
        actor=caller.actor(),
        report=_report(body, whistle_id, caller, now.isoformat()),
        report_id=report_id,
        received_at=now,
        traceparent=traceparent,
    )
    answer = await here.reports.submit(reported)
    if isinstance(answer, Refused):
        return _refusal(answer)
    step = answer.steps[0]
    part = answer.whistle.part_of(caller.unit)
    assert part is not None, "a report that counts is of a unit with a part"
    return ReportAnswer(
        report_id=report_id,
        whistle_id=whistle_id,
        seq=step.seq,
        state=part.state,
        late=getattr(step.fact, "late", False),
        assignment=part.shown(),
    )


def _report(body: dict[str, Any], whistle_id: UUID, caller: Caller, at: str) -> Report:
    """The report of a request: whose it is and when come from the server where not said."""
    kind: type | None = REPORTS.get(str(body.get("type")))
    if kind is None:
        names = "、".join(REPORTS)
        raise InvalidError(
            FieldError(field="type", zh=f"type：只能是 {names}", en=f"one of {', '.join(REPORTS)}")
        )
    said = {"handler": {"name": caller.name or caller.role.value}, "at": at}
    data = {**said, **body, "whistle_id": whistle_id}
    try:
        report: Report = adapter(kind).validate_python(data)
    except ValidationError as error:
        raise InvalidError(*field_errors(error.errors())) from None
    return report


def _refusal(refused: Refused) -> JSONResponse:
    return JSONResponse(
        {
            "code": refused.code.value,
            "zh": refused.zh,
            "en": refused.en,
            "state": refused.state.value if refused.state else None,
            "seq": refused.seq,
        },
        status_code=409,
    )


@router.post("/whistles/{whistle_id}/rulings", tags=["review"], status_code=201)
async def post_ruling(
    whistle_id: UUID, body: Ruling, here: Context, caller: Reviewer, traceparent: Trace
) -> WhistleItem:
    """A reviewer's word on a unit's return."""
    async with here.runtime.transaction() as connection:
        whistle = await rule.rule(
            connection,
            whistle_id,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
        )
    return look.item(whistle)


@router.post("/whistles/{whistle_id}/extensions", tags=["review"], status_code=201)
async def post_extension(
    whistle_id: UUID, body: Extension, here: Context, caller: Reviewer, traceparent: Trace
) -> WhistleItem:
    """A reviewer's word on a unit's extension."""
    async with here.runtime.transaction() as connection:
        whistle = await rule.extend(
            connection,
            whistle_id,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
        )
    return look.item(whistle)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitItem:
    """A unit that can be whistled."""

    code: str
    name: str
    parent: str | None
    level: UnitLevel
    kind: UnitKind
    function_codes: tuple[str, ...]
    region: str | None
    can_whistle: bool
    duty_24h: bool


@router.get("/units", tags=["units"])
async def list_units(here: Context, caller: Looking) -> dict[str, list[UnitItem]]:
    """The units that can be whistled, by code."""
    units = sorted(here.city.catalogue.units.values(), key=lambda unit: unit.code)
    return {
        "items": [
            UnitItem(
                code=unit.code,
                name=unit.name,
                parent=unit.parent,
                level=unit.level,
                kind=unit.kind,
                function_codes=unit.function_codes,
                region=unit.region_code,
                can_whistle=unit.can_whistle,
                duty_24h=unit.duty_24h,
            )
            for unit in units
        ]
    }
