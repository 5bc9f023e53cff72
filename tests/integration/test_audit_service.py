"""The auditor inside the running notifier: its loop, its routes, who may ask, what is counted."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from aiokafka import AIOKafkaProducer

from deploy.local import clock_file
from services.notifier.app import MIGRATIONS, NotifierSettings, create_app
from shared.contracts import envelope, tickets
from shared.contracts.ids import fact_id
from shared.runtime.clock import wall_now
from shared.web.identity import issue_token
from tests.support.waiting import eventually
from tests.unit.notifier import samples
from tests.unit.notifier.samples import TICKET, UNIT, WHISTLE, local

SECRET = "a secret of these tests alone"
START = local("2026-09-10 09:00")


class Notifier:
    """The app, a producer that plays intake and router, and a clock to move."""

    def __init__(self, http, producer, prefix, clock_path, pool) -> None:
        self.http = http
        self.producer = producer
        self.prefix = prefix
        self.clock_path = clock_path
        self.pool = pool

    async def say(self, data, at) -> None:
        ticket = isinstance(data, tickets.TicketFact)
        subject = data.ticket_id if ticket else data.whistle_id
        value = envelope.write(
            event_id=fact_id(subject, data.seq),
            source="/test",
            subject=str(subject),
            time=at,
            data=data,
        ).encode()
        topic = self.prefix + ("tickets" if ticket else "whistles")
        await self.producer.send_and_wait(topic, value, key=str(subject).encode())

    async def call(self, method, path, role="auditor", **more):
        headers = {"Authorization": f"Bearer {issue_token(SECRET, role=role, name='陈审计')}"}
        return await self.http.request(method, f"/api/v1{path}", headers=headers, **more)

    async def audited(self, *, whole=True):
        """What the audit shows once a run that is asked for here is done."""
        asked = await self.call("POST", "/audit/runs", json={"whole": whole})
        assert asked.status_code == 202, asked.text
        after = asked.json()["after"]

        async def look():
            found = (await self.call("GET", "/audit")).json()
            later = []
            for each in found["runs"]:
                if each["run_id"] == after:
                    break
                later.append(each)
            done = [e for e in later if e["finished_at"] and e["by_name"] == "陈审计"]
            return [found] if done else []

        return (await eventually(look))[0]

    async def metric(self, name: str) -> float:
        text = (await self.http.get("/metrics")).text
        [line] = [each for each in text.splitlines() if each.startswith(f"{name} ")]
        return float(line.split()[-1])


@pytest.fixture
async def notifier(database, kafka, prefix, topics_of, tmp_path) -> AsyncIterator[Notifier]:
    await topics_of(prefix, [UNIT])
    clock_path = tmp_path / "clock.json"
    clock_file.write_initial(clock_path, START, 1.0, wall=wall_now())
    settings = NotifierSettings(
        database_url=await database(MIGRATIONS),
        kafka_bootstrap=kafka,
        topic_prefix=prefix,
        clock_file=clock_path,
        token_secret=SECRET,
        audit_settle_seconds=1.0,
    )
    app = create_app(settings)
    producer = AIOKafkaProducer(bootstrap_servers=kafka)
    async with app.router.lifespan_context(app):
        await producer.start()
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://notifier") as http:
            pool = app.state.context.runtime.pool
            try:
                yield Notifier(http, producer, prefix, clock_path, pool)
            finally:
                await producer.stop()


async def test_a_hurried_life_is_found_right_and_a_fault_in_it_is_told(notifier):
    await notifier.say(samples.registered(START), START)
    await notifier.say(samples.blown(START), START)

    async def missed():
        return await notifier.pool.fetchval(
            "select count(*) from deadline where kind = 'acknowledge' and state = 'missed'"
        )

    await eventually(lambda: notifier.pool.fetchval("select count(*) from deadline where "
                                                    "whistle_id is not null"))  # fmt: skip
    clock_file.forward(notifier.clock_path, timedelta(hours=6), wall=wall_now())
    await eventually(missed)
    found = await eventually(notifier.audited, until=lambda each: not unsettled(each))
    assert (found["open"], found["items"]) == (0, [])
    assert found["runs"][0]["deadlines"] >= 6
    assert await notifier.metric('shaodao_audit_mismatches{kind="missing_deadline"}') == 0
    await notifier.pool.execute("delete from deadline where kind = 'contact'")
    found = await notifier.audited()
    assert [(each["kind"], each["what"], each["subject"]) for each in found["items"]] == [
        ("missing_deadline", "contact", str(WHISTLE))
    ]
    assert await notifier.metric('shaodao_audit_mismatches{kind="missing_deadline"}') == 1
    none = await notifier.call("GET", "/audit", params={"kind": "extra_rung"})
    assert (none.json()["items"], none.json()["open"]) == ([], 1)
    await is_accepted(notifier, found["items"][0]["mismatch_id"])


async def is_accepted(notifier, mismatch_id) -> None:
    """With a reason it alarms no more; something else at the same whistle is still told."""
    path, why = f"/audit/mismatches/{mismatch_id}/acceptances", {"words": "演练中误删，已补办"}
    for role, words, wanted in (
        ("auditor", why, 403),
        ("supervisor", {"words": " "}, 422),
        ("supervisor", why, 200),
        ("supervisor", why, 409),
    ):
        answer = await notifier.call("POST", path, role=role, json=words)
        assert answer.status_code == wanted, answer.text
    found = await notifier.audited()
    assert (found["open"], found["items"]) == (0, [])
    assert await notifier.metric('shaodao_audit_mismatches{kind="missing_deadline"}') == 0
    kept = (await notifier.call("GET", "/audit", params={"state": "accepted"})).json()["items"]
    assert [(e["mismatch_id"], e["accepted_by"], e["accepted_words"]) for e in kept] == [
        (mismatch_id, "陈审计", why["words"])
    ]
    await notifier.pool.execute("delete from deadline where kind = 'resolve'")
    found = await notifier.audited()
    assert [(each["kind"], each["what"]) for each in found["items"]] == [
        ("missing_deadline", "resolve")
    ]


def unsettled(found) -> bool:
    """A leap of the clock makes much fall due at once; the watch may be at it still."""
    return found["open"] > 0


async def test_who_may_see_and_ask(notifier):
    for role, wanted in (("supervisor", 200), ("auditor", 200), ("ops", 200), ("liaison", 403)):
        assert (await notifier.call("GET", "/audit", role=role)).status_code == wanted
    refused = await notifier.call("POST", "/audit/runs", role="leader", json={})
    assert refused.status_code == 403
    unknown = await notifier.call("POST", "/audit/runs", json={"all": True})
    assert unknown.status_code == 422
    assert (await notifier.call("GET", "/canary", role="canary")).status_code == 200
    assert (await notifier.call("GET", "/canary", role="handler")).status_code == 403


async def test_a_canary_that_stops_on_its_way_is_told_as_unfinished(notifier):
    fact = samples.registered(START)
    await notifier.say(samples.replace(fact, canary=True), START)

    async def heard():
        return await notifier.pool.fetch("select * from canary_round")

    [row] = await eventually(heard)
    assert (row["ticket_id"], row["completed_at"], row["blown_at"]) == (TICKET, None, None)
    assert (await notifier.call("GET", "/canary")).json()["unfinished"] == []  # not yet
    await notifier.pool.execute("update canary_round set heard_at = heard_at - interval '2 min'")
    shown = (await notifier.call("GET", "/canary")).json()
    assert [each["ticket_id"] for each in shown["unfinished"]] == [str(TICKET)]
    assert (shown["state"], shown["last_ok_at"]) == ("never", None)
    assert await notifier.metric("shaodao_canary_age_seconds") > 0
