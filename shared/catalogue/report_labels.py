"""The labels a resident taps instead of writing: each one a category of the catalogue.

A table of its own (`data/report_labels.csv`), in the order of the screen. The type is a label's
own, as a photo of badly parked cars is a complaint here; who wants it confidential says so.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from shared.catalogue.labels import from_label_zh
from shared.catalogue.model import Catalogue
from shared.catalogue.tables import Problems, Row, check_unique, rows_of
from shared.contracts.values import TicketType
from shared.records import record

FILE: Final = "report_labels.csv"
COLUMNS: Final = ("code", "zh", "en", "icon", "category", "type")


@record
class ReportLabel:
    """One label; `category` None leaves it to a person to sort."""

    code: str
    zh: str
    en: str
    icon: str
    category: str | None
    type: TicketType


def load_report_labels(
    catalogue: Catalogue, folder: Path = Path(__file__).parent / "data"
) -> Mapping[str, ReportLabel]:
    """The labels by code, in order; CatalogueError names every wrong cell."""
    problems = Problems()
    rows = list(rows_of(FILE, (folder / FILE).read_bytes(), COLUMNS, problems))
    labels = [_label(row, catalogue) for row in rows]
    check_unique(rows, "code")
    problems.raise_if_any()
    return {label.code: label for label in labels}


def _label(row: Row, catalogue: Catalogue) -> ReportLabel:
    category = row.optional("category")
    if category is not None and category not in catalogue.categories:
        row.wrong("category", f"there is no category {category}")
    return ReportLabel(
        code=row.matching("code", r"[a-z_]{2,20}", "two to twenty letters a–z and _"),
        zh=row.text("zh"),
        en=row.text("en"),
        icon=row.matching("icon", r"[a-z0-9-]+", "the name of an icon"),
        category=category,
        type=row.read("type", lambda text: from_label_zh(TicketType, text), TicketType.COMPLAIN),
    )
