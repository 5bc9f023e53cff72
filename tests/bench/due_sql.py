"""The statements of the rows beside pgqueuer."""

from pathlib import Path

from shared.runtime.database import queries

DUE = queries(Path(__file__).parent / "sql" / "due.sql")
