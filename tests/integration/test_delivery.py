"""Deliveries on real servers: signed, tried again with the same key, fenced, nobody held up."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from standardwebhooks.webhooks import Webhook

from deploy.city.sms_gateway import create_app
from deploy.local.data_folder import PROJECT
from shared.delivery import deliver, leases, outcome
from shared.delivery.address import Allowed
from shared.delivery.calling import new_client
from shared.delivery.deliver import Deliverer
from shared.delivery.lane import MOST_AT_ONCE
from shared.delivery.outgoing import SQL, Channel, put
from shared.delivery.sms import Addressee, SmsSender
from shared.delivery.texts import Texts
from shared.delivery.webhook import Endpoint, WebhookSender, new_secret
from shared.runtime import tracing
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection
from shared.runtime.service import Runtime, running
from shared.runtime.settings import ServiceSettings
from tests.support.receiver import Receiver, receiving, served_app
from tests.support.waiting import eventually

NOW = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)
SECRET = new_secret()
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"
LOCAL = "127.0.0.0/8"
TEXTS = '[sms.code]\nzh = "验证码{code}"\nen = "Code {code}"\n'


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same number of tries with pauses that a test can wait for."""
    short = {c: (timedelta(seconds=0.05),) * len(p) for c, p in outcome.PAUSES.items()}
    monkeypatch.setattr(outcome, "PAUSES", short)


class Ground:
    """A database, and services on it that deliver."""

    def __init__(self, dsn: str, kafka: str, prefix: str, folder: Path) -> None:
        self.dsn, self.kafka, self.prefix, self.folder = dsn, kafka, prefix, folder
        self.migrations = folder / "a" / "migrations"
        self.migrations.mkdir(parents=True)
        self.endpoints: dict[str, str] = {}
        self.disabled: list[tuple[str, str]] = []
        self.phones: dict[str, str] = {}

    @asynccontextmanager
    async def delivering(
        self, *, sms: str | None = None, networks: str = LOCAL
    ) -> AsyncIterator[Runtime]:
        """One process' worth of a service, with its delivery loop."""
        settings = ServiceSettings(
            database_url=self.dsn,
            kafka_bootstrap=self.kafka,
            topic_prefix=self.prefix,
            token_secret="a secret of these tests",
        )
        async with (
            new_client() as client,
            running(settings, name="test", migrations=self.migrations) as runtime,
        ):
            senders: dict[Channel, deliver.Sender] = {
                Channel.WEBHOOK: WebhookSender(
                    client,
                    allowed=Allowed.read(networks),
                    endpoint_of=self._endpoint_of,
                    disable=self._disable,
                )
            }
            if sms is not None:
                texts = self.folder / "sms.toml"
                texts.write_text(TEXTS)
                senders[Channel.SMS] = SmsSender(
                    client,
                    url=f"{sms}/messages",
                    key="k",
                    sign="【测试】",
                    texts=Texts(texts),
                    addressee_of=self._addressee_of,
                )
            Deliverer(runtime, senders)
            await runtime.start()
            yield runtime

    async def _endpoint_of(self, recipient: str) -> Endpoint | None:
        url = self.endpoints.get(recipient)
        return Endpoint(url=url, secrets=(SECRET,)) if url is not None else None

    async def _disable(self, recipient: str, why: str) -> None:
        self.disabled.append((recipient, why))
        del self.endpoints[recipient]

    async def _addressee_of(self, recipient: str) -> Addressee | None:
        phone = self.phones.get(recipient)
        return Addressee(phone=phone, values={"code": "123456"}) if phone else None

    async def rows(self, sql: str, *values: Any) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return list(await connection.fetch(sql, *values))
        finally:
            await connection.close()

    async def state(self, delivery_id: UUID, wanted: str) -> asyncpg.Record:
        """The delivery once it is in that state."""

        async def look() -> list[asyncpg.Record]:
            return await self.rows("select * from delivery where delivery_id = $1", delivery_id)

        return (await eventually(look, until=lambda rows: rows[0]["state"] == wanted))[0]


@pytest.fixture
async def ground(database: Any, kafka: str, prefix: str, tmp_path: Path) -> Ground:
    return Ground(await database(), kafka, prefix, tmp_path)


