"""The reviewers and the supervisor: they work off the queue of reviews, by what is due first.

Pure: `decide` says who answers what is asked, where the answer goes and what it says. What waits
is kept by the router, so that a restart forgets nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from deploy.city.calls import Line, RefusedError
from deploy.city.rounds import Items, Patience, make_rounds
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

MOST_LISTED = 200
CONFLICT, FORBIDDEN = 409, 403
LOOKED_AT_BEFORE = timedelta(hours=8)  # a pause is looked at when its day of review is near
log = logger("city.reviewers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is said to one thing that waits; `path` is where it goes, under the whistle."""

    path: str
    body: Mapping[str, Any]
    by_supervisor: bool = False


Item = Mapping[str, Any]


def decide(item: Item, rng: Random) -> Answer | None:
    """The answer to one thing that waits; None to what others answer."""
    answers = _ANSWERS.get(item["kind"])
    return answers(item, rng) if answers is not None else None


def _return(item: Item, rng: Random) -> Answer:
    """Two in three are granted where there is somebody to go to."""
    new_unit = item["request"].get("suggested_unit") or _likely(item)
    possible = new_unit is not None or item["relation"] != "lead"
    final = item["kind"] != "return"
    path = "adjudications" if final else "rulings"
    if possible and rng.random() < (0.5 if final else 0.66):
        body = {"decision": "returned", "reason": "经核对权责清单，同意改派", "new_unit": new_unit}
    else:
        body = {"decision": "refused", "reason": "属本单位职责，请按时办理"}
    return Answer(path=path, body={"unit": item["unit"], **body}, by_supervisor=final)


def _likely(item: Item) -> str | None:
    found = item["likely"]
    return found["unit"] if found and found["unit"] != item["unit"] else None


def _extension(item: Item, rng: Random) -> Answer:
    granted = rng.random() < 0.75
    reason = "理由充分，同意延期" if granted else "非客观原因，请按原时限办结"
    body = {"decision": "granted" if granted else "refused", "reason": reason}
    return Answer(
        path="extensions",
        body={"unit": item["unit"], **body},
        by_supervisor=item["for_role"] == "supervisor",
    )


def _suspension(item: Item, rng: Random) -> Answer:
    body: dict[str, Any] = {"decision": "refused", "reason": "可先行采取临时措施，不同意挂账"}
    if rng.random() < 0.7:
        days = rng.randint(5, 20)
        body = {"decision": "granted", "reason": "情况属实，按期复查", "review_days": days}
    return Answer(path="suspensions", body={"unit": item["unit"], **body}, by_supervisor=True)


def _suspension_review(item: Item, rng: Random) -> Answer:
    if rng.random() < 0.2:
        body = {"decision": "granted", "reason": "条件仍不具备，继续挂账", "review_days": 10}
        return Answer(path="suspensions", body={"unit": item["unit"], **body}, by_supervisor=True)
    body = {"reason": "挂账原因已消除，恢复办理"}
    return Answer(path="resumptions", body={"unit": item["unit"], **body}, by_supervisor=True)


def _resolution(item: Item, rng: Random) -> Answer:
    """Honest hard results stand more often than those without any proof."""
    unproven = "no_evidence" in item["request"].get("risk", ())
    if rng.random() < (0.25 if unproven else 0.08):
        body = {"decision": "rejected", "reason": "佐证不足，请补充现场照片和处理依据后重新答复"}
    else:
        body = {"decision": "passed", "reason": "答复与佐证相符"}
    return Answer(path="reviews", body={"unit": item["unit"], **body})


def _release(item: Item, rng: Random) -> Answer:
    """The lead asks where a unit holds it up; one in four is needed after all."""
    body = {"decision": "released", "reason": "主办已可独立办结，协办单位放行"}
    if rng.random() < 0.25:
        body = {"decision": "refused", "reason": "后续仍需该单位配合，继续协办"}
    return Answer(path="releases", body={"unit": item["unit"], **body})


OF_THE_CITY = ("reviewer", "supervisor", "dispatcher")
_ANSWERS: Mapping[str, Callable[[Item, Random], Answer]] = {
    "return": _return,
    "adjudication": _return,
    "dispute": _return,
    "extension": _extension,
    "suspension": _suspension,
    "suspension_review": _suspension_review,
    "resolution": _resolution,
    "release": _release,
}
"""What has no owner is the dispatcher's to place, and what a street blew the street's to say."""


def waits(item: Item, now: datetime) -> bool:
    """Whether somebody here should think about it now."""
    if item["for_role"] not in OF_THE_CITY or item["kind"] not in _ANSWERS:
        return False
    if item["kind"] != "suspension_review":
        return True
    return datetime.fromisoformat(item["due"]["by"]) - LOOKED_AT_BEFORE <= now


async def rule(reviewer: Line, supervisor: Line, clock: Clock, rng: Random) -> None:
    """Answer what waits, some while after it came; never returns."""

    async def look() -> Items:
        page = await supervisor.get("/api/v1/reviews", limit=MOST_LISTED)
        now = clock.now()
        return {item["review_id"]: item for item in page["items"] if waits(item, now)}

    async def act(item: dict[str, Any]) -> None:
        answer = decide(item, rng)
        if answer is not None:
            await _say(reviewer, supervisor, item, answer)

    patience = Patience(timedelta(minutes=4), timedelta(minutes=40), rng)
    await make_rounds(clock, patience, every=timedelta(minutes=1), look=look, act=act)


async def _say(reviewer: Line, supervisor: Line, item: Item, answer: Answer) -> None:
    path = f"/api/v1/whistles/{item['whistle_id']}/{answer.path}"
    body = dict(answer.body)
    try:
        await (supervisor if answer.by_supervisor else reviewer).post(path, body)
    except RefusedError as refused:
        if refused.status == CONFLICT:
            return  # somebody was quicker, or it needs no answer any more
        if refused.status == FORBIDDEN:  # this one is for the supervisor
            await supervisor.post(path, body)
        elif body.get("decision") == "returned":  # nobody may take it over: it stays where it is
            body |= {"decision": "refused", "new_unit": None}
            await (supervisor if answer.by_supervisor else reviewer).post(path, body)
        else:
            raise
    log.info(
        "ruled",
        kind=item["kind"],
        whistle_id=item["whistle_id"],
        unit=item["unit"],
        decision=body.get("decision", answer.path),
    )
