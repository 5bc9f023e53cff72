"""Units' reports over HTTP, judged as those on Kafka are."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Body, Header, Response
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from services.router.api.edge import Context, Reporting, Trace
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import JUDGED, Refused
from services.router.judge import Reported
from shared.contracts import parts
from shared.contracts.bureaus import ReportAccepted
from shared.contracts.envelope import adapter
from shared.contracts.ids import new_id
from shared.contracts.parts import AssignmentState
from shared.contracts.reports import Report
from shared.contracts.rulings import ReviewRejected
from shared.errors import FieldError, ForbiddenError, InvalidError
from shared.web.identity import Caller
from shared.web.problems import field_errors

router = APIRouter(prefix="/api/v1", tags=["reports"])

REPORTS: Final = {
    report.TYPE.split(".")[2]: report for report in sorted(JUDGED, key=lambda kind: kind.TYPE)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAnswer:
    """The unit's part after its report.

    Of a resolution besides: whether a reviewer looks at it first (`review`), the number of the
    whistle whose reply it repeats, and so why it was sent back at once.
    """

    report_id: str
    whistle_id: UUID
    seq: int
    state: AssignmentState
    late: bool
    assignment: parts.Assignment
    review: str | None = None
    like: str | None = None
    sent_back: str | None = None


@router.post(
    "/whistles/{whistle_id}/reports",
    status_code=201,
    response_model=ReportAnswer,
    responses={200: {"description": "It counted before", "model": ReportAnswer}},
)
async def post_report(
    whistle_id: UUID,
    body: Annotated[dict[str, Any], Body()],
    here: Context,
    caller: Reporting,
    traceparent: Trace,
    response: Response,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> ReportAnswer | JSONResponse:
    """A unit's report, judged as those on Kafka are; the unit is the caller's.

    One that is sent again with the same Idempotency-Key counts once: the part as it stands, 200.
    """
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
        key=idempotency_key,
    )
    answer = await here.reports.submit(reported)
    if isinstance(answer, Refused):
        return _refusal(answer)
    if not answer.steps:
        response.status_code = 200
    return _answer(answer, report_id, caller.unit)


def _answer(outcome: Outcome, report_id: str, unit: str) -> ReportAnswer:
    """What came of a report that counts: its own fact, and the part as it stands after all."""
    accepted = (
        s.fact for s in outcome.steps if any(isinstance(v, ReportAccepted) for _, v in s.views)
    )
    fact = next(accepted, None)  # None when it counted before
    part = outcome.whistle.part_of(unit)
    assert part is not None, "a report that counts is of a unit with a part"
    back = next((s.fact for s in outcome.steps if isinstance(s.fact, ReviewRejected)), None)
    return ReportAnswer(
        report_id=report_id,
        whistle_id=outcome.whistle.whistle_id,
        seq=outcome.whistle.seq,
        state=part.state,
        late=getattr(fact, "late", False),
        assignment=part.shown(),
        review=getattr(fact, "review", None),
        like=getattr(fact, "like", None),
        sent_back=back.reason if back is not None else None,
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
            "version": refused.seq,
        },
        status_code=409,
    )