async def hook(runtime: Runtime, name: str = "a", **more: Any) -> UUID:
    """Put one webhook down, in a transaction of its own."""
    async with runtime.transaction() as connection:
        return await put_hook(connection, name, **more)


async def put_hook(connection: Connection, name: str = "a", **more: Any) -> UUID:
    return await put(
        connection,
        channel=Channel.WEBHOOK,
        recipient=f"source:{name}",
        template="ticket.registered",
        values={"number": "A-1", "zh": "已登记", "seq": 1},
        about=None,
        now=NOW,
        **more,
    )


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def _rolled_back(runtime: Runtime) -> None:
    async with runtime.transaction() as connection:
        await put_hook(connection)
        raise RuntimeError("rolled back")


async def test_a_webhook_is_signed_and_sent_once(ground: Ground, receiver: Receiver) -> None:
    ground.endpoints["source:a"] = receiver.url
    async with ground.delivering() as runtime:
        with tracing.within(TRACEPARENT):
            first = await hook(runtime, dedupe="d-1")
        assert await hook(runtime, dedupe="d-1") == first
        with pytest.raises(RuntimeError, match="rolled back"):
            await _rolled_back(runtime)
        row = await ground.state(first, "sent")
    (call,) = receiver.calls
    assert call.headers["webhook-id"] == str(first)
    assert call.headers["traceparent"] == TRACEPARENT
    data = Webhook(SECRET).verify(call.body, call.headers)
    assert data == {
        "type": "ticket.registered",
        "timestamp": NOW.isoformat(),
        "data": {"number": "A-1", "zh": "已登记", "seq": 1},
    }
    assert (row["attempts"], row["fence"], row["last_error"]) == (1, 1, None)
    assert len(await ground.rows("select * from delivery")) == 1


async def test_every_try_has_the_same_key_and_body(ground: Ground, receiver: Receiver) -> None:
    ground.endpoints["source:a"] = receiver.url
    receiver.answers.extend([500, (302, {"location": "http://127.0.0.1:1/"}), 404])
    async with ground.delivering() as runtime:
        row = await ground.state(delivery_id := await hook(runtime), "sent")
    assert {(c.headers["webhook-id"], c.body) for c in receiver.calls} == {
        (str(delivery_id), receiver.calls[0].body)
    }
    assert row["attempts"] == 4
    tries = await ground.rows("select status, error from delivery_attempt order by fence")
    assert [t["status"] for t in tries] == [500, 302, 404, 204]
    assert [t["error"] for t in tries] == ["HTTP 500", "HTTP 302", "HTTP 404", None]


async def test_tries_end(ground: Ground, receiver: Receiver, monkeypatch: Any) -> None:
    monkeypatch.setattr("shared.delivery.lane.FIRST_PAUSE", timedelta(seconds=0.01))
    monkeypatch.setattr("shared.delivery.lane.LONGEST_PAUSE", timedelta(seconds=0.01))
    receiver.always = 500
    ground.endpoints["source:a"] = receiver.url
    async with ground.delivering() as runtime:
        row = await ground.state(await hook(runtime), "failed")
        assert (row["attempts"], row["last_error"]) == (10, "HTTP 500")
        assert len(receiver.calls) == 10


async def test_a_dead_destination_delays_no_other(ground: Ground, receiver: Receiver) -> None:
    async with receiving() as dead:
        dead.always = None  # takes the call and never answers
        ground.endpoints |= {"source:dead": dead.url, "source:a": receiver.url}
        async with ground.delivering() as runtime:
            for _ in range(60):
                await hook(runtime, "dead")
            await dead.called(MOST_AT_ONCE)
            wanted = {str(await hook(runtime, "a")) for _ in range(20)}
            calls = await receiver.called(20, within=8.0)  # the dead one's first tries take 10 s
            assert {call.headers["webhook-id"] for call in calls} == wanted
            assert len(dead.calls) == MOST_AT_ONCE


