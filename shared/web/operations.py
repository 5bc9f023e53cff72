"""What ops teams ask of every service: health, readiness, metrics, dead letters and their replay.

`/health`, `/ready` and `/metrics` need no token: they tell nothing of any request, and probes and
Prometheus come without one.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.contracts.parts import Role
from shared.errors import NotFoundError
from shared.runtime import dead_letters, health
from shared.runtime.replay import replay
from shared.runtime.service import Runtime
from shared.web.identity import Caller, allow

router = APIRouter()
OPS = allow(Role.OPS)


def _runtime(request: Request) -> Runtime:
    runtime: Runtime = request.app.state.runtime
    return runtime


@router.get("/health", tags=["operations"])
async def get_health() -> dict[str, str]:
    """The process is alive and its event loop turns."""
    return {"status": "ok"}


@router.get("/ready", tags=["operations"], responses={503: {"description": "Not ready"}})
async def get_ready(request: Request, response: Response) -> dict[str, object]:
    """Ready to work, or 503 with the reasons, part by part."""
    found = await health.ready(_runtime(request))
    response.status_code = 503 if found.reasons else 200
    return {"ready": not found.reasons, "reasons": found.reasons, "degraded": found.degraded}


@router.get("/metrics", tags=["operations"], response_class=PlainTextResponse)
async def get_metrics() -> Response:
    """Prometheus metrics in text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/v1/dead-letters", tags=["operations"])
async def list_dead_letters(
    request: Request,
    _caller: Annotated[Caller, Depends(OPS)],
    kind: Literal["dead", "parked"] | None = None,
    error: str | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, list[dead_letters.DeadLetter]]:
    """Dead letters and parked events that wait, oldest first."""
    async with _runtime(request).pool.acquire() as connection:
        items = await dead_letters.listed(connection, kind=kind, error=error, limit=limit)
    return {"items": items}


@router.post("/api/v1/dead-letters/{dead_letter_id}/replay", tags=["operations"])
async def replay_dead_letter(
    request: Request,
    dead_letter_id: int,
    _caller: Annotated[Caller, Depends(OPS)],
    kind: Literal["dead", "parked"] = "dead",
) -> dict[str, object]:
    """Deliver one again to this service; tells the error when it still fails."""
    try:
        failed = await replay(_runtime(request), kind=kind, dead_letter_id=dead_letter_id)
    except LookupError as error:
        raise NotFoundError("没有这条待重放的消息", str(error)) from None
    return {"replayed": failed is None, "error": failed}
