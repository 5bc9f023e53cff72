"""What the bureaus still mean to do, in order of domain time, kept in a small file.

A restart goes on where the last process was: Kafka offsets are committed after the plan is
written, and a report that is sent twice carries the same id.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from pydantic import TypeAdapter

from deploy.city.matter import Matter
from shared.contracts.parts import AssignmentState
from shared.contracts.values import Relation

NEVER = 9e18
FORGET_AFTER_SECONDS = 40 * 86_400

_SCHEMA = """
create table if not exists matter (
    unit text not null,
    whistle_id text not null,
    relation text not null,
    ended integer not null,
    changed_at real not null,
    next_at real not null,
    body text not null,
    primary key (unit, whistle_id)
) without rowid;
create index if not exists matter_next on matter (next_at) where next_at < 9e18;
create index if not exists matter_whistle on matter (whistle_id);
"""
_PUT = """
insert into matter (unit, whistle_id, relation, ended, changed_at, next_at, body)
values (?, ?, ?, ?, ?, ?, ?)
on conflict (unit, whistle_id) do update set
    ended = excluded.ended, changed_at = excluded.changed_at,
    next_at = excluded.next_at, body = excluded.body
"""
_GET = "select body from matter where unit = ? and whistle_id = ?"
_DUE = "select body from matter where next_at <= ? and next_at < 9e18 order by next_at limit ?"
_NEXT = "select min(next_at) from matter where next_at < 9e18"
_OTHERS = """
select count(*) from matter
where whistle_id = ? and unit <> ? and relation = ? and ended = 0
    and json_extract(body, '$.state') <> ?
"""
_FORGET = "delete from matter where ended = 1 and changed_at < ?"


class Agenda:
    """The matters of all bureaus of this process; not for use by two processes at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._matters: TypeAdapter[Matter] = TypeAdapter(Matter)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute("pragma journal_mode = wal")
        self._file.execute("pragma synchronous = normal")
        self._file.executescript(_SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def get(self, unit: str, whistle_id: UUID) -> Matter | None:
        """What the unit remembers of the whistle."""
        row = self._file.execute(_GET, (unit, str(whistle_id))).fetchone()
        return None if row is None else self._matters.validate_json(row[0])

    def put(self, matters: Iterable[Matter], *, now: datetime) -> None:
        """Remember the matters as they are now, all or none."""
        rows = [self._row(matter, now) for matter in matters]
        self._file.execute("begin")
        try:
            self._file.executemany(_PUT, rows)
        except BaseException:
            self._file.execute("rollback")
            raise
        self._file.execute("commit")

    def due(self, now: datetime, *, limit: int) -> Sequence[Matter]:
        """The matters whose next step is due, the most overdue first."""
        rows = self._file.execute(_DUE, (now.timestamp(), limit)).fetchall()
        return [self._matters.validate_json(body) for (body,) in rows]

    def next_at(self, like: datetime) -> datetime | None:
        """When the next step of all is due, in the zone of `like`."""
        (at,) = self._file.execute(_NEXT).fetchone()
        return None if at is None else datetime.fromtimestamp(at, like.tzinfo)

    def busy_assistants(self, matter: Matter) -> int:
        """How many units that assist in the same whistle are not done, as they were told."""
        done = AssignmentState.DONE
        values = (str(matter.whistle_id), matter.unit, Relation.ASSISTING, done)
        count: int = self._file.execute(_OTHERS, values).fetchone()[0]
        return count

    def forget(self, now: datetime) -> None:
        """Drop what ended long ago."""
        self._file.execute(_FORGET, (now.timestamp() - FORGET_AFTER_SECONDS,))

    def _row(self, matter: Matter, now: datetime) -> tuple[object, ...]:
        next_at = matter.next_at
        return (
            matter.unit,
            str(matter.whistle_id),
            matter.relation.value,
            int(matter.ended),
            now.timestamp(),
            NEVER if next_at is None else next_at.timestamp(),
            self._matters.dump_json(matter).decode(),
        )