async def test_a_send_cut_off_by_a_kill_is_sent_again_with_its_key(
    ground: Ground, receiver: Receiver
) -> None:
    receiver.answers.append(None)  # takes the call, and the process dies before any answer
    connection = await asyncpg.connect(ground.dsn)
    try:
        delivery_id = await put_hook(connection)
        arguments = (ground.dsn, ground.kafka, str(ground.migrations), receiver.url, SECRET)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.deliverer", *arguments), cwd=PROJECT
        )
        try:
            await receiver.called(1, within=20.0)
        finally:
            process.kill()
            await process.wait()
        (row,) = await ground.rows("select * from delivery")
        assert (row["state"], row["attempts"]) == ("leased", 0)
        assert await ground.rows("select * from delivery_attempt") == []
        # half a minute later its lease has run out
        await connection.execute("update delivery set next_at = $1", wall_now())
    finally:
        await connection.close()
    ground.endpoints["source:a"] = receiver.url
    async with ground.delivering():
        row = await ground.state(delivery_id, "sent")
    assert [c.headers["webhook-id"] for c in receiver.calls] == [str(delivery_id)] * 2
    assert receiver.calls[0].body == receiver.calls[1].body
    assert (row["attempts"], row["fence"]) == (1, 2)


async def test_who_lost_the_lease_cannot_settle(ground: Ground) -> None:
    connection = await asyncpg.connect(ground.dsn)
    try:
        delivery_id = await put(
            connection,
            channel=Channel.WEBHOOK,
            recipient="source:a",
            template="x",
            values={},
            about=uuid4(),
            now=NOW,
        )
        now = wall_now()

        async def claimed(at: datetime) -> list[leases.Delivery]:
            until = at + timedelta(seconds=30)
            return await leases.claim(connection, "webhook:source:a", now=at, until=until, most=10)

        (slow,) = await claimed(now)
        assert slow.delivery_id == delivery_id
        assert await claimed(now) == []
        (quick,) = await claimed(now + timedelta(seconds=31))

        async def settled(delivery: leases.Delivery, state: str) -> bool:
            return await leases.settle(
                connection,
                delivery,
                state=state,
                at=now,
                ms=1,
                next_at=now,
                status=200,
                error=None,
            )

        assert await settled(slow, "failed") is False
        assert await settled(quick, "sent") is True
        assert await settled(quick, "sent") is False  # once
        assert len(await ground.rows("select * from delivery_attempt")) == 1
        later = now + timedelta(days=31)
        assert await leases.forget(connection, before=later - timedelta(days=30), most=10) == 1
        assert await ground.rows("select * from delivery_attempt") == []
    finally:
        await connection.close()


async def test_two_copies_send_each_once(ground: Ground, receiver: Receiver) -> None:
    ground.endpoints["source:a"] = receiver.url
    async with ground.delivering() as one, ground.delivering() as two:
        wanted = {
            str(each)
            for batch in range(10)
            for each in await asyncio.gather(*(hook(r) for r in (one, two) * 5))
        }
        await receiver.called(100)

        async def left() -> list[Any]:
            return await ground.rows("select 1 from delivery where state <> 'sent'")

        await eventually(left, until=lambda rows: not rows)
    assert len(receiver.calls) == 100
    assert {call.headers["webhook-id"] for call in receiver.calls} == wanted


async def test_gone_disables_and_retry_after_is_obeyed(ground: Ground, receiver: Receiver) -> None:
    ground.endpoints["source:a"] = receiver.url
    receiver.answers.extend([(429, {"retry-after": "2"}), 410])
    async with ground.delivering() as runtime:
        begun = wall_now()
        row = await ground.state(delivery_id := await hook(runtime), "failed")
        assert (wall_now() - begun).total_seconds() > 1.9
        assert row["last_error"] == "410 Gone: disabled"
        assert ground.disabled == [("source:a", "410 Gone")]
        row = await ground.state(await hook(runtime), "cancelled")
        assert len(receiver.calls) == 2
        # by hand, once the other side has mended it
        ground.endpoints["source:a"] = receiver.url
        async with runtime.transaction() as connection:
            assert await leases.send_again(connection, "source:a", delivery_id, wall=wall_now())
        await ground.state(delivery_id, "sent")
        assert receiver.calls[-1].headers["webhook-id"] == str(delivery_id)


async def test_our_own_network_is_not_called(ground: Ground, receiver: Receiver) -> None:
    ground.endpoints |= {
        "source:a": receiver.url,
        "source:b": receiver.url.replace("127.0.0.1", "localhost"),
        "source:c": "http://10.0.0.1/hook",  # plain http to another machine
    }
    async with ground.delivering(networks="") as runtime:
        for name in "abc":
            await hook(runtime, name)

        async def tried() -> list[Any]:
            return await ground.rows("select 1 from delivery where attempts > 0")

        await eventually(tried, until=lambda rows: len(rows) == 3)
    assert receiver.calls == []
    errors = await ground.rows("select distinct error from delivery_attempt order by 1")
    assert [row["error"] for row in errors] == [
        "the address must begin with https://",
        "the address stands for an address that is not public",
    ]


