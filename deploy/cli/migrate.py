"""`shaodao migrate`: brings the databases to this version, or tells how far they are."""

import asyncio
import os
from dataclasses import asdict
from typing import Annotated

import typer

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import out, print_json
from deploy.local.data_folder import SERVICES, DataFolder
from deploy.local.errors import StackError
from deploy.local.migrating import (
    OWNER,
    Standing,
    Target,
    bring_up,
    known_service,
    named_target,
    stack_target,
    standing,
)
from deploy.local.migrating import create as make_database


def migrate(
    service: Annotated[
        str | None, typer.Argument(help="intake、router 或 notifier；默认本机一套的全部 / which")
    ] = None,
    check: Annotated[
        bool,
        typer.Option("--check", help="只看差什么，不修改；缺则退出码 1 / look only; exit code 1"),
    ] = False,
    create: Annotated[
        bool,
        typer.Option(
            "--create", help="先以管理员建库和两个角色 / make database and roles first, as an admin"
        ),
    ] = False,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """执行数据库迁移：部署新版本之前的一次性任务 / run the migrations, before a new version starts.

    部署时由 SHAODAO_OWNER_DATABASE_URL（或 …_FILE）指明库与属主；不设则是本机的一套。
    """
    if create:
        if service is None or check:
            raise typer.BadParameter(
                "--create 需写明一个服务，且不与 --check 同用 / needs a service"
            )
        asyncio.run(make_database(known_service(service), os.environ))
    targets = _targets(service, folder_of(port_base, data))
    if not check:
        for target in targets:
            for name in asyncio.run(bring_up(target)):
                out.print(f"+ {target.service}: {name}", markup=False, soft_wrap=True)
    found = [asyncio.run(standing(target)) for target in targets]
    if as_json:
        print_json([{**asdict(each), "fits": each.fits} for each in found])
    else:
        for each in found:
            _show(each)
    if not all(each.fits for each in found):
        raise typer.Exit(1)


def _targets(service: str | None, folder: DataFolder) -> list[Target]:
    chosen = SERVICES if service is None else (known_service(service),)
    named = named_target(chosen[0], os.environ)
    if named is None:
        return [stack_target(folder, each) for each in chosen]
    if service is None:
        raise StackError(
            f"{OWNER} 指明一个库，请写出是哪个服务：shaodao migrate intake",
            f"{OWNER} names one database; say whose it is: shaodao migrate intake",
        )
    return [named]


def _show(each: Standing) -> None:
    state = "✓ 可以启动" if each.fits else "✗ 不能启动"
    out.print(f"{state} / {each.service}: {each.applied} applied", markup=False)
    for zh, en, names in (
        ("尚未执行", "not applied", each.missing),
        ("执行后被改动", "changed since it was applied", each.changed),
        ("比本版本新（可以）", "newer than this version (fine)", each.newer),
    ):
        if names:
            out.print(f"  {zh} / {en}: {', '.join(names)}", markup=False, soft_wrap=True)
