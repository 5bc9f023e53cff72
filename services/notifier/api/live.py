"""Live updates over HTTP: server-sent events of the matters that the caller may see."""

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.notifier.api.edge import Context, Looking
from services.notifier.api.sight import sight
from shared.web.live import live_response

router = APIRouter(prefix="/api/v1", tags=["live"])


@router.get("/live", response_class=StreamingResponse)
async def get_live(request: Request, here: Context, caller: Looking) -> StreamingResponse:
    """What happens to promises and whistles, as it happens."""
    return live_response(request, here.live, caller, partial(sight, catalogue=here.catalogue))
