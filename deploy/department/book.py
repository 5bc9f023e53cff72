"""What the department keeps: the events it has heard, its whistles, and the reports to be sent.

One SQLite file. An event, what it changes and the reports that follow from it are one transaction,
so that a process which is killed at any moment loses nothing and says nothing twice: after a start
it sends again what was not confirmed, under the same id, and the city drops what it knows.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

TABLES = """
create table if not exists heard (event_id text primary key);
create table if not exists whistle (whistle_id text primary key, doc text not null);
create table if not exists report (
    position integer primary key,
    report_id text not null unique,
    whistle_id text not null,
    verb text not null,
    value text not null,
    sent integer not null default 0
);
create index if not exists report_to_send on report (position) where sent = 0;
"""

Doc = dict[str, Any]


class Book:
    """The department's file; one process uses it."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        self._db.executescript(TABLES)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def is_new(self, event_id: str) -> bool:
        """Remember an event; False when it was heard before."""
        found = self._db.execute("insert or ignore into heard values (?)", (event_id,))
        return found.rowcount == 1

    def whistle(self, whistle_id: str) -> Doc | None:
        """What is kept of a whistle."""
        row = self._db.execute(
            "select doc from whistle where whistle_id = ?", (whistle_id,)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def keep(self, whistle: Doc) -> None:
        """Write a whistle down."""
        self._db.execute(
            "insert or replace into whistle values (?, ?)",
            (whistle["whistle_id"], json.dumps(whistle, ensure_ascii=False)),
        )

    def put(self, event: Doc, verb: str) -> None:
        """A report to be sent."""
        self._db.execute(
            "insert into report (report_id, whistle_id, verb, value) values (?, ?, ?, ?)",
            (event["id"], event["subject"], verb, json.dumps(event, ensure_ascii=False)),
        )

    def verb_of(self, report_id: str) -> str | None:
        """Which report an answer is about."""
        row = self._db.execute(
            "select verb from report where report_id = ?", (report_id,)
        ).fetchone()
        return row[0] if row else None

    def to_send(self, most: int = 500) -> list[tuple[int, str, str]]:
        """(position, whistle_id, value) of the reports that are not confirmed, in order."""
        return self._db.execute(
            "select position, whistle_id, value from report where sent = 0"
            " order by position limit ?",
            (most,),
        ).fetchall()

    def was_sent(self, positions: list[int]) -> None:
        """Kafka has them."""
        self._db.executemany("update report set sent = 1 where position = ?", zip(positions))

    def close(self) -> None:
        """Done."""
        self._db.close()
