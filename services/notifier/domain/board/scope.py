"""What of the board is shown: as far as somebody may see, and as narrow as they chose."""

from services.notifier.domain.sight import Sight
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Urgency
from shared.records import record


@record
class Scope:
    """`region`: what lies there, and what `local` owes, the unit of that region's people."""

    unit: str | None = None
    kind: DeadlineKind | None = None
    urgency: Urgency | None = None
    region: str | None = None
    local: str | None = None


def scope_of(
    sight: Sight,
    *,
    unit: str | None = None,
    kind: DeadlineKind | None = None,
    urgency: Urgency | None = None,
    region: str | None = None,
) -> Scope:
    """What is chosen, within what may be seen; a region beyond one's own is one's own."""
    if sight.region is not None and not (region or "").startswith(sight.region):
        region = sight.region
    return Scope(
        unit=sight.owner(unit),
        kind=kind,
        urgency=urgency,
        region=region,
        local=sight.unit if sight.region is not None and region == sight.region else None,
    )
