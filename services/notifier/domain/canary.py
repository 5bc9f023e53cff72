"""The canary's rounds: how far each has come, how long each hop took, and how long none is well."""

from dataclasses import fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from shared.contracts import tickets, whistles
from shared.records import record

LATE: Final = timedelta(seconds=150)  # two rounds of a minute, and some
DEAD: Final = timedelta(minutes=5)
PATIENCE: Final = timedelta(seconds=90)  # then a round that has not ended is taken back


class CanaryState(StrEnum):
    OK = "ok"  # 正常
    LATE = "late"  # 延迟
    DEAD = "dead"  # 中断
    NEVER = "never"  # 尚未探测


class Hop(StrEnum):
    """The stretches of the path, in order."""

    DISPATCH = "dispatch"  # 受理到派单: intake's fact to the router's whistle
    DEPARTMENT = "department"  # 派单到签收: out to the unit over Kafka and back
    WITHDRAW = "withdraw"  # 签收到撤回: the unit's answer, and HTTP at intake
    RELEASE = "release"  # 撤回到撤哨: intake's fact to the end of the whistle
    HEAR = "hear"  # 撤哨到本服务知悉


@record
class Times:
    """When each fact of a round happened (domain time); None while it was not heard."""

    registered_at: datetime | None = None
    blown_at: datetime | None = None
    acknowledged_at: datetime | None = None
    withdrawn_at: datetime | None = None
    ended_at: datetime | None = None


NAMES: Final = tuple(each.name for each in fields(Times))
_BETWEEN: Final = (Hop.DISPATCH, Hop.DEPARTMENT, Hop.WITHDRAW, Hop.RELEASE)


@record
class Round:
    """One ticket on its way; `heard_at` and `completed_at` are wall time."""

    ticket_id: UUID
    whistle_id: UUID | None
    times: Times
    heard_at: datetime
    completed_at: datetime | None


@record
class Sign:
    """What one fact says of a round: which of its times, and when."""

    ticket_id: UUID
    whistle_id: UUID | None
    name: str
    at: datetime


_SIGNS: Final = {
    tickets.Registered: "registered_at",
    whistles.Blown: "blown_at",
    whistles.Acknowledged: "acknowledged_at",
    tickets.Withdrawn: "withdrawn_at",
    whistles.Withdrawn: "ended_at",
}


def sign_of(data: Any, at: datetime) -> Sign | None:
    """What a fact says of a canary's round; None when it is not about one."""
    name = _SIGNS.get(type(data))
    if name is None or not data.canary:
        return None
    if isinstance(data, tickets.TicketFact):
        return Sign(ticket_id=data.ticket_id, whistle_id=None, name=name, at=at)
    if not data.ticket_ids:
        return None
    return Sign(ticket_id=data.ticket_ids[0], whistle_id=data.whistle_id, name=name, at=at)


def hops(round_: Round, *, ended: datetime | None) -> dict[Hop, timedelta]:
    """How long each hop took, as far as it is known; `ended` is the end of it in wall time.

    The times of a round must have been mapped to wall time before.
    """
    at = [getattr(round_.times, name) for name in NAMES]
    found = {
        hop: max(timedelta(), later - earlier)
        for hop, earlier, later in zip(_BETWEEN, at, at[1:], strict=False)
        if earlier is not None and later is not None
    }
    if ended is not None and round_.completed_at is not None:
        found[Hop.HEAR] = max(timedelta(), round_.completed_at - ended)
    return found


def state_of(last_ok: datetime | None, now: datetime) -> CanaryState:
    """How the canary is (wall time)."""
    if last_ok is None:
        return CanaryState.NEVER
    age = now - last_ok
    if age <= LATE:
        return CanaryState.OK
    return CanaryState.LATE if age <= DEAD else CanaryState.DEAD
