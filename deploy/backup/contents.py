"""Sums up what is in a database, so that a restored one can be held against it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

from shared.runtime.database import queries

SQL = queries(Path(__file__).parent / "contents.sql")
# What a row looks like as text must not depend on who asks.
PLAIN: Final = {
    "application_name": "shaodao-backup",
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSum:
    """How many rows a table has, and a sum over all of them."""

    rows: int
    sum: str


async def open_plain(dsn: str) -> "asyncpg.Connection[Any]":
    """A connection to which a row reads the same everywhere."""
    return await asyncpg.connect(dsn, server_settings=PLAIN)


async def contents(connection: "asyncpg.Connection[Any]") -> dict[str, TableSum]:
    """Every table's sum, as the connection sees them now."""
    names = [row["name"] for row in await connection.fetch(SQL.tables)]
    return await sums(connection, names)


async def figures(connection: "asyncpg.Connection[Any]") -> dict[str, TableSum]:
    """The sums of the tables that are worked out from the fact log alone."""
    names = [row["relname"] for row in await connection.fetch(SQL.figure_tables)]
    return await sums(connection, names)


async def sums(connection: "asyncpg.Connection[Any]", names: Iterable[str]) -> dict[str, TableSum]:
    """The sums of these tables."""
    found = {}
    for name in names:
        rows, total = await connection.fetchrow(await connection.fetchval(SQL.sum_of, name))
        found[name] = TableSum(rows=rows, sum=total)
    return found


def differences(
    wanted: Mapping[str, TableSum], found: Mapping[str, TableSum]
) -> list[tuple[str, str, str]]:
    """Tables that are not as they should be: name, what should be there, what is."""
    return [
        (name, _words(wanted.get(name)), _words(found.get(name)))
        for name in sorted({*wanted, *found})
        if wanted.get(name) != found.get(name)
    ]


def _words(table: TableSum | None) -> str:
    return "no table" if table is None else f"{table.rows} rows, sum {table.sum[-12:]}"
