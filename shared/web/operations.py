"""What ops teams ask of every service: health, readiness, metrics, dead letters and their replay.

`/health`, `/ready` and `/metrics` need no token: they tell nothing of any request, and probes and
Prometheus come without one.
"""

import os
from asyncio import to_thread
from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from shared.errors import NotFoundError
from shared.runtime import dead_letters, health
from shared.runtime.logging import logger
from shared.runtime.replay import replay
from shared.runtime.service import Runtime
from shared.web.commands import CommandRouter
from shared.web.cursors import Cursor
from shared.web.doors import Doors, Phase
from shared.web.guards import Unasked
from shared.web.identity import Caller, allow

router = CommandRouter()
log = logger(__name__)
OPS = allow("events.replay")
MOST_AT_ONCE: Final = 500
CURSOR: Final = Cursor(tuple[dead_letters.Kind, Annotated[int, Field(ge=0, lt=2**63)]])
NOTHING_ZH: Final = "没有这条待重放的消息"


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


@router.get("/health", tags=["operations"], dependencies=[Depends(Unasked.PROBE)])
async def get_health() -> dict[str, str]:
    """The process is alive and its event loop turns."""
    return {"status": "ok"}


@router.get(
    "/ready",
    tags=["operations"],
    responses={503: {"description": "Not ready"}},
    dependencies=[Depends(Unasked.PROBE)],
)
async def get_ready(request: Request, response: Response) -> dict[str, object]:
    """Ready to work, or 503 with the reasons, part by part."""
    found = await health.ready(_runtime(request))
    doors: Doors = request.app.state.doors
    leaving = {} if doors.phase is Phase.OPEN else {"draining": "the process ends"}
    reasons = {**found.reasons, **leaving}
    response.status_code = 503 if reasons else 200
    return {
        "ready": not reasons,
        "reasons": reasons,
        "degraded": found.degraded,
        "process": os.getpid(),  # tells the copies apart that share one address
    }


@router.get(
    "/metrics",
    tags=["operations"],
    response_class=PlainTextResponse,
    dependencies=[Depends(Unasked.PROBE)],
)
async def get_metrics() -> Response:
    """Prometheus metrics in text format; written beside the event loop, as there are thousands."""
    return Response(await to_thread(generate_latest), media_type=CONTENT_TYPE_LATEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterPage:
    """A page of what waits; `next` is the cursor of the next page."""

    items: list[dead_letters.DeadLetter]
    next: str | None


@router.get("/api/v1/dead-letters", tags=["operations"])
async def list_dead_letters(
    request: Request,
    _caller: Annotated[Caller, Depends(OPS)],
    kind: Literal["dead", "parked"] | None = None,
    error: str | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> LetterPage:
    """Dead letters, then parked events, that wait, oldest first."""
    after = CURSOR.read(cursor) or ("dead", 0)
    async with _runtime(request).pool.acquire() as connection:
        found = await dead_letters.listed(
            connection, kind=kind, error=error, limit=limit + 1, after=after
        )
    more = CURSOR.write(found[limit - 1].place) if len(found) > limit else None
    return LetterPage(items=found[:limit], next=more)


@router.get("/api/v1/dead-letters/errors", tags=["operations"])
async def count_by_error(
    request: Request,
    _caller: Annotated[Caller, Depends(OPS)],
    kind: Literal["dead", "parked"] | None = None,
) -> dict[str, list[dead_letters.Heap]]:
    """How much waits with the same error, the largest heap first."""
    async with _runtime(request).pool.acquire() as connection:
        return {"items": await dead_letters.heaps(connection, kind=kind)}


@router.post("/api/v1/dead-letters/{dead_letter_id}/replay", tags=["operations"])
async def replay_dead_letter(
    request: Request,
    dead_letter_id: int,
    caller: Annotated[Caller, Depends(OPS)],
    kind: Literal["dead", "parked"] = "dead",
) -> dict[str, object]:
    """Deliver one again to this service; tells the error when it still fails."""
    try:
        failed = await replay(_runtime(request), kind=kind, dead_letter_id=dead_letter_id)
    except LookupError as error:
        raise NotFoundError(NOTHING_ZH, str(error)) from None
    log.info("replayed", kind=kind, dead_letter_id=dead_letter_id, by=caller.name, error=failed)
    return {"replayed": failed is None, "error": failed}


@dataclass(frozen=True, slots=True, kw_only=True)
class Replays:
    """Which are delivered again, in this order."""

    kind: Literal["dead", "parked"]
    dead_letter_ids: Annotated[tuple[int, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of one; `error` says why it still fails, or that it waits no more."""

    dead_letter_id: int
    replayed: bool
    error: str | None


@router.post("/api/v1/dead-letters/replays", tags=["operations"])
async def replay_many(
    request: Request, body: Replays, caller: Annotated[Caller, Depends(OPS)]
) -> dict[str, list[Replayed]]:
    """Deliver several again, each by itself; one that fails does not stop the others."""
    found = []
    for dead_letter_id in body.dead_letter_ids:
        try:
            failed = await replay(_runtime(request), kind=body.kind, dead_letter_id=dead_letter_id)
        except LookupError as error:
            failed = str(error)
        found.append(Replayed(dead_letter_id=dead_letter_id, replayed=failed is None, error=failed))
    log.info("replayed", kind=body.kind, ids=body.dead_letter_ids, by=caller.name)
    return {"items": found}


@router.get("/api/v1/dead-letters/{dead_letter_id}", tags=["operations"])
async def get_dead_letter(
    request: Request,
    dead_letter_id: int,
    _caller: Annotated[Caller, Depends(OPS)],
    kind: Literal["dead", "parked"] = "dead",
) -> dict[str, str]:
    """What was heard, as text; what is no text is shown as well as it goes."""
    async with _runtime(request).pool.acquire() as connection:
        value = await dead_letters.payload(connection, dead_letter_id, kind=kind)
    if value is None:
        raise NotFoundError(NOTHING_ZH, "no such event waits")
    return {"payload": value.decode(errors="replace")}
