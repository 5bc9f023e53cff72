"""Reads what hints stand on: the words of the categories (CSV) and the limits (TOML)."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from shared.catalogue.hint_limits import HintLimits
from shared.catalogue.model import Catalogue
from shared.catalogue.synonyms import Synonyms
from shared.catalogue.tables import Problems, Row, check_unique, rows_of

DATA: Final = Path(__file__).parent / "data"
SYNONYMS: Final = "synonyms.csv"
LIMITS: Final = "hints.toml"
COLUMNS: Final = ("code", "words", "also")
LEAST_WORDS: Final = 8  # of a minor category


def load_synonyms(catalogue: Catalogue, folder: Path = DATA) -> Mapping[str, Synonyms]:
    """The words by code, for every category; CatalogueError names every wrong cell."""
    problems = Problems()
    rows = list(rows_of(SYNONYMS, (folder / SYNONYMS).read_bytes(), COLUMNS, problems))
    check_unique(rows, "code")
    majors = {category.major_code for category in catalogue.categories.values()}
    found = {row.cells["code"]: _synonyms(row, catalogue, majors) for row in rows}
    for code in sorted(catalogue.categories.keys() - found.keys()):
        problems.add(SYNONYMS, 1, "code", f"category {code} has no words")
    problems.raise_if_any()
    return found


def _synonyms(row: Row, catalogue: Catalogue, majors: set[str]) -> Synonyms:
    code, words, also = row.text("code"), row.many("words"), row.many("also")
    if code not in catalogue.categories and code not in majors:
        row.wrong("code", f"there is no category {code}")
    if code in catalogue.categories and len(words) < LEAST_WORDS:
        row.wrong("words", f"{len(words)} words are less than {LEAST_WORDS}")
    for column, texts in (("words", words), ("also", also)):
        odd = [text for text in texts if text != text.upper() or " " in text]
        if odd:
            row.wrong(column, f"{odd} are not in capitals and without spaces")
    if set(words) & set(also):
        row.wrong("also", f"{sorted(set(words) & set(also))} stand in words already")
    return Synonyms(code=code, words=words, also=also)


def load_hint_limits(folder: Path = DATA) -> HintLimits:
    """The limits; CatalogueError names what is missing or no positive number."""
    tables = tomllib.loads((folder / LIMITS).read_text("utf-8"))
    problems = Problems()

    def number(table: str, key: str, most: float) -> float:
        found: Any = tables.get(table, {}).get(key)
        if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found <= most:
            why = f"{found!r} is no number above 0 and up to {most:g}"
            problems.add(LIMITS, 1, f"{table}.{key}", why)
            return 1.0
        return float(found)

    limits = HintLimits(
        since=timedelta(days=number("duplicates", "days", 3660)),
        metres=number("duplicates", "metres", 5000),
        candidates=int(number("duplicates", "candidates", 1000)),
        alike=number("duplicates", "alike", 1),
        text=number("duplicates", "text", 1),
        most=int(number("duplicates", "most", 20)),
        callers=int(number("group", "callers", 10_000)),
        group_within=timedelta(hours=number("group", "hours", 24 * 60)),
        half_life=timedelta(days=number("learning", "half_life_days", 36_600)),
        most_per_day=int(number("learning", "most_per_day", 10_000)),
    )
    problems.raise_if_any()
    return limits
