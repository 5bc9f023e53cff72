"""The duty list's versions, their rows, and the rows that rulings propose."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from pathlib import Path
from uuid import UUID

from services.router import rows
from services.router.domain.duty.proposal import ProposalState, Proposed
from services.router.domain.duty.proposing import Proposal
from services.router.domain.duty.rows import Changes, DutyRow, in_order
from services.router.domain.duty.version import DutyVersion, Tried, VersionState
from services.router.domain.matter import Ticket
from shared.catalogue.duties import Duty, parse_condition
from shared.contracts.envelope import adapter
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "duties.sql")
NO_TICKET = UUID(int=0)
_COLUMNS = ("version", "duty_id", *(each.name for each in fields(Duty)))


async def city_version(connection: Connection) -> int:
    """Counts the changes of the city's units and published list."""
    found: int = await connection.fetchval(SQL.city_version)
    return found


async def city_changed(connection: Connection) -> None:
    """Let every copy of the router take over what this transaction changes."""
    await connection.execute(SQL.city_changed)


async def versions(connection: Connection, limit: int) -> list[DutyVersion]:
    """The newest versions, newest first."""
    return [_version(row) for row in await connection.fetch(SQL.versions, limit)]


async def version(connection: Connection, number: int, *, lock: bool) -> DutyVersion | None:
    """One version, locked for whoever changes it."""
    row = await connection.fetchrow(SQL.version_locked if lock else SQL.version, number)
    return _version(row) if row is not None else None


async def in_state(connection: Connection, state: VersionState) -> DutyVersion | None:
    """The published version, or the draft: of both there is one at most."""
    row = await connection.fetchrow(SQL.version_in_state, state)
    return _version(row) if row is not None else None


async def next_number(connection: Connection) -> int:
    """The number of a version to come."""
    last: int = await connection.fetchval(SQL.last_version)
    return last + 1


async def add_version(connection: Connection, new: DutyVersion) -> None:
    """Write a new version."""
    await connection.execute(
        SQL.version_add,
        *(new.version, new.state, new.based_on, new.note, new.drafted_by, new.drafted_at),
        *(list(new.editors), new.edits, _text(new.tried), new.published_by, new.published_at),
        *(new.seq, new.history_hash),
    )


async def update_version(connection: Connection, now: DutyVersion) -> None:
    """Write what has become of a version."""
    await connection.execute(
        SQL.version_update,
        *(now.version, now.state, now.note, list(now.editors), now.edits, _text(now.tried)),
        *(now.published_by, now.published_at, now.seq, now.history_hash),
    )


async def rows_of(connection: Connection, number: int) -> tuple[DutyRow, ...]:
    """The rows of a version, in order."""
    return in_order(_row(row) for row in await connection.fetch(SQL.rows, number))


async def add_rows(connection: Connection, number: int, new: Iterable[DutyRow]) -> None:
    """Write rows into a version."""
    records = [_record(number, row) for row in new]
    await connection.copy_records_to_table("duty_row", records=records, columns=_COLUMNS)


async def copy_rows(connection: Connection, number: int, to: int) -> None:
    """Give a version all rows of another."""
    await connection.execute(SQL.rows_copy, number, to)


async def change_rows(connection: Connection, number: int, changes: Changes) -> None:
    """Write what differs, and nothing else."""
    gone = [row.duty_id for row in changes.removed]
    gone += [old.duty_id for old, _ in changes.changed]
    await connection.execute(SQL.rows_forget, number, gone)
    new = [*changes.added, *(row for _, row in changes.changed)]
    await add_rows(connection, number, new)


async def rows_of_unit(connection: Connection, unit: str) -> int:
    """How many rows of the published list name a unit."""
    found: int = await connection.fetchval(SQL.rows_of_unit, unit)
    return found


async def propose(connection: Connection, proposals: Sequence[Proposal]) -> None:
    """Write what rulings propose; the same again adds its whistle to the one there is."""
    for each in proposals:
        await connection.execute(
            SQL.propose,
            *(each.proposal_id, each.subject, each.region, each.unit, each.clause),
            *(each.whistle_id, each.proposed_by, each.proposed_at),
        )


async def proposals(
    connection: Connection, state: ProposalState | None, after: UUID | None, limit: int
) -> list[Proposed]:
    """Proposals, oldest first."""
    return [_proposed(row) for row in await connection.fetch(SQL.proposals, state, after, limit)]


async def proposal(connection: Connection, proposal_id: UUID) -> Proposed | None:
    """One proposal, locked for whoever decides on it."""
    row = await connection.fetchrow(SQL.proposal_locked, proposal_id)
    return _proposed(row) if row is not None else None


async def same_proposal(connection: Connection, proposal: Proposal) -> Proposed:
    """The proposal that stands for this one: it, or the same that was there before."""
    row = await connection.fetchrow(
        SQL.proposal_same, proposal.subject, proposal.region, proposal.unit
    )
    return _proposed(row)


async def update_proposal(connection: Connection, now: Proposed) -> None:
    """Write what was decided on a proposal."""
    await connection.execute(
        SQL.proposal_decided,
        *(now.proposal_id, now.state, now.version, now.decided_by, now.decided_at, now.reason),
    )


async def adopt_proposals(connection: Connection, number: int) -> None:
    """The draft that took them is published."""
    await connection.execute(SQL.proposals_adopt, number)


async def give_proposals_back(connection: Connection, number: int) -> None:
    """The draft that took them is discarded."""
    await connection.execute(SQL.proposals_give_back, number)


async def past_tickets(
    connection: Connection, after: UUID, since: datetime, until: datetime, limit: int
) -> list[Ticket]:
    """A batch of tickets registered from `since` to before `until`, after this one."""
    found = await connection.fetch(SQL.past_tickets, after, since, until, limit)
    return [rows.ticket_of(row) for row in found]


def _text(tried: Tried | None) -> str | None:
    return rows.json_of(tried) if tried is not None else None


def _version(row: rows.Row) -> DutyVersion:
    tried = row["tried"]
    return DutyVersion(
        version=row["version"],
        state=VersionState(row["state"]),
        based_on=row["based_on"],
        note=row["note"],
        drafted_by=row["drafted_by"],
        drafted_at=row["drafted_at"],
        editors=tuple(row["editors"]),
        edits=row["edits"],
        tried=adapter(Tried).validate_json(tried) if tried is not None else None,
        published_by=row["published_by"],
        published_at=row["published_at"],
        seq=row["seq"],
        history_hash=row["history_hash"],
    )


def _row(row: rows.Row) -> DutyRow:
    duty = Duty(
        subject=row["subject"],
        region=row["region"],
        condition=parse_condition(row["condition"]),
        unit=row["unit"],
        clause=row["clause"],
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )
    return DutyRow(duty_id=row["duty_id"], duty=duty)


def _record(number: int, row: DutyRow) -> tuple[object, ...]:
    duty = row.duty
    condition = duty.condition.text if duty.condition else ""
    return (
        *(number, row.duty_id, duty.subject, duty.region, condition, duty.unit, duty.clause),
        *(duty.valid_from, duty.valid_to),
    )


def _proposed(row: rows.Row) -> Proposed:
    return Proposed(
        proposal_id=row["proposal_id"],
        state=ProposalState(row["state"]),
        subject=row["subject"],
        region=row["region"],
        unit=row["unit"],
        clause=row["clause"],
        whistle_ids=tuple(row["whistle_ids"]),
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        version=row["version"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        reason=row["reason"],
    )
