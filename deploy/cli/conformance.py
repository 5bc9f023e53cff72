"""`shaodao conformance`: plays the city to a department's system and prints what it does wrong."""

import asyncio
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from deploy.cli.options import PORT_BASE, AsJson, Data, PortBase, folder_of
from deploy.cli.output import out, print_json
from deploy.conformance.cases import CASES, RESTART, STANDING
from deploy.conformance.finding import Verdict
from deploy.conformance.run import run
from deploy.local.topics import apply_topics
from shared.catalogue.model import UnknownCodeError
from shared.contracts.topics import TopicSpec, all_topics

PREFIX = "conformance."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Broker:
    bootstrap: str
    security: dict[str, Any]


def conformance(
    unit: Annotated[str, typer.Option("--unit", help="单位代码 / the unit's code")],
    bootstrap: Annotated[
        str | None, typer.Option(help="Kafka 地址，默认本机运行的 / host:port of Kafka")
    ] = None,
    prefix: Annotated[str, typer.Option(help="测试主题前缀 / before each topic")] = PREFIX,
    patience: Annotated[float, typer.Option(min=1, help="每步等待秒数 / seconds a step")] = 20.0,
    quiet: Annotated[float, typer.Option(min=0.2, help="静默确认秒数 / seconds of silence")] = 3.0,
    command: Annotated[
        str | None, typer.Option(help="启动部门系统的命令，可被强行终止 / starts the system")
    ] = None,
    only: Annotated[str, typer.Option(help="只跑这些用例，逗号分隔 / only these cases")] = "",
    foreign: Annotated[
        str | None, typer.Option(help="部门会退单的类别 / a category that it returns")
    ] = None,
    username: Annotated[str | None, typer.Option(help="SCRAM 用户 / user")] = None,
    password_file: Annotated[Path | None, typer.Option(help="口令文件 / its password")] = None,
    port_base: PortBase = PORT_BASE,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """对接测试：扮演平台，检查部门系统的每种情形 / test a department's system case by case."""
    wanted = [name for name in only.split(",") if name]
    names = {case.name for case in CASES} | set(STANDING) | {RESTART}
    if unknown := set(wanted) - names:
        raise typer.BadParameter(f"没有用例 {'、'.join(sorted(unknown))} / no such case")
    broker = _broker(bootstrap, username, password_file, port_base, data)
    verdicts = asyncio.run(
        _run(
            broker,
            unit=unit,
            prefix=prefix,
            patience=patience,
            quiet=quiet,
            command=shlex.split(command or ""),
            only=wanted,
            foreign=foreign,
        )
    )
    if as_json:
        print_json([_json(verdict) for verdict in verdicts])
    else:
        _print(verdicts)
    if not all(verdict.passed for verdict in verdicts):
        raise typer.Exit(1)


async def _run(broker: _Broker, *, unit: str, prefix: str, **options: Any) -> list[Verdict]:
    await apply_topics(broker.bootstrap, _specs(prefix, unit))
    try:
        return await run(
            broker.bootstrap, unit=unit, prefix=prefix, security=broker.security, **options
        )
    except UnknownCodeError as error:
        raise typer.BadParameter(f"没有单位 {unit} / {error}") from None


def _specs(prefix: str, unit: str) -> list[TopicSpec]:
    """The unit's three topics, under the prefix of the tests."""
    return [
        replace(spec, name=f"{prefix}{spec.name}")
        for spec in all_topics([unit])
        if spec.name.startswith("bureau.")
    ]


def _broker(
    bootstrap: str | None,
    username: str | None,
    password_file: Path | None,
    port_base: int,
    data: Path | None,
) -> _Broker:
    """The broker that was named, or the running stack's; signed in where a user is given."""
    if username is not None and password_file is None:
        raise typer.BadParameter("请同时给出 --password-file / needs --password-file as well")
    security: dict[str, Any] = {}
    if username is not None and password_file is not None:
        security = {
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "SCRAM-SHA-512",
            "sasl_plain_username": username,
            "sasl_plain_password": password_file.read_text("utf-8").strip(),
        }
    found = bootstrap or str(folder_of(port_base, data).read_stack()["kafka"])
    return _Broker(bootstrap=found, security=security)


def _print(verdicts: Sequence[Verdict]) -> None:
    table = Table("", "用例 / case", "要求 / wanted", "结果 / found")
    for verdict in verdicts:
        mark, found = "✓", f"{verdict.seconds:.1f} s" if verdict.seconds else ""
        if verdict.wrong is not None:
            mark, found = "✗", f"{verdict.wrong.zh} / {verdict.wrong.en}"
        table.add_row(mark, verdict.case, f"{verdict.title_zh} / {verdict.title_en}", found)
    out.print(table)
    passed = sum(verdict.passed for verdict in verdicts)
    out.print(f"通过 {passed} / {len(verdicts)} passed")


def _json(verdict: Verdict) -> dict[str, Any]:
    wrong = verdict.wrong
    return {
        "case": verdict.case,
        "passed": verdict.passed,
        "zh": wrong.zh if wrong else None,
        "en": wrong.en if wrong else None,
        "seconds": round(verdict.seconds, 2),
    }
