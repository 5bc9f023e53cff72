"""`shaodao audit`: asks for an audit of all promises, and shows what audits found.

`shaodao audit verify`, of the histories, is in chains.py.
"""

import time
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from deploy.cli.at_notifier import ask
from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, out, print_json
from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError

app = typer.Typer(
    help="审计：时限、历史链 / audits of promises and of histories", no_args_is_help=True
)

LOOK_SECONDS: Final = 0.5
By = Annotated[
    str | None, typer.Option("--by", help="办理人姓名，默认本机用户 / in whose name, as recorded")
]


@app.command()
def run(
    full: Annotated[
        bool, typer.Option("--full", help="全部重算，不只变动的 / everything, not only what moved")
    ] = False,
    wait: Annotated[float, typer.Option(help="最多等几秒 / wait at most")] = 3600.0,
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """从事实记录重算应触发的每一次提醒，与实际比对；不修改任何数据 / exit code 1: mismatches."""
    folder = folder_of(port_base, data)
    asked = ask(folder, "POST", "/audit/runs", role="auditor", by=by, json={"whole": full})
    found = _finished(folder, whole=full, after=asked["after"], seconds=wait)
    if as_json:
        print_json(found)
    else:
        last = found["runs"][0]
        out.print(
            f"核对时限 {last['deadlines']} 项、事实 {last['facts']} 条；未结不符 {found['open']} 项"
            f" / {last['deadlines']} promises, {last['facts']} facts, {found['open']} open",
            soft_wrap=True,
        )
        _show(found["items"])
    if found["open"]:
        raise typer.Exit(1)


@app.command(name="list")
def list_mismatches(
    settled: Annotated[
        bool, typer.Option("--all", help="含已消除、已认定的 / settled, accepted too")
    ] = False,
    kind: Annotated[str | None, typer.Option(help="种类，如 missing_rung / kind")] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """列出不符：应为何、实为何 / what should have been, and what was found."""
    query: dict[str, Any] = {"state": "all" if settled else "open"}
    if kind is not None:
        query["kind"] = kind
    found = ask(folder_of(port_base, data), "GET", "/audit", role="auditor", params=query)
    if as_json:
        print_json(found)
        return
    _show(found["items"])
    out.print(f"未结 {found['open']} 项 / open", markup=False)


@app.command()
def accept(
    mismatch_id: Annotated[int, typer.Argument(help="编号，见 audit list / of the list")],
    words: Annotated[str, typer.Option("--words", help="原因 / why it is understood")],
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """认定一处已查明而无法更改的不符：不再告警，原因留存 / it alarms no more and is kept."""
    path = f"/audit/mismatches/{mismatch_id}/acceptances"
    done = ask(folder_of(port_base, data), "POST", path, by=by, json={"words": words})
    if as_json:
        print_json(done)
        return
    out.print(f"已认定 {mismatch_id}：{done['accepted_words']} / accepted", markup=False)


def _finished(
    folder: DataFolder, *, whole: bool, after: str | None, seconds: float
) -> dict[str, Any]:
    """What the audit shows once a run later than `after` is done; StackError when it is not."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found: dict[str, Any] = ask(folder, "GET", "/audit", role="auditor")
        for each in found["runs"]:
            if each["run_id"] == after:
                break
            if each["finished_at"] and each["whole"] is whole and each["by_role"] == "auditor":
                return found
        time.sleep(LOOK_SECONDS)
    raise StackError(
        f"审计在 {seconds:.0f} 秒内没有完成，仍在进行；稍后用 shaodao audit list 查看。",
        f"the audit was not done in {seconds:.0f} s and goes on; see `shaodao audit list` later",
    )


def _show(items: list[dict[str, Any]]) -> None:
    if not items:
        err.print("没有不符。/ none")
        return
    table = Table(
        "编号 / id", "种类 / kind", "何处 / what", "应为 / expected", "实为 / found", "deadline_id"
    )
    for each in items:
        cells = (each["kind"], each["what"], each["expected"], each["found"], each["deadline_id"])
        table.add_row(str(each["mismatch_id"]), *cells)
    out.print(table)
