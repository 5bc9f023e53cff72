"""A row that becomes an object has the columns its statement names: a newer table has more."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.runtime.database import queries

ROOT = Path(__file__).parents[2]
STORES = sorted((ROOT / "services").glob("*/store/*.py"))
UNPACKED = re.compile(r"\*\*(?:dict\()?row\b|\*\*\{\*\*(?:dict\()?row\b")
ALL_COLUMNS = re.compile(r"^select (?:\w+\.)?\*|returning (?:\w+\.)?\*", re.MULTILINE)
FILES = re.compile(r'(\w+) = queries\((.+?)"([\w.]+)"\)', re.DOTALL)


def unpacking(source: str) -> Iterator[tuple[str, set[str]]]:
    """The functions that make an object of a whole row, and the statements each of them runs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_source_segment(source, node) or ""
            if UNPACKED.search(text):
                yield node.name, set(re.findall(r"SQL\.(\w+)", text))


def open_statements(path: Path) -> list[str]:
    """Statements of a store that ask for every column of a table and are unpacked."""
    source = path.read_text("utf-8")
    named = FILES.search(source)
    if named is None:
        return []
    statements = vars(queries(path.parents[1] / "sql" / named.group(3)))
    return [
        f"{path.name}: {function} unpacks SQL.{name}"
        for function, names in unpacking(source)
        for name in sorted(names & statements.keys())
        if ALL_COLUMNS.search(re.sub(r"^--.*$", "", statements[name], flags=re.MULTILINE))
    ]


@pytest.mark.parametrize("path", STORES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_no_statement_that_asks_for_all_columns_is_unpacked(path: Path) -> None:
    assert open_statements(path) == []


def test_the_rule_finds_one(tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "store").mkdir()
    (tmp_path / "sql" / "cats.sql").write_text(
        "-- name: cats\nselect * from cat where cat_id = $1\n"
    )
    store = tmp_path / "store" / "cats.py"
    store.write_text(
        'SQL = queries(Path(__file__).parents[1] / "sql" / "cats.sql")\n'
        "async def cats(connection):\n"
        "    return [Cat(**row) for row in await connection.fetch(SQL.cats, 1)]\n"
    )
    assert open_statements(store) == ["cats.py: cats unpacks SQL.cats"]
