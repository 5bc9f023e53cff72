"""`shaodao accounts` and `shaodao account …`: who may sign in to a stack with a password."""

import asyncio
from collections.abc import Collection
from typing import Annotated

import typer
from rich.table import Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, out, print_json
from deploy.local import accounts as local
from deploy.local.data_folder import DataFolder
from deploy.local.platform import stack_platform
from deploy.local.units import units_of

app = typer.Typer(help="登录账号的增改 / add and change accounts", no_args_is_help=True)

Login = Annotated[str, typer.Argument(help="账号 / login")]


def accounts(port_base: PortBase = PORT_BASE, data: Data = None, as_json: AsJson = False) -> None:
    """列出登录账号和密码 / the accounts of a stack, with the passwords it made up."""
    found = local.list_accounts(folder_of(port_base, data))
    if as_json:
        print_json(
            [
                {
                    "login": account.login,
                    "password": password,
                    "role": account.role.value,
                    "unit": account.unit,
                    "name": account.name,
                    "disabled": account.disabled,
                }
                for account, password in found
            ]
        )
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("账号 login", no_wrap=True)
    table.add_column("密码 password", no_wrap=True)
    for title in ("角色 role", "单位 unit", "姓名 name"):
        table.add_column(title, overflow="fold")
    for account, password in found:
        said = "已停用 disabled" if account.disabled else password or "自设 their own"
        table.add_row(account.login, said, account.role.value, account.unit or "", account.name)
    out.print(table)


@app.command()
def add(
    login: Login,
    role: Annotated[str, typer.Option(help="角色，如 operator、liaison / role")],
    unit: Annotated[str | None, typer.Option(help="单位代码，如 BH-CGJ / unit code")] = None,
    name: Annotated[str, typer.Option(help="姓名 / name")] = "",
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """新增账号，打印随机密码 / a new account; prints the password made up for it."""
    folder = folder_of(port_base, data)
    later = _units_now(folder) if unit is not None else ()
    account, password = local.add_account(
        folder, login, role=role, unit=unit, name=name or login, later=later
    )
    err.print(f"已新增 / added: {account.login}", markup=False)
    print(password)


@app.command()
def disable(login: Login, port_base: PortBase = PORT_BASE, data: Data = None) -> None:
    """停用账号，其登录立即失效 / close an account; its sessions end at once."""
    local.set_disabled(folder_of(port_base, data), login, disabled=True)
    err.print(f"已停用 / disabled: {login}", markup=False)


@app.command()
def enable(login: Login, port_base: PortBase = PORT_BASE, data: Data = None) -> None:
    """恢复账号 / open an account again."""
    local.set_disabled(folder_of(port_base, data), login, disabled=False)
    err.print(f"已恢复 / enabled: {login}", markup=False)


@app.command()
def password(
    login: Login,
    ask: Annotated[
        bool, typer.Option("--ask", help="自行输入，否则随机 / type it; random otherwise")
    ] = False,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """更换密码，其登录立即失效 / change a password; its sessions end at once."""
    given = (
        typer.prompt("新密码 / new password", hide_input=True, confirmation_prompt=True)
        if ask
        else None
    )
    made = local.set_password(folder_of(port_base, data), login, given)
    err.print(f"密码已更换 / changed: {login}", markup=False)
    if given is None:
        print(made)


def _units_now(folder: DataFolder) -> Collection[str]:
    """The units of a running stack, those that were added since its start too."""
    if not folder.is_held():
        return ()
    return {unit.code for unit in asyncio.run(units_of(stack_platform(folder))) if unit.active}
