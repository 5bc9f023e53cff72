"""Live updates over HTTP: server-sent events of the whistles that the caller may see."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.router.api.edge import Context, Looking, sight
from shared.web.live import live_response

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.get("/live", response_class=StreamingResponse)
async def get_live(request: Request, here: Context, caller: Looking) -> StreamingResponse:
    """What happens to the caller's whistles, as it happens."""
    return live_response(request, here.live, caller, partial(sight, router_context=here))
