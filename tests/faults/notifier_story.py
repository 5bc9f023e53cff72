"""The notifier's kill story: its copies are killed while rungs fire and people are told.

Afterwards each rung has fired once, each message was told at least once under one key, and the
auditor, which reads the facts alone, finds nothing; until a rung is skipped in the database.
"""

import asyncio
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from aiokafka import AIOKafkaProducer
from pydantic_core import from_json

from services.notifier.domain.audit.found import MismatchKind
from shared.contracts import envelope
from shared.contracts.parts import Role
from shared.runtime.clock import wall_now
from shared.web.identity import issue_token
from tests.faults.fickle import Fickle
from tests.faults.ground import KILL, PREFIX, SECRET, Ground
from tests.faults.notifier_plan import RUNGS, STAFFED, UNITS, Promise, Size, kills, promises
from tests.faults.topics_read import Log, read_all
from tests.support.receiver import served_app
from tests.support.waiting import eventually

UNREST = """
select
    (select count(*) from deadline where fire_at <= $1) as unfired,
    (select count(*) from outbox) as unsaid,
    (select count(*) from message where state = 'waiting') as untold,
    (select count(*) from delivery where state in ('queued', 'leased')) as unsent
"""
WAITING = """
select count(*) from deadline where next_rung = 'due' and whistle_id = any($1::uuid[])
"""
HISTORIES = """
select aggregate_id, array_agg(what order by seq) as whats from history h
where exists (select from deadline d where d.deadline_id = h.aggregate_id) group by aggregate_id
"""
DELIVERIES = "select delivery_id::text as key, state from delivery"
MESSAGES = """
select m.person_id, m.deadline_id, m.occasion, m.told, d.delivery_id::text as key
from message m left join delivery d on d.dedupe = 'bundle/' || m.bundle_id || '/webhook'
"""
SKIP = """
update deadline set fired = array_append(fired, next_rung), next_rung = $2,
    fire_at = due_by + $3::interval
where whistle_id = $1 returning deadline_id
"""


