"""Plays all cases to one department and gathers the verdicts."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from deploy.conformance.cases import CASES, RESTART, STANDING, Case
from deploy.conformance.finding import Verdict, WrongError
from deploy.conformance.line import Line
from deploy.conformance.process import Program
from deploy.conformance.referee import real_city
from deploy.conformance.stage import Stage, foreign_category, other_unit, own_category

AT_ONCE = 6
AFTER_A_CRASH = 3.0  # times the patience: a group may have to miss its dead member first


async def run(
    bootstrap: str,
    *,
    unit: str,
    prefix: str,
    patience: float,
    quiet: float,
    command: Sequence[str] = (),
    only: Sequence[str] = (),
    foreign: str | None = None,
    security: Mapping[str, Any] | None = None,
) -> list[Verdict]:
    """The verdict of each case, in the order of their table.

    `command` starts the department's program; without it the program runs already, and it is not
    killed on purpose. `foreign` is a category that the department returns. Raises UnknownCodeError
    for a unit that is not in the catalogue.
    """
    city = real_city()
    serving = city.catalogue.unit(unit)
    line = Line(bootstrap, unit=unit, prefix=prefix, security=security or {})
    await line.open()
    stage = Stage(
        line=line,
        city=city,
        unit=unit,
        patience=patience,
        quiet=quiet,
        foreign_category=foreign or foreign_category(city, unit),
        own_category=own_category(city, unit),
        other_unit=other_unit(city, unit),
        region=serving.region_code or city.region,
    )
    program = Program(command) if command else None
    beside = [asyncio.create_task(stage.listen())]
    try:
        if program is not None:
            await program.start()
            beside.append(asyncio.create_task(_watch(stage, program)))
        playing = asyncio.create_task(_play_all(stage, program, only))
        await asyncio.wait((playing, beside[0]), return_when=asyncio.FIRST_COMPLETED)
        if beside[0].done():
            playing.cancel()
            beside[0].result()  # raises what went wrong with our own line
        return [*await playing, *await _standing(stage, only)]
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        if program is not None:
            await program.stop()
        await line.close()


async def _watch(stage: Stage, program: Program) -> None:
    """A program that ends by itself fails what it has not done yet, at once."""
    stage.end(await program.died())


async def _play_all(stage: Stage, program: Program | None, only: Sequence[str]) -> list[Verdict]:
    room = asyncio.Semaphore(AT_ONCE)
    cases = [case for case in CASES if not only or case.name in only]

    async def one(case: Case) -> Verdict:
        async with room:
            return await _played(stage, case)

    verdicts = list(await asyncio.gather(*map(one, cases)))
    if program is not None and (not only or RESTART in only):
        verdicts.append(await _restarted(stage, program))
    return verdicts


async def _played(stage: Stage, case: Case) -> Verdict:
    begun, wrong = time.monotonic(), None
    try:
        await case.play(stage.scene(case.name))
    except WrongError as error:
        wrong = error
    return Verdict(
        case=case.name,
        title_zh=case.zh,
        title_en=case.en,
        wrong=wrong,
        seconds=time.monotonic() - begun,
    )


async def _restarted(stage: Stage, program: Program) -> Verdict:
    """Killed with whistles unheard, and again amid its work: nothing lost or doubled."""

    async def restart(_scene: object) -> None:
        await program.kill()
        scenes = [stage.scene(RESTART) for _ in range(5)]
        for each in scenes:
            await each.blow()
        await program.start()
        longer = stage.patience * AFTER_A_CRASH
        await scenes[0].expect("acknowledged", within=longer)
        await program.kill()
        await program.start()
        for each in scenes:
            await each.expect("resolved", within=longer)
            if each.count("acknowledged") != 1:
                raise WrongError(
                    f"重启后签收了 {each.count('acknowledged')} 次",
                    f"acknowledged {each.count('acknowledged')} times after a restart",
                )

    zh, en = "程序被强行终止后不丢不重", "killed and started again, nothing is lost or doubled"
    return await _played(stage, Case(restart, zh, en))


async def _standing(stage: Stage, only: Sequence[str]) -> list[Verdict]:
    """What was looked at in all reports."""
    strange = [g for g in await stage.line.groups() if not g.startswith(stage.line.group_prefix)]
    if strange:
        prefix = stage.line.group_prefix
        stage.fault(
            "group", f"消费组 {strange[0]} 不以 {prefix} 开头", f"{strange[0]} is no {prefix}*"
        )
    return [
        Verdict(case=name, title_zh=zh, title_en=en, wrong=stage.faults.get(name), seconds=0.0)
        for name, (zh, en) in STANDING.items()
        if not only or name in only
    ]
