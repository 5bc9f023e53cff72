"""Marks a grid's worker absent, or back again; and tells who is on duty in which grid."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from annotated_types import Len

from services.router.domain.city import City
from services.router.domain.routing.choice import on_duty
from services.router.domain.units.absence import Absence
from services.router.store import absences as store
from services.router.store.duties import city_changed
from shared.catalogue.grids import BuildingHead
from shared.catalogue.rights import Scope, scope_of
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor
from shared.contracts.values import Instant
from shared.errors import FieldError, ForbiddenError, InvalidError, NotFoundError
from shared.runtime.database import Connection

LONGEST: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """How long a worker is away; from now where nothing else is said."""

    until: Instant
    reason: Annotated[str, Len(1, 200)]
    since: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridItem:
    """A grid: its worker, who stands in, who is on duty now, and the heads of a compound in it."""

    grid: str
    community: str
    worker: str
    substitute: str
    on_duty: str
    absences: tuple[Absence, ...]
    heads: tuple[BuildingHead, ...] = ()


def listed(city: City, *, region: str, compound: str | None, now: datetime) -> tuple[GridItem, ...]:
    """The grids of a region by their codes."""
    heads = tuple(city.heads.get(compound or "", ()))
    return tuple(
        GridItem(
            grid=grid.code,
            community=grid.code[:12],
            worker=grid.worker,
            substitute=grid.substitute,
            on_duty=on_duty(city, grid, now),
            absences=tuple(
                each for each in city.absences if each.grid == grid.code and each.absent_until > now
            ),
            heads=heads,
        )
        for grid in city.grids.of_community(region)
    )


async def mark(
    connection: Connection, grid: str, away: Away, *, actor: Actor, city: City, now: datetime
) -> Absence:
    """The worker is away; raises NotFoundError, ForbiddenError or InvalidError."""
    _own(city, grid, actor)
    since = away.since or now
    if not since < away.until or away.until <= now or away.until - since > LONGEST:
        raise InvalidError(
            FieldError(
                field="until",
                zh=f"须晚于开始时间且在将来，最长 {LONGEST.days} 天",
                en=f"must be ahead and after the beginning, {LONGEST.days} days at most",
            )
        )
    absence = Absence(
        absence_id=new_id(now),
        grid=grid,
        absent_from=since,
        absent_until=away.until,
        reason=away.reason,
        told_by=_who(actor),
    )
    await store.add(connection, absence, now=now)
    await city_changed(connection)
    return absence


async def end(
    connection: Connection,
    absence_id: UUID,
    *,
    grid: str,
    actor: Actor,
    city: City,
    now: datetime,
) -> None:
    """The worker is back; raises NotFoundError where no such absence is open."""
    _own(city, grid, actor)
    if not await store.end(connection, absence_id, grid=grid, by=_who(actor), now=now):
        raise NotFoundError("没有这条请假记录", "there is no such absence")
    await city_changed(connection)


def _own(city: City, grid: str, actor: Actor) -> None:
    """The grid is in the region of the actor's unit; a supervisor's is every grid."""
    if grid not in city.grids.by_code:
        raise NotFoundError("没有这个网格", "there is no such grid")
    if scope_of(actor.role, "grids.keep") is Scope.CITY:
        return
    unit = city.catalogue.units.get(actor.unit or "")
    if unit is None or not grid.startswith(unit.region_code or "-"):
        raise ForbiddenError("不是本辖区的网格", "the grid is not in your region")


def _who(actor: Actor) -> str:
    return f"{actor.role.value} {actor.name}" if actor.name else actor.role.value
