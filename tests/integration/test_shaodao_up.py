"""`shaodao up` as a person runs it: it says where it is, comes back, and leaves nothing behind."""

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.local.data_folder import PROJECT, DataFolder
from deploy.local.errors import NotRunningError
from deploy.local.ports import Ports, free_base, refuse_taken
from tests.support.waiting import eventually

pytestmark = pytest.mark.xdist_group("local_stack")


class WholeStack:
    """`shaodao up` and the other commands, as a person runs them, on a folder of its own."""

    def __init__(self, data: Path) -> None:
        self.folder = DataFolder.of(0, data)
        self.ports = Ports(free_base())
        self._where = ("--data", str(data), "--port-base", str(self.ports.base))

    async def said(self, *arguments: str) -> tuple[int | None, str]:
        """Exit code and output of a command."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "deploy.cli.main", *arguments, *self._where),
            cwd=PROJECT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        return process.returncode, output.decode()

    async def up(self) -> asyncio.subprocess.Process:
        """Start it and return when it is ready."""
        with (self.folder.path.parent / "up.log").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "deploy.cli.main", "up", "--no-city", "--clock", "60x"),
                *self._where,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
            )
        ended = asyncio.create_task(process.wait())
        while not self.is_up():
            assert not ended.done(), (self.folder.path.parent / "up.log").read_text()
            await asyncio.wait([ended], timeout=0.2)
        return process

    def is_up(self) -> bool:
        """Whether it has written where it is, which it does when it is ready."""
        try:
            self.folder.read_stack()
        except NotRunningError:
            return False
        return True

    def processes(self) -> list[psutil.Process]:
        """What the running stack consists of."""
        return [
            psutil.Process(int(pid)) for pid, _ in self.folder.read_stack()["processes"].values()
        ]


def _still_there(processes: list[psutil.Process], *, within: float) -> list[psutil.Process]:
    _, alive = psutil.wait_procs(processes, within)
    return [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


async def a_new_unit_is_reached(stack: WholeStack) -> None:
    """A unit that is added while it runs gets its topics without a hand."""
    _, token = await stack.said("token", "ops", "--name", "运维")
    unit = {
        "code": "BH-LSZ",
        "name": "滨河区临时市容整治指挥部",
        "level": "district",
        "kind": "bureau",
        "parent": "BH-GOV",
        "region": "159902",
    }
    url = f"{stack.folder.read_stack()['router']}/api/v1/units"
    headers = {"Authorization": f"Bearer {token.strip()}"}
    async with httpx.AsyncClient(headers=headers, timeout=10, trust_env=False) as client:
        assert (await client.post(url, json=unit)).status_code == 201

        async def reachable() -> bool:
            found = (await client.get(url)).json()["items"]
            return any(each["code"] == "BH-LSZ" for each in found)

        await eventually(reachable, within=60, every=0.5)
    code, topics = await stack.said("topics", "list", "--json")
    assert code == 0
    assert {f"bureau.BH-LSZ.{what}" for what in ("whistles", "reports", "notices")} <= set(
        json.loads(topics)
    )


async def the_doctor_looks_from_outside(stack: WholeStack, found: dict[str, Any]) -> None:
    """By addresses alone; a service that is not there is named."""
    at = [f"--at={name}={found[name]}" for name in ("intake", "router", "notifier")]

    async def looked() -> tuple[int, str]:
        return await stack.said("doctor", *at)

    code, said = await eventually(looked, until=lambda answer: answer[0] == 0, within=60)
    assert said.count("已就绪") == 3
    code, said = await stack.said("doctor", "--at=router=http://127.0.0.1:9")
    assert (code, "router" in said, "无应答" in said) == (1, True, True)
    code, said = await stack.said("dead-letters", "list", "--by", "error", "--json")
    assert (code, json.loads(said)) == (0, [])


async def nothing_tells_a_secret(stack: WholeStack) -> None:
    """What it keeps to itself stands in no log of it, nor in what commands show."""
    kept = asdict(stack.folder.secrets())
    kept.pop("account_passwords")  # `shaodao accounts` shows them
    words = [word for each in kept.values() for word in _words(each)]
    assert len(words) == 11
    shown = {path.name: path.read_text() for path in stack.folder.logs.iterdir()}
    shown["up"] = (stack.folder.path.parent / "up.log").read_text()
    for command in ("status", "doctor"):
        _, shown[command] = await stack.said(command)
    for name, text in shown.items():
        assert not [word for word in words if word in text], name


def _words(kept: str | dict[str, str]) -> list[str]:
    return [kept] if isinstance(kept, str) else list(kept.values())


async def test_a_whole_stack_tells_where_it_is_and_leaves_nothing_behind(tmp_path: Path) -> None:
    stack = WholeStack(tmp_path / "data")
    up = await stack.up()
    code, output = await stack.said("status", "--json")
    found = json.loads(output)
    assert code == 0
    assert found["ready"] is True
    assert {"intake", "router", "notifier", "kafka", "topic_prefix", "postgres"} <= set(found)
    assert found["data"] == str(stack.folder.path)
    assert found["clock"]["rate"] == 60.0
    assert (await stack.said("up"))[0] == 1  # a second one on the same folder is refused
    await nothing_tells_a_secret(stack)
    await the_doctor_looks_from_outside(stack, found)
    processes = stack.processes()
    assert len(processes) == 6  # two servers, three services, the canary
    up.kill()
    await up.wait()
    assert await asyncio.to_thread(_still_there, processes, within=20) == []
    code, output = await stack.said("status")
    assert (code, "shaodao up" in output) == (1, True)

    up = await stack.up()
    processes = stack.processes()
    before = (await stack.said("clock", "show", "--json"))[1]
    assert (await stack.said("clock", "forward", "3d"))[0] == 0
    after = (await stack.said("clock", "show", "--json"))[1]
    moved = [datetime.fromisoformat(json.loads(text)["now"]) for text in (before, after)]
    assert moved[1] - moved[0] >= timedelta(days=3)
    await a_new_unit_is_reached(stack)
    victim = next(p for p in processes if "services.router.app" in p.cmdline())
    victim.kill()

    async def router() -> int:
        return int(stack.folder.read_stack()["processes"]["router"][0])

    assert await eventually(router, until=lambda pid: pid != victim.pid, within=30) != victim.pid
    processes = stack.processes()
    up.terminate()
    assert await up.wait() == 0
    assert await asyncio.to_thread(_still_there, processes, within=1) == []
    refuse_taken(stack.ports.named())
    assert not stack.folder.stack.exists()
