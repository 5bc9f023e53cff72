"""`shaodao backup` and `shaodao restore-check`: takes a backup, and proves it by restoring."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.backup.kafka_state import Places, ends, rewind
from deploy.backup.manifest import Manifest
from deploy.backup.place import Place, named_place, stack_place
from deploy.backup.prove import Line, Told, prove, scratch_server
from deploy.backup.take import take
from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, out, print_json
from deploy.local.data_folder import DataFolder
from deploy.local.errors import NotRunningError, StackError
from deploy.local.migrating import known_service
from shared.contracts.topics import CITY_TOPICS

MEBIBYTE = 1 << 20


def backup(
    folder: Annotated[Path, typer.Argument(help="放备份的目录，其下按时间建子目录 / where to")],
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """备份三个库、收听位置与清单，不停服务 / back everything up while it runs.

    部署由 SHAODAO_ADMIN_DATABASE_URL（或 …_FILE）与 SHAODAO_KAFKA_… 指明；不设则是本机的一套。
    """
    place = named_place() or stack_place(folder_of(port_base, data))
    inside = folder / datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    manifest = asyncio.run(take(place, inside))
    for service, dump in manifest.dumps.items():
        rows = sum(table.rows for table in dump.tables.values())
        sizes = f"{dump.database_bytes / MEBIBYTE:.1f} → {dump.file_bytes / MEBIBYTE:.1f} MiB"
        out.print(f"{service}：{len(dump.tables)} 张表、{rows} 行，{sizes}", soft_wrap=True)
    for beside in manifest.besides:
        err.print(f"另须保存 / keep as well: {beside.what} — {beside.where}", markup=False)
    print(inside)


def restore_check(
    folder: Annotated[Path, typer.Argument(help="一份备份 / a backup")],
    scratch: Annotated[
        Path | None, typer.Option(help="临时服务器放在哪里 / where the scratch server may lie")
    ] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """在临时服务器上恢复一份备份并逐项核对；不触动现有数据 / exit code 1 when something differs."""
    lines: list[Line] = []

    def tell(line: Line) -> None:
        lines.append(line)
        if not as_json:
            mark, style = ("✓", "green") if line.ok else ("✗", "bold red")
            out.print(f"{mark} {line.zh} / {line.en}", style=style, markup=False, soft_wrap=True)

    whole = asyncio.run(_proved(folder, scratch, folder_of(port_base, data), tell=tell))
    if as_json:
        told = [{"ok": line.ok, "zh": line.zh, "en": line.en} for line in lines]
        print_json({"proved": whole, "lines": told})
    if not whole:
        raise typer.Exit(1)


def rewind_consumers(
    folder: Annotated[Path, typer.Argument(help="恢复所用的备份 / the backup that was restored")],
    service: Annotated[str, typer.Option(help="恢复了哪个服务的库 / whose database was restored")],
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """恢复一个库之后：把该服务的收听位置退回到备份时；服务须已停 / set its groups back."""
    place = named_place() or stack_place(folder_of(port_base, data))
    if place.broker is None:
        raise StackError("请设置 SHAODAO_KAFKA_BOOTSTRAP。", "set SHAODAO_KAFKA_BOOTSTRAP")
    own = f"{place.prefix}{known_service(service)}"
    groups = {
        group: places
        for group, places in Manifest.read(folder).heard.items()
        if group == own or group.startswith(f"{own}.")
    }
    moved = asyncio.run(rewind(place.broker, groups))
    out.print(f"{len(groups)} 个消费组、{moved} 个分区已退回 / set back", markup=False)


async def _proved(folder: Path, scratch: Path | None, running: DataFolder, *, tell: Told) -> bool:
    manifest = Manifest.read(folder)
    now = await _ends_now(running) if manifest.ends else None
    async with scratch_server(scratch) as admin_dsn:
        return await prove(folder, admin_dsn, tell, now=now)


async def _ends_now(running: DataFolder) -> Places | None:
    """How far the topics are now; None where no Kafka is reached."""
    try:
        place: Place = named_place() or stack_place(running)
    except NotRunningError:
        return None
    if place.broker is None:
        return None
    return await ends(place.broker, [f"{place.prefix}{topic.name}" for topic in CITY_TOPICS])
