"""Units over HTTP: those that can be whistled."""

from dataclasses import dataclass

from fastapi import APIRouter

from services.router.api.edge import Context, Looking
from shared.catalogue.model import UnitKind, UnitLevel

router = APIRouter(prefix="/api/v1", tags=["units"])


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitItem:
    """A unit that can be whistled."""

    code: str
    name: str
    parent: str | None
    level: UnitLevel
    kind: UnitKind
    function_codes: tuple[str, ...]
    region: str | None
    can_whistle: bool
    duty_24h: bool


@router.get("/units")
async def list_units(here: Context, caller: Looking) -> dict[str, list[UnitItem]]:
    """The units that can be whistled, by code."""
    units = sorted(here.city.catalogue.units.values(), key=lambda unit: unit.code)
    return {
        "items": [
            UnitItem(
                code=unit.code,
                name=unit.name,
                parent=unit.parent,
                level=unit.level,
                kind=unit.kind,
                function_codes=unit.function_codes,
                region=unit.region_code,
                can_whistle=unit.can_whistle,
                duty_24h=unit.duty_24h,
            )
            for unit in units
        ]
    }
