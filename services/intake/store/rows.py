"""The tables of intake as Python sees them: statements by name, rows as domain objects."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from services.intake.domain.case import Call, Line
from services.intake.domain.promises import Promise, PromiseState
from services.intake.domain.ticket import Ticket, TicketState
from shared.contracts.parts import AssignmentState, DeadlineKind, Place
from shared.contracts.tickets import Source
from shared.contracts.values import Channel, Due, Relation, TicketType, Urgency
from shared.runtime.database import queries

SQL = queries(Path(__file__).parents[1] / "sql" / "queries.sql")

TICKET_COLUMNS: Final = (
    "ticket_id",
    "number",
    "state",
    "seq",
    "history_hash",
    "round",
    "channel",
    "type",
    "urgency",
    "category",
    "title",
    "summary",
    "region",
    "address",
    "lat",
    "lon",
    "compound",
    "property_unit",
    "no_location",
    "line",
    "choice",
    "source_system",
    "source_number",
    "confidential",
    "contactable",
    "hard_case",
    "registered_at",
    "occurred_at",
    "whistle_id",
    "urged",
    "urged_at",
    "callback_tries",
    "ended_at",
    "canary",
    "receipt",
)
PROMISE_COLUMNS: Final = (
    "ticket_id",
    "owner_id",
    "kind",
    "round",
    "unit",
    "whistle_id",
    "state",
    "due_by",
    "due_rule",
    "due_started_at",
    "due_calendar",
    "due_policy",
    "due_provisional",
)
Key = tuple[str, str]
LINE_COLUMNS: Final = ("ticket_id", "at", "who", "what", "zh")


def line_record(line: Line) -> tuple[Any, ...]:
    return line.ticket_id, line.at, line.who, line.what, line.zh


def ticket_record(ticket: Ticket, history_hash: bytes, receipt: str) -> tuple[Any, ...]:
    place, source = ticket.place, ticket.source
    return (
        ticket.ticket_id,
        ticket.number,
        ticket.state,
        ticket.seq,
        history_hash,
        ticket.round,
        ticket.channel,
        ticket.type,
        ticket.urgency,
        ticket.category,
        ticket.title,
        ticket.summary,
        place.region,
        place.address,
        place.lat,
        place.lon,
        place.compound,
        place.property_unit,
        place.no_location,
        ticket.line,
        ticket.choice,
        source.system if source else None,
        source.number if source else None,
        ticket.confidential,
        ticket.contactable,
        ticket.hard_case,
        ticket.registered_at,
        ticket.occurred_at,
        ticket.whistle_id,
        ticket.urged,
        ticket.urged_at,
        ticket.callback_tries,
        ticket.ended_at,
        ticket.canary,
        receipt,
    )


def ticket_of(row: Mapping[str, Any]) -> Ticket:
    """A row of the table as a ticket."""
    system = row["source_system"]
    return Ticket(
        ticket_id=row["ticket_id"],
        number=row["number"],
        state=TicketState(row["state"]),
        seq=row["seq"],
        round=row["round"],
        channel=Channel(row["channel"]),
        type=TicketType(row["type"]),
        urgency=Urgency(row["urgency"]),
        category=row["category"],
        title=row["title"],
        summary=row["summary"],
        place=Place(
            region=row["region"],
            address=row["address"],
            lat=row["lat"],
            lon=row["lon"],
            compound=row["compound"],
            property_unit=row["property_unit"],
            no_location=row["no_location"],
        ),
        line=row["line"],
        choice=row["choice"],
        source=Source(system=system, number=row["source_number"]) if system else None,
        confidential=row["confidential"],
        contactable=row["contactable"],
        hard_case=row["hard_case"],
        group_matter=row["group_matter"],
        registered_at=row["registered_at"],
        occurred_at=row["occurred_at"],
        whistle_id=row["whistle_id"],
        urged=row["urged"],
        urged_at=row["urged_at"],
        callback_tries=row["callback_tries"],
        ended_at=row["ended_at"],
        canary=row["canary"],
        history_hash=row["history_hash"],
    )


def promise_record(promise: Promise) -> tuple[Any, ...]:
    due = promise.due
    return (
        promise.ticket_id,
        promise.owner_id,
        promise.kind,
        promise.round,
        promise.unit,
        promise.whistle_id,
        promise.state,
        due.by,
        due.rule,
        due.started_at,
        due.calendar,
        due.policy,
        due.provisional,
    )


def promise_of(row: Mapping[str, Any]) -> Promise:
    """A row of the table as a promise."""
    return Promise(
        ticket_id=row["ticket_id"],
        owner_id=row["owner_id"],
        kind=DeadlineKind(row["kind"]),
        round=row["round"],
        unit=row["unit"],
        whistle_id=row["whistle_id"],
        state=PromiseState(row["state"]),
        due=Due(
            by=row["due_by"],
            rule=row["due_rule"],
            started_at=row["due_started_at"],
            calendar=row["due_calendar"],
            policy=row["due_policy"],
            provisional=row["due_provisional"],
        ),
    )


def call_of(row: Mapping[str, Any]) -> Call:
    return Call(
        ticket_id=row["ticket_id"],
        assignment_id=row["assignment_id"],
        whistle_id=row["whistle_id"],
        unit=row["unit"],
        relation=Relation(row["relation"]),
        state=AssignmentState(row["state"]),
    )


def source_key(source: Source) -> Key:
    """Scope and key under which a source claims its one ticket."""
    return f"source:{source.system}", source.number
