"""How our categories read in the classification of the petition platforms (level 1).

A table of our own (`data/petition_majors.csv`): a major names its labels with their shares, a
minor category that differs names its own. The shares of one code make 1.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from shared.catalogue.model import Catalogue
from shared.catalogue.tables import Problems, Row, rows_of

FILE: Final = "petition_majors.csv"
COLUMNS: Final = ("code", "label", "share")
Shares = Mapping[str, float]


def load_petition_labels(
    catalogue: Catalogue, folder: Path = Path(__file__).parent / "data"
) -> Mapping[str, Shares]:
    """The labels of every minor category with their shares; CatalogueError on wrong cells."""
    problems = Problems()
    rows = list(rows_of(FILE, (folder / FILE).read_bytes(), COLUMNS, problems))
    named: defaultdict[str, dict[str, float]] = defaultdict(dict)
    last: dict[str, Row] = {}
    majors = {category.major_code for category in catalogue.categories.values()}
    for row in rows:
        code = row.text("code")
        if code not in catalogue.categories and code not in majors:
            row.wrong("code", f"there is no category {code}")
        if row.text("label") in named[code]:
            row.wrong("label", f"{row.cells['label']} stands twice for {code}")
        named[code][row.cells["label"]] = row.read("share", float, 1.0)
        last[code] = row
    for code, shares in named.items():
        if not math.isclose(sum(shares.values()), 1.0) or min(shares.values()) <= 0:
            last[code].wrong("share", f"the shares of {code} are {sum(shares.values()):g}, not 1")
    for major in sorted(majors - named.keys()):
        problems.add(FILE, 1, "code", f"major {major} has no label")
    problems.raise_if_any()
    return {
        category.code: dict(named.get(category.code) or named[category.major_code])
        for category in catalogue.categories.values()
    }
