"""The relay: sends the outbox to Kafka, in the order of its ids, and deletes what was acknowledged.

One process leads, by an advisory lock on the connection it reads with: when that is lost, so is the
lead, and another takes over. What was sent but not deleted is sent again with the same event id,
and every inbox drops it. Rows of a topic that Kafka does not have wait; the others go on.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from pydantic_core import from_json

from shared.contracts.envelope import CONTENT_TYPE
from shared.runtime import dead_letters, event_spans, metrics
from shared.runtime.clock import wall_now
from shared.runtime.database import is_transient, queries
from shared.runtime.logging import logger
from shared.runtime.security import client_security
from shared.runtime.sending import Record, send_all
from shared.runtime.settings import ServiceSettings

if TYPE_CHECKING:
    from shared.runtime.spans import Spans

SQL = queries(Path(__file__).parent / "sql" / "queries.sql")
LOCK = 0x52454C4159  # "RELAY"
POLL_SECONDS = 0.15
UNKNOWN_TOPIC_WAIT = 2.0
FIRST_WAIT, LONGEST_WAIT = 0.1, 5.0  # before it starts again after an error
LARGEST_EVENT = 4_000_000

log = logger(__name__)
_CONTENT_TYPE = ("content-type", CONTENT_TYPE.encode())


class Relay:
    """Sends one service's outbox; run it as a loop of the service."""

    def __init__(self, settings: ServiceSettings, spans: "Spans | None" = None) -> None:
        self._settings = settings
        self._spans = spans
        self._wake = asyncio.Event()
        self._topics: frozenset[str] = frozenset()
        self._topics_at = 0.0
        self._not_before = 0.0
        self.leads = False
        self.healthy = True
        self.reaches_kafka = True  # as long as nothing says otherwise
        self.turned = time.monotonic()  # when it last came round: a hung one does not

    def wake(self) -> None:
        """There are new rows: do not wait for the next look."""
        self._wake.set()

    async def run(self) -> None:
        """Lead when nobody does, send, and start again with a new producer on any outside error."""
        wait = FIRST_WAIT
        while True:
            started = time.monotonic()
            try:
                await self._connected()
            except (KafkaError, Exception) as error:
                if not (isinstance(error, KafkaError) or is_transient(error)):
                    raise
                self.healthy = False
                self.reaches_kafka = not isinstance(error, KafkaError)
                metrics.RELAY_ERRORS.inc()
                if time.monotonic() - started > LONGEST_WAIT:
                    wait = FIRST_WAIT  # it had worked in between
                log.warning("relay_restarts", error=repr(error), wait_seconds=wait)
                await asyncio.sleep(wait)
                wait = min(LONGEST_WAIT, wait * 2)

    async def _connected(self) -> None:
        connection = await asyncpg.connect(
            str(self._settings.database_url),
            timeout=10,
            command_timeout=60,
            server_settings={
                "application_name": "shaodao-relay",
                "timezone": "UTC",
                # the lead of a machine that vanished is free after half a minute, not two hours
                "tcp_keepalives_idle": "10",
                "tcp_keepalives_interval": "5",
                "tcp_keepalives_count": "4",
            },
        )
        try:
            while not await connection.fetchval(SQL.relay_lead, LOCK):
                self.healthy = self.reaches_kafka = True
                self.turned = time.monotonic()
                await asyncio.sleep(1.0)
            await self._lead(connection)
        finally:
            self.leads = False
            metrics.RELAY_LEADER.set(0)
            metrics.OUTBOX_UNROUTABLE.set(0)  # now as the next leader sees it
            connection.terminate()

    async def _lead(self, connection: "asyncpg.Connection[Any]") -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._settings.kafka_bootstrap,
            enable_idempotence=True,
            acks="all",
            linger_ms=1,
            max_batch_size=262_144,
            client_id=f"{self._settings.topic_prefix}relay",
            **client_security(self._settings),
        )
        await producer.start()
        try:
            self.leads = self.healthy = self.reaches_kafka = True
            metrics.RELAY_LEADER.set(1)
            await self._drain(connection, producer)
        finally:
            await _stop(producer)

    async def _drain(
        self, connection: "asyncpg.Connection[Any]", producer: AIOKafkaProducer
    ) -> None:
        limit = self._settings.relay_rows
        stuck: dict[str, float] = {}
        while True:
            self._wake.clear()
            self.turned = now = time.monotonic()
            if now < self._not_before:
                await asyncio.sleep(self._not_before - now)
            stuck = {topic: since for topic, since in stuck.items() if now < since}
            began = time.monotonic()
            rows = await connection.fetch(SQL.outbox_read, limit, list(stuck))
            known = await self._with_known_topic(producer, rows)
            for row in rows:
                if self._settings.topic_prefix + row["aggregatetype"] not in known:
                    stuck[row["aggregatetype"]] = now + UNKNOWN_TOPIC_WAIT
            metrics.OUTBOX_UNROUTABLE.set(len(stuck))
            sent = [row for row in rows if row["aggregatetype"] not in stuck]
            if sent:
                await self._send(connection, producer, sent)
                _measure(len(sent), time.monotonic() - began)
            if len(rows) < limit:
                await self._rest(connection)

    def hold(self, seconds: float) -> None:
        """Read nothing for so long: what this process writes now comes first."""
        self._not_before = max(self._not_before, time.monotonic() + seconds)

    async def _rest(self, connection: "asyncpg.Connection[Any]") -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):  # wait_for may lose a cancellation (3.11)
                await self._wake.wait()
        except TimeoutError:
            if connection.is_closed():
                raise ConnectionError("the relay's connection is gone") from None

    async def _with_known_topic(
        self, producer: AIOKafkaProducer, rows: Sequence[Any]
    ) -> frozenset[str]:
        wanted = {self._settings.topic_prefix + row["aggregatetype"] for row in rows}
        if not wanted <= self._topics and time.monotonic() - self._topics_at > 1.0:
            cluster = await producer.client.fetch_all_metadata()
            self._topics, self._topics_at = frozenset(cluster.topics()), time.monotonic()
            for topic in sorted(wanted - self._topics):
                log.error("outbox_topic_missing", topic=topic)
        return self._topics

    async def _send(
        self,
        connection: "asyncpg.Connection[Any]",
        producer: AIOKafkaProducer,
        rows: Sequence[Any],
    ) -> None:
        prefix = self._settings.topic_prefix
        records = []
        for row in rows:
            if len(row["payload"]) > LARGEST_EVENT:
                await _keep_unsent(connection, row)
                continue
            records.append(
                Record(
                    prefix + row["aggregatetype"],
                    row["aggregateid"].encode(),
                    row["payload"],
                    _headers(row["headers"]),
                )
            )
        together = event_spans.sending(self._spans, rows) if self._spans is not None else None
        with together.under_way() if together is not None else nullcontext():
            await send_all(producer, records)
            await connection.execute(SQL.outbox_delete, [row["id"] for row in rows])


def _measure(rows: int, seconds: float) -> None:
    metrics.OUTBOX_SENT.inc(rows)
    metrics.RELAY_ROWS.observe(rows)
    metrics.RELAY_SECONDS.observe(seconds)
    metrics.RELAY_SENT_AT.set(wall_now().timestamp())


async def _keep_unsent(connection: "asyncpg.Connection[Any]", row: Any) -> None:
    log.error("outbox_row_too_large", event_id=str(row["event_id"]))
    why = f"{len(row['payload'])} bytes, at most {LARGEST_EVENT}"
    await dead_letters.keep_outgoing(
        connection, row["aggregatetype"], row["aggregateid"], row["payload"], why
    )


def _headers(text: str | None) -> list[tuple[str, bytes]]:
    if text is None:
        return [_CONTENT_TYPE]
    return [_CONTENT_TYPE, *((k, v.encode()) for k, v in from_json(text).items())]


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop without waiting for a broker that is away: unsent rows are still in the outbox."""
    try:
        await asyncio.wait_for(producer.stop(), 3.0)
    except (TimeoutError, KafkaError) as error:
        log.warning("producer_stop", error=repr(error))
