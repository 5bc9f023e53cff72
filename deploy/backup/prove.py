"""Proves a backup: restores it on a server of its own and holds what comes out against what was.

A step is a line, done or failed; nothing of the deployment is touched.
"""

import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import asyncpg

from deploy.backup.contents import contents, differences, figures, open_plain
from deploy.backup.kafka_state import Places, since
from deploy.backup.manifest import Manifest
from deploy.backup.programs import restore
from deploy.local.databases import make_databases
from deploy.local.migrating import Target, bring_up, standing
from deploy.local.ports import Ports, free_base
from deploy.local.postgres import Postgres
from deploy.local.processes import Reaper
from services.intake.store import chains as of_intake
from services.notifier.rebuild import rebuild
from services.notifier.score import score
from services.notifier.store import chains as of_notifier
from services.notifier.store.fact_reading import Settling
from services.router.store import chains as of_router
from shared.runtime import chains
from shared.runtime.clock import wall_now

CHAINS: Final[Mapping[str, ModuleType]] = {
    "intake": of_intake,
    "router": of_router,
    "notifier": of_notifier,
}
QUIET: Final = 3  # looks without a fact that is left: then the follower is at the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was looked at."""

    ok: bool
    zh: str
    en: str


Told = Callable[[Line], None]


@asynccontextmanager
async def scratch_server(folder: Path | None = None) -> AsyncIterator[str]:
    """An administrator's DSN of an empty PostgreSQL, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="shaodao-restore-", dir=folder) as inside:
        os.chmod(inside, 0o755)  # nosec B103: PostgreSQL may have to run as another user
        reaper = Reaper()
        server = Postgres(
            Path(inside) / "postgres",
            port=Ports(free_base()).postgres,
            password=secrets.token_urlsafe(24),
            reaper=reaper,
        )
        try:
            await server.start()
            yield server.admin_dsn
            await server.stop()
        finally:
            reaper.close()


async def prove(folder: Path, admin_dsn: str, told: Told, *, now: Places | None = None) -> bool:
    """Restore every database of a backup and look at each; whether all is as it was.

    `now`: how far the topics are at this moment, where Kafka is reached.
    """
    manifest = Manifest.read(folder)
    lines: list[Line] = []

    def tell(ok: bool, zh: str, en: str) -> None:
        lines.append(Line(ok=ok, zh=zh, en=en))
        told(lines[-1])

    age = wall_now() - manifest.made_at
    tell(True, f"备份于 {_moment(manifest)}，距今 {_words(age)}", f"{_words(age)} old")
    if now is not None:
        lost = since(manifest.ends, now)
        tell(
            True,
            f"若此刻恢复到它：此后已发布的 {lost} 条事件，别的系统知道而库中没有",
            f"restored now, {lost} events published since are known to others and not to us",
        )
    damaged = manifest.damaged(folder)
    named = _list(damaged)
    tell(not damaged, f"文件与清单一致{named}", f"files match their hashes{named}")
    if damaged:
        return False
    for service in manifest.dumps:
        await _service(manifest, folder, admin_dsn, service, tell)
    for beside in manifest.besides:
        tell(True, f"另须保存：{beside.what}（{beside.where}）", f"kept elsewhere: {beside.what}")
    return all(line.ok for line in lines)


async def _service(
    manifest: Manifest,
    folder: Path,
    admin_dsn: str,
    service: str,
    tell: Callable[[bool, str, str], None],
) -> None:
    dump, password = manifest.dumps[service], secrets.token_urlsafe(24)
    made = (await make_databases(admin_dsn, {service: password}, {service: password}))[service]
    await restore(folder / dump.file, made.owner_dsn)
    connection = await open_plain(made.owner_dsn)
    try:
        found = differences(dump.tables, await contents(connection))
    finally:
        await connection.close()
    rows = sum(table.rows for table in dump.tables.values())
    names = [f"{name} ({was} → {now})" for name, was, now in found]
    tell(
        not found,
        f"{service}：已恢复 {len(dump.tables)} 张表、{rows} 行，逐表相同{_list(names)}",
        f"{service}: {len(dump.tables)} tables, {rows} rows, each as it was{_list(names)}",
    )
    target = Target(service=service, owner_dsn=made.owner_dsn, runtime_role=made.role)
    applied, after = await bring_up(target), await standing(target)
    tell(
        after.fits,
        f"{service}：迁移到本版本（补 {len(applied)} 个{_list(applied)}）",
        f"{service}: migrated to this version, +{len(applied)}",
    )
    await _history(service, made.dsn, tell)
    if service == "notifier":
        await _figures(made.dsn, tell)
    if dump.outbox_rows:
        tell(
            True,
            f"{service}：发件箱中 {dump.outbox_rows} 条会再发一次，编号不变，收件方各自去重",
            f"{service}: {dump.outbox_rows} rows of its outbox are sent again, with their old ids",
        )


async def _history(service: str, dsn: str, tell: Callable[[bool, str, str], None]) -> None:
    connection = await open_plain(dsn)
    try:
        report = await chains.verify(connection, CHAINS[service])
    finally:
        await connection.close()
    tell(
        not report.found,
        f"{service}：{report.aggregates} 条历史链、{report.rows} 行，不符 {report.found} 处",
        f"{service}: {report.aggregates} chains of history, {report.found} faults",
    )


async def _figures(dsn: str, tell: Callable[[bool, str, str], None]) -> None:
    """What was worked out as facts came must be what comes out of the whole log again."""
    async with asyncpg.create_pool(dsn, min_size=1, max_size=2) as pool:
        async with pool.acquire() as connection:
            settling, quiet = Settling(), 0
            while quiet < QUIET:
                async with connection.transaction():
                    quiet = 0 if await score(connection, settling) else quiet + 1
        before = await _figures_now(dsn)
        place, _ = await rebuild(pool.acquire)
        found = differences(before, await _figures_now(dsn))
    names = [f"{name} ({was} → {now})" for name, was, now in found]
    tell(
        not found,
        f"notifier：考核数据由事实日志（至第 {place} 条）重建，逐表相同{_list(names)}",
        f"notifier: figures rebuilt from {place} facts are as they were{_list(names)}",
    )


async def _figures_now(dsn: str) -> dict[str, Any]:
    connection = await open_plain(dsn)
    try:
        return dict(await figures(connection))
    finally:
        await connection.close()


def _moment(manifest: Manifest) -> str:
    return manifest.made_at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _words(span: timedelta) -> str:
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{days} d {hours:02}:{minutes:02}:{seconds:02}"


def _list(names: list[str]) -> str:
    return f"：{'；'.join(names)}" if names else ""
