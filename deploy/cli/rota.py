"""`shaodao rota`: who is on duty; taking a rota from a file, letting somebody stand in, ending."""

import csv
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.table import Column, Table

from deploy.cli.at_notifier import ask
from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import local, out, print_json
from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from shared.calendar import SHANGHAI

app = typer.Typer(help="值班表 / the duty rota", no_args_is_help=True)

COLUMNS: Final = ("post", "unit", "region", "name", "sms", "wecom")
AT_A_TIME: Final = 5000
Unit = Annotated[str | None, typer.Option(help="单位代码 / of a unit")]
Region = Annotated[str | None, typer.Option(help="区或市，6 位 / of a district or the city")]
By = Annotated[str | None, typer.Option("--by", help="办理人姓名 / in whose name, as recorded")]


@app.command(name="list")
def list_rota(
    unit: Unit = None,
    region: Region = None,
    post: Annotated[str | None, typer.Option(help="岗位 / post")] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """谁在值班；联系方式只列种类 / shifts; of addresses only the kinds are told."""
    wanted = {"unit": unit, "region": region, "post": post}
    found = _all(folder_of(port_base, data), {k: v for k, v in wanted.items() if v})
    if as_json:
        print_json(found)
        return
    table = Table(
        Column("shift_id", no_wrap=True),
        "岗位 / post",
        "单位、区划 / of",
        "姓名 / name",
        "途径",
        "起 / from",
        "止 / to",
        "替班",
    )
    for one in found:
        person = one["person"]
        standing = "、".join(each["person"]["name"] for each in one["substitutes"])
        table.add_row(
            *(one["shift_id"], one["post"], one["unit"] or one["region"], person["name"]),
            *(" ".join(person["channels"]), local(one["starts_at"]), local(one["ends_at"])),
            standing,
        )
    out.print(table)


@app.command()
def vacancies(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """哪些单位的哪些岗位无人值班 / posts at which nobody is on duty."""
    found = ask(folder_of(port_base, data), "GET", "/rota/vacancies", role="supervisor")
    if as_json:
        print_json(found)
        return
    for seat in found["items"]:
        out.print(f"{seat['place']}  {seat['post']}", markup=False)
    out.print(f"{len(found['items'])} 个岗位无人值班 / posts are vacant", markup=False)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help=f"CSV：{','.join(COLUMNS)}")],
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """把 CSV 中的人排上值班，全部成功或全部不排 / put the people of a file on duty, all or none."""
    shifts = [_shift(row) for row in _rows(file)]
    body = {"shifts": shifts}
    done = ask(folder_of(port_base, data), "POST", "/rota/shifts", by=by, json=body)
    out.print(f"已排 {len(done['shift_ids'])} 个班次 / shifts added", markup=False)


@app.command()
def substitute(
    shift_id: Annotated[str, typer.Argument()],
    name: Annotated[str, typer.Option(help="替班人姓名 / who stands in")],
    starts_at: Annotated[datetime, typer.Option("--from", help="起，北京时间 / local time")],
    ends_at: Annotated[datetime, typer.Option("--to", help="止，北京时间 / to")],
    reason: Annotated[str, typer.Option(help="原因 / why")],
    sms: Annotated[
        str | None, typer.Option(help="手机号，新登记的人才需要 / of a new person")
    ] = None,
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """由他人替班一段时间 / let somebody stand in for a while."""
    contact = {"contact": {"sms": sms}} if sms else {}
    body = {
        "who": {"name": name, **contact},
        "starts_at": starts_at.replace(tzinfo=SHANGHAI).isoformat(),
        "ends_at": ends_at.replace(tzinfo=SHANGHAI).isoformat(),
        "reason": reason,
    }
    path = f"/rota/shifts/{shift_id}/substitutes"
    ask(folder_of(port_base, data), "POST", path, by=by, json=body)
    out.print(f"{name} 替班 / stands in", markup=False)


@app.command()
def end(
    shift_id: Annotated[str, typer.Argument()],
    words: Annotated[str, typer.Option(help="原因 / why")],
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """结束一个班次 / end a shift now."""
    path = f"/rota/shifts/{shift_id}/ends"
    ask(folder_of(port_base, data), "POST", path, by=by, json={"words": words})
    out.print("已结束 / ended", markup=False)


def _all(folder: DataFolder, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Every shift, page by page."""
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        params = {**query, "limit": 1000, **({"cursor": cursor} if cursor else {})}
        page = ask(folder, "GET", "/rota", role="supervisor", params=params)
        found += page["items"]
        if (cursor := page["next"]) is None:
            return found


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError) as error:
        raise StackError(f"读不了 {file}：{error}", f"cannot read {file}: {error}") from None
    if not rows or (missing := set(COLUMNS) - set(rows[0])):
        names = ", ".join(sorted(missing)) if rows else "—"
        raise StackError(f"{file} 缺少列：{names}", f"{file} lacks the columns {names}")
    if len(rows) > AT_A_TIME:
        raise StackError(f"一次最多 {AT_A_TIME} 行。", f"at most {AT_A_TIME} rows at once")
    return rows


def _shift(row: dict[str, str]) -> dict[str, Any]:
    contact = {each: row[each] for each in ("sms", "wecom") if row[each]}
    who = {"name": row["name"], **({"contact": contact} if contact else {})}
    place = {each: row[each] for each in ("unit", "region") if row[each]}
    return {"post": row["post"], **place, "who": who}
