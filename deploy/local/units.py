"""Brings topics and rights to the units of the running router, and tells it who is reachable.

A unit that was added while the stack runs is whistled once it is (CONTRACTS §4h). `shaodao topics
apply` does it by hand; a running stack does it by itself within seconds (`watch_units`).
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from deploy.local.platform import Platform, stack_platform
from deploy.local.report import Report
from deploy.local.rights import apply_rights
from deploy.local.rights_table import Changes
from deploy.local.topics import apply_topics, existing_topics
from shared.contracts.topics import TopicSpec, all_topics
from shared.web.identity import issue_token

LOOK_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitState:
    """A unit as the router has it; `reachable` once its topics and rights exist."""

    code: str
    active: bool
    reachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was made, or with `dry` would be; `rights` is None where everybody may do everything."""

    topics: Sequence[str]
    rights: Changes | None
    reached: Sequence[str]


async def units_of(platform: Platform) -> list[UnitState]:
    """All units of the running router, removed ones too; StackError when it does not answer."""
    found = await _ask(platform, "GET", "/units?all=true")
    return [
        UnitState(code=u["code"], active=u["active"], reachable=u["reachable"])
        for u in found["items"]
    ]


def unit_topics(units: Sequence[UnitState], prefix: str) -> list[TopicSpec]:
    """Every topic of the city with these units; a removed unit's stay, to be read."""
    specs = all_topics(unit.code for unit in units)
    return [replace(spec, name=f"{prefix}{spec.name}") for spec in specs]


async def apply_units(
    platform: Platform, *, only: Collection[str] = (), dry: bool = False
) -> Applied:
    """Make missing topics, match users and rights, then tell the router who is reachable now.

    `only`: topics of these units alone. The rights of a removed unit end.
    """
    units = await units_of(platform)
    chosen = [unit for unit in units if not only or unit.code in only]
    if missing := set(only) - {unit.code for unit in units}:
        names = ", ".join(sorted(missing))
        raise StackError(f"没有单位 {names}。", f"there is no unit {names}")
    broker, prefix = platform.broker, platform.prefix
    specs = unit_topics(chosen, prefix)
    if dry:
        present = await existing_topics(broker, prefix)
        made = [spec.name for spec in specs if spec.name not in present]
    else:
        made = await apply_topics(broker, specs)
    rights = await _match_rights(platform, [u.code for u in units if u.active], dry=dry)
    waiting = [u.code for u in chosen if u.active and not u.reachable]
    if not dry:
        for code in waiting:
            await _ask(platform, "POST", f"/units/{code}/reachable")
    return Applied(topics=made, rights=rights, reached=waiting)


async def _match_rights(platform: Platform, active: Sequence[str], *, dry: bool) -> Changes | None:
    if not platform.has_rights:
        return None
    return await apply_rights(
        platform.broker, active, platform.prefix, city=platform.has_city, dry=dry
    )


async def watch_units(folder: DataFolder, report: Report) -> None:
    """Make new units reachable while the stack runs, and end the rights of removed ones.

    What fails is said, and tried again.
    """
    told, known = "", frozenset[str]()
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            platform = stack_platform(folder)
            units = await units_of(platform)
            active = frozenset(unit.code for unit in units if unit.active)
            new = [unit.code for unit in units if unit.active and not unit.reachable]
            if new or active != known:
                for code in (await apply_units(platform, only=new)).reached:
                    report.say(f"新单位 {code} 的主题与权限已就绪。", f"{code} is reachable now")
                known = active
            told = ""
        except (StackError, httpx.HTTPError, TimeoutError) as error:
            zh, en = getattr(error, "zh", ""), getattr(error, "en", repr(error))
            if en != told:  # the router may be starting again: said once
                report.say(f"暂时无法检查新单位。{zh}", f"new units cannot be looked for: {en}")
            told = en


async def _ask(platform: Platform, method: str, path: str) -> Any:
    url = platform.router_url
    token = issue_token(platform.token_secret, role="ops", name="shaodao topics", minutes=5)
    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        try:
            answer = await client.request(
                method, f"{url}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}
            )
        except httpx.HTTPError as error:
            raise StackError(f"派单服务没有答复：{error!r}", f"no answer: {error!r}") from error
    if not answer.is_success:
        raise StackError(
            f"派单服务答复 {answer.status_code}：{answer.text[:300]}",
            f"the router answered {answer.status_code}: {answer.text[:300]}",
        )
    return answer.json()
