"""`shaodao up` with the simulated city, as a process on a folder and ports of its own."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from deploy.local.data_folder import PROJECT, SERVICES, DataFolder
from deploy.local.errors import NotRunningError
from deploy.local.plan import CITY, city_name
from deploy.local.ports import Ports, free_base
from deploy.local.processes import Command, Reaper, start
from tests.support.waiting import eventually

CITY_PROCESSES: Final = frozenset(map(city_name, CITY))


@asynccontextmanager
async def whole_city(folder: Path, *, clock: str = "60x") -> AsyncIterator[dict[str, Any]]:
    """Everything `make run` starts; gives what `shaodao status --json` knows of where it is."""
    ports, data, log = Ports(free_base()), folder / "data", folder / "up.log"
    command = Command(
        name="shaodao-up",
        argv=(
            *(sys.executable, "-m", "deploy.cli.main", "up", "--clock", clock, "--no-watch"),
            *("--data", str(data), "--port-base", str(ports.base)),
        ),
        log=log,
        cwd=PROJECT,
        stop_seconds=60,
    )
    reaper = Reaper()
    running = await start(command, reaper=reaper)

    async def where() -> dict[str, Any]:
        assert running.alive, log.read_text("utf-8")
        try:
            found: dict[str, Any] = DataFolder.of(ports.base, data).read_stack()
        except NotRunningError:
            return {}
        return found if found["processes"].keys() >= CITY_PROCESSES else {}

    try:
        yield await eventually(where, within=240, every=0.5)
    finally:
        await running.stop()
        reaper.close()


def scraped(where: dict[str, Any]) -> dict[str, list[str]]:
    """The addresses of the services' metrics, by the job that scrapes them."""
    return {f"shaodao-{name}": [where[name].removeprefix("http://")] for name in SERVICES}
