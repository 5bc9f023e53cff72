"""`shaodao up`: starts the whole stack here, keeps it running, and ends it on Ctrl-C."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from deploy.cli.options import PORT_BASE, Data, PortBase, folder_of, parse_rate
from deploy.cli.output import err
from deploy.cli.progress import Screen
from deploy.local.data_folder import SERVICES
from deploy.local.errors import StackError
from deploy.local.plan import Options, service_url
from deploy.local.ports import Ports
from deploy.local.processes import Command, Running, start
from shared.runtime.settings import KafkaSettings

if TYPE_CHECKING:
    from deploy.local.stack import Stack

DEMO_START = datetime.fromisoformat(
    "2026-11-23T08:30:00+08:00"
)  # a working Monday in the heating season
PAGES = (  # what there is to see, and an account for it
    ("受理台", "intake", "/desk", "operator"),
    ("派单台", "router", "/dispatch", "dispatcher"),
    ("审核台", "router", "/reviews", "reviewer"),
    ("承办工作台", "router", "/workbench", "liaison"),
    ("吹哨台", "router", "/console", "street"),
    ("督办看板", "notifier", "/board", "supervisor"),
    ("手机看板", "notifier", "/board/m", "leader"),
    ("每日简报", "notifier", "/brief", "leader"),
    ("对接说明", "router", "/contracts", "liaison"),
    ("群众端", "intake", "/r", None),
)


def up(
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="清空数据重来 / wipe the data")] = False,
    clock: Annotated[
        str | None, typer.Option(help="时钟倍率，如 60x；默认真实时间 / how fast the clock runs")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--start", help="新时钟的起点，如 2026-09-14T08:30+08:00 / where it begins"),
    ] = None,
    city: Annotated[bool, typer.Option(help="是否带模拟城市 / with the simulated city")] = True,
    canary: Annotated[
        bool, typer.Option(help="每分钟一张全程探测工单 / a ticket through the whole path a minute")
    ] = True,
    watch: Annotated[
        bool | None,
        typer.Option(help="就绪后显示工单动态；默认随模拟城市 / show the life of tickets"),
    ] = None,
    secure: Annotated[
        bool,
        typer.Option(
            "--secure",
            envvar="SHAODAO_SECURE",
            help="Kafka 验明身份，各部门只能读写自己的主题 / Kafka asks who is there",
        ),
    ] = False,
    topic_prefix: Annotated[
        str | None, typer.Option(envvar="SHAODAO_TOPIC_PREFIX", help="主题名前缀 / topic prefix")
    ] = None,
) -> None:
    """启动整套哨到：PostgreSQL、Kafka、三个服务和模拟城市 / start the whole stack."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    rate = None if clock is None else parse_rate(clock)
    hurried = rate is not None and rate != 1.0
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP") or None
    kafka = KafkaSettings(kafka_bootstrap=bootstrap) if bootstrap else None
    options = Options(
        folder=folder_of(port_base, data),
        ports=Ports(port_base),
        fresh=fresh,
        city=city,
        canary=canary,
        rate=rate,
        clock_start=_moment(start) if start else DEMO_START if city and hurried else None,
        database_url=os.environ.get("DATABASE_URL") or None,
        kafka=kafka,
        secure=secure,
        topic_prefix=topic_prefix or (f"s{port_base}." if kafka else ""),
        database_prefix=f"s{port_base}_" if os.environ.get("DATABASE_URL") else "",
    )
    with options.folder.hold():
        asyncio.run(_run(options, watch=city if watch is None else watch))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise typer.BadParameter(f"请写带时区的时间，如 2026-09-14T08:30+08:00：{text}")
    return moment


async def _run(options: Options, *, watch: bool) -> None:
    """Start, show, wait for a signal, end."""
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, asked.set)
    with Screen() as screen:
        stack = _new_stack(options, screen)
        if not await _until(asked, stack.start()):
            err.print("已中止启动，全部停止。/ stopped before it was ready")
            raise typer.Exit(1)
    _show(options)
    viewer = await _viewer(stack) if watch else None
    try:
        await _until(asked, stack.wait())
    finally:
        if viewer is not None:
            await viewer.stop()
        err.print("正在停止…… / stopping")
        await stack.stop()
        err.print("已全部停止。/ all stopped")


def _new_stack(options: Options, screen: Screen) -> "Stack":
    """What an image does not have is asked for only here: Java, and who fetches Kafka's jars."""
    try:
        from deploy.local.stack import Stack
    except ModuleNotFoundError as error:
        raise StackError(
            f"没有内嵌的服务器（缺少 {error.name}）；shaodao up 用于源码目录：先 make setup。",
            f"no embedded servers are installed here ({error.name} is missing); run `make setup`",
        ) from error
    return Stack(options, screen)


async def _until(asked: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work unless asked to stop before it is done; returns whether it was done."""
    task = asyncio.create_task(work)
    waiting = asyncio.create_task(asked.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if task.done():
        task.result()
        return True
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    return False


async def _viewer(stack: "Stack") -> Running:
    """`shaodao watch` beside us on the same terminal."""
    whole = ("--from-beginning",) if stack.is_new else ()  # what was said before it looks
    shaodao = (sys.executable, "-m", "deploy.cli.main")
    argv = (*shaodao, "watch", "--data", str(stack.folder.path), *whole)
    return await start(
        Command(name="watch", argv=argv, log=None, stop_seconds=3), reaper=stack.reaper
    )


def _show(options: Options) -> None:
    """Addresses of services and pages, with an account for each, for people."""
    services = Table(title="哨到已就绪 / ready", title_justify="left", box=None, pad_edge=False)
    services.add_column("服务 service", no_wrap=True)
    services.add_column("地址 address", no_wrap=True)
    for service in SERVICES:
        services.add_row(service, service_url(options.ports, service))
    services.add_row("data", str(options.folder.path))
    err.print(services)
    passwords = options.folder.secrets().account_passwords
    pages = Table(box=None, pad_edge=False)
    for title in ("页面 page", "地址 address", "账号 login", "密码 password"):
        pages.add_column(title, no_wrap=True)
    for label, service, path, login in PAGES:
        url = service_url(options.ports, service) + path
        pages.add_row(label, url, login or "", passwords.get(login or "", ""))
    err.print()
    err.print(pages)
    err.print()
    err.print(
        "其他账号：shaodao accounts；程序用的令牌：shaodao token ROLE [--unit CODE]；停止：Ctrl-C",
        "\nother accounts: shaodao accounts; tokens for programs: shaodao token ROLE; Ctrl-C stops",
        markup=False,
        soft_wrap=True,
    )
