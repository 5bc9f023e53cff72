"""What may be done with a ticket from the desk, by role and state: which buttons a page has.

The verbs judge again; a button that is there may still be refused when the ticket moved on.
"""

from enum import StrEnum
from typing import Final

from services.intake.domain.ticket import LIFECYCLE, Command, TicketState
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


_DESK: Final = frozenset({Role.OPERATOR, Role.SHIFT_LEAD})
_LEAD: Final = frozenset({Role.SHIFT_LEAD})
_FOLLOWS: Final = _DESK | {Role.DISPATCHER, Role.SUPERVISOR}
_MERGES: Final = _DESK | {Role.DISPATCHER}

# Who may, and which command the state must allow; None: any ticket that goes on.
_RULES: Final[dict[Action, tuple[frozenset[Role], Command | None]]] = {
    Action.URGE: (_FOLLOWS, None),
    Action.SUPPLEMENT: (_FOLLOWS, None),
    Action.SUPPLY: (_DESK, Command.SUPPLY),
    Action.ASK_INFO: (_DESK, Command.ASK_INFO),
    Action.ANSWER: (_DESK, Command.ANSWER),
    Action.TRANSFER: (_DESK, Command.TRANSFER),
    Action.CALLBACK: (_LEAD | {Role.CALLBACK_CLERK}, Command.CLOSE),
    Action.MERGE: (_MERGES, Command.MERGE),
    Action.UNDO_MERGE: (_LEAD | {Role.DISPATCHER}, Command.UNDO_MERGE),
    Action.LINK: (_MERGES, None),
    Action.APPEAL: (_DESK, Command.APPEAL),
    Action.REOPEN: (_DESK, Command.REOPEN),
    Action.REJECT: (_LEAD, Command.REJECT),
    Action.VOID: (_LEAD, Command.VOID),
    Action.WITHDRAW: (_DESK, Command.WITHDRAW),
}
_SEE_CONTACT: Final = _DESK | {Role.CALLBACK_CLERK}


def actions(state: TicketState, role: Role, *, has_ended: bool) -> tuple[Action, ...]:
    """The buttons, in the order of their use."""
    found = [
        action
        for action, (roles, command) in _RULES.items()
        if role in roles
        and (LIFECYCLE.allows(state, command) if command is not None else not has_ended)
    ]
    if role in _SEE_CONTACT:
        found.append(Action.CONTACT)
    return tuple(found)