@dataclass
class Story:
    """Everything that takes part."""

    ground: Ground
    seed: str
    size: Size
    receiver: Fickle = field(default_factory=Fickle)
    told: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def tell(self, words: str) -> None:
        self.told.append(f"{time.monotonic() - self.began:6.1f} s  {words}")

    async def run(self, hook: str) -> None:
        """People on duty, facts, kills; then calm."""
        size = self.size
        await self._rota(hook)
        self.promises = promises(size, self.ground.clock.now())
        self.tell(f"{size.people} on duty")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._say(self.promises))
            group.create_task(self._kill())
        self.tell(f"{size.promises} promises told, {size.kills} kills")
        await self._rest(self.promises)
        self.tell("at rest")

    async def _rota(self, hook: str) -> None:
        shifts = [
            {
                "post": "unit_leader",
                "unit": STAFFED,
                "who": {"name": f"值班{n}", "contact": {"webhook": f"{hook}/{n}"}},
            }
            for n in range(self.size.people)
        ]
        await self.call("POST", "/rota/shifts", shifts=shifts)

        async def known() -> list[int]:  # to every copy: the rota is read anew now and then
            urls = [keeper.url for keeper in self.ground.all_keepers()]
            heard = [await self.call("GET", f"/rota/heard?unit={STAFFED}", url=url) for url in urls]
            return [len(posts[0]["persons"]) for posts in heard]

        await eventually(
            known, until=lambda each: set(each) == {self.size.people}, within=30, every=0.2
        )

    async def _say(self, said: list[Promise]) -> None:
        now = self.ground.clock.now()
        producer = AIOKafkaProducer(bootstrap_servers=self.ground.kafka.bootstrap, linger_ms=5)
        await producer.start()
        try:
            sent = []
            for each in said:
                key = str(each.whistle_id)
                value = envelope.write(
                    event_id=uuid4(), source="/test", subject=key, time=now, data=each.blown()
                )
                topic = f"{PREFIX}whistles"
                sent.append(await producer.send(topic, value.encode(), key=key.encode()))
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def _kill(self) -> None:
        copies = self.ground.keepers["notifier"]
        for after, copy in kills(self.seed, self.size):
            await asyncio.sleep(after)
            copies[copy].send(KILL)
            self.tell(f"kill of copy {copy}")

    async def _rest(self, said: list[Promise]) -> None:
        """Until the last has had its time, and nothing waits to be fired, said, told or sent."""
        within = self.size.calm_within
        await self.ground.all_ready(within=within)
        self.ready_at = wall_now()
        last = max(each.due for each in said)
        await asyncio.sleep(self.ground.clock.wall_seconds_until(last))
        connection = await asyncpg.connect(self.ground.databases["notifier"])
        try:

            async def unrest() -> dict[str, int]:
                (row,) = await connection.fetch(UNREST, self.ground.clock.now())
                return {name: n for name, n in row.items() if n}

            await eventually(unrest, until=lambda left: not left, within=within, every=0.5)
        finally:
            await connection.close()

    async def judge(self) -> None:
        """What must be true of Kafka, the tables, the receiver and the audit."""
        log = await read_all(self.ground.kafka.bootstrap)
        self.each_rung_was_told_once(log)
        await self.each_rung_is_history_once()
        await self.each_message_was_sent_under_one_key()
        ends = {n: keeper.ends for n, keeper in enumerate(self.ground.all_keepers())}
        assert all(set(each) <= {-9} for each in ends.values()), ends
        again = log.duplicates()["deadlines"]
        self.tell(f"{again} facts repeated on Kafka; {sum(map(len, ends.values()))} ends")

    def each_rung_was_told_once(self, log: Log) -> None:
        """One event id for each rung, however often it stands there."""
        found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for read in log.of("deadlines"):
            assert read.event is not None
            data = read.event["data"]
            rung = data.get("rung") or "due"
            found[data["whistle_id"], rung].add(read.event["id"])
        wanted = {(str(each.whistle_id), rung) for each in self.promises for rung in RUNGS}
        assert set(found) == wanted, _differ(set(found), wanted)
        twice = {key: ids for key, ids in found.items() if len(ids) > 1}
        assert twice == {}, len(twice)

    async def each_rung_is_history_once(self) -> None:
        """Opened, two warnings and the miss, each a single row."""
        rows = await self.rows(HISTORIES)
        whats = Counter(tuple(row["whats"]) for row in rows)
        wanted = {("opened", "warned", "warned", "missed"): self.size.promises}
        assert whats == wanted, whats.most_common(3)

    async def each_message_was_sent_under_one_key(self) -> None:
        """Everybody heard of a warning and of the miss; nothing was lost, or marked as failed."""
        deliveries = {row["key"]: row["state"] for row in await self.rows(DELIVERIES)}
        assert set(deliveries.values()) == {"sent"}, Counter(deliveries.values())
        assert set(self.receiver.bodies) == set(deliveries), "other keys than those of deliveries"
        assert self.receiver.taken == set(deliveries), "sent, and never taken"
        changed = [key for key, bodies in self.receiver.bodies.items() if len(set(bodies)) > 1]
        assert changed == [], f"{len(changed)} keys with two texts"
        messages = await self.rows(MESSAGES)
        assert all(row["told"] == 1 and row["key"] in self.receiver.taken for row in messages)
        heard = Counter((row["person_id"], row["deadline_id"], row["occasion"]) for row in messages)
        assert set(heard.values()) == {1}, heard.most_common(1)
        assert len(heard) == self.size.webhooks, (len(heard), self.size.webhooks)
        calls = sum(map(len, self.receiver.bodies.values()))
        self.tell(
            f"{len(messages)} messages in {len(deliveries)} webhooks, {calls} calls, "
            f"{self.receiver.failed} of them failed"
        )

    async def audit(self) -> list[dict[str, Any]]:
        """The mismatches that a whole run finds, once everything had time enough to fire."""
        last = self.ground.clock.wall_at(max(each.due for each in self.promises))
        # what fell due while no copy was alive had to wait for one
        settled = max(last, self.ready_at) + timedelta(seconds=self.size.settle_seconds + 1)
        await asyncio.sleep(max(0.0, (settled - wall_now()).total_seconds()))
        asked_at = wall_now()
        await self.call("POST", "/audit/runs", whole=True)

        async def done() -> dict[str, Any]:
            page: dict[str, Any] = await self.call("GET", "/audit?state=all")
            runs = [r for r in page["runs"] if r["whole"] and r["finished_at"]]
            fresh = [r for r in runs if datetime.fromisoformat(r["started_at"]) >= asked_at]
            return {**page, "run": fresh[0]} if fresh else {}

        page = await eventually(done, within=self.size.calm_within, every=0.3)
        run = page["run"]
        assert run["deadlines"] >= len(self.promises), run
        self.tell(f"audit of {run['deadlines']} promises: {len(page['items'])} mismatches")
        found: list[dict[str, Any]] = page["items"]
        return found

    async def skip_a_rung(self) -> UUID:
        """Plant the bug: the first step of one ladder is marked as fired, and was not."""
        victim = self.promises[-1]
        after = timedelta(hours=4)  # the step after the one that is skipped
        rows = await self.rows(SKIP, victim.whistle_id, "district_leader", after)
        deadline_id: UUID = rows[0]["deadline_id"]
        return deadline_id

    async def skip_a_miss(self) -> UUID:
        """Plant another: a promise that is not due yet goes past its due time without a miss."""
        now = self.ground.clock.now()
        (victim,) = promises(Size(**{**_fields(self.size), "promises": 1}), now)
        await self._say([victim])
        await eventually(lambda: self._waits_for_due([victim.whistle_id]), within=20)
        rows = await self.rows(SKIP, victim.whistle_id, "district_supervision", timedelta(hours=1))
        self.promises.append(victim)
        deadline_id: UUID = rows[0]["deadline_id"]
        return deadline_id

    async def _waits_for_due(self, whistles: list[UUID]) -> int:
        (row,) = await self.rows(WAITING, whistles)
        waiting: int = row["count"]
        return waiting

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.ground.databases["notifier"])
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def call(self, method: str, path: str, *, url: str | None = None, **body: Any) -> Any:
        """One request to a copy, the first unless said otherwise."""
        token = issue_token(SECRET, role=Role.OPS, unit=None, name="演练")
        response = await self.ground.http.request(
            method,
            f"{url or self.ground.keepers['notifier'][0].url}/api/v1{path}",
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex},
            json=body or None,
        )
        assert response.status_code < 300, response.text
        return from_json(response.content)


