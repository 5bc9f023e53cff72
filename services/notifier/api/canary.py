"""The canary over HTTP: when a whole round was last heard, how long its hops take, what is left."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends

from services.notifier.api.edge import Context
from services.notifier.canary import hops_of
from services.notifier.domain.canary import PATIENCE, CanaryState, Hop, Round, state_of
from services.notifier.store import canary as store
from shared.runtime.clock import Clock, wall_now
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1", tags=["canary"])

ROUNDS: Final = 10
MOST_LEFT: Final = 100
Seeing = Annotated[Caller, Depends(allow("canary.see"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class HopTime:
    """One stretch of the path: the seconds of the last whole round, and the worst of the last."""

    hop: Hop
    seconds: float | None
    worst: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A round that came to a stop; `reached` is the last hop it made, None for not one."""

    ticket_id: UUID
    whistle_id: UUID | None
    registered_at: datetime | None
    reached: Hop | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryView:
    """`last_ok_at` and `age_seconds` are wall time; `now` is the city's clock."""

    now: datetime
    state: CanaryState
    last_ok_at: datetime | None
    age_seconds: float | None
    hops: list[HopTime]
    unfinished: list[Unfinished]


@router.get("/canary")
async def get_canary(here: Context, caller: Seeing) -> CanaryView:
    """How the whole path is: measured by the facts heard, not by what the canary says."""
    wall, clock = wall_now(), here.runtime.clock
    async with here.runtime.pool.acquire() as connection:
        last_ok = await store.last_ok(connection)
        latest = await store.latest(connection, limit=ROUNDS)
        left = await store.unfinished(connection, wall - PATIENCE, limit=MOST_LEFT)
    return CanaryView(
        now=clock.now(),
        state=state_of(last_ok, wall),
        last_ok_at=last_ok,
        age_seconds=None if last_ok is None else _seconds(wall - last_ok),
        hops=_hops([each for each in latest if each.completed_at is not None], clock),
        unfinished=[_unfinished(each, clock) for each in left],
    )


def _hops(rounds: list[Round], clock: Clock) -> list[HopTime]:
    """The newest round first."""
    took = [hops_of(each, clock) for each in rounds]
    return [
        HopTime(
            hop=hop,
            seconds=_seconds(took[0][hop]) if took and hop in took[0] else None,
            worst=max((_seconds(each[hop]) for each in took if hop in each), default=None),
        )
        for hop in Hop
    ]


def _unfinished(round_: Round, clock: Clock) -> Unfinished:
    made = list(hops_of(round_, clock))
    return Unfinished(
        ticket_id=round_.ticket_id,
        whistle_id=round_.whistle_id,
        registered_at=round_.times.registered_at,
        reached=made[-1] if made else None,
    )


def _seconds(delta: timedelta) -> float:
    return round(delta / timedelta(seconds=1), 3)