async def test_a_text_message_goes_out_once_whatever_fails(ground: Ground) -> None:
    app = create_app("k")
    gateway = app.state.gateway
    ground.phones = {"ticket:1": "13900001111", "ticket:2": "13900002222"}
    async with served_app(app) as url, ground.delivering(sms=url) as runtime:

        async def text(recipient: str, **more: Any) -> UUID:
            async with runtime.transaction() as connection:
                return await put(
                    connection,
                    channel=Channel.SMS,
                    recipient=recipient,
                    template=more.pop("template", "code"),
                    values=more.pop("values", {}),
                    about=None,
                    now=NOW,
                    **more,
                )

        gateway.behaviour.times, gateway.behaviour.takes = 2, True  # taken, and the answer lost
        row = await ground.state(await text("ticket:1"), "sent")
        assert row["attempts"] == 3
        assert [(m["to"], m["sign"] + m["text"]) for m in gateway.messages(None)] == [
            ("13900001111", "【测试】验证码123456")
        ]
        gateway.behaviour.times, gateway.behaviour.status = 1, 422
        assert (await ground.state(await text("ticket:2"), "failed"))["attempts"] == 1
        await ground.state(await text("ticket:2", values={"lang": "en"}), "sent")
        assert gateway.messages("13900002222")[0]["text"] == "Code 123456"
        nobody = await ground.state(await text("ticket:3"), "cancelled")
        assert nobody["last_error"] == "no phone is known any more"
        unknown = await ground.state(await text("ticket:1", template="x"), "failed")
        assert unknown["last_error"] == "there is no text sms.x"
        late = await ground.state(await text("ticket:1", within=timedelta(0)), "cancelled")
        assert late["last_error"] == "expired"
    kept = await ground.rows("select d::text as row from delivery d")
    assert not any("1390000" in row["row"] for row in kept)


async def test_without_a_gateway_messages_wait(ground: Ground) -> None:
    ground.phones["ticket:1"] = "13900001111"
    app = create_app("k")
    async with ground.delivering() as runtime:
        async with runtime.transaction() as connection:
            delivery_id = await put(
                connection,
                channel=Channel.SMS,
                recipient="ticket:1",
                template="code",
                values={},
                about=None,
                now=NOW,
            )
        await hook(runtime)  # passes by, to nobody

        async def passed() -> list[Any]:
            return await ground.rows("select 1 from delivery where state = 'cancelled'")

        await eventually(passed)
        await ground.state(delivery_id, "queued")
    async with served_app(app) as url, ground.delivering(sms=url):
        await ground.state(delivery_id, "sent")


async def test_looking_for_work_goes_by_the_index(ground: Ground) -> None:
    connection = await asyncpg.connect(ground.dsn)
    try:
        await connection.execute(
            """
            insert into delivery (delivery_id, channel, destination, recipient, template, values,
                state, attempts, fence, next_at, created_at, queued_at, done_at)
            select gen_random_uuid(), 'webhook', 'webhook:source:' || n % 5, 'source:' || n % 5,
                'x', '{}', case when n % 10 = 0 then 'queued' else 'sent' end, 0, 0, $1, $1, $1,
                case when n % 10 = 0 then null else $1::timestamptz end
            from generate_series(1, 20000) as n
            """,
            NOW,
        )
        await connection.execute("analyze delivery")
        later = NOW + timedelta(hours=1)
        for statement, values in (
            (SQL.destinations_due, (later,)),
            (SQL.claim, ("webhook:source:0", later, 8, later)),
            (SQL.oldest_waiting, (["sms", "webhook"],)),
            (SQL.forget, (NOW, 100)),
            (SQL.of_recipient, ("source:1", leases.NEWEST, None, 20)),
        ):
            rows = await connection.fetch(f"explain {statement}", *values)
            plan = "\n".join(row[0] for row in rows)
            assert "Seq Scan" not in plan, plan
    finally:
        await connection.close()
