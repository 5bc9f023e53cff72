"""What routing is asked about a matter: all that a rule looks at, and nothing else.

Many tickets of a batch ask the same, so a question is small and hashable: of the words only the
rows they match are kept, of the point only the grid it lies in.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from services.router.domain.city import City
from services.router.domain.routing.rows import RoutingRows
from shared.catalogue.regions import contains
from shared.contracts.parts import Place
from shared.contracts.tickets import Registered
from shared.contracts.values import Urgency
from shared.records import record

GRID_DIGITS: Final = 15


class Mark(NamedTuple):
    """A row of a table (its number from 1) that the matter's words match, and the word."""

    table: str
    number: int
    word: str


@record
class Question:
    """Which matter, where, how urgent; what the person chose; how surely the place is known."""

    category: str | None
    urgency: Urgency
    region: str | None = None
    compound: str | None = None
    property_unit: str | None = None
    by_point: bool = False  # the grid was found here, by the point
    choice: str | None = None  # property or grid: the button of a one-tap report
    located_by: str | None = None
    place_confidence: float | None = None
    marks: tuple[Mark, ...] = ()

    def marked(self, table: str) -> Iterator[Mark]:
        """The rows of one table that the words match."""
        return (mark for mark in self.marks if mark.table == table)


def question_of(city: City, registered: Registered, *, round: int = 1) -> Question:
    """The question of a ticket; a choice counts for the first round only."""
    hints = registered.hints
    return ask(
        city,
        category=registered.category,
        place=registered.place,
        urgency=registered.urgency,
        words=f"{registered.title}\n{registered.summary}",
        choice=registered.choice if round == 1 else None,
        located_by=hints.located_by,
        place_confidence=hints.place_confidence,
    )


def ask(
    city: City,
    *,
    category: str | None,
    place: Place,
    urgency: Urgency = Urgency.NORMAL,
    words: str = "",
    choice: str | None = None,
    located_by: str | None = None,
    place_confidence: float | None = None,
) -> Question:
    """A question in full; a point makes the region a grid where it lies in the region."""
    grid = _grid_at(city, place)
    return Question(
        category=category,
        urgency=urgency,
        region=grid or place.region,
        compound=place.compound if place.compound in city.catalogue.compounds else None,
        property_unit=place.property_unit if place.property_unit in city.catalogue.units else None,
        by_point=grid is not None,
        choice=choice,
        located_by=located_by,
        place_confidence=place_confidence,
        marks=tuple(_marks(city.policy.rows, category, words)) if words else (),
    )


def _grid_at(city: City, place: Place) -> str | None:
    """The grid of the point, where the region is no grid yet and does not speak against it."""
    if place.lat is None or place.lon is None or len(place.region or "") == GRID_DIGITS:
        return None
    grid = city.grids.at(place.lat, place.lon)
    if grid is None or (place.region is not None and not contains(place.region, grid.code)):
        return None
    return grid.code


def _marks(rows: RoutingRows, category: str | None, text: str) -> Iterator[Mark]:
    for table, of_words in (("danger", rows.dangers), ("statutory", rows.routes)):
        for row in of_words:
            if row.within is None or len(text) <= row.within:
                yield from _mark(table, row.number, row.words, text)
    for asset in rows.assets_of.get(category or "", ()):
        yield from _mark("asset", asset.number, asset.words, text)
    for season in rows.seasons_of.get(category or "", ()):
        if season.words:
            yield from _mark("season", season.number, season.words, text)
    if category in rows.ownerless_categories:
        yield from _mark("no_owner", 1, rows.ownerless, text)


def _mark(table: str, number: int, words: Iterable[str], text: str) -> Iterator[Mark]:
    found = next((word for word in words if word in text), None)
    if found is not None:
        yield Mark(table, number, found)
