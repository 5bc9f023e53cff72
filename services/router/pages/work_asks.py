"""What the forms of the workbench ask while they are filled in: past rulings, earlier replies."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, StringConstraints

from services.router import reviews, workbench
from services.router.api.edge import Context, sight
from services.router.pages.work import Working, unit_of

router = APIRouter(prefix="/workbench", include_in_schema=False)


class Draft(BaseModel):
    """A reply as it is being written."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=4000)]


@router.get("/{whistle_id}/likely")
async def get_likely(whistle_id: UUID, here: Context, caller: Working) -> dict[str, Any]:
    """Who had such matters in the end, after how many returns: {n, times, unit, own}."""
    unit, city, now = unit_of(caller), here.city, here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        opened = await workbench.opened(
            connection, whistle_id, unit=unit, sight=sight(caller, here), now=now
        )
        found = await reviews.likely(
            connection, unit=unit, category=opened.job.whistle.category, city=city
        )
    if found is None:
        return {"n": 0}
    known = city.catalogue.units.get(found.unit)
    return {
        "n": found.n,
        "times": round(found.share * found.n),
        "unit": known.name if known else found.unit,
        "own": found.unit == unit,
    }


@router.post("/{whistle_id}/alike")
async def post_alike(
    whistle_id: UUID, body: Draft, here: Context, caller: Working
) -> dict[str, Any]:
    """The earlier reply this text repeats, {number, at, percent}; {} for a reply of its own."""
    unit, city, now = unit_of(caller), here.city, here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        opened = await workbench.opened(
            connection, whistle_id, unit=unit, sight=sight(caller, here), now=now
        )
        tickets = opened.job.whistle.ticket_ids
        found = await reviews.alike(
            connection,
            unit=unit,
            text=body.text,
            ticket_id=tickets[0] if tickets else whistle_id,
            city=city,
            now=now,
        )
    if found is None or found.share < city.policy.judging.alike:
        return {}
    at = found.reply.at.astimezone(city.calendar.tz)
    return {
        "number": found.reply.number,
        "at": f"{at:%m-%d}",
        "percent": round(found.share * 100),
    }
