"""What nobody reads off the notifier: where a confidential matter lies, and how people are called.

DOMAIN §2.6 and §9. Every page, answer, export, fact, notice, text message and metric is looked
through for words of a confidential matter at somebody's home, and for phones, accounts and keys;
that the same ways show a plain matter, and tell its people, proves that they would be found.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

import httpx
import pytest
from aiokafka import AIOKafkaConsumer

from deploy.city.sms_gateway import create_app as gateway_app
from services.notifier.app import MIGRATIONS
from services.notifier.domain.figures.figure import Figure
from services.notifier.store.figures import By
from shared.contracts import tickets, whistles
from shared.contracts.parts import Place
from shared.contracts.values import TicketType
from shared.web.identity import issue_token
from tests.support.notifier import (
    CITY,
    STREET,
    UNITS,
    VAULT_KEY,
    WORST,
    Matter,
    Notifier,
    notifier_on,
)
from tests.support.receiver import Receiver, receiving, served_app
from tests.support.serving import SECRET
from tests.support.stack import Servers, topic_prefix
from tests.support.waiting import eventually
from tests.unit.notifier.samples import local

COMMUNITY: Final = "159902001002"
HOME: Final = Place(
    region=f"{COMMUNITY}003",
    address="河湾锦苑7号楼",
    compound="河湾锦苑",
    property_unit="P-01",
    lat=41.6075,
    lon=108.306,
)
TELLS: Final = ("锦苑", "7号楼", "二单元", "夜间私自", "楼顶", "41.6075", "108.306", COMMUNITY)
PHONE, ACCOUNT = "13987650001", "wang.zhiban"
HOOK_SECRET = "whsec_" + "s3cr3tOfAWebhook" * 3  # pragma: allowlist secret
ROBOT_KEY, SMS_KEY = "robot-key-5f2a", "gateway-key-77b1"
SECRETS: Final = (PHONE, ACCOUNT, HOOK_SECRET, ROBOT_KEY, SMS_KEY, VAULT_KEY, SECRET)
POSTS: Final = ("unit_leader", "liaison", "liaison")
PERIOD: Final = "from=2026-08-20&to=2026-09-14"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip(Matter):
    """A tip-off about a flat, as intake and the router say it on their own topics."""

    def registered(self) -> tickets.Registered:
        return replace(
            Matter.registered(self),
            type=TicketType.TIP_OFF,
            summary="河湾锦苑7号楼二单元有人在楼顶私自加盖房屋，夜里施工。",
            **HIDDEN,
        )

    def blown(self) -> whistles.Blown:
        return replace(Matter.blown(self), summary="河湾锦苑7号楼二单元楼顶加盖", **HIDDEN)


HIDDEN: Final[dict[str, Any]] = {"confidential": True, "place": HOME}
LATE = Tip(place=40, title="锦苑小区夜间私自加盖房屋", at=local("2026-09-01 09:30"))
SOON = Tip(place=41, title="锦苑小区楼顶又在施工", at=local("2026-09-14 08:30"))
TIPS = (LATE, SOON)


@dataclass
class Ground:
    """The notifier with people on duty, and what came out of it by every way."""

    notifier: Notifier
    gateway: Any
    receiver: Receiver
    notices: list[str] = field(default_factory=list)

    async def get(self, path: str, role: str, unit: str | None) -> str:
        token = issue_token(SECRET, role=role, unit=unit, name="旁观者")
        accept = "application/json" if path.startswith("/api/") else "text/html"
        answer = await self.notifier.http.get(
            self.notifier.url + path,
            headers={"Authorization": f"Bearer {token}", "Accept": accept},
        )
        assert answer.status_code in (200, 403, 404), f"{path} {answer.text}"
        return answer.text if answer.status_code == 200 else ""

    async def looked(self, whos: Any, paths: Any) -> dict[str, str]:
        """What each of these people is answered at each of these addresses."""
        gate = asyncio.Semaphore(6)

        async def one(path: str, role: str, unit: str | None) -> tuple[str, str]:
            async with gate:
                return f"{path} as {role} of {unit}", await self.get(path, role, unit)

        found = await asyncio.gather(*(one(p, role, unit) for p in paths for role, unit in whos))
        return dict(found)


WHOS: Final = (
    ("supervisor", None),
    ("leader", None),
    ("ops", None),
    ("auditor", None),
    ("dispatcher", None),
    ("liaison", WORST),
    ("handler", WORST),
    ("department", WORST),
    ("street_officer", STREET),
    ("community_worker", f"Q-{COMMUNITY}"),
)


def everywhere() -> Iterator[str]:
    """Every address that tells of matters, people or messages."""
    yield from ("/board", "/board.csv", "/board/m", "/board/supervisions", "/brief")
    yield from ("/ops/audit", "/ops/parked", "/ops/dead-letters", "/metrics", "/ready")
    for what in ("late", "soon", "open", "returned", "reworked", "suspended"):
        yield f"/board/list?what={what}"
        yield f"/board/list.csv?what={what}"
    for tip in TIPS:
        yield f"/promises/{tip.ticket_id}"
        yield f"/promises/{tip.whistle_id}"
        yield f"/api/v1/deadlines?ticket_id={tip.ticket_id}"
        yield f"/api/v1/notices?about={tip.whistle_id}"
        yield f"/api/v1/deliveries?about={tip.whistle_id}"
        yield f"/api/v1/supervisions?ticket_id={tip.ticket_id}"
    for path in (
        "deadlines",
        "supervisions",
        "notices",
        "notices/held",
        "deliveries",
        "exclusions",
    ):
        yield f"/api/v1/{path}"
    for path in ("audit?state=all", "canary", "brief", "dead-letters", "outages", "calendar"):
        yield f"/api/v1/{path}"
    for path in ("", f"/heard?unit={WORST}", "/vacancies", f"?unit={WORST}", "?region=159902"):
        yield f"/api/v1/rota{path}"
    for by in By:
        yield f"/api/v1/figures?by={by}&{PERIOD}"
        yield f"/api/v1/figures.csv?by={by}&{PERIOD}"
    for figure in Figure:
        if figure is not Figure.THREE_RATES:
            yield f"/api/v1/figures/{figure}/tickets?{PERIOD}"
    for of in ("units", "streets", "compounds", "properties"):
        yield f"/api/v1/rankings?of={of}&quarter=2026Q3"


@asynccontextmanager
async def listening(kafka: str, topic: str, into: list[str]) -> AsyncIterator[None]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=kafka, auto_offset_reset="earliest")
    await consumer.start()

    async def listen() -> None:
        async for record in consumer:
            into.append(record.value.decode())

    task = asyncio.create_task(listen())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()


@pytest.fixture(scope="module")
async def ground(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Ground]:
    prefix, folder = topic_prefix(), tmp_path_factory.mktemp("confidential")
    await servers.make_topics(prefix, UNITS)
    dsn = await servers.fresh_database(MIGRATIONS)
    sms = gateway_app(SMS_KEY)
    kafka = servers.kafka_bootstrap
    async with (
        served_app(sms) as url,
        receiving() as receiver,
        notifier_on(
            dsn,
            kafka,
            prefix,
            folder,
            matters=CITY,
            sms_url=f"{url}/messages",
            sms_key=SMS_KEY,
            wecom_url=f"{url}/nowhere?key={ROBOT_KEY}",
            webhook_networks="127.0.0.0/8",
        ) as notifier,
    ):
        made = Ground(notifier=notifier, gateway=sms.state.gateway, receiver=receiver)
        async with listening(kafka, f"{prefix}bureau.{WORST}.notices", made.notices):
            await lived(made)
            yield made
    await servers.drop_database(dsn)


async def lived(ground: Ground) -> None:
    """People of the unit are on duty; then the tips come in, and leaders ask about them."""
    notifier = ground.notifier
    contacts = (
        {"sms": PHONE},
        {"wecom": ACCOUNT},
        {"webhook": ground.receiver.url, "webhook_secret": HOOK_SECRET},
    )
    shifts = [
        {"post": post, "unit": WORST, "who": {"name": f"值班{place}", "contact": contact}}
        for place, (post, contact) in enumerate(zip(POSTS, contacts, strict=True))
    ]
    for shift in shifts:
        answer = await notifier.call(
            "POST", "/rota/shifts", role="supervisor", json={"shifts": [shift]}
        )
        assert answer.status_code == 201, answer.text
        assert not [each for each in SECRETS if each in answer.text]
    await notifier.tells(*TIPS)
    await notifier.fired()
    for each in (*TIPS, CITY[0]):
        asked = await notifier.call(
            "POST",
            "/supervisions",
            role="leader",
            name="周市长",
            json={"whistle_id": str(each.whistle_id), "words": "请说明原因"},
        )
        assert asked.status_code == 201, asked.text

    async def told() -> bool:
        ids = [str(each.whistle_id) for each in (*TIPS, CITY[0])]
        texts = len(ground.gateway.messages(PHONE))
        heard = all(any(each in notice for notice in ground.notices) for each in ids)
        return texts >= 1 and len(ground.receiver.calls) >= 1 and heard

    await eventually(told)

    async def counted() -> bool:
        known = "select 1 from figure_part where ticket_id = $1"
        return bool(await notifier.rows(known, LATE.ticket_id))

    await eventually(counted)


def found(words: tuple[str, ...], texts: dict[str, str]) -> dict[str, list[str]]:
    """The places where any of these words stand, and which."""
    return {
        where: [word for word in words if word in text]
        for where, text in texts.items()
        if any(word in text for word in words)
    }


def without_units(text: str) -> str:
    """Every unit stands in lists to choose from, that of the community too."""
    return text.replace(f"Q-{COMMUNITY}", "")


@pytest.fixture(scope="module")
async def answers(ground: Ground) -> dict[str, str]:
    """What everybody is answered everywhere."""
    return await ground.looked(WHOS, everywhere())


async def test_nothing_tells_where_a_confidential_matter_lies(
    ground: Ground, answers: dict[str, str]
) -> None:
    answers = dict(answers)
    answers |= {f"fact {n}": str(each) for n, each in enumerate(ground.notifier.said)}
    answers |= {f"notice {n}": each for n, each in enumerate(ground.notices)}
    answers |= {f"text {n}": str(m) for n, m in enumerate(ground.gateway.messages(PHONE))}
    answers |= {f"webhook {n}": c.body.decode() for n, c in enumerate(ground.receiver.calls)}
    told = {where: without_units(text) for where, text in answers.items()}
    assert found(TELLS, told) == {}

    # the ways would tell: of a plain matter they do, and of this one they tell what they may
    for role, unit in (("supervisor", None), ("liaison", WORST)):
        late = answers[f"/board/list?what=late as {role} of {unit}"]
        assert CITY[0].title in late
        assert LATE.number in late
        assert "保密件" in late
        exported = answers[f"/board/list.csv?what=late as {role} of {unit}"]
        assert CITY[0].title in exported
        assert "保密件" in exported
        assert LATE.number in answers[f"/promises/{LATE.ticket_id} as {role} of {unit}"]
        assert "保密件" in answers[f"/board/supervisions as {role} of {unit}"]
    assert LATE.title not in answers["/board/m as leader of None"]
    assert str(LATE.whistle_id) in "".join(ground.notices)


async def test_a_community_cannot_be_guessed_by_asking_for_it(ground: Ground) -> None:
    """What lies in a community is asked for, and a confidential matter is not among it."""
    path = "/api/v1/figures/response/tickets"
    lists = (f"{path}?{PERIOD}&region=", "/board/list?what=late&region=")
    for begin in lists:
        for role, unit in (("liaison", WORST), ("supervisor", None), ("street_officer", STREET)):
            fine = await ground.get(begin + COMMUNITY, role, unit)
            assert LATE.number not in fine, (begin, role)
            street = await ground.get(begin + COMMUNITY[:9], role, unit)
            assert LATE.number in street, (begin, role)
    community = await ground.get(f"{path}?{PERIOD}", "community_worker", f"Q-{COMMUNITY}")
    assert '"items":[]' in community
    for by in ("community", "compound"):
        rows = await ground.get(f"/api/v1/figures?by={by}&{PERIOD}", "liaison", WORST)
        assert COMMUNITY not in rows


async def test_no_phone_account_or_key_comes_out(
    ground: Ground,
    answers: dict[str, str],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.WARNING, logger="httpx")  # as the services' own settings have it
    notifier = ground.notifier
    wrong = {"shifts": [{"post": "liaison", "unit": "nowhere", "who": {"name": PHONE}}]}
    refused = await notifier.call("POST", "/rota/shifts", role="supervisor", json=wrong)
    assert refused.status_code == 422, refused.text
    answers = answers | await ground.looked(WHOS[2:3], everywhere())
    answers |= {f"fact {n}": str(each) for n, each in enumerate(notifier.said)}
    answers |= {f"notice {n}": each for n, each in enumerate(ground.notices)}
    answers |= {f"webhook {n}": c.body.decode() for n, c in enumerate(ground.receiver.calls)}
    printed = capfd.readouterr()
    answers |= {"log": caplog.text, "out": printed.out, "err": printed.err}
    for table in ("message", "delivery", "duty_person", "history", "fact", "outbox", "dead_letter"):
        rows = await notifier.rows(f"select t::text as row from {table} t")  # noqa: S608
        answers[f"table {table}"] = "\n".join(row["row"] for row in rows)
    assert found(SECRETS, answers) == {}
    bearer = "eyJ"  # how every signed token begins
    assert found((bearer,), {"log": caplog.text, "out": printed.out, "err": printed.err}) == {}

    # they are there: the people were told by them
    assert ground.gateway.messages(PHONE)
    assert ground.receiver.calls[0].headers["webhook-signature"]
    rota = answers[f"/api/v1/rota?unit={WORST} as liaison of {WORST}"]
    assert '"channels":["sms"]' in rota


async def test_a_robot_that_is_away_is_logged_without_its_key(ground: Ground) -> None:
    async def tried() -> httpx.Response:
        return await ground.notifier.call("GET", "/deliveries?channel=wecom", role="ops")

    def failed(answer: httpx.Response) -> bool:
        items = answer.json()["items"]
        return bool(items) and all(each["attempts"] for each in items)

    answer = await eventually(tried, until=failed)
    assert "HTTP 404" in answer.text
    assert ROBOT_KEY not in answer.text
