"""Joint matters over HTTP: conferred, taken over, let go, accepted, rated; the console's board."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query

from services.router import (
    board,
    convene,
    evaluate,
    note_effort,
    repeats,
    standing,
    take_over,
)
from services.router.api.command import Verb, done
from services.router.api.edge import Context, Looking, Trace, sight
from services.router.board import Board
from services.router.context import RouterContext
from services.router.domain.joint.acceptance import Acceptance, FailedAcceptance
from services.router.domain.joint.consulting import Consultation
from services.router.domain.joint.evaluation import Evaluation
from services.router.domain.joint.own_effort import OwnEffort
from services.router.domain.joint.releasing import Release
from services.router.domain.joint.taking_over import Because
from services.router.evaluate import UnitEvaluations
from services.router.look import WhistleItem
from services.router.repeats import Repeats
from services.router.standing import Standing
from shared.contracts.parts import WhistleState
from shared.contracts.values import Instant, WhistleKind
from shared.errors import ForbiddenError
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["joint matters"])

Convening = Annotated[Caller, Depends(allow("whistles.lead"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Who commands, and where it is carried out."""

    here: RouterContext
    caller: Caller
    traceparent: str | None


async def where(here: Context, caller: Convening, traceparent: Trace) -> Where:
    """What every command stands on."""
    return Where(here=here, caller=caller, traceparent=traceparent)


At = Annotated[Where, Depends(where)]


async def _done(verb: Verb, whistle_id: UUID, body: Any, at: Where) -> WhistleItem:
    return await done(verb, whistle_id, body, at.here, at.caller, at.traceparent)


@router.post("/whistles/{whistle_id}/consultations", status_code=201)
async def post_consultation(whistle_id: UUID, body: Consultation, at: At) -> WhistleItem:
    """The units conferred: who does what by when."""
    return await _done(convene.consult, whistle_id, body, at)


@router.post("/whistles/{whistle_id}/take-overs", status_code=201)
async def post_take_over(whistle_id: UUID, body: Because, at: At) -> WhistleItem:
    """The street takes a community's whistle over, within 30 minutes."""
    return await _done(take_over.take_over, whistle_id, body, at)


@router.post("/whistles/{whistle_id}/withdrawals", status_code=201)
async def post_withdrawal(whistle_id: UUID, body: Because, at: At) -> WhistleItem:
    """The whistle is taken back: by its street in time, or by the blower while nobody has come."""
    return await _done(take_over.withdraw, whistle_id, body, at)


@router.post("/whistles/{whistle_id}/own-efforts", status_code=201)
async def post_own_effort(whistle_id: UUID, body: OwnEffort, at: At) -> WhistleItem:
    """What the community did itself, after an emergency whistle."""
    return await _done(note_effort.note_effort, whistle_id, body, at)


@router.post("/whistles/{whistle_id}/releases", status_code=201)
async def post_release(whistle_id: UUID, body: Release, at: At) -> WhistleItem:
    """The one in charge lets a unit go."""
    return await _done(convene.release, whistle_id, body, at)


@router.post("/whistles/{whistle_id}/acceptances", status_code=201)
async def post_acceptance(whistle_id: UUID, body: Acceptance, at: At) -> WhistleItem:
    """The street accepts the joint work, with a photo."""
    return await _done(convene.accept, whistle_id, body, at)


@router.post("/whistles/{whistle_id}/failed-acceptances", status_code=201)
async def post_failed_acceptance(whistle_id: UUID, body: FailedAcceptance, at: At) -> WhistleItem:
    """The units named work again."""
    return await _done(convene.fail_acceptance, whistle_id, body, at)


@router.post("/whistles/{whistle_id}/evaluations", status_code=201)
async def post_evaluation(whistle_id: UUID, body: Evaluation, at: At) -> WhistleItem:
    """Street or community rates a unit; the last of all marks closes the whistle."""
    return await _done(evaluate.evaluate, whistle_id, body, at)


@router.get("/whistles/{whistle_id}/joint")
async def get_standing(whistle_id: UUID, here: Context, caller: Looking) -> Standing:
    """Acceptance, marks and scores, and what the caller may do now."""
    async with here.runtime.pool.acquire() as connection:
        return await standing.standing(
            connection,
            whistle_id,
            actor=caller.actor(),
            sight=sight(caller, here),
            city=here.city,
            now=here.runtime.clock.now(),
        )


@router.get("/whistles/{whistle_id}/repeats")
async def list_repeats(whistle_id: UUID, here: Context, caller: Looking) -> Repeats:
    """Earlier whistles of the same place."""
    async with here.runtime.pool.acquire() as connection:
        return await repeats.repeats(
            connection,
            whistle_id,
            sight=sight(caller, here),
            city=here.city,
            now=here.runtime.clock.now(),
        )


@router.get("/board")
async def get_board(
    here: Context,
    caller: Looking,
    kind: WhistleKind | None = None,
    state: WhistleState | None = None,
    since: Instant | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> Board:
    """What streets and communities blew and how far each unit has come, newest first."""
    async with here.runtime.pool.acquire() as connection:
        return await board.board(
            connection,
            kind=kind,
            state=state,
            since=since,
            sight=sight(caller, here),
            city=here.city,
            now=here.runtime.clock.now(),
            cursor=cursor,
            limit=limit,
        )


@router.get("/evaluations")
async def list_evaluations(here: Context, caller: Looking, unit: str) -> UnitEvaluations:
    """What streets and communities gave a unit; a bureau sees its own."""
    own = sight(caller, here)
    if own.unit is not None and own.region is None and own.unit != unit:
        raise ForbiddenError("只能查看本单位的评价", "a unit sees its own marks only")
    async with here.runtime.pool.acquire() as connection:
        return await evaluate.of_unit(
            connection, unit, sight=own, city=here.city, now=here.runtime.clock.now()
        )
