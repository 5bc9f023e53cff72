"""The department's line to the city: hears its whistles and notices, sends its reports.

Plain aiokafka. Rights are read on two topics, write on one, and groups under `bureau.<code>.`.
Delivery is at least once both ways: events are remembered by their id, reports keep theirs.
"""

import asyncio
import json
import logging
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from jsonschema import Draft202012Validator

from .book import Book
from .desk import Doc, Policy, next_step, told, whistled

log = logging.getLogger("department")


class Department:
    """One unit's system: a consumer, a producer and a book."""

    def __init__(
        self,
        *,
        bootstrap: str,
        prefix: str,
        policy: Policy,
        book: Path,
        schemas: Path,
        **kafka: Any,
    ) -> None:
        self.policy = policy
        self.book = Book(book)
        self._schemas = schemas
        self._checks: dict[str, Draft202012Validator] = {}
        self._topic = f"{prefix}bureau.{policy.unit}."
        self._consumer = AIOKafkaConsumer(
            f"{self._topic}whistles",
            f"{self._topic}notices",
            bootstrap_servers=bootstrap,
            group_id=f"{self._topic}system",
            group_instance_id=policy.unit,  # one process: after a crash it goes on at once
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            **kafka,
        )
        self._producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap, acks="all", enable_idempotence=True, **kafka
        )

    async def run(self) -> None:
        """Until cancelled: hear, write down, send, and only then let Kafka know it was heard."""
        await self._producer.start()
        await self._consumer.start()
        try:
            await self._send()  # what an earlier process did not get out
            while True:
                batches = await self._consumer.getmany(timeout_ms=500, max_records=200)
                for records in batches.values():
                    for record in records:
                        self.hear(record.value)
                await self._send()
                if batches:
                    await self._consumer.commit()
        finally:
            await asyncio.gather(self._consumer.stop(), self._producer.stop())
            self.book.close()

    def hear(self, value: bytes) -> None:
        """One event: remembered, acted on, and the report that follows, in one transaction."""
        event = json.loads(value)
        family, kind = event["type"].split(".")[1:3]
        with self.book.transaction():
            if not self.book.is_new(event["id"]):
                return
            if family == "notice":
                log.info("notice %s about %s", kind, event["subject"])
                return
            self._act(kind, event["data"])

    def _act(self, kind: str, data: Doc) -> None:
        known = self.book.whistle(str(data["whistle_id"]))
        if kind == "whistled":
            after = whistled(known, data)
        elif known is None:
            log.warning("%s about a whistle that is not known", kind)
            return
        else:  # a kind of a later version changes nothing here, and is no error
            verb = self.book.verb_of(data["report_id"]) if "report_id" in data else None
            after = told(known, kind, data, verb)
        step = next_step(after, self.policy)
        if step is not None:
            verb, words = step
            self.book.put(self._event(verb, after, words), verb)
            after = {**after, "waiting": verb}
        self.book.keep(after)

    def _event(self, verb: str, whistle: Doc, words: Doc) -> Doc:
        """A CloudEvent as the contract wants it; ValidationError when it is not."""
        now = datetime.now(UTC).isoformat()
        event = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": f"/departments/{self.policy.unit}",
            "type": f"shaodao.report.{verb}.v1",
            "subject": whistle["whistle_id"],
            "time": now,
            "datacontenttype": "application/json",
            "data": {
                "whistle_id": whistle["whistle_id"],
                "handler": self.policy.handler,
                "at": now,
                **words,
            },
        }
        self._check(event)
        return event

    def _check(self, event: Doc) -> None:
        type_ = event["type"]
        if type_ not in self._checks:
            schema = json.loads((self._schemas / f"{type_}.json").read_text("utf-8"))
            self._checks[type_] = Draft202012Validator(schema)
        self._checks[type_].validate(event)

    async def _send(self) -> None:
        """Send what waits, in order, and wait until Kafka has it."""
        while waiting := self.book.to_send():
            sent = [
                await self._producer.send(
                    f"{self._topic}reports", value.encode(), key=whistle_id.encode()
                )
                for _, whistle_id, value in waiting
            ]
            await asyncio.gather(*sent)
            self.book.was_sent([position for position, _, _ in waiting])
