"""`shaodao doctor`: says in words what is missing or wrong on this machine and with this stack."""

import asyncio
import logging

import typer

from deploy.cli.options import PORT_BASE, Data, PortBase, folder_of
from deploy.cli.output import out
from deploy.local.checks import examine
from deploy.local.ports import Ports


def doctor(port_base: PortBase = PORT_BASE, data: Data = None) -> None:
    """检查缺什么、哪里不对 / what is missing or wrong; exit code 1 if anything is."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # it is to be refused once
    findings = asyncio.run(examine(folder_of(port_base, data), Ports(port_base)))
    for finding in findings:
        mark, style = ("✓", "green") if finding.ok else ("✗", "bold red")
        out.print(f"{mark} {finding.zh}", style=style, markup=False, soft_wrap=True)
        if not finding.ok:
            out.print(f"  {finding.en}", style="dim", markup=False, soft_wrap=True)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)
