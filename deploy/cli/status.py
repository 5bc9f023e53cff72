"""`shaodao status`: where the parts of a running stack are, and whether it is ready."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import typer
from rich.table import Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import out, print_json
from deploy.local.data_folder import SERVICES, DataFolder
from deploy.local.program import is_ready
from shared.runtime.clock import read_segments

KEYS = (*SERVICES, "kafka", "kafka_security", "topic_prefix", "postgres", "databases", "data")


def status(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """正在运行的哨到在哪里、是否就绪 / where a running stack is; exit code 1 when not ready."""
    found = asyncio.run(describe(folder_of(port_base, data)))
    if as_json:
        print_json(found)
    else:
        out.print(_table(found))
    if not found["ready"]:
        raise typer.Exit(1)


async def describe(folder: DataFolder) -> dict[str, Any]:
    """The running stack in the shape of CONTRACTS: addresses, prefix, clock and readiness now."""
    stack = folder.read_stack()
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        ready = await asyncio.gather(*(is_ready(client, f"{stack[s]}/ready") for s in SERVICES))
    return {
        "ready": all(ready),
        **{key: stack[key] for key in KEYS},
        "sms": stack.get("sms"),
        "clock": shown_clock(folder, wall=datetime.now(UTC)),
    }


def shown_clock(folder: DataFolder, *, wall: datetime) -> dict[str, Any]:
    """What the stack's clock shows at `wall`, how fast it runs, and its file."""
    last = read_segments(folder.clock)[-1]
    return {"now": last.at(wall).isoformat(), "rate": last.rate, "file": str(folder.clock)}


def _table(found: dict[str, Any]) -> Table:
    title = "已就绪 / ready" if found["ready"] else "未就绪 / not ready（shaodao doctor）"
    table = Table(title=title, title_justify="left", show_header=False)
    for key in (*SERVICES, "kafka", "topic_prefix", "data"):
        table.add_row(key, str(found[key]))
    security = found["kafka_security"]
    asked = f"{security['protocol']} {security['mechanism']}" if security else "–"
    table.add_row("kafka_security", asked)
    table.add_row("sms", found["sms"] or "–")
    table.add_row("postgres", found["postgres"].rpartition("@")[2])
    table.add_row("clock", f"{found['clock']['now']}  ×{found['clock']['rate']:g}")
    return table
