"""Units: the catalogue's file is the seed, this table the truth afterwards."""

from pathlib import Path

from shared.runtime.database import queries

SQL = queries(Path(__file__).parents[1] / "sql" / "units.sql")
