"""`shaodao clock`: shows the clock of a stack, moves it forward, or changes how fast it runs."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from deploy.cli.options import (
    PORT_BASE,
    AsJson,
    Data,
    PortBase,
    folder_of,
    parse_duration,
    parse_rate,
)
from deploy.cli.output import out, print_json
from deploy.cli.status import shown_clock
from deploy.local import clock_file
from deploy.local.data_folder import DataFolder

app = typer.Typer(help="查看或拨快时钟 / show or move the clock", no_args_is_help=True)
SHANGHAI = ZoneInfo("Asia/Shanghai")


@app.command()
def show(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """现在是几点、走多快 / what it shows and how fast it runs."""
    found = shown_clock(_started(port_base, data), wall=datetime.now(UTC))
    if as_json:
        print_json(found)
    else:
        _say(datetime.fromisoformat(found["now"]), found["rate"])


@app.command()
def forward(
    duration: Annotated[str, typer.Argument(help="如 3d、2h、1h30m / how far")],
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """把时钟向前拨 / move it forward."""
    delta = parse_duration(duration)
    folder = _started(port_base, data)
    _say(clock_file.forward(folder.clock, delta, wall=datetime.now(UTC)))


@app.command()
def rate(
    rate: Annotated[str, typer.Argument(help="如 60x / how fast")],
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """改变时钟的快慢 / change how fast it runs."""
    faster = parse_rate(rate)
    folder = _started(port_base, data)
    _say(clock_file.set_rate(folder.clock, faster, wall=datetime.now(UTC)), faster)


def _started(port_base: int, data: "Data") -> DataFolder:
    folder = folder_of(port_base, data)
    folder.require_secrets()
    return folder


def _say(shown: datetime, rate: float | None = None) -> None:
    speed = "" if rate is None else f"  ×{rate:g}"
    out.print(f"{shown.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S} Asia/Shanghai{speed}")
