"""`shaodao clock`: shows the clock of a stack, moves it forward, or changes how fast it runs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from deploy.cli import notices
from deploy.cli.options import (
    PORT_BASE,
    AsJson,
    Data,
    PortBase,
    folder_of,
    parse_duration,
    parse_rate,
)
from deploy.cli.output import err, out, print_json
from deploy.cli.status import shown_clock
from deploy.local import clock_file
from deploy.local.data_folder import DataFolder

app = typer.Typer(help="查看或拨快时钟 / show or move the clock", no_args_is_help=True)
SHANGHAI = ZoneInfo("Asia/Shanghai")
HELD_AFTER = timedelta(minutes=10)  # as the notifier's rules have it (`telling.toml`)


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
    release: Annotated[
        bool, typer.Option("--release", help="跨过期间到期的提醒随即放行 / release what is held")
    ] = False,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """把时钟向前拨；跨过 10 分钟以上时，其间的提醒合并暂存 / move it forward.

    A leap of more than 10 minutes: rungs fire and are recorded at their own times; what people are
    told of them is held until `shaodao notices release`, or released at once with --release.
    """
    delta = parse_duration(duration)
    folder = _started(port_base, data)
    moved = clock_file.forward(folder.clock, delta, wall=datetime.now(UTC))
    _say(moved)
    if release:
        notices.wait_until_watched(folder, moved)
        done = notices.let_go(folder, words="拨钟后放行", also_quiet=True)
        text = f"已放行 {done['messages']} 条，{done['receivers']} 人各一份汇总 / released"
        out.print(text, markup=False)
    elif delta > HELD_AFTER and folder.is_held():
        err.print("其间到期的提醒已合并暂存：shaodao notices held、release / what fell due is held")


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
