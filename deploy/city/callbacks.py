"""The callback clerks: they ask citizens whether it was really solved."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from deploy.city.calls import Line
from deploy.city.rhythm import within_hours
from deploy.city.rounds import Items, Patience, make_rounds
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

AT_MOST = 100
OPENS, CLOSES = time(8, 30), time(20, 30)
log = logger("city.callbacks")

# What citizens answer, and how often.
_ANSWERS: Sequence[tuple[int, CallbackResult, Satisfaction]] = (
    (58, CallbackResult.SOLVED, Satisfaction.SATISFIED),
    (16, CallbackResult.SOLVED, Satisfaction.BASICALLY),
    (2, CallbackResult.SOLVED, Satisfaction.UNKNOWN),
    (7, CallbackResult.PARTLY, Satisfaction.BASICALLY),
    (2, CallbackResult.PARTLY, Satisfaction.UNSATISFIED),
    (7, CallbackResult.UNSOLVED, Satisfaction.UNSATISFIED),
    (8, CallbackResult.UNREACHABLE, Satisfaction.UNKNOWN),
)
NOTES = (
    "来人看了一眼就走了，问题还在",
    "好了一天又反复，要求重新处理",
    "一直没人联系我，不知道怎么就办结了",
    "只清理了门口，里面没有动",
    "答复的时间已过，还没有动工",
)


def answer(rng: Random) -> dict[str, str]:
    """The body of a callback."""
    _, result, satisfaction = rng.choices(_ANSWERS, [row[0] for row in _ANSWERS])[0]
    body = {"result": result.value, "satisfaction": satisfaction.value}
    if satisfaction is Satisfaction.UNSATISFIED:
        body["note"] = rng.choice(NOTES)
    return body


async def call_back(line: Line, clock: Clock, rng: Random) -> None:
    """Call back what waits for it, some while after it was resolved; never returns."""

    async def look() -> Items:
        page = await line.get("/api/v1/callbacks", ready="true", limit=AT_MOST)
        return {item["ticket_id"]: item for item in page["items"]}

    async def act(item: dict[str, Any]) -> None:
        said = answer(rng)
        await line.post(f"/api/v1/tickets/{item['ticket_id']}/callbacks", said)
        log.info("called back", ticket_id=item["ticket_id"], result=said["result"])

    def open_at(now: datetime) -> bool:
        return within_hours(now, OPENS, CLOSES)

    patience = Patience(timedelta(minutes=10), timedelta(hours=2), rng)
    await make_rounds(
        clock, patience, every=timedelta(minutes=3), look=look, act=act, open_at=open_at
    )
