"""A small city for stories: the three services as processes, a clock to move, bureaus on Kafka."""

import asyncio
import base64
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID, uuid4

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from pydantic_core import from_json, to_json

from deploy.local import clock_file
from deploy.local.data_folder import PROJECT, SERVICES
from deploy.local.ports import LOOPBACK, Ports, free_base
from deploy.local.processes import Command, Reaper
from deploy.local.program import Program
from shared.runtime.clock import Clock, wall_now
from shared.web.identity import issue_token
from tests.support.stack import Servers
from tests.support.waiting import eventually

SECRET = "a secret that only these tests know"
MONDAY = datetime(2026, 9, 14, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai, a working day


@dataclass
class Bureau:
    """A department's own system: reads its topics, writes its reports, nothing else."""

    unit: str
    prefix: str
    kafka: str
    clock: Clock
    heard: list[dict[str, Any]] = field(default_factory=list)
    records: list[Any] = field(default_factory=list)
    security: dict[str, Any] = field(default_factory=dict, repr=False)

    async def start(self) -> None:
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka, max_request_size=5_000_000, **self.security
        )
        topics = [f"{self.prefix}bureau.{self.unit}.{what}" for what in ("whistles", "notices")]
        self._consumer = AIOKafkaConsumer(
            *topics,
            bootstrap_servers=self.kafka,
            auto_offset_reset="earliest",
            **self.security,
        )
        await asyncio.gather(self._producer.start(), self._consumer.start())
        self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(self._producer.stop(), self._consumer.stop())

    async def _listen(self) -> None:
        async for record in self._consumer:
            self.records.append(record)
            self.heard.append(from_json(record.value))

    def all(self, what: str, **data: Any) -> list[dict[str, Any]]:
        """What was heard of a kind ("bureau.whistled", "notice.overdue") with these data."""
        wanted = {k: str(v) if isinstance(v, UUID) else v for k, v in data.items()}
        return [
            event["data"]
            for event in self.heard
            if event["type"] == f"shaodao.{what}.v1" and wanted.items() <= _flat(event["data"])
        ]

    async def hears(self, what: str, *, within: float = 20.0, **data: Any) -> dict[str, Any]:
        """The first event of that kind with these data, as soon as it is there."""

        async def look() -> list[dict[str, Any]]:
            return self.all(what, **data)

        return (await eventually(look, within=within))[0]

    async def whistled(self, ticket_id: str, **data: Any) -> dict[str, Any]:
        """The whistle that calls this unit for a ticket."""

        async def look() -> list[dict[str, Any]]:
            found = self.all("bureau.whistled", **data)
            return [whistle for whistle in found if ticket_id in whistle["ticket_ids"]]

        return (await eventually(look))[0]

    async def report(self, verb: str, whistle_id: str, **data: Any) -> str:
        """Say something about a whistle; returns the report's id."""
        body = {
            "whistle_id": whistle_id,
            "handler": {"name": "王工", "post": "科员"},
            "at": self.clock.now().isoformat(),
            **({"public_reply": own_reply()} if verb == "resolved" else {}),
            **data,
        }
        return await self.send(envelope(f"report.{verb}", whistle_id, body, self.clock.now()))

    async def send(self, event: dict[str, Any]) -> str:
        """Send an event as it is; returns its id."""
        await self.send_bytes(to_json(event))
        return str(event["id"])

    async def send_bytes(
        self, value: bytes | None, headers: Sequence[tuple[str, Any]] = ()
    ) -> None:
        """Send any bytes as a report."""
        topic = f"{self.prefix}bureau.{self.unit}.reports"
        await self._producer.send_and_wait(topic, value, key=b"k", headers=list(headers))

    async def accepted(self, report_id: str) -> dict[str, Any]:
        """The answer that the report counts."""
        return await self.hears("bureau.report_accepted", report_id=report_id)

    async def refused(self, report_id: str) -> dict[str, Any]:
        """The answer that the report does not count, and why."""
        return await self.hears("bureau.report_refused", report_id=report_id)


