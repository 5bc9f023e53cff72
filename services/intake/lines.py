"""Tells which hotlines came into 12345 and how, with the emergency numbers to transfer to."""

from dataclasses import dataclass

from services.intake.domain.words import unit_name
from shared.catalogue.model import Catalogue, WayIn


@dataclass(frozen=True, slots=True, kw_only=True)
class HotlineView:
    """A hotline besides 12345; `centre` is where its branch centre sits."""

    number: str
    name: str
    way_in: WayIn
    unit: str | None
    unit_name: str | None
    centre: str | None


def list_lines(catalogue: Catalogue) -> tuple[HotlineView, ...]:
    """All of them, in the catalogue's order."""
    return tuple(
        HotlineView(
            number=each.number,
            name=each.name,
            way_in=each.way_in,
            unit=each.unit,
            unit_name=unit_name(catalogue, each.unit) if each.unit else None,
            centre=each.unit if each.way_in is WayIn.BRANCH else None,
        )
        for each in catalogue.hotlines.values()
    )
