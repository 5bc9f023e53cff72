"""Rows to domain objects and back: the only place that knows the columns."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any
from uuid import UUID

from services.router.domain.assignment import Assignment
from services.router.domain.dues import Dues
from services.router.domain.matter import Content, Ticket, TicketState
from services.router.domain.whistle import Whistle
from shared.catalogue.model import Unit, UnitKind, UnitLevel
from shared.contracts.envelope import adapter
from shared.contracts.parts import AssignmentState, Role, WhistleState
from shared.contracts.tickets import Registered
from shared.contracts.values import Relation, Urgency, WhistleKind

Row = Any  # asyncpg.Record: read by column name


@lru_cache(maxsize=8192)
def dues_of(text: str) -> Dues:
    """Dues as stored; whistles blown together share theirs, so each text is read once."""
    dues: Dues = adapter(Dues).validate_json(text)
    return dues


def json_of(value: object) -> str:
    """A domain object or contract as JSON text."""
    kind: type = type(value)
    return adapter(kind).dump_json(value).decode()


def content_of(text: str) -> Content:
    content: Content = adapter(Content).validate_json(text)
    return content


def registered_of(text: str) -> Registered:
    registered: Registered = adapter(Registered).validate_json(text)
    return registered


def ticket_of(row: Row) -> Ticket:
    return Ticket(
        ticket_id=row["ticket_id"],
        state=TicketState(row["state"]),
        round=row["round"],
        registered_at=row["registered_at"],
        registered=registered_of(row["registered"]),
        merged_into=row["merged_into"],
        group=row["group_flagged"],
    )


def ticket_row(ticket: Ticket) -> tuple[object, ...]:
    return (
        ticket.ticket_id,
        ticket.state,
        ticket.round,
        ticket.registered_at,
        ticket.merged_into,
        json_of(ticket.registered),
        ticket.group,
    )


TICKET_COLUMNS = (
    "ticket_id",
    "state",
    "round",
    "registered_at",
    "merged_into",
    "registered",
    "group_flagged",
)


def assignments_of(rows: Iterable[Row]) -> dict[UUID, list[Assignment]]:
    """Assignments by whistle, in the order their units were called."""
    found: dict[UUID, list[Assignment]] = {}
    for row in rows:
        found.setdefault(row["whistle_id"], []).append(_assignment_of(row))
    return found


def _assignment_of(row: Row) -> Assignment:
    back_to = row["back_to"]
    return Assignment(
        assignment_id=row["assignment_id"],
        unit=row["unit"],
        relation=_RELATIONS[row["relation"]],
        state=_STATES[row["state"]],
        dues=dues_of(row["dues"]),
        task=row["task"],
        clause=row["clause"],
        acknowledged_at=row["acknowledged_at"],
        deemed=row["deemed"],
        contacted_at=row["contacted_at"],
        arrived_at=row["arrived_at"],
        done_at=row["done_at"],
        return_asked_at=row["return_asked_at"],
        adjudicate=row["adjudicate"],
        back_to=_STATES[back_to] if back_to else None,
        extension_asked=row["extension_asked"],
        extended=row["extended"],
        departed_at=row["departed_at"],
        handler=row["handler"],
        handler_post=row["handler_post"],
        action=row["action"],
        ruled_at=row["ruled_at"],
        disputed=row["disputed"],
        suspension_asked=row["suspension_asked"],
        paused_at=row["paused_at"],
        reviewing=row["reviewing"],
    )


# Plain dictionaries: an enum's own look-up costs five times as much, at ten thousand a second.
_RELATIONS = {member.value: member for member in Relation}
_STATES = {member.value: member for member in AssignmentState}
_KINDS = {member.value: member for member in WhistleKind}
_WHISTLE_STATES = {member.value: member for member in WhistleState}
_URGENCIES = {member.value: member for member in Urgency}
_ROLES = {member.value: member for member in Role}


def whistle_of(row: Row, assignments: Sequence[Assignment]) -> Whistle:
    return Whistle(
        whistle_id=row["whistle_id"],
        number=row["number"],
        kind=_KINDS[row["kind"]],
        state=_WHISTLE_STATES[row["state"]],
        round=row["round"],
        urgency=_URGENCIES[row["urgency"]],
        seq=row["seq"],
        ticket_ids=tuple(row["ticket_ids"]),
        assignments=tuple(assignments),
        category=row["category"],
        demand_ticket=row["demand_ticket"],
        blower=row["blower"],
        region=row["region"],
        provisional=row["provisional"],
        in_charge=row["in_charge"],
        takeover_by=row["takeover_by"],
        place_key=row["place_key"],
        cross_district=row["cross_district"],
        canary=row["canary"],
        dispatcher_role=_ROLES[row["dispatcher_role"]],
        dispatcher_name=row["dispatcher_name"],
    )


WHISTLE_COLUMNS = (
    "whistle_id",
    "number",
    "kind",
    "state",
    "round",
    "urgency",
    "category",
    "demand_ticket",
    "blower",
    "region",
    "provisional",
    "dispatcher_role",
    "dispatcher_name",
    "seq",
    "history_hash",
    "content",
    "blown_at",
    "idempotency_key",
    "request_hash",
    "in_charge",
    "takeover_by",
    "place_key",
    "cross_district",
    "canary",
)

ASSIGNMENT_COLUMNS = (
    "assignment_id",
    "whistle_id",
    "place",
    "unit",
    "relation",
    "state",
    "task",
    "clause",
    "acknowledged_at",
    "deemed",
    "contacted_at",
    "arrived_at",
    "done_at",
    "return_asked_at",
    "adjudicate",
    "back_to",
    "extension_asked",
    "extended",
    "dues",
    "departed_at",
    "handler",
    "handler_post",
    "action",
    "ruled_at",
    "disputed",
    "suspension_asked",
    "paused_at",
    "reviewing",
)


class DuesTexts:
    """Dues as JSON, each object written once: a batch's whistles share theirs."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[Dues, str]] = {}

    def of(self, dues: Dues) -> str:
        found = self._texts.get(id(dues))
        if found is None:
            found = self._texts[id(dues)] = (dues, json_of(dues))
        return found[1]


def assignment_row(
    whistle_id: UUID, place: int, a: Assignment, texts: DuesTexts
) -> tuple[object, ...]:
    return (
        a.assignment_id,
        whistle_id,
        place,
        a.unit,
        a.relation,
        a.state,
        a.task,
        a.clause,
        a.acknowledged_at,
        a.deemed,
        a.contacted_at,
        a.arrived_at,
        a.done_at,
        a.return_asked_at,
        a.adjudicate,
        a.back_to,
        a.extension_asked,
        a.extended,
        texts.of(a.dues),
        a.departed_at,
        a.handler,
        a.handler_post,
        a.action,
        a.ruled_at,
        a.disputed,
        a.suspension_asked,
        a.paused_at,
        a.reviewing,
    )


def unit_of(row: Row) -> Unit:
    return Unit(
        code=row["code"],
        name=row["name"],
        parent=row["parent"],
        level=UnitLevel(row["level"]),
        kind=UnitKind(row["kind"]),
        function_codes=tuple(row["function_codes"]),
        region_code=row["region_code"],
        can_whistle=row["can_whistle"],
        duty_24h=row["duty_24h"],
        population=row["population"],
    )