def _flat(data: dict[str, Any]) -> Any:
    return {k: v for k, v in data.items() if isinstance(v, str | int | bool | None)}.items()


def envelope(type_: str, subject: str, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A CloudEvent as a department would write it."""
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/bureau",
        "type": f"shaodao.{type_}.v1",
        "subject": subject,
        "time": now.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }


RESOLVED = {
    "result": "solved",
    "facts_true": "yes",
    "measures": "已安排人员到现场处理完毕",
    "contacted_how": "phone",
}
"""A resolution but for the public reply, which every matter has of its own: `own_reply()`."""

DEEDS = (
    *("已更换烧坏的灯头", "井盖重新座浆固定", "清走路边堆放的杂物", "疏通了堵塞的支管"),
    *("桌椅全部撤回店内", "补齐了缺少的材料", "给出了整改图纸", "破损的步砖换成新的"),
    *("枯枝修剪后已运走", "垃圾日产日清", "护栏油漆重刷两遍", "电表箱加装了门锁"),
    *("水压恢复到正常值", "门禁系统重新授权", "噪声降到限值以下", "公示牌已经改正"),
    *("约谈了施工单位", "请社区一起盯住", "三天后再去回看", "列入每周巡查路线"),
    *("留下值班电话备用", "下月全面检修一遍", "当日夜间完成作业", "现场由班长带队"),
    *("费用由产权单位承担", "邻居均表示认可", "周边同类点位一并排查", "拍照存档备查"),
    *("向您当面说明了原因", "欢迎继续监督"),
)


def reply(n: int) -> str:
    """The n-th public reply: what was done in one matter, hardly ever as in another."""
    return "，".join(Random(n).sample(DEEDS, 6)) + "。"


_REPLIES = count()


def own_reply() -> str:
    """A public reply that nobody gave before in this run."""
    return reply(next(_REPLIES))


class City:
    """The services on the run's servers, with databases, topics and a clock of their own."""

    def __init__(self, servers: Servers, folder: Path, prefix: str, units: Iterable[str]) -> None:
        self.servers = servers
        self.prefix = prefix
        self.units = list(units)
        self.folder = folder
        self.clock_path = folder / "clock.json"
        named = Ports(free_base()).named()
        self.ports = {service: named[service] for service in SERVICES}
        self.databases: dict[str, str] = {}
        self.programs: dict[str, Program] = {}
        self.bureaus: dict[str, Bureau] = {}
        self.more: dict[str, dict[str, str]] = {}  # of the environment, by service
        self._reaper = Reaper()
        self._http = httpx.AsyncClient(timeout=30, trust_env=False)

    async def start(self, *, at: datetime = MONDAY) -> None:
        clock_file.write_initial(self.clock_path, at, 1.0, wall=wall_now())
        self.clock = Clock(self.clock_path)
        await self.servers.make_topics(self.prefix, self.units)
        for service in SERVICES:
            folder = PROJECT / "services" / service / "sql" / "migrations"
            self.databases[service] = await self.servers.fresh_database(folder)
            self.programs[service] = self.program(service)
        async with asyncio.TaskGroup() as group:
            for program in self.programs.values():
                group.create_task(program.start())

    def environment(self, service: str, port: int) -> dict[str, str]:
        """What a service is told."""
        return {
            "SHAODAO_DATABASE_URL": self.databases[service],
            "SHAODAO_KAFKA_BOOTSTRAP": self.servers.kafka_bootstrap,
            "SHAODAO_TOPIC_PREFIX": self.prefix,
            "SHAODAO_CLOCK_FILE": str(self.clock_path),
            "SHAODAO_TOKEN_SECRET": SECRET,
            "SHAODAO_VAULT_KEY": base64.b64encode(b"k" * 32).decode(),
            "SHAODAO_FILE_STORE": (self.folder / "files").as_uri(),
            "SHAODAO_HTTP_HOST": LOOPBACK,
            "SHAODAO_HTTP_PORT": str(port),
            "SHAODAO_WAIT_LIMIT_SECONDS": "30",  # a busy machine is no reason to be refused
            "SHAODAO_DRAIN_SECONDS": "0",  # nobody shares out requests here
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
            **self.more.get(service, {}),
        }

    def program(self, service: str, *, port: int | None = None) -> Program:
        """A process of a service; with another port, a second copy of it."""
        port = port or self.ports[service]
        command = Command(
            name=service,
            argv=(sys.executable, "-m", f"services.{service}.app"),
            log=self.folder / f"{service}-{port}.log",
            env=self.environment(service, port),
            cwd=PROJECT,
        )
        return Program(command, ready_url=f"http://{LOOPBACK}:{port}/ready", reaper=self._reaper)

    async def stop(self) -> None:
        await asyncio.gather(*(bureau.stop() for bureau in self.bureaus.values()))
        await asyncio.gather(*(program.stop() for program in self.programs.values()))
        await self._http.aclose()
        self._reaper.close()
        for dsn in self.databases.values():
            await self.servers.drop_database(dsn)

    async def bureau(self, unit: str) -> Bureau:
        """The system of a department, started on first use."""
        if unit not in self.bureaus:
            bureau = Bureau(unit, self.prefix, self.servers.kafka_bootstrap, self.clock)
            await bureau.start()
            self.bureaus[unit] = bureau
        return self.bureaus[unit]

    def forward(self, **delta: float) -> datetime:
        """Let time pass: forward(days=3)."""
        return clock_file.forward(self.clock_path, timedelta(**delta), wall=wall_now())

    def url(self, service: str, path: str) -> str:
        return f"http://{LOOPBACK}:{self.ports[service]}{path}"

    async def call(
        self,
        method: str,
        service: str,
        path: str,
        *,
        role: str,
        unit: str | None = None,
        name: str | None = None,
        headers: dict[str, str] | None = None,
        **request: Any,
    ) -> httpx.Response:
        """One request with a token of that role."""
        token = issue_token(SECRET, role=role, unit=unit, name=name)
        headers = {"Authorization": f"Bearer {token}", **(headers or {})}
        return await self._http.request(method, self.url(service, path), headers=headers, **request)

    async def submit(self, **fields: Any) -> dict[str, Any]:
        """A request at the operator's desk that must become a ticket."""
        body = {
            "channel": "hotline",
            "description": "楼下的路灯已经三天不亮了，晚上走路看不见，请尽快来修。",
            "place": {"region": "159902001001"},
            "category": "0205",
            "reporter": {"name": "赵先生", "phone": "13900001111"},
            **fields,
        }
        answer = await self.call("POST", "intake", "/api/v1/tickets", role="operator", json=body)
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def ticket(self, ticket_id: str) -> dict[str, Any]:
        """The ticket as an operator sees it."""
        answer = await self.call("GET", "intake", f"/api/v1/tickets/{ticket_id}", role="operator")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ticket_in(self, ticket_id: str, state: str) -> dict[str, Any]:
        """The ticket once it is in that state."""
        return await eventually(
            lambda: self.ticket(ticket_id), until=lambda ticket: ticket["state"] == state
        )

    async def deadlines(self, **query: Any) -> list[dict[str, Any]]:
        """The notifier's promises for a ticket, whistle or unit."""
        answer = await self.call(
            "GET", "notifier", "/api/v1/deadlines", role="supervisor", params=query
        )
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def deadline(
        self,
        until: Callable[[dict[str, Any]], bool],
        *,
        kind: str,
        unit: str | None = None,
        **query: Any,
    ) -> dict[str, Any]:
        """The promise of that kind (and unit) once `until` holds for it."""

        async def look() -> list[dict[str, Any]]:
            found = await self.deadlines(**query)
            return [
                d for d in found if d["kind"] == kind and unit in (None, d["unit"]) and until(d)
            ]

        return (await eventually(look))[0]

    async def callback(self, ticket_id: str, result: str, satisfaction: str) -> httpx.Response:
        """What the citizen said when called back."""
        return await self.call(
            "POST",
            "intake",
            f"/api/v1/tickets/{ticket_id}/callbacks",
            role="callback_clerk",
            json={"result": result, "satisfaction": satisfaction},
        )
