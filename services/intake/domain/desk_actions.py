"""What may be done with a ticket from the desk, by role and state: which buttons a page has.

The verbs judge again; a button that is there may still be refused when the ticket moved on.
"""

from enum import StrEnum
from typing import Final

from services.intake.domain.ticket import LIFECYCLE, Command, TicketState
from shared.catalogue.rights import may
from shared.contracts.parts import Role


class Action(StrEnum):
    """A button of the ticket's page."""

    URGE = "urge"  # 催办
    SUPPLEMENT = "supplement"  # 补充
    SUPPLY = "supply"  # 补充完成
    ASK_INFO = "ask_info"  # 请补充
    ANSWER = "answer"  # 直接答复
    TRANSFER = "transfer"  # 转办
    CALLBACK = "callback"  # 回访
    MERGE = "merge"  # 并单
    UNDO_MERGE = "undo_merge"  # 撤销并单
    LINK = "link"  # 关联
    APPEAL = "appeal"  # 申诉
    REOPEN = "reopen"  # 重新打开
    REJECT = "reject"  # 不予受理
    VOID = "void"  # 作废
    WITHDRAW = "withdraw"  # 撤回
    CONTACT = "contact"  # 查看联系方式


# The right it takes, and which command the state must allow; None: any ticket that goes on.
_RULES: Final[dict[Action, tuple[str, Command | None]]] = {
    Action.URGE: ("tickets.add", None),
    Action.SUPPLEMENT: ("tickets.add", None),
    Action.SUPPLY: ("tickets.handle", Command.SUPPLY),
    Action.ASK_INFO: ("tickets.handle", Command.ASK_INFO),
    Action.ANSWER: ("tickets.handle", Command.ANSWER),
    Action.TRANSFER: ("tickets.handle", Command.TRANSFER),
    Action.CALLBACK: ("callbacks.do", Command.CLOSE),
    Action.MERGE: ("tickets.merge", Command.MERGE),
    Action.UNDO_MERGE: ("tickets.unmerge", Command.UNDO_MERGE),
    Action.LINK: ("tickets.merge", None),
    Action.APPEAL: ("tickets.handle", Command.APPEAL),
    Action.REOPEN: ("tickets.handle", Command.REOPEN),
    Action.REJECT: ("tickets.refuse", Command.REJECT),
    Action.VOID: ("tickets.refuse", Command.VOID),
    Action.WITHDRAW: ("tickets.withdraw", Command.WITHDRAW),
}


def actions(state: TicketState, role: Role, *, has_ended: bool) -> tuple[Action, ...]:
    """The buttons, in the order of their use."""
    found = [
        action
        for action, (right, command) in _RULES.items()
        if may(role, right)
        and (LIFECYCLE.allows(state, command) if command is not None else not has_ended)
    ]
    if may(role, "contact.see"):
        found.append(Action.CONTACT)
    return tuple(found)
