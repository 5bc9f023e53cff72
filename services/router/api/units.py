"""Units over HTTP: those that can be whistled; and how one is added, changed and removed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query

from services.router import units
from services.router.api.edge import Context, Looking
from services.router.context import RouterContext
from services.router.domain.units.known import KnownUnit, NewUnit, Removal, UnitChange
from services.router.refresh import refresh
from services.router.rehome import rehome
from services.router.store import duties as duty_store
from services.router.store import units as store
from shared.catalogue.model import UnitKind, UnitLevel
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["units"])

Keeping = Annotated[Caller, Depends(allow("units.keep"))]
Reaching = Annotated[Caller, Depends(allow("units.reach"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitItem:
    """A unit; it is whistled while it is active, and reachable: its topics and rights exist."""

    code: str
    name: str
    parent: str | None
    level: UnitLevel
    kind: UnitKind
    function_codes: tuple[str, ...]
    region: str | None
    can_whistle: bool
    duty_24h: bool
    active: bool
    reachable: bool
    seq: int
    removed_at: datetime | None
    removed_why: str | None

    @staticmethod
    def of(known: KnownUnit) -> "UnitItem":
        """As it is shown."""
        unit = known.unit
        return UnitItem(
            code=unit.code,
            name=unit.name,
            parent=unit.parent,
            level=unit.level,
            kind=unit.kind,
            function_codes=unit.function_codes,
            region=unit.region_code,
            can_whistle=unit.can_whistle,
            duty_24h=unit.duty_24h,
            active=known.active,
            reachable=known.reachable,
            seq=known.seq,
            removed_at=known.removed_at,
            removed_why=known.removed_why,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPage:
    """Units, by code."""

    items: list[UnitItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A unit that was removed: the whistles it left to others, the duty rows that still name it."""

    unit: UnitItem
    whistles: int
    duties: int


@router.get("/units")
async def list_units(
    here: Context,
    caller: Looking,
    everything: Annotated[
        bool, Query(alias="all", description="also those not reachable yet, or removed")
    ] = False,
) -> UnitPage:
    """The units that can be whistled, by code."""
    async with here.runtime.pool.acquire() as connection:
        known = await store.known(connection)
    return UnitPage(
        items=[UnitItem.of(u) for u in known.values() if everything or u.may_be_whistled]
    )


@router.post("/units", status_code=201)
async def post_unit(body: NewUnit, here: Context, caller: Keeping) -> UnitItem:
    """Add a unit; it is whistled once `shaodao topics apply` has made it reachable."""
    return UnitItem.of(await _kept(units.add, here, caller, body))


@router.patch("/units/{code}")
async def patch_unit(code: str, body: UnitChange, here: Context, caller: Keeping) -> UnitItem:
    """Change a unit's name, parent, functions, region or duty; its level and kind never change."""
    return UnitItem.of(await _kept(units.change, here, caller, code, body))


@router.post("/units/{code}/reachable")
async def post_reachable(code: str, here: Context, caller: Reaching) -> UnitItem:
    """Its topics and rights exist: from now on it is whistled."""
    return UnitItem.of(await _kept(units.reached, here, caller, code))


@router.post("/units/{code}/removal")
async def post_removal(code: str, body: Removal, here: Context, caller: Keeping) -> Removed:
    """No new whistles; its running work is offered to those above it, with the reason."""
    removed = await _kept(units.remove, here, caller, code, body)
    moved = await rehome(here.runtime, here.now)
    async with here.runtime.pool.acquire() as connection:
        duties = await duty_store.rows_of_unit(connection, code)
    return Removed(unit=UnitItem.of(removed), whistles=moved, duties=duties)


async def _kept(
    verb: Callable[..., Awaitable[KnownUnit]], here: RouterContext, caller: Caller, *what: object
) -> KnownUnit:
    """Carry out the verb as the caller, now; the city of this process knows it at once."""
    async with here.runtime.transaction() as connection:
        unit = await verb(
            connection,
            *what,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
        )
    await refresh(here)
    return unit
