"""Brings topics and rights to the units of the running router, and tells it who is reachable.

A unit that was added while the stack runs is whistled once it is (CONTRACTS §4h). `shaodao topics
apply` does it by hand; a running stack does it by itself within seconds (`watch_units`).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import httpx

from deploy.local.data_folder import DataFolder
from deploy.local.errors import StackError
from deploy.local.report import Report
from deploy.local.rights_table import Changes
from deploy.local.stack_rights import broker_of, stack_rights
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


async def units_of(folder: DataFolder) -> list[UnitState]:
    """All units of the running router, removed ones too; StackError when it does not answer."""
    found = await _ask(folder, "GET", "/units?all=true")
    return [
        UnitState(code=u["code"], active=u["active"], reachable=u["reachable"])
        for u in found["items"]
    ]


def unit_topics(units: Sequence[UnitState], prefix: str) -> list[TopicSpec]:
    """Every topic of the city with these units; a removed unit's stay, to be read."""
    specs = all_topics(unit.code for unit in units)
    return [replace(spec, name=f"{prefix}{spec.name}") for spec in specs]


async def apply_units(folder: DataFolder, *, dry: bool = False) -> Applied:
    """Make missing topics, match users and rights, then tell the router who is reachable now.

    The rights of a removed unit end.
    """
    units = await units_of(folder)
    broker, prefix = broker_of(folder), folder.read_stack()["topic_prefix"]
    specs = unit_topics(units, prefix)
    if dry:
        present = await existing_topics(broker, prefix)
        made = [spec.name for spec in specs if spec.name not in present]
    else:
        made = await apply_topics(broker, specs)
    rights = await stack_rights(folder, [u.code for u in units if u.active], dry=dry)
    waiting = [u.code for u in units if u.active and not u.reachable]
    if not dry:
        for code in waiting:
            await _ask(folder, "POST", f"/units/{code}/reachable")
    return Applied(topics=made, rights=rights, reached=waiting)


async def watch_units(folder: DataFolder, report: Report) -> None:
    """Make new units reachable while the stack runs; what fails is said, and tried again."""
    told = ""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            if any(unit.active and not unit.reachable for unit in await units_of(folder)):
                for code in (await apply_units(folder)).reached:
                    report.say(f"新单位 {code} 的主题与权限已就绪。", f"{code} is reachable now")
            told = ""
        except (StackError, httpx.HTTPError, TimeoutError) as error:
            zh, en = getattr(error, "zh", ""), getattr(error, "en", repr(error))
            if en != told:  # the router may be starting again: said once
                report.say(f"暂时无法检查新单位。{zh}", f"new units cannot be looked for: {en}")
            told = en


async def _ask(folder: DataFolder, method: str, path: str) -> Any:
    secret, url = folder.require_secrets().token_secret, folder.read_stack()["router"]
    token = issue_token(secret, role="ops", name="shaodao topics", minutes=5)
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
