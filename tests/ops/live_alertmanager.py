"""Debian's Alertmanager as a process, with the project's own configuration and receivers of a test.

Nothing of `deploy/alertmanager/alertmanager.yml` is changed but where receivers are, and how long a
group waits where a test says so: ways of a test take what would go to a paging service and by mail.
"""

import os
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import yaml

from deploy.local.data_folder import PROJECT
from deploy.local.ports import LOOPBACK, free_base
from deploy.local.processes import Command, Reaper
from deploy.local.program import Program

CONFIGURATION: Final = PROJECT / "deploy" / "alertmanager" / "alertmanager.yml"


class LiveAlertmanager:
    """A running Alertmanager over its HTTP API."""

    def __init__(self, address: str, http: httpx.AsyncClient) -> None:
        self.address = address
        self._http = http

    async def take(self, alerts: Sequence[Mapping[str, str]]) -> None:
        """Alerts that fire from now on, by their labels, as Prometheus would tell."""
        body = [{"labels": dict(labels)} for labels in alerts]
        answer = await self._http.post(f"http://{self.address}/api/v2/alerts", json=body)
        answer.raise_for_status()

    async def alerts(self) -> list[dict[str, Any]]:
        """What it knows of them: labels, receivers, status with `inhibitedBy`."""
        answer = await self._http.get(f"http://{self.address}/api/v2/alerts")
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found


@asynccontextmanager
async def alertmanager(
    folder: Path, *, hook: str, waits: str | None = None
) -> AsyncIterator[LiveAlertmanager]:
    """Alertmanager that calls `hook`/<receiver>; skips the test where it is not installed.

    With `waits` a group waits that long, not as long as in the configuration.
    """
    binary = shutil.which("prometheus-alertmanager")
    if binary is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(
            "Debian's package prometheus-alertmanager is not installed"
        )
    address = f"{LOOPBACK}:{free_base()}"
    command = _command(binary, folder, configured(hook, waits), address)
    reaper = Reaper()
    program = Program(command, ready_url=f"http://{address}/-/ready", reaper=reaper)
    try:
        await program.start()
        try:
            async with httpx.AsyncClient(timeout=30, trust_env=False) as http:
                yield LiveAlertmanager(address, http)
        finally:
            await program.stop()
    finally:
        reaper.close()


def _command(binary: str, folder: Path, configuration: Mapping[str, Any], address: str) -> Command:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "alertmanager.yml"
    file.write_text(yaml.safe_dump(configuration, allow_unicode=True), "utf-8")
    return Command(
        name="alertmanager",
        argv=(
            *(binary, f"--config.file={file}", f"--storage.path={folder / 'data'}"),
            *(f"--web.listen-address={address}", "--cluster.listen-address="),
        ),
        log=folder / "alertmanager.log",
    )


def configured(hook: str, waits: str | None) -> dict[str, Any]:
    """The project's configuration, with every receiver a webhook of the test."""
    found: dict[str, Any] = yaml.safe_load(CONFIGURATION.read_text("utf-8"))
    for receiver in found["receivers"]:
        resolved = any(
            way.get("send_resolved")
            for name, ways in receiver.items()
            if name != "name"
            for way in ways
        )
        name = receiver["name"]
        receiver.clear()
        receiver["name"] = name
        receiver["webhook_configs"] = [{"url": f"{hook}/{name}", "send_resolved": resolved}]
    if waits is not None:
        for route in (found["route"], *found["route"]["routes"]):
            if "group_wait" in route:
                route["group_wait"] = waits
            if "group_interval" in route:
                route["group_interval"] = waits
    return found
