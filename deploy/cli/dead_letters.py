"""`shaodao dead-letters`: lists what a service could not take, and delivers it again."""

import asyncio
from typing import Annotated, Any, Literal

import httpx
import typer
from rich.table import Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, local, out, print_json
from deploy.local.data_folder import SERVICES, DataFolder
from deploy.local.errors import StackError
from shared.web.identity import issue_token

app = typer.Typer(help="死信与搁置的事件 / dead letters and parked events", no_args_is_help=True)

Service = Annotated[
    str | None, typer.Option("--service", help="intake、router、notifier；默认全部 / default all")
]
Kind = Annotated[Literal["dead", "parked"] | None, typer.Option(help="死信或搁置 / only one kind")]
By = Annotated[Literal["error"] | None, typer.Option("--by", help="按错误归并 / one line an error")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只列出，不投递 / only say what it would")]
ErrorCode = Annotated[str | None, typer.Option("--error", help="只看某种错误 / only this error")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="每个服务最多几条 / per service")]


@app.command(name="list")
def list_letters(
    service: Service = None,
    kind: Kind = None,
    error: ErrorCode = None,
    limit: Limit = 100,
    by: By = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """列出死信与搁置的事件 / what waits, oldest first; by error, the largest heap first."""
    folder = folder_of(port_base, data)
    if by == "error":
        _list_heaps(asyncio.run(fetch_heaps(folder, service, kind)), as_json=as_json)
        return
    letters = asyncio.run(fetch(folder, service, kind=kind, error=error, limit=limit))
    if as_json:
        print_json(letters)
        return
    out.print(_table(letters))


@app.command()
def replay(
    dead_letter_id: Annotated[
        int | None, typer.Argument(help="编号；不写则重放所列全部 / id, or all of the list")
    ] = None,
    service: Service = None,
    kind: Kind = None,
    error: ErrorCode = None,
    limit: Limit = 1000,
    dry_run: DryRun = False,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """重新投递给原来的服务；仍失败的照实说明 / deliver again; exit code 1 when some still fail."""
    folder = folder_of(port_base, data)
    if dead_letter_id is not None and service is None:
        raise StackError("请用 --service 指明是哪个服务的编号。", "say whose id it is: --service")
    letters = asyncio.run(fetch(folder, service, kind=kind, error=error, limit=limit))
    chosen = [one for one in letters if dead_letter_id in (None, one["dead_letter_id"])]
    if dead_letter_id is not None and not chosen:
        raise StackError(f"没有编号 {dead_letter_id}。", f"there is no {dead_letter_id}")
    if dry_run:
        out.print(_table(chosen))
        out.print(f"将重放 {len(chosen)} 条；未投递 / would be replayed, nothing was")
        return
    failed = asyncio.run(_replay_all(folder, chosen))
    out.print(f"已重放 {len(chosen) - failed} 条，仍失败 {failed} 条 / replayed, still failing")
    if failed:
        raise typer.Exit(1)


def _table(letters: list[dict[str, Any]]) -> Table:
    table = Table(
        "服务", "编号 / id", "类别", "主题 / topic", "键 / key", "错误 / error", "时间", "次数"
    )
    for one in letters:
        where = f"{one['topic']}[{one['partition']}]@{one['offset']}"
        what = f"{one['error_code']}：{one['error']}"
        table.add_row(
            *(one["service"], str(one["dead_letter_id"]), one["kind"], where, str(one["key"])),
            *(what, local(one["at"]), str(one["attempts"])),
        )
    return table


def _list_heaps(heaps: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(heaps)
        return
    table = Table("服务", "类别", "错误 / error", "件数 / n", "最早 / oldest", "最近 / latest")
    for heap in heaps:
        table.add_row(
            *(heap["service"], heap["kind"], heap["error"], str(heap["n"])),
            *(local(heap["oldest"]), local(heap["latest"])),
        )
    out.print(table)


async def fetch_heaps(
    folder: DataFolder, service: str | None, kind: str | None
) -> list[dict[str, Any]]:
    """What waits, by error: each heap with its `service`, the largest first."""
    heaps = []
    async with _client(folder) as client:
        for name, url in _urls(folder, service).items():
            answer = await client.get(
                f"{url}/api/v1/dead-letters/errors", params={"kind": kind} if kind else None
            )
            _require_ok(name, answer)
            heaps += [{"service": name, **one} for one in answer.json()["items"]]
    return sorted(heaps, key=lambda heap: -heap["n"])


async def fetch(
    folder: DataFolder,
    service: str | None,
    *,
    kind: str | None,
    error: str | None,
    limit: int,
) -> list[dict[str, Any]]:
    """The dead letters of one service or of all, each with its `service`."""
    wanted = {"kind": kind, "error": error, "limit": limit}
    query = {key: value for key, value in wanted.items() if value is not None}
    letters = []
    async with _client(folder) as client:
        for name, url in _urls(folder, service).items():
            answer = await client.get(f"{url}/api/v1/dead-letters", params=query)
            _require_ok(name, answer)
            letters += [{"service": name, **one} for one in answer.json()["items"]]
    return letters


async def _replay_all(folder: DataFolder, letters: list[dict[str, Any]]) -> int:
    """Replay one after the other, in order; returns how many failed again."""
    failed = 0
    async with _client(folder) as client:
        for one in letters:
            url = _urls(folder, one["service"])[one["service"]]
            path = f"{url}/api/v1/dead-letters/{one['dead_letter_id']}/replay"
            answer = await client.post(path, params={"kind": one["kind"]})
            _require_ok(one["service"], answer)
            if not answer.json()["replayed"]:
                failed += 1
                name = f"{one['service']} {one['dead_letter_id']}"
                err.print(f"{name}：{answer.json()['error']}", markup=False)
    return failed


def _client(folder: DataFolder) -> httpx.AsyncClient:
    token = issue_token(folder.require_secrets().token_secret, role="ops", minutes=30)
    headers = {"authorization": f"Bearer {token}"}
    return httpx.AsyncClient(headers=headers, timeout=60, trust_env=False)


def _urls(folder: DataFolder, service: str | None) -> dict[str, str]:
    if service is not None and service not in SERVICES:
        raise StackError(f"没有服务 {service}。", f"no service {service}: {', '.join(SERVICES)}")
    stack = folder.read_stack()
    return {name: stack[name] for name in SERVICES if service in (None, name)}


def _require_ok(service: str, answer: httpx.Response) -> None:
    if answer.status_code != 200:
        raise StackError(
            f"{service} 答复 {answer.status_code}：{answer.text[:300]}",
            f"{service} answered {answer.status_code}",
        )
