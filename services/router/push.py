"""Takes reports that a department pushes over HTTP, as it would say them on Kafka.

One inbox for both ways, under the unit's topic and the event's id: a report that comes twice, or
once this way and once that, counts once. What was answered is kept, so that who asks again because
the answer was lost is given the same.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.router.domain.city import City
from services.router.domain.department import Answer, Verdict, answer_of, invalid
from services.router.judge import Reported, judge_requests
from services.router.store import department as store
from shared.contracts.envelope import Envelope, MalformedEventError, Reader
from shared.contracts.parts import Actor, Role
from shared.contracts.topics import UNIT_REPORTS, unit_topic
from shared.runtime import inbox
from shared.runtime.database import Connection, is_transient
from shared.runtime.incoming import Incoming
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.runtime.tracing import judged

log = logger(__name__)
READER: Final = Reader(UNIT_REPORTS.events)
ANSWERS_KEPT: Final = timedelta(days=100)  # as long as the inbox remembers
FORGET_SECONDS: Final = 3600.0
AT_A_TIME: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """One event of a unit's system, readable and of the contract."""

    unit: str
    event: Envelope
    traceparent: str | None


def read(value: bytes, *, unit: str, traceparent: str | None, sampling: int = 0) -> Pushed | Answer:
    """An event as it was pushed, or the refusal of what is no report of the contract.

    Without a trace of its own it goes on in the request's; `sampling` as in `tracing.judged`.
    """
    try:
        event = READER.read(value)
    except MalformedEventError as error:
        return invalid(error.event_id, f"报告不符合契约：{error.words}", error.words)
    if event is None:
        names = ", ".join(cls.TYPE for cls in UNIT_REPORTS.events)  # type: ignore[attr-defined]
        return invalid("", f"type：只能是 {names}", f"type: must be one of {names}")
    own = judged(event.traceparent, bound=sampling)
    return Pushed(unit=unit, event=event, traceparent=own or traceparent)


async def push(
    connection: Connection, pushed: Sequence[Pushed], *, city: City, now: datetime
) -> list[Answer]:
    """Judge what was not heard before, in order; the answer to each."""
    heard = [_incoming(each, now) for each in pushed]
    fresh = {id(event) for event in await inbox.remember(connection, heard)}
    first = [each for each, event in zip(pushed, heard, strict=True) if id(event) in fresh]
    judged = await judge_requests(
        connection, [_reported(each, now) for each in first], city=city, now=now
    )
    made = {
        _key(each): answer_of(each.event.event_id, each.event.data.whistle_id, each.unit, outcome)
        for each, outcome in zip(first, judged, strict=True)
    }
    await store.keep_answers(
        connection, [(unit, answer) for (unit, _), answer in made.items()], at=now
    )
    again = [_key(each) for each in pushed if _key(each) not in made]
    before = await store.answers_to(connection, again)
    told: set[tuple[str, str]] = set()
    answers = []
    for each in pushed:
        key = _key(each)
        repeated = key in told or key not in made
        told.add(key)
        answer = made.get(key) or before.get(key) or _known(each)
        answers.append(replace(answer, repeated=repeated))
    return answers


def _key(each: Pushed) -> tuple[str, str]:
    return each.unit, each.event.event_id


def _known(each: Pushed) -> Answer:
    return Answer(
        report_id=each.event.event_id,
        verdict=Verdict.KNOWN,
        whistle_id=each.event.data.whistle_id,
    )


def _incoming(each: Pushed, now: datetime) -> Incoming:
    """The event as the inbox knows those of Kafka."""
    event = each.event
    return Incoming(
        topic=unit_topic(UNIT_REPORTS, each.unit),
        partition=0,
        offset=-1,  # came over HTTP
        received_at=now,
        event_id=event.event_id,
        source=event.source,
        type=event.type,
        subject=event.subject,
        time=event.time,
        data=event.data,
        traceparent=each.traceparent,
        value=b"",
    )


def _reported(each: Pushed, now: datetime) -> Reported:
    report = each.event.data
    return Reported(
        unit=each.unit,
        actor=Actor(role=Role.DEPARTMENT, unit=each.unit, name=report.handler.name),
        report=report,
        report_id=each.event.event_id,
        received_at=now,
        traceparent=each.traceparent,
    )


async def forget_for_ever(runtime: Runtime) -> None:
    """Let go of answers that nobody will ask for again."""
    while True:
        try:
            before = runtime.clock.now() - ANSWERS_KEPT
            async with runtime.pool.acquire() as connection:
                while await store.forget_answers(connection, before=before, most=AT_A_TIME):
                    pass
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("forget_answers", error=repr(error))
        await asyncio.sleep(FORGET_SECONDS)
