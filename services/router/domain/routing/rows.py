"""The rows that routing goes by and the city may change: words, owners of assets, seasons, hours.

They stand in the router's `policy.toml`, duties in the duty list. A row is known by its number in
its table, counted from 1, which the trace names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any, Final

from shared.catalogue.duties import Condition, parse_condition
from shared.contracts.values import Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsRow:
    """Words of danger or of a statutory route, and to whom they lead (110, 119, court …).

    `within`: only in texts of so many characters at most, for long letters tell of the past.
    """

    number: int
    to: str
    words: tuple[str, ...]
    within: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """Whose asset it is, by the words of a matter of these categories.

    The owner is a unit, or whoever has the function at the place. With `task` the category's own
    lead stays and the owner is called beside it.
    """

    number: int
    categories: tuple[str, ...]
    words: tuple[str, ...]
    unit: str | None = None
    function: str | None = None
    task: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeasonRow:
    """When matters of these categories, or those of them with these words, are more urgent."""

    number: int
    categories: tuple[str, ...]
    words: tuple[str, ...]
    when: Condition
    text: str
    urgency: Urgency


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingRows:
    """All tables; `watch` are the hours in which a grid worker is on duty, daily."""

    dangers: tuple[WordsRow, ...] = ()
    routes: tuple[WordsRow, ...] = ()
    assets: tuple[AssetRow, ...] = ()
    seasons: tuple[SeasonRow, ...] = ()
    ownerless: tuple[str, ...] = ()
    ownerless_categories: frozenset[str] = frozenset()
    informed_only: frozenset[str] = frozenset()  # functions that never assist
    watch: tuple[time, time] = (time(8), time(20))
    assets_of: Mapping[str, tuple[AssetRow, ...]] = field(init=False, repr=False)
    seasons_of: Mapping[str, tuple[SeasonRow, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "assets_of", _by_category(self.assets))
        object.__setattr__(self, "seasons_of", _by_category(self.seasons))


TABLES: Final = (
    "danger",
    "statutory",
    "asset",
    "season",
    "no_owner",
    "informed_only",
    "grid_worker",
)


def read_rows(tables: Mapping[str, Any]) -> RoutingRows:
    """The rows of parsed tables; raises ValueError naming the table and row that is wrong."""
    _only(tables, "routing", *TABLES)
    watch = _only(tables.get("grid_worker", {}), "grid_worker", "on_duty").get("on_duty")
    ownerless = _only(tables.get("no_owner", {}), "no_owner", "words", "categories")
    informed = _only(tables.get("informed_only", {}), "informed_only", "functions")
    hours = parse_condition(f"hours={watch}") if watch else None
    return RoutingRows(
        dangers=tuple(_words_rows(tables, "danger")),
        routes=tuple(_words_rows(tables, "statutory")),
        assets=tuple(_asset(n, row) for n, row in _numbered(tables, "asset")),
        seasons=tuple(_season(n, row) for n, row in _numbered(tables, "season")),
        ownerless=_texts(ownerless.get("words", []), "no_owner"),
        ownerless_categories=frozenset(_texts(ownerless.get("categories", []), "no_owner")),
        informed_only=frozenset(_texts(informed.get("functions", []), "informed_only")),
        **({"watch": hours.hours} if hours is not None and hours.hours is not None else {}),
    )


def _numbered(tables: Mapping[str, Any], name: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    found = tables.get(name, [])
    if not isinstance(found, list):
        raise ValueError(f"{name}: a list of tables")
    return enumerate(found, start=1)


def _words_rows(tables: Mapping[str, Any], name: str) -> Iterable[WordsRow]:
    for number, row in _numbered(tables, name):
        place = f"{name} {number}"
        _only(row, place, "to", "words", "within")
        within = row.get("within")
        if within is not None and not isinstance(within, int):
            raise ValueError(f"{place}: within is a number of characters")
        to, words = _text(row, place, "to"), _words(row, place)
        yield WordsRow(number=number, to=to, words=words, within=within)


def _asset(number: int, row: Mapping[str, Any]) -> AssetRow:
    place = f"asset {number}"
    _only(row, place, "categories", "words", "unit", "function", "task")
    if ("unit" in row) == ("function" in row):
        raise ValueError(f"{place}: one of unit and function")
    return AssetRow(
        number=number,
        categories=_texts(row.get("categories"), place),
        words=_words(row, place),
        unit=row.get("unit"),
        function=row.get("function"),
        task=row.get("task"),
    )


def _season(number: int, row: Mapping[str, Any]) -> SeasonRow:
    place = f"season {number}"
    _only(row, place, "categories", "words", "when", "urgency")
    when = parse_condition(_text(row, place, "when"))
    if when is None:
        raise ValueError(f"{place}: when is a season or hours")
    return SeasonRow(
        number=number,
        categories=_texts(row.get("categories"), place),
        words=_texts(row.get("words", []), place),
        when=when,
        text=row["when"],
        urgency=Urgency(_text(row, place, "urgency")),
    )


def _only(row: Any, place: str, *known: str) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise ValueError(f"{place}: a table")
    if unknown := set(row) - set(known):
        raise ValueError(f"{place}: not known: {', '.join(sorted(unknown))}")
    return row


def _text(row: Mapping[str, Any], place: str, key: str) -> str:
    value = row.get(key)
    if not isinstance(value, str) or not value:
        raise ValueError(f"{place}: {key} is missing")
    return value


def _words(row: Mapping[str, Any], place: str) -> tuple[str, ...]:
    if not (words := _texts(row.get("words"), place)):
        raise ValueError(f"{place}: at least one word")
    return words


def _texts(value: Any, place: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise ValueError(f"{place}: a list of texts")
    return tuple(value)


def _by_category(rows: Iterable[Any]) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        for category in row.categories:
            found[category] = (*found.get(category, ()), row)
    return found
