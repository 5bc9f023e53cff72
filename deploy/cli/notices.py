"""`shaodao notices`: what is held back after an outage or a leap of the clock, and its release."""

import time
from datetime import datetime
from typing import Annotated, Any, Final

import typer
from rich.table import Table

from deploy.cli.at_notifier import ask
from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import local, out, print_json
from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError

app = typer.Typer(
    help="暂存与放行的提醒 / what people are told, held and released", no_args_is_help=True
)

WAIT_SECONDS: Final = 60.0
LOOK_SECONDS: Final = 0.25
WHY: Final = {"outage": "停摆 / outage", "jump": "时钟跳跃 / the clock leapt"}


@app.command()
def held(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """停摆或跳时之后暂存了多少、给谁、最早何时 / how much is held, for whom, since when."""
    found = ask(folder_of(port_base, data), "GET", "/notices/held")
    if as_json:
        print_json(found)
        return
    summary = f"暂存 {found['messages']} 条，{found['receivers']} 人 / held, for so many people"
    out.print(summary, markup=False)
    if found["behind"]:
        zh = f"值守还在补 {local(found['watched_to'])} 之后的时限，补完再放行"
        out.print(f"{zh} / still catching up: release later", markup=False)
    for gap in found["gaps"]:
        out.print(
            f"{WHY[gap['why']]}：{local(gap['from_at'])} → {local(gap['to_at'])}", markup=False
        )
    if found["items"]:
        table = Table("单位、区划 / of", "姓名 / name", "条 / n", "最早 / oldest")
        for one in found["items"]:
            where = one["unit"] or one["region"]
            table.add_row(where, one["name"], str(one["n"]), local(one["oldest"]))
        out.print(table)


@app.command()
def release(
    words: Annotated[str, typer.Option("--words", help="放行理由 / why")] = "人工放行",
    also_quiet: Annotated[
        bool, typer.Option("--also-quiet", help="静默时段也发 / also in the quiet hours")
    ] = False,
    by: Annotated[str | None, typer.Option("--by", help="办理人姓名 / in whose name")] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """放行：每人只收到一份汇总 / let go of all that is held: one digest a person."""
    done = let_go(folder_of(port_base, data), words=words, also_quiet=also_quiet, by=by)
    if as_json:
        print_json(done)
        return
    out.print(
        f"已放行 {done['messages']} 条，{done['receivers']} 人各一份汇总 / released",
        markup=False,
    )


def let_go(
    folder: DataFolder, *, words: str, also_quiet: bool = False, by: str | None = None
) -> dict[str, Any]:
    """Release what is held now; how much, for how many."""
    body = {"words": words, "also_quiet": also_quiet}
    done: dict[str, Any] = ask(folder, "POST", "/notices/release", by=by, json=body)
    return done


def wait_until_watched(folder: DataFolder, moment: datetime) -> dict[str, Any]:
    """What is held once the watch has seen that moment and fired all that fell due before it."""
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        found: dict[str, Any] = ask(folder, "GET", "/notices/held")
        watched_to = found["watched_to"]
        seen = watched_to is not None and datetime.fromisoformat(watched_to) >= moment
        if seen and not found["behind"]:
            return found
        time.sleep(LOOK_SECONDS)
    raise StackError(
        "督办服务还没有处理完跨过的时间。", "the notifier is still firing what fell due"
    )
