"""What somebody chose to see of the board: the filters of its address, and what to choose from."""

from dataclasses import dataclass, fields
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query

from services.notifier.context import NotifierContext
from services.notifier.domain.board.ageing import NOT_OWED
from services.notifier.domain.board.scope import Scope, scope_of
from services.notifier.domain.sight import Sight
from shared.catalogue.regions import RegionLevel
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency

KINDS: Final = tuple(kind for kind in DeadlineKind if kind not in NOT_OWED)
WORD: Final = "^[a-z_]*$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The filters as an address carries them; empty is everything."""

    unit: Annotated[str, Query(pattern="^[A-Za-z0-9-]*$", max_length=40)] = ""
    kind: Annotated[str, Query(pattern=WORD)] = ""
    urgency: Annotated[str, Query(pattern=WORD)] = ""
    region: Annotated[str, Query(pattern="^[0-9]*$", max_length=15)] = ""

    def scope(self, sight: Sight) -> Scope:
        """As the board is asked, within what may be seen."""
        return scope_of(
            sight,
            unit=self.unit or None,
            kind=DeadlineKind(self.kind) if self.kind in KINDS else None,
            urgency=Urgency(self.urgency) if self.urgency in set(Urgency) else None,
            region=self.region or None,
        )

    def query(self, **more: Any) -> str:
        """An address's query with these filters, and others beside or instead."""
        values = {each.name: getattr(self, each.name) for each in fields(self)} | more
        return urlencode({key: value for key, value in values.items() if value not in ("", None)})


def regions_of(here: NotifierContext, sight: Sight) -> list[tuple[str, str]]:
    """The districts and streets to choose from: (code, name)."""
    wanted = (RegionLevel.DISTRICT, RegionLevel.STREET)
    return [
        (region.code, here.catalogue.region_name(region.code))
        for region in sorted(here.catalogue.regions.values(), key=lambda each: each.code)
        if region.level in wanted and region.code.startswith(sight.region or "")
    ]
