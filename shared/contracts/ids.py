"""How ids are made: ordered ones for aggregates, derived ones for events, so that a replay repeats.

Aggregate ids are UUIDv7 (RFC 9562), ordered by the domain clock. An event's id is UUIDv5 of its
aggregate's id and its place in that aggregate's history (CONTRACTS §2): the same fact told twice
carries the same id, and every inbox drops the second.
"""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid5, uuid7


def new_id(now: datetime) -> UUID:
    """A new aggregate id (UUIDv7) whose leading 48 bits are `now` in milliseconds."""
    return uuid7(nanoseconds=int(now.timestamp() * 1000) * 1_000_000)


def fact_id(aggregate_id: UUID, seq: int) -> UUID:
    """The id of the fact with that `seq` in the history of that aggregate."""
    return uuid5(aggregate_id, str(seq))


def view_id(aggregate_id: UUID, seq: int, unit: str, what: str) -> UUID:
    """The id of what one unit is told of a fact; `what` tells apart two views of one fact."""
    return uuid5(aggregate_id, f"{seq}/{unit}/{what}")


def refusal_id(whistle_or_report: UUID, topic: str, report_id: str) -> UUID:
    """The id of the refusal of a report; departments may reuse ids, so the topic takes part."""
    return uuid5(whistle_or_report, f"{topic}/{report_id}/refused")


def rung_id(deadline_id: UUID, round_: int, rung: str) -> UUID:
    """The id of what a deadline says at one rung of one round: a rung fires once a round."""
    return uuid5(deadline_id, f"{round_}/{rung}")


def deadline_id(owner_id: UUID, kind: str, round_: int) -> UUID:
    """The id of a promise: one per assignment (or ticket), kind and round."""
    return uuid5(owner_id, f"{kind}/{round_}")


def ruling_id(ticket_id: UUID, seq: int) -> UUID:
    """The id of a ruling on whether a ticket counts; `seq` counts the rulings on that ticket."""
    return uuid5(ticket_id, f"exclusion/{seq}")
