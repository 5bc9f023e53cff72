"""`shaodao figures`: the figures at a glance, and the read model built anew from the fact log."""

import time
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from deploy.cli.at_notifier import ask
from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import out, print_json
from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError

app = typer.Typer(help="考核数据 / the figures", no_args_is_help=True)

LOOK_SECONDS: Final = 0.5
SHOWN: Final = ("response", "resolution", "satisfaction", "three_rates", "resolved_in_time")


@app.command()
def show(
    by: Annotated[str, typer.Option(help="city、unit、street、category、day…")] = "city",
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """近三十天的三率，样本量与覆盖率在同一格 / the rates, each with its n and coverage."""
    found = ask(folder_of(port_base, data), "GET", f"/figures?by={by}")
    if as_json:
        print_json(found)
        return
    table = Table("", "名称 / name", "n", *SHOWN)
    for row in found["rows"]:
        cells = (_cell(row["figures"][name]) for name in SHOWN)
        table.add_row(row["key"] or "—", row["name"] or "—", str(row["n"]), *cells)
    out.print(table)


def _cell(figure: dict[str, Any]) -> str:
    if figure["value"] is None:
        return f"— (n={figure['n']})"
    covered = figure["coverage"]["value"]
    rest = "" if covered is None else f", {float(covered):.0%}"
    return f"{float(figure['value']):.1%} (n={figure['n']}{rest})"


@app.command()
def rebuild(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """由事实日志重建全部考核数据，不停止收听 / rebuild from the fact log while facts are heard."""
    done = rebuilt(folder_of(port_base, data))
    if as_json:
        print_json(done)
        return
    out.print(f"已重建到事实日志第 {done['place']} 条 / rebuilt up to there", markup=False)
    for line in compared_lines(done):
        out.print(line, markup=False)


def compared_lines(done: dict[str, Any]) -> list[str]:
    """Whether the rebuilt read model is equal to the one it replaced, and where it is not."""
    if done["equal"] is None:
        zh, en = "重建前的数据落后太多或已损坏，没有比对", "not compared: the set before was behind"
        return [f"{zh} / {en}"]
    if done["equal"]:
        rows = sum(table["n"] for table in done["tables"])
        return [f"与重建前逐行一致，共 {rows} 行 / equal to the set before, row by row"]
    lines = ["与重建前不一致，已换用重建的数据 / differs from the set before, and took its place"]
    for each in done["tables"]:
        if each["only_before"] or each["only_after"]:
            counts = f"原有 {each['only_before']} 行、重建 {each['only_after']} 行不同"
            lines.append(f"  {each['name']}：{counts} / rows of one alone")
    return lines


def rebuilt(folder: DataFolder) -> dict[str, Any]:
    """Begin a rebuild and wait for its end; raises StackError when it fails."""
    status: dict[str, Any] = ask(folder, "POST", "/figures/rebuilds")
    while status["state"] == "running":
        time.sleep(LOOK_SECONDS)
        status = ask(folder, "GET", "/figures/rebuilds")
    if status["state"] != "done":
        raise StackError(f"重建失败：{status['error']}", f"the rebuild failed: {status['error']}")
    return status
