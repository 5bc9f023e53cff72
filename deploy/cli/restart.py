"""`shaodao restart`: a new copy of a service beside the old one, which then leaves."""

from typing import Annotated

import typer

from deploy.cli.options import PORT_BASE, Data, PortBase, folder_of
from deploy.cli.output import out
from deploy.local.data_folder import SERVICES
from deploy.local.restarting import ask


def restart(
    service: Annotated[
        str, typer.Argument(help="intake、router、notifier 或 all / which, or all one by one")
    ],
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """滚动重启：新进程就绪后旧进程才退出，请求不中断 / start a service anew, serving on."""
    if service not in (*SERVICES, "all"):
        raise typer.BadParameter(f"{service}：只能是 {'、'.join(SERVICES)} 或 all")
    folder = folder_of(port_base, data)
    for each in SERVICES if service == "all" else (service,):
        process = ask(folder, each)
        out.print(f"{each} 已由新进程 {process} 接替 / process {process} serves now")
