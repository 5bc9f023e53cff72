"""`shaodao calendar`: shows which years are announced, and loads one into every service."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.table import Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import out, print_json
from deploy.local.data_folder import SERVICES, DataFolder
from deploy.local.errors import StackError
from shared.web.identity import issue_token

app = typer.Typer(help="工作日历 / the calendar of working days", no_args_is_help=True)


@app.command()
def show(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """各服务按哪些年份计算工作日 / what each service reckons by."""
    folder = folder_of(port_base, data)
    found = {name: _ask(folder, name, "GET", "") for name in SERVICES}
    if as_json:
        print_json(found)
        return
    table = Table("服务", "版本 / version", "已公布至 / known until", "已导入 / loaded")
    for name, each in found.items():
        years = "、".join(f"{year['year']}（{year['source']}）" for year in each["years"]) or "–"
        table.add_row(name, each["version"], each["known_until"], years)
    out.print(table)


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="TOML：year、source、holidays、workdays")],
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """导入新公布的一年，暂定的时限随之重新核定 / load a year; provisional due times follow.

    The three services take it one after another; run it again when one of them was away.
    """
    body, folder = read_year(file), folder_of(port_base, data)
    for name in SERVICES:
        answer = _ask(folder, name, "POST", "/years", json=body)
        done = "已导入 / loaded" if answer["changed"] else "原已导入 / known before"
        out.print(f"{name}：{body['year']} 年{done}，{answer['version']}", markup=False)


def read_year(file: Path) -> dict[str, Any]:
    """The year that a file announces; StackError says what is wrong with it."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return {
            "year": int(table["year"]),
            "source": str(table["source"]),
            "holidays": [_day(each) for each in table["holidays"]],
            "workdays": [_day(each) for each in table["workdays"]],
        }
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StackError(f"读不了 {file}：{error}", f"cannot read {file}: {error}") from None
    except KeyError as error:
        raise StackError(f"{file} 缺少 {error}", f"{file} lacks {error}") from None
    except (TypeError, ValueError) as error:
        raise StackError(f"{file} 有误：{error}", f"{file} is wrong: {error}") from None


def _day(value: object) -> str:
    day = value if isinstance(value, date) else date.fromisoformat(str(value))
    return day.isoformat()


def _ask(folder: DataFolder, name: str, method: str, path: str, **body: Any) -> Any:
    token = issue_token(folder.require_secrets().token_secret, role="ops", minutes=5)
    url = f"{folder.read_stack()[name]}/api/v1/calendar{path}"
    headers = {"authorization": f"Bearer {token}"}
    try:
        answer = httpx.request(method, url, headers=headers, timeout=30, trust_env=False, **body)
    except httpx.TransportError as error:
        raise StackError(f"连不上 {name}：{error}", f"cannot reach {name}: {error}") from None
    if answer.is_success:
        return answer.json()
    said = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    errors = said.get("errors") or [said]
    zh = "；".join(str(each.get("zh", answer.text[:200])) for each in errors)
    en = "; ".join(str(each.get("en", answer.status_code)) for each in errors)
    raise StackError(f"{name}：{zh}", f"{name}: {en}")
