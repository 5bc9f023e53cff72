"""`shaodao duties`: the duty list, drafted, tried on past tickets and published, over HTTP."""

import csv
import io
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.cli.duty_list import COLUMNS, ask, dry_run_lines, read_rows, rows_of
from deploy.cli.duty_tables import duties_table, proposals_table, versions_table
from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, out, print_json
from deploy.local.errors import StackError

app = typer.Typer(help="职责清单 / the duty list", no_args_is_help=True)

Number = Annotated[int, typer.Argument(min=1, help="版本号 / version")]
By = Annotated[
    str | None, typer.Option("--by", help="办理人姓名，默认本机用户 / in whose name, as recorded")
]
AtVersion = Annotated[
    int | None, typer.Option("--version", min=1, help="版本号，默认现行 / default: the published")
]


@app.command(name="list")
def list_duties(
    version: AtVersion = None,
    subject: Annotated[str | None, typer.Option(help="类别或职能 / category or function")] = None,
    region: Annotated[str | None, typer.Option(help="区划，含下级 / and all within")] = None,
    unit: Annotated[str | None, typer.Option(help="单位 / unit")] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """列出一版清单 / the rows of a version."""
    query = {"version": version, "subject": subject, "region": region, "unit": unit}
    found = list(rows_of(folder_of(port_base, data), query))
    if as_json:
        print_json(found)
        return
    out.print(duties_table(found))


@app.command()
def versions(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """列出各版本：谁起草、谁发布、试算结果 / all versions, newest first."""
    items = ask(folder_of(port_base, data), "GET", "/versions")["items"]
    if as_json:
        print_json(items)
        return
    out.print(versions_table(items))


@app.command()
def draft(
    note: Annotated[str, typer.Option(help="为什么要改 / what it is for")],
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """由现行清单起草新版；同时只有一份草稿 / a draft with the published rows, one at a time."""
    made = ask(folder_of(port_base, data), "POST", "/drafts", by=by, json={"note": note})
    if as_json:
        print_json(made)
        return
    out.print(f"草稿：第 {made['version']} 版 / draft v{made['version']}", markup=False)


@app.command()
def export(
    version: AtVersion = None,
    file: Annotated[Path | None, typer.Option(help="写到文件，默认标准输出 / to a file")] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """导出为 CSV，可在表格软件中修改后用 edit 导入 / as CSV, for `edit` to take in again."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((*COLUMNS, "duty_id"))
    for row in rows_of(folder_of(port_base, data), {"version": version}):
        writer.writerow([row[column] or "" for column in (*COLUMNS, "duty_id")])
    if file is None:
        sys.stdout.write(text.getvalue())
    else:
        file.write_text(text.getvalue(), encoding="utf-8-sig")  # so that Excel reads it too
        err.print(f"已写入 {file} / written", markup=False)


@app.command()
def edit(
    version: Number,
    file: Annotated[Path, typer.Argument(help="CSV：整张清单 / the whole list as CSV")],
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """用 CSV 替换草稿的全部行，错处逐行指明 / every fault is told by its line."""
    rows, lines = read_rows(file)
    folder = folder_of(port_base, data)
    path = f"/rows?version={version}"
    after = ask(folder, "PUT", path, by=by, lines=lines, json={"rows": rows})
    changed = ask(folder, "GET", f"/versions/{version}/changes")
    if as_json:
        print_json({"version": after, "changes": changed})
        return
    counts = (len(changed[what]) for what in ("added", "changed", "removed"))
    out.print("相对原版：新增 {} 行，修改 {} 行，删除 {} 行".format(*counts), markup=False)


@app.command(name="dry-run")
def dry_run(
    version: Number,
    day: Annotated[str | None, typer.Option(help="按哪一天有效的行比较 / rows of this day")] = None,
    since: Annotated[
        datetime | None, typer.Option(help="只看此后登记的 / registered since, UTC")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option(help="只看此前登记的 / registered before, UTC")
    ] = None,
    shown: Annotated[int, typer.Option(min=0, help="列出几条变化 / how many to show")] = 20,
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """用历史工单试算草稿：哪些会改派、各类各单位多少 / replay past tickets against a draft."""
    bounds = {"since": since, "until": until}
    body = {
        "day": day,
        **{k: f"{at.isoformat()}Z" if at else None for k, at in bounds.items()},
    }
    told = 0
    for line in dry_run_lines(folder_of(port_base, data), version, body, by):
        if as_json:
            print(json.dumps(line, ensure_ascii=False))
        elif line["kind"] == "change":
            told += 1
            if told <= shown:
                _print_change(line)
        elif line["kind"] == "totals":
            _print_totals(line, told - min(told, shown))
        if line["kind"] == "error":
            raise StackError(line["zh"], line["en"])


@app.command()
def publish(
    version: Number,
    note: Annotated[str, typer.Option(help="发布说明 / a word on it")] = "",
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """发布草稿；起草人不能自己发布 / publish it: not by who had a hand in the draft."""
    path, folder = f"/drafts/{version}/publish", folder_of(port_base, data)
    done = ask(folder, "POST", path, role="supervisor", by=by, json={"note": note})
    if as_json:
        print_json(done)
        return
    out.print(f"第 {version} 版已发布（{done['published_by']}）/ published", markup=False)


@app.command()
def discard(
    version: Number, by: By = None, port_base: PortBase = PORT_BASE, data: Data = None
) -> None:
    """放弃草稿 / give a draft up."""
    ask(folder_of(port_base, data), "DELETE", f"/drafts/{version}", by=by)
    out.print(f"第 {version} 版已放弃 / discarded", markup=False)


@app.command()
def proposals(
    state: Annotated[str, typer.Option(help="proposed、taken、adopted、dismissed")] = "proposed",
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """裁定带来的建议行 / rows that rulings propose."""
    folder = folder_of(port_base, data)
    items = ask(folder, "GET", "/proposals", params={"state": state, "limit": 500})["items"]
    if as_json:
        print_json(items)
        return
    out.print(proposals_table(items))


@app.command()
def take(
    proposal_id: Annotated[str, typer.Argument()],
    version: Annotated[int, typer.Option("--version", min=1, help="草稿 / the draft")],
    region: Annotated[str | None, typer.Option(help="改为更大的区划 / a wider region")] = None,
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """把建议列入草稿 / take a proposal into the draft."""
    body = {"version": version, "row": {"region": region} if region else {}}
    path = f"/proposals/{proposal_id}/taking"
    ask(folder_of(port_base, data), "POST", path, by=by, json=body)
    out.print(f"已列入第 {version} 版草稿 / taken", markup=False)


@app.command()
def dismiss(
    proposal_id: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option(help="理由 / why")],
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """不采纳建议 / dismiss a proposal."""
    path = f"/proposals/{proposal_id}/dismissal"
    ask(folder_of(port_base, data), "POST", path, by=by, json={"reason": reason})
    out.print("不采纳 / dismissed", markup=False)


def _print_change(change: dict[str, Any]) -> None:
    old, new = change["old"], change["new"]
    held = "人工派单 / held"
    out.print(
        f"{change['number']}  {change['category'] or '–'}  {change['region'] or '–'}  "
        f"{old['lead'] or held} → {new['lead'] or held}",
        markup=False,
        soft_wrap=True,
    )
    for mark, answer in (("-", old), ("+", new)):
        trace = "；".join(answer["trace"])
        out.print(f"   {mark} {trace}", style="dim", markup=False, soft_wrap=True)


def _print_totals(totals: dict[str, Any], more: int) -> None:
    if more:
        out.print(f"…… 另有 {more} 条 / {more} more", markup=False)
    share = totals["changed"] / totals["examined"] if totals["examined"] else 0
    out.print(
        f"按 {totals['day']} 有效的行：{totals['examined']} 件中 {totals['changed']} 件会变"
        f"（{share:.1%}），其中转人工 {totals['newly_held']} 件，由人工变自动 "
        f"{totals['newly_clear']} 件，只变协办或知会 {totals['only_others']} 件",
        markup=False,
        soft_wrap=True,
    )
    units = Table("单位 / unit", "增 / gained", "减 / lost")
    for code, moved in totals["by_unit"].items():
        units.add_row(code, str(moved["gained"]), str(moved["lost"]))
    categories = Table("类别 / category", "件 / tickets")
    for code, count in totals["by_category"].items():
        categories.add_row(code or "–", str(count))
    if totals["changed"]:
        out.print(units, categories)
