"""The rows of the read model as tickets and whistles, loaded and replaced as a whole."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from services.notifier.domain.figures.derive import local_day
from services.notifier.domain.figures.ticket import Round, Ticket
from services.notifier.domain.figures.whistle import Mark, Part, Whistle
from services.notifier.store.fact_reading import LoggedFact
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "figure_rows.sql")

Made = TypeVar("Made", Ticket, Round, Whistle, Part, Mark)
_WITHOUT = {"rounds", "parts", "marks"}
_COLUMNS: dict[type, tuple[str, ...]] = {
    cls: tuple(each.name for each in fields(cls) if each.name not in _WITHOUT)
    for cls in (Ticket, Round, Whistle, Part, Mark)
}


@dataclass(slots=True)
class Cases:
    """Tickets with their rounds, and whistles with their parts and marks, by id."""

    tickets: dict[UUID, Ticket] = field(default_factory=dict)
    whistles: dict[UUID, Whistle] = field(default_factory=dict)

    def ticket(self, ticket_id: UUID) -> Ticket:
        """The ticket, begun if nothing was heard of it."""
        if ticket_id not in self.tickets:
            self.tickets[ticket_id] = Ticket(ticket_id=ticket_id)
        return self.tickets[ticket_id]

    def whistle(self, whistle_id: UUID) -> Whistle:
        if whistle_id not in self.whistles:
            self.whistles[whistle_id] = Whistle(whistle_id=whistle_id)
        return self.whistles[whistle_id]

    def begin_ticket(self, ticket_id: UUID) -> Ticket:
        """The ticket as it was before any of its own facts; rulings on it are not its facts."""
        old = self.ticket(ticket_id)
        self.tickets[ticket_id] = Ticket(
            ticket_id=ticket_id, ruling_seq=old.ruling_seq, excluded=old.excluded
        )
        return self.tickets[ticket_id]

    def begin_whistle(self, whistle_id: UUID) -> Whistle:
        """The whistle before its first fact."""
        self.whistles[whistle_id] = Whistle(whistle_id=whistle_id)
        return self.whistles[whistle_id]

    def last_of_ticket(self, ticket_id: UUID) -> int:
        """The place of the last fact that was folded into the ticket."""
        return self.tickets[ticket_id].seq if ticket_id in self.tickets else 0

    def last_of_whistle(self, whistle_id: UUID) -> int:
        return self.whistles[whistle_id].seq if whistle_id in self.whistles else 0


async def follow_alone(connection: Connection) -> bool:
    """Whether this transaction may move the read model on; False while another copy does."""
    alone: bool = await connection.fetchval(SQL.follow_alone)
    return alone


async def position(connection: Connection) -> int:
    """Up to which place of the fact log the read model goes."""
    place: int = await connection.fetchval(SQL.position)
    return place


async def move_position(connection: Connection, place: int) -> None:
    await connection.execute(SQL.move_position, place)


async def load(
    connection: Connection, *, ticket_ids: Collection[UUID], whistle_ids: Collection[UUID]
) -> Cases:
    """These whistles, the tickets named or dispatched by them, and all whistles of those."""
    cases = Cases()
    rows = await connection.fetch(SQL.whistles_by_id, list(whistle_ids)) if whistle_ids else []
    wanted = {*ticket_ids, *(row["ticket_id"] for row in rows if row["ticket_id"] is not None)}
    if wanted:
        rows += await connection.fetch(SQL.whistles_by_ticket, list(wanted))
        for row in await connection.fetch(SQL.tickets_by_id, list(wanted)):
            cases.tickets[row["ticket_id"]] = _made(Ticket, row)
        for row in await connection.fetch(SQL.rounds_by_ticket, list(wanted)):
            cases.tickets[row["ticket_id"]].rounds[row["round"]] = _made(Round, row)
    for row in rows:
        if row["whistle_id"] not in cases.whistles:
            cases.whistles[row["whistle_id"]] = _made(Whistle, row)
    if cases.whistles:
        ids = list(cases.whistles)
        for row in await connection.fetch(SQL.parts_by_whistle, ids):
            cases.whistles[row["whistle_id"]].parts[row["assignment_id"]] = _made(Part, row)
        for row in await connection.fetch(SQL.marks_by_whistle, ids):
            mark = _made(Mark, row)
            cases.whistles[mark.whistle_id].marks[mark.unit, mark.evaluator_class] = mark
    return cases


def _made(cls: type[Made], row: Mapping[str, Any]) -> Made:
    """An object of a row; a table of the next version may have columns that this one does not."""
    return cls(**{name: row[name] for name in _COLUMNS[cls]})


async def save(connection: Connection, cases: Cases, *, new: bool = False) -> None:
    """Put these in place of what was there; `new`: nothing was."""
    tickets, whistles = list(cases.tickets), list(cases.whistles)
    if tickets and not new:
        await connection.execute(SQL.drop_tickets, tickets)
        await connection.execute(SQL.drop_rounds, tickets)
    if whistles and not new:
        await connection.execute(SQL.drop_parts, whistles)
        await connection.execute(SQL.drop_marks, whistles)
        await connection.execute(SQL.drop_whistles, whistles)
    called = cases.whistles.values()
    rounds = [found for ticket in cases.tickets.values() for found in ticket.rounds.values()]
    await _copy(connection, "figure_ticket", Ticket, cases.tickets.values())
    await _copy(connection, "figure_round", Round, rounds)
    await _copy(connection, "figure_whistle", Whistle, called)
    await _copy(connection, "figure_part", Part, (p for w in called for p in w.parts.values()))
    await _copy(connection, "figure_mark", Mark, (m for w in called for m in w.marks.values()))


async def _copy(connection: Connection, table: str, cls: type, rows: Iterable[Any]) -> None:
    columns = _COLUMNS[cls]
    records = [tuple(getattr(row, name) for name in columns) for row in rows]
    if records:
        await connection.copy_records_to_table(table, records=records, columns=columns)


async def save_ratings(connection: Connection, facts: Sequence[LoggedFact]) -> None:
    """Keep answers of the public; one told twice counts once."""
    if not facts:
        return
    rows = [
        (
            *(f.data.rating_id, f.data.subject_kind, f.data.subject, f.data.evaluator_class),
            *(f.data.answer, f.data.campaign, f.at, local_day(f.at)),
        )
        for f in facts
    ]
    await connection.execute(SQL.save_ratings, *zip(*rows, strict=True))


async def save_units(connection: Connection, facts: Sequence[LoggedFact]) -> None:
    """Keep units as they were last declared."""
    last = {fact.data.code: fact.data for fact in facts}
    if not last:
        return
    rows = [(u.code, u.name, u.parent, u.level, u.kind, u.region, u.active) for u in last.values()]
    await connection.execute(SQL.save_units, *zip(*rows, strict=True))


async def begin_shadow(connection: Connection) -> bool:
    """Make the empty second set; False while another rebuild is under way."""
    alone: bool = await connection.fetchval(SQL.rebuild_alone)
    if alone:
        await connection.execute(SQL.make_shadow)
    return alone


async def work_in_shadow(connection: Connection) -> None:
    """Until this transaction ends, the statements here reach the second set."""
    await connection.execute(SQL.in_shadow)


async def wait_for_follower(connection: Connection) -> None:
    """Until this transaction ends, nobody else moves the read model on."""
    await connection.execute(SQL.followed_by_nobody_else)


async def swap_shadow(connection: Connection) -> None:
    """Put the second set in place of the first; LockNotAvailableError while it is read long."""
    await connection.execute(SQL.out_of_shadow)
    await connection.execute(SQL.wait_briefly)
    await connection.execute(SQL.swap_shadow)


async def end_shadow(connection: Connection) -> None:
    """Leave nothing behind, whether it was swapped in or given up."""
    await connection.execute(SQL.drop_shadow)
    await connection.execute(SQL.rebuild_over)
