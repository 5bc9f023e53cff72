"""`shaodao source`: the systems that tickets come from, with keys and webhooks, over HTTP."""

from typing import Annotated, Any, Literal

import httpx
import typer
from rich.table import Column, Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, local, out, print_json
from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from shared.web.identity import issue_token

app = typer.Typer(help="来源系统、密钥与回调 / source systems", no_args_is_help=True)

System = Annotated[str, typer.Argument(help="系统代码，如 cg12319 / code of the system")]


@app.command()
def add(
    system: System,
    name: Annotated[str, typer.Option(help="名称 / name")],
    line: Annotated[str | None, typer.Option(help="归并热线号码，如 12319 / its line")] = None,
    webhook: Annotated[
        str | None, typer.Option(help="状态回推地址，https:// / told of changes there")
    ] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """登记来源系统；签名密钥只显示这一次 / the signing secret is shown this once."""
    body = {"system": system, "name": name, "line": line, "webhook_url": webhook}
    made = _ask(folder_of(port_base, data), "POST", "", json=body)
    if as_json:
        print_json(made)
        return
    out.print(f"已登记 {system} / added", markup=False)
    if made["secret"]:
        err.print("签名密钥（只显示这一次）/ signing secret, shown this once:")
        print(made["secret"])


@app.command(name="list")
def list_sources(
    port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False
) -> None:
    """列出来源系统 / all systems."""
    items = _ask(folder_of(port_base, data), "GET", "")["items"]
    if as_json:
        print_json(items)
        return
    table = Table("系统 / system", "名称 / name", "线路 / line", "回调 / webhook", "停用 / off")
    for one in items:
        cells = (one["system"], one["name"], one["line"], one["webhook_url"], one["disabled_why"])
        table.add_row(*(cell or "–" for cell in cells))
    out.print(table)


@app.command()
def key(
    system: System,
    scope: Annotated[
        list[str] | None, typer.Option(help="tickets、open311；默认 tickets / good for")
    ] = None,
    revoke: Annotated[str | None, typer.Option(help="吊销此 key_id / revoke this one")] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """签发或吊销 API 密钥；密钥只显示这一次 / a new key, shown this once, or revoke one."""
    folder = folder_of(port_base, data)
    if revoke is not None:
        _ask(folder, "DELETE", f"/{system}/keys/{revoke}")
        out.print(f"已吊销 {revoke} / revoked", markup=False)
        return
    made = _ask(folder, "POST", f"/{system}/keys", json={"scopes": scope or ["tickets"]})
    if as_json:
        print_json(made)
        return
    err.print(f"key_id {made['key_id']}；密钥只显示这一次 / shown this once:", markup=False)
    print(made["key"])


@app.command()
def deliveries(
    system: System,
    state: Annotated[
        Literal["queued", "leased", "sent", "failed", "cancelled"] | None,
        typer.Option(help="只看某种状态 / only this state"),
    ] = None,
    resend: Annotated[str | None, typer.Option(help="重发此 delivery_id / send again")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200)] = 50,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """回推记录；可重发 / what the system was told, and sending one again."""
    folder = folder_of(port_base, data)
    if resend is not None:
        _ask(folder, "POST", f"/{system}/deliveries/{resend}/resend")
        out.print(f"已重新排队 {resend} / queued again", markup=False)
        return
    query = {"limit": limit, **({"state": state} if state else {})}
    items = _ask(folder, "GET", f"/{system}/deliveries", params=query)["items"]
    if as_json:
        print_json(items)
        return
    table = Table(
        Column("delivery_id", overflow="fold"),
        "事件 / type",
        "状态 / state",
        "次数 / tries",
        "错误 / error",
        "时间",
    )
    for one in items:
        cells = (one["delivery_id"], one["template"], one["state"], str(len(one["tries"])))
        table.add_row(*cells, one["last_error"] or "–", local(one["queued_at"]))
    out.print(table)


def _ask(folder: DataFolder, method: str, path: str, **more: Any) -> Any:
    """One request with an ops token; StackError in intake's own words when it refuses."""
    token = issue_token(
        folder.require_secrets().token_secret, role="ops", name="shaodao source", minutes=5
    )
    answer = httpx.request(
        method,
        f"{folder.read_stack()['intake']}/api/v1/sources{path}",
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
        trust_env=False,
        **more,
    )
    if answer.is_success:
        return answer.json() if answer.content else None
    said = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    errors = said.get("errors", [said])
    zh = "；".join(each.get("zh", answer.text[:300]) for each in errors)
    en = "; ".join(each.get("en", f"intake answered {answer.status_code}") for each in errors)
    raise StackError(zh, en)
