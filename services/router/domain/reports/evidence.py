"""What a resolution should show: photos, records, papers, by category or the lead's function.

The rows stand in `evidence.toml`; the workbench shows them as a checklist. Nothing is refused for
want of them: a unit without them is looked at by a reviewer (`reviewing`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from shared.contracts.parts import Evidence
from shared.records import record

SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


@record
class EvidenceKind:
    """One line of the checklist; `kind` is what a report names it."""

    kind: str
    zh: str
    en: str


@record
class EvidenceGuide:
    """Which evidence is asked for: the longest beginning of a category's code wins."""

    by_category: Mapping[str, tuple[EvidenceKind, ...]]
    by_function: Mapping[str, tuple[EvidenceKind, ...]]
    families: frozenset[str]  # every sort it knows

    def asked(self, category: str | None, functions: Iterable[str]) -> tuple[EvidenceKind, ...]:
        """What the resolution of a matter should show; nothing where no row speaks of it."""
        code = category or ""
        for length in range(len(code), 0, -1):
            found = self.by_category.get(code[:length])
            if found is not None:
                return found
        return next((self.by_function[f] for f in functions if f in self.by_function), ())


def shows(given: Sequence[Evidence], asked: Sequence[EvidenceKind], guide: EvidenceGuide) -> bool:
    """Whether something that is asked for is there: `photo` serves for `photo_after`.

    What the guide does not know by name may be anything, and counts.
    """
    wanted = {family_of(kind.kind) for kind in asked}
    others = guide.families - wanted
    return any(family_of(each.kind) not in others for each in given)


def family_of(kind: str) -> str:
    """The sort of evidence: the first word of its kind."""
    return kind.partition("_")[0]


def badly_hashed(given: Sequence[Evidence]) -> Evidence | None:
    """The first evidence whose hash is no SHA-256."""
    return next((e for e in given if e.sha256 and not SHA256.fullmatch(e.sha256)), None)


def read_evidence(table: Mapping[str, Any]) -> EvidenceGuide:
    """The guide of a parsed file; raises ValueError on a kind that has no name."""
    names = {
        kind: EvidenceKind(kind=kind, zh=words["zh"], en=words["en"])
        for kind, words in table.get("kind", {}).items()
    }
    rows = []
    for section in ("category", "function"):
        chosen = {}
        for code, kinds in table.get(section, {}).items():
            if unknown := set(kinds) - set(names):
                raise ValueError(f"evidence {section} {code}: {', '.join(sorted(unknown))} unnamed")
            chosen[code] = tuple(names[kind] for kind in kinds)
        rows.append(chosen)
    families = frozenset(map(family_of, names))
    return EvidenceGuide(by_category=rows[0], by_function=rows[1], families=families)
