"""Whose promises somebody may look at: the city's, those of a region, those of a unit."""

from shared.records import record


@record
class Sight:
    """`unit` alone: what that unit owes; with `region`: also all that lies there. Neither: all."""

    unit: str | None = None
    region: str | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is hidden."""
        return self.unit is None and self.region is None

    def owner(self, wanted: str | None) -> str | None:
        """The one unit whose promises are shown, where it is one."""
        return wanted if self.region is not None or self.unit is None else self.unit
