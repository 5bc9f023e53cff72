"""Options every command takes to find its stack, and how durations and rates are written."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from deploy.local.data_folder import DataFolder
from deploy.local.ports import DEFAULT_BASE

PortBase = Annotated[
    int,
    typer.Option(
        "--port-base",
        envvar="SHAODAO_PORT_BASE",
        min=1024,
        max=65500,
        help="端口组的起点：受理 +1，派单 +2，督办 +3，PostgreSQL +4，Kafka +5，短信 +7 / ports",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option("--data", help="数据目录，默认 .data/<port-base> / data folder"),
]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON / as JSON")]

PORT_BASE: int = DEFAULT_BASE

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])")


def folder_of(port_base: int, data: Path | None) -> DataFolder:
    """The data folder the options name."""
    return DataFolder.of(port_base, data)


def parse_duration(text: str) -> timedelta:
    """`3d`, `2h`, `1h30m`, `90s`; typer.BadParameter for anything else."""
    parts = _PART.findall(text)
    if not parts or "".join(n + u for n, u in parts) != text:
        raise typer.BadParameter(f"请写成 3d、2h、1h30m 或 90s：{text} / like 3d, 2h, 1h30m, 90s")
    return sum((timedelta(**{_UNITS[u]: float(n)}) for n, u in parts), timedelta())


def parse_rate(text: str) -> float:
    """`60x` or `60` is 60.0; typer.BadParameter for anything else."""
    try:
        rate = float(text.removesuffix("x"))
    except ValueError:
        rate = 0.0
    if not 0 < rate <= 100_000:
        raise typer.BadParameter(f"请写成 60x：{text} / like 60x, above 0, to 100000x")
    return rate
