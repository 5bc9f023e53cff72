"""`shaodao doctor`: says in words what is missing or wrong on this machine and with this stack."""

import asyncio
import logging
from typing import Annotated

import typer

from deploy.cli.options import PORT_BASE, Data, PortBase, folder_of
from deploy.cli.output import out
from deploy.local.checks import examine
from deploy.local.errors import StackError
from deploy.local.live_checks import examine_at
from deploy.local.ports import Ports

At = Annotated[
    list[str] | None,
    typer.Option("--at", help="运行中的服务：名称=地址，可多次 / a running service: name=URL"),
]


def doctor(port_base: PortBase = PORT_BASE, data: Data = None, at: At = None) -> None:
    """检查缺什么、哪里不对；只读 / what is missing or wrong, reading only; exit code 1 if any is.

    With --at it looks at services that run anywhere, and not at this machine.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is to be refused once
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if at:
        findings = asyncio.run(examine_at(_addresses(at)))
    else:
        findings = asyncio.run(examine(folder_of(port_base, data), Ports(port_base)))
    for finding in findings:
        mark, style = ("✓", "green") if finding.ok else ("✗", "bold red")
        out.print(f"{mark} {finding.zh}", style=style, markup=False, soft_wrap=True)
        if not finding.ok:
            out.print(f"  {finding.en}", style="dim", markup=False, soft_wrap=True)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _addresses(given: list[str]) -> dict[str, str]:
    """`name=URL` each; StackError for anything else."""
    pairs = [each.partition("=") for each in given]
    if wrong := [name for name, _, url in pairs if not url.startswith(("http://", "https://"))]:
        raise StackError(f"--at 写作 名称=地址：{wrong[0]}", "write --at name=http://host:port")
    return {name: url.rstrip("/") for name, _, url in pairs}
