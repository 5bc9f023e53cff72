"""The reviewers: they hear of returns and extensions on the topic `whistles`, and rule over HTTP.

What waits for a ruling is kept in a small file, so that a restart forgets nothing: offsets are
committed after it is written.
"""

import asyncio
import json
import os
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from deploy.city.calls import Line, RefusedError
from deploy.city.rounds import Items, Patience, make_rounds
from deploy.city.settings import CitySettings
from shared.contracts.envelope import MalformedEventError, Reader
from shared.contracts.topics import WHISTLES
from shared.contracts.values import Relation
from shared.contracts.whistles import ExtensionRequested, ReturnRequested
from shared.runtime.clock import Clock
from shared.runtime.logging import logger

GROUP = "city.reviewers"
STATE = "reviews.json"
RETRY_SECONDS = 2.0
CONFLICT, FORBIDDEN = 409, 403
log = logger("city.reviewers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a unit asked for; `path` is where the ruling goes."""

    path: str
    whistle_id: str
    unit: str
    suggested_unit: str | None
    leads: bool
    adjudicate: bool

    @property
    def key(self) -> str:
        return f"{self.whistle_id}/{self.unit}/{self.path}"


class Desk:
    """The reviewers' tray, kept in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = json.loads(file.read_text()) if file.exists() else []
        self.tray = {asked.key: asked for asked in (Asked(**row) for row in rows)}

    def put(self, asked: Asked) -> None:
        """One more to rule on."""
        self.tray[asked.key] = asked

    def done(self, asked: Asked) -> None:
        """It is ruled on, or needs no ruling any more."""
        self.tray.pop(asked.key, None)
        self.keep()

    def keep(self) -> None:
        """Write the tray, all or nothing."""
        draft = self._file.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps([asdict(asked) for asked in self.tray.values()]))
        draft.replace(self._file)


def asked_for(fact: Any) -> Asked | None:
    """What a fact asks a reviewer for, if it does."""
    if isinstance(fact, ReturnRequested):
        path, suggested, final = "rulings", fact.suggested_unit, fact.adjudicate
    elif isinstance(fact, ExtensionRequested):
        path, suggested, final = "extensions", None, False
    else:
        return None
    return Asked(
        path=path,
        whistle_id=str(fact.whistle_id),
        unit=fact.unit,
        suggested_unit=suggested,
        leads=fact.relation is Relation.LEAD,
        adjudicate=final,
    )


def ruling(asked: Asked, rng: Random) -> dict[str, Any]:
    """The body of a ruling: two in three are granted where there is somebody to go to."""
    body: dict[str, Any] = {"unit": asked.unit}
    if asked.path == "extensions":
        granted = rng.random() < 0.75
        reason = "理由充分，同意延期" if granted else "非客观原因，请按原时限办结"
        return {**body, "decision": "granted" if granted else "refused", "reason": reason}
    possible = asked.suggested_unit is not None or not asked.leads
    if possible and rng.random() < 0.66:
        reason = "经核对权责清单，同意改派"
        return {
            **body,
            "decision": "returned",
            "reason": reason,
            "new_unit": asked.suggested_unit,
        }
    return {**body, "decision": "refused", "reason": "属本单位职责，请按时办理"}


async def hear(settings: CitySettings, desk: Desk) -> None:
    """Fill the tray; never returns."""
    reader = Reader(WHISTLES.events)
    while True:
        consumer = AIOKafkaConsumer(
            f"{settings.topic_prefix}{WHISTLES.name}",
            bootstrap_servers=settings.kafka_bootstrap,
            group_id=f"{settings.topic_prefix}{GROUP}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            client_id="city-reviewers",
            **settings.kafka_security,
        )
        try:
            await consumer.start()
            await _fill(consumer, reader, desk)
        except KafkaError as error:
            log.warning("kafka away", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            await consumer.stop()


async def _fill(consumer: AIOKafkaConsumer, reader: Reader, desk: Desk) -> None:
    while True:
        batches = await consumer.getmany(timeout_ms=1_000, max_records=500)
        found = [_read(reader, record.value) for batch in batches.values() for record in batch]
        for asked in found:
            if asked is not None:
                desk.put(asked)
        if any(found):
            desk.keep()
        if found:
            await consumer.commit()


def _read(reader: Reader, value: bytes | None) -> Asked | None:
    try:
        envelope = reader.read(value)
    except MalformedEventError as error:
        log.error("unreadable", words=error.words)
        return None
    return None if envelope is None else asked_for(envelope.data)


async def rule(reviewer: Line, supervisor: Line, desk: Desk, clock: Clock, rng: Random) -> None:
    """Rule on what is in the tray, some while after it came; never returns."""

    async def look() -> Items:
        return dict(desk.tray)

    async def act(asked: Asked) -> None:
        path = f"/api/v1/whistles/{asked.whistle_id}/{asked.path}"
        body = ruling(asked, rng)
        try:
            await (supervisor if asked.adjudicate else reviewer).post(path, body)
        except RefusedError as refused:
            if refused.status == FORBIDDEN:  # this one is for the supervisor
                await supervisor.post(path, body)
            elif refused.status != CONFLICT:  # nobody may take it over: it stays where it is
                await reviewer.post(path, {**body, "decision": "refused", "new_unit": None})
        desk.done(asked)
        log.info("ruled", whistle_id=asked.whistle_id, unit=asked.unit, decision=body["decision"])

    patience = Patience(timedelta(minutes=4), timedelta(minutes=40), rng)
    await make_rounds(clock, patience, every=timedelta(minutes=1), look=look, act=act)
