"""Serves photos to whoever holds a signed link that has not expired."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response, StreamingResponse

from services.intake.album import no_such_photo
from services.intake.api.photos import PICTURE, picture
from services.intake.api.tickets import Intake
from services.intake.domain.photo_link import PATH, Size, holds, link_key
from services.intake.photos import load
from shared.runtime.clock import wall_now
from shared.web.guards import Unasked

router = APIRouter(prefix=PATH, tags=["photos"], dependencies=[Depends(Unasked.LINK)])


@router.get("/{photo_id}", response_class=StreamingResponse, responses=PICTURE)
async def get_photo(
    photo_id: UUID,
    request: Request,
    intake: Intake,
    size: Size,
    exp: Annotated[int, Query(ge=0, le=2**40)],
    sig: Annotated[str, Query(max_length=100)],
) -> Response:
    """The picture of a signed link, until it expires."""
    key = link_key(intake.runtime.settings.token_secret.get_secret_value())
    now = wall_now()
    if not holds(key, photo_id, size, exp=exp, sig=sig, now=now):
        raise no_such_photo()
    async with intake.runtime.pool.acquire() as connection:
        photo = await load(connection, photo_id)
    left = max(0, exp - int(now.timestamp()))
    return await picture(request, intake, photo, size, max_age=min(left, 3600))