def _fields(size: Size) -> dict[str, Any]:
    return {name: getattr(size, name) for name in size.__dataclass_fields__}


def _differ(found: set[Any], wanted: set[Any]) -> str:
    return f"{len(wanted - found)} missing, {len(found - wanted)} too many"


async def tell(folder: Path, seed: str, size: Size, *, skip_miss: bool) -> list[str]:
    """Run one story on ground of its own; returns what happened, AssertionError when broken."""
    story = Story(Ground(folder, UNITS, copies=size.copies), seed, size)
    try:
        await story.ground.start_servers()
        await story.ground.start_services(
            ["notifier"],
            SHAODAO_WEBHOOK_NETWORKS="127.0.0.0/8",
            SHAODAO_AUDIT_SETTLE_SECONDS=str(size.settle_seconds),
        )
        story.tell("ready")
        async with served_app(story.receiver) as url:
            await story.run(f"{url}/hook")
        await story.judge()
        assert await story.audit() == []
        planted = {await story.skip_a_rung(): MismatchKind.WRONG_NEXT}
        if skip_miss:
            planted[await story.skip_a_miss()] = MismatchKind.MISSING_RUNG
        found = {(UUID(each["deadline_id"]), each["kind"]) for each in await story.audit()}
        assert found >= set(planted.items()), found
        assert {deadline_id for deadline_id, _ in found} == set(planted), found
    except BaseException as error:
        error.add_note(f"seed {seed}; logs in {folder}\n" + "\n".join(story.told))
        raise
    finally:
        await story.ground.stop()
    return story.told
