"""A step of a ticket's history in words, for whoever acted on what they saw before it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from services.intake.domain.ticket import Command
from services.intake.domain.words import ROLE_ZH, unit_name
from shared.catalogue.model import Catalogue
from shared.contracts.parts import Actor, Role
from shared.errors import Change

WHAT_ZH: Final[Mapping[str, str]] = {
    Command.REGISTER: "登记",
    Command.ASK_INFO: "请补充",
    Command.SUPPLY: "补充完成",
    Command.ANSWER: "直接答复",
    Command.TRANSFER: "转办",
    Command.REJECT: "不予受理",
    Command.APPEAL: "申诉",
    Command.MERGE: "并单",
    Command.UNDO_MERGE: "撤销并单",
    Command.DISPATCH: "派单",
    Command.REDISPATCH: "改派",
    Command.RECALL: "撤回派单",
    Command.ACKNOWLEDGE: "签收",
    Command.SUSPEND: "暂缓",
    Command.RESUME: "恢复",
    Command.RESOLVE: "办结",
    Command.REJECT_RESOLUTION: "办结退回",
    Command.OPEN_CALLBACK: "转回访",
    Command.CLOSE: "结束",
    Command.REWORK: "重新办理",
    Command.REOPEN: "重新打开",
    Command.WITHDRAW: "撤回",
    Command.VOID: "作废",
    Command.ARCHIVE: "归档",
    "supplemented": "补充",
    "urged": "催办",
    "withdrawn_ex_officio": "撤回，依职权继续办理",
    "called_back": "回访",
    "disclosed": "查看联系方式",
    "whistled": "再次派单",
    "linked": "关联",
    "group_flagged": "列为群体诉求",
}


def change_of(
    catalogue: Catalogue,
    actor: Actor,
    *,
    version: int,
    at: datetime,
    what: str,
    state: str,
    zh: str | None,
) -> Change:
    """One step; `zh` are the timeline's own words where it has some."""
    return Change(
        version=version,
        at=at,
        who=_name(catalogue, actor),
        what=what,
        state=state,
        zh=zh or WHAT_ZH.get(what, what),
    )


def _name(catalogue: Catalogue, actor: Actor) -> str:
    """An official by name and role; a citizen never."""
    role = ROLE_ZH[actor.role]
    if actor.role is Role.CITIZEN or actor.name is None:
        return unit_name(catalogue, actor.unit) if actor.unit else role
    return f"{role}{actor.name}"
