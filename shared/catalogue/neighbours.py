"""Who looks after a place before any bureau: the grid's worker and substitute, building heads."""

from shared.catalogue.grids import BuildingHead, GridMap, Heads
from shared.records import record


@record
class Neighbours:
    """The grid of a place with its people; `heads` those of the building named, else of all."""

    grid: str | None
    worker: str | None
    substitute: str | None
    heads: tuple[BuildingHead, ...]


def neighbours_of(
    grids: GridMap,
    heads: Heads,
    *,
    region: str | None,
    compound: str | None,
    address: str | None = None,
) -> Neighbours | None:
    """None where neither grid nor compound is known."""
    grid = grids.by_code.get(region or "")
    own = tuple(heads.get(compound or "", ()))
    if grid is None and not own:
        return None
    named = [head for head in own if head.building in (address or "")]
    named.sort(key=lambda head: -len(head.building))  # 12号楼 is not 2号楼
    return Neighbours(
        grid=grid.code if grid is not None else None,
        worker=grid.worker if grid is not None else None,
        substitute=grid.substitute if grid is not None else None,
        heads=tuple(named[:1]) or own,
    )
