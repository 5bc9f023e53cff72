"""`shaodao audit verify`: recomputes the hash chains of every history and names what is broken."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from types import ModuleType
from typing import Annotated, Final

import asyncpg
import typer
from rich.table import Column, Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import err, out, print_json
from deploy.local.data_folder import SERVICES, DataFolder
from deploy.local.errors import StackError
from services.intake.store import chains as of_intake
from services.notifier.store import chains as of_notifier
from services.router.store import chains as of_router
from shared.calendar import SHANGHAI
from shared.runtime.chains import FaultKind, Report, verify
from shared.runtime.settings import DatabaseSettings

OWNERS: Final[Mapping[str, ModuleType]] = {
    "intake": of_intake,
    "router": of_router,
    "notifier": of_notifier,
}
KINDS: Final[Mapping[FaultKind, str]] = {
    FaultKind.CHANGED: "该行内容与其哈希不符 / the row does not have its own hash",
    FaultKind.GAP: "此前缺行 / a row before it is missing",
    FaultKind.UNLINKED: "与上一行不相接 / it does not follow the row before it",
    FaultKind.TAIL: "末尾缺行或多行 / the aggregate names another last row",
    FaultKind.NO_AGGREGATE: "对象已不存在 / the aggregate is gone",
    FaultKind.NO_HISTORY: "没有历史 / there is no history",
}
Service = Annotated[
    str | None, typer.Option("--service", help="intake、router、notifier；默认全部 / default all")
]
Since = Annotated[
    datetime | None,
    typer.Option(help="只看此后有新行的，北京时间 / only what got a row since, local time"),
]


def verify_chains(
    service: Service = None,
    since: Since = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """重算每个对象的历史哈希链；只读 / recompute every history; exit code 1 when one is broken.

    集群上用 SHAODAO_DATABASE_URL（或 …_FILE）与 --service / on a cluster, where there is no folder.
    """
    if service is not None and service not in SERVICES:
        raise StackError(f"没有服务 {service}。", f"no service {service}: {', '.join(SERVICES)}")
    databases = _databases(folder_of(port_base, data), service)
    moment = None if since is None else since.replace(tzinfo=SHANGHAI)
    reports = {name: _verified(name, dsn, moment) for name, dsn in databases.items()}
    if as_json:
        print_json({name: asdict(report) for name, (report, _) in reports.items()})
    else:
        for name, (report, seconds) in reports.items():
            _show(name, report, seconds)
    if any(report.found for report, _ in reports.values()):
        raise typer.Exit(1)


def _databases(folder: DataFolder, service: str | None) -> dict[str, str]:
    """Where each service's rows are: the one the environment names, else those of a stack."""
    named = DatabaseSettings().database_url
    if named is not None:
        if service is None:
            raise StackError(
                "设置了 SHAODAO_DATABASE_URL，请用 --service 指明是哪个服务的库。",
                "SHAODAO_DATABASE_URL is set: say whose database it is, with --service",
            )
        return {service: str(named)}
    known = folder.read_stack()["databases"]
    return {name: known[name] for name in SERVICES if service in (None, name)}


def _verified(service: str, dsn: str, since: datetime | None) -> tuple[Report, float]:
    begun = time.monotonic()
    report = asyncio.run(verified(service, dsn, since=since))
    return report, time.monotonic() - begun


async def verified(service: str, dsn: str, *, since: datetime | None = None) -> Report:
    """What the chains of one service are like now."""
    connection = await asyncpg.connect(
        dsn, server_settings={"application_name": "shaodao-audit", "timezone": "UTC"}
    )
    try:
        return await verify(connection, OWNERS[service], since=since)
    finally:
        await connection.close()


def _show(service: str, report: Report, seconds: float) -> None:
    words = "完好 / whole" if not report.found else f"不符 {report.found} 处 / broken"
    out.print(
        f"{service}：{report.aggregates} 个对象、{report.rows} 行，{seconds:.1f} s；{words}",
        markup=False,
        soft_wrap=True,
    )
    if not report.found:
        return
    table = Table(
        "对象 / what", Column("aggregate_id", no_wrap=True, min_width=36), "seq", "原因 / why"
    )
    for each in report.faults:
        table.add_row(each.what or "–", str(each.aggregate_id), str(each.seq), KINDS[each.kind])
    out.print(table)
    if report.found > len(report.faults):
        err.print(f"只列前 {len(report.faults)} 处 / the first ones only", markup=False)
