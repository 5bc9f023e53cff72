"""How much a run measures: the number of pairs, and the sizes, which `--quick` makes small."""

from dataclasses import dataclass

QUICK_SHARE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the command line asked for."""

    pairs: int
    quick: bool

    def many(self, full: int) -> int:
        """How many of something: `full`, or a tenth of it in a quick run."""
        return full // QUICK_SHARE if self.quick else full
