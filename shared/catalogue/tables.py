"""Reads the rows of a table (CSV), and tells the file, line and column of every wrong cell."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shared.records import record

T = TypeVar("T")


@record
class WrongCell:
    """What is wrong, and where: lines count from 1, the header's."""

    file: str
    line: int
    column: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.column}: {self.why}"


class CatalogueError(ValueError):
    """The tables of the catalogue are wrong; `cells` lists every place."""

    def __init__(self, cells: Sequence[WrongCell]) -> None:
        super().__init__("\n".join(map(str, cells)))
        self.cells = tuple(cells)


@dataclass(slots=True)
class Problems:
    """The wrong cells found so far; reading goes on, so that all are told at once."""

    cells: list[WrongCell] = field(default_factory=list)

    def add(self, file: str, line: int, column: str, why: str) -> None:
        self.cells.append(WrongCell(file=file, line=line, column=column, why=why))

    def raise_if_any(self) -> None:
        if self.cells:
            raise CatalogueError(self.cells)


@dataclass(slots=True, kw_only=True)
class Row:
    """One row by column name; each reading of a cell may add a problem and yields a stand-in."""

    file: str
    line: int
    cells: dict[str, str]
    problems: Problems

    def wrong(self, column: str, why: str) -> None:
        self.problems.add(self.file, self.line, column, why)

    def optional(self, column: str) -> str | None:
        return self.cells[column] or None

    def text(self, column: str) -> str:
        if not self.cells[column]:
            self.wrong(column, "must not be empty")
        return self.cells[column]

    def matching(self, column: str, pattern: str, what: str) -> str:
        if re.fullmatch(pattern, self.cells[column]) is None:
            self.wrong(column, f"{self.cells[column]!r} is not {what}")
        return self.cells[column]

    def many(self, column: str) -> tuple[str, ...]:
        """Texts separated by `;`, each once."""
        texts = tuple(self.cells[column].split(";")) if self.cells[column] else ()
        if "" in texts or len(set(texts)) < len(texts):
            self.wrong(column, f"{self.cells[column]!r} has an empty or repeated part")
        return texts

    def read(self, column: str, reader: Callable[[str], T], otherwise: T) -> T:
        """The cell through a reader that raises ValueError on a wrong one."""
        try:
            return reader(self.cells[column])
        except ValueError as error:
            self.wrong(column, str(error))
            return otherwise

    def flag(self, column: str) -> bool:
        if self.cells[column] not in {"0", "1"}:
            self.wrong(column, f"{self.cells[column]!r} is neither 0 nor 1")
        return self.cells[column] == "1"


@record
class Read(Generic[T]):
    """Something read, and the row it stands in."""

    row: Row
    it: T


def check_unique(rows: Iterable[Row], column: str) -> None:
    """No two rows may have the same value in the column."""
    lines: dict[str, int] = {}
    for row in rows:
        value = row.cells[column]
        if lines.setdefault(value, row.line) != row.line:
            row.wrong(column, f"{value!r} stands in line {lines[value]} already")


def rows_of(file: str, content: bytes, columns: Sequence[str], problems: Problems) -> Iterator[Row]:
    """The rows of a table that has exactly these columns; empty lines are skipped."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problems.add(file, line, "-", "is not UTF-8")
        return
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        if header != list(columns):
            problems.add(file, 1, "-", f"the columns are {header}, not {list(columns)}")
            return
        for cells in reader:
            if len(cells) == len(columns):
                named = {c: cell.strip() for c, cell in zip(columns, cells, strict=True)}
                yield Row(file=file, line=reader.line_num, cells=named, problems=problems)
            elif cells:
                why = f"has {len(cells)} cells instead of {len(columns)}"
                problems.add(file, reader.line_num, "-", why)
    except csv.Error as error:
        problems.add(file, reader.line_num, "-", str(error))
