"""Grids over HTTP: who is on duty in which, building heads, absences of grid workers."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query

from services.router import absences
from services.router.absences import Away, GridItem
from services.router.api.edge import Context, sight
from services.router.domain.units.absence import Absence
from shared.errors import ForbiddenError
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1/grids", tags=["grids"])

Marking = Annotated[Caller, Depends(allow("grids.keep"))]
Looking = Annotated[Caller, Depends(allow("grids.see"))]
Grid = Annotated[str, Path(pattern=r"^\d{15}$")]


@router.get("")
async def list_grids(
    here: Context,
    caller: Looking,
    region: Annotated[str, Query(pattern=r"^\d{9}(\d{3}){0,2}$")],
    compound: Annotated[str | None, Query(max_length=64)] = None,
) -> list[GridItem]:
    """The grids of a street, community or grid, with who is on duty now."""
    own = sight(caller, here)
    if own.unit is not None and not region.startswith(own.region or "-"):
        raise ForbiddenError("只能查看本辖区的网格", "a street or community sees its own grids")
    now = here.runtime.clock.now()
    return list(absences.listed(here.city, region=region, compound=compound, now=now))


@router.post("/{grid}/absences", status_code=201)
async def post_absence(grid: Grid, body: Away, here: Context, caller: Marking) -> Absence:
    """The worker is away: the substitute takes the grid's first looks until then."""
    async with here.runtime.transaction() as connection:
        return await absences.mark(
            connection,
            grid,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )


@router.delete("/{grid}/absences/{absence_id}", status_code=204)
async def delete_absence(grid: Grid, absence_id: UUID, here: Context, caller: Marking) -> None:
    """The worker is back before the time."""
    async with here.runtime.transaction() as connection:
        await absences.end(
            connection,
            absence_id,
            grid=grid,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )
