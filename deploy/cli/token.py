"""`shaodao token`: prints a bearer token of a role, signed with the stack's own secret."""

from typing import Annotated

import typer

from deploy.cli.options import PORT_BASE, Data, PortBase, folder_of
from deploy.local.errors import StackError
from shared.contracts.parts import Role
from shared.web.identity import issue_token


def token(
    role: Annotated[str, typer.Argument(help="角色，如 operator、dispatcher、liaison / role")],
    unit: Annotated[str | None, typer.Option(help="单位代码，如 BH-CGJ / unit code")] = None,
    name: Annotated[str | None, typer.Option(help="姓名 / name")] = None,
    minutes: Annotated[int, typer.Option(min=1, help="有效分钟数 / valid for")] = 480,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
) -> None:
    """签发访问令牌 / issue a bearer token."""
    secret = folder_of(port_base, data).require_secrets().token_secret
    if role not in {known.value for known in Role}:
        names = "、".join(known.value for known in Role)
        raise StackError(f"没有角色 {role}。可用：{names}", f"no role {role}; there are: {names}")
    print(issue_token(secret, role=role, unit=unit, name=name, minutes=minutes))
