"""The sentences a refusal is told in: Chinese names of states and commands, and their phrases."""

from collections.abc import Mapping
from typing import Final

from services.router.domain.assignment import AssignmentCommand
from shared.contracts.parts import AssignmentState, WhistleState

STATE_ZH: Final[Mapping[AssignmentState, str]] = {
    AssignmentState.OFFERED: "待签收",
    AssignmentState.ACKNOWLEDGED: "已签收",
    AssignmentState.ARRIVED: "已报到",
    AssignmentState.WORKING: "办理中",
    AssignmentState.DONE: "已办结",
    AssignmentState.RETURN_REQUESTED: "退单待裁定",
    AssignmentState.RETURNED: "已退单",
    AssignmentState.DISPUTED: "复核中",
    AssignmentState.PAUSED: "已挂账",
    AssignmentState.RELEASED: "已放行",
}

WHISTLE_ZH: Final[Mapping[WhistleState, str]] = {
    WhistleState.HELD: "待派",
    WhistleState.OPEN: "办理中",
    WhistleState.AWAITING_ACCEPTANCE: "待验收",
    WhistleState.ACCEPTED: "已验收",
    WhistleState.CLOSED: "已结束",
    WhistleState.WITHDRAWN: "已撤回",
}

COMMAND_ZH: Final[Mapping[AssignmentCommand, str]] = {
    AssignmentCommand.ACKNOWLEDGE: "签收",
    AssignmentCommand.DEEM_ACKNOWLEDGED: "视为签收",
    AssignmentCommand.CONFIRM: "补签收",
    AssignmentCommand.CONTACT: "联系群众",
    AssignmentCommand.ARRIVE: "报到",
    AssignmentCommand.DEPART: "出发",
    AssignmentCommand.PROGRESS: "反馈进展",
    AssignmentCommand.HAND_OVER: "转交经办",
    AssignmentCommand.REQUEST_RETURN: "申请退单",
    AssignmentCommand.GRANT_RETURN: "同意退单",
    AssignmentCommand.DISPUTE: "申请复核",
    AssignmentCommand.REQUEST_EXTENSION: "申请延期",
    AssignmentCommand.REQUEST_SUSPENSION: "申请挂账",
    AssignmentCommand.REQUEST_ASSISTING: "提请增加协办",
    AssignmentCommand.REQUEST_RELEASE: "提请放行协办",
    AssignmentCommand.SUSPEND: "挂账",
    AssignmentCommand.BACK_TO_OFFERED: "退回待签收",
    AssignmentCommand.BACK_TO_ACKNOWLEDGED: "退回已签收",
    AssignmentCommand.BACK_TO_ARRIVED: "退回已报到",
    AssignmentCommand.BACK_TO_WORKING: "退回办理中",
    AssignmentCommand.RESOLVE: "办结",
    AssignmentCommand.REJECT_REVIEW: "驳回办结",
    AssignmentCommand.FAIL_ACCEPTANCE: "验收不通过",
    AssignmentCommand.RELEASE: "放行",
}

FACT_ZH: Final[Mapping[str, str]] = {
    "held": "待人工派单",
    "blown": "吹哨派单",
    "acknowledged": "签收",
    "deemed_acknowledged": "超时视为签收",
    "contacted": "联系群众",
    "departed": "出发",
    "arrived": "报到",
    "progressed": "反馈进展",
    "return_requested": "申请退单",
    "unit_returned": "同意退单",
    "unit_offered": "改派单位",
    "return_refused": "不同意退单",
    "disputed": "申请复核",
    "adjudicated": "终裁",
    "assisting_added": "增加协办",
    "extension_requested": "申请延期",
    "extension_refused": "不同意延期",
    "due_changed": "调整时限",
    "suspension_requested": "申请挂账",
    "suspension_refused": "不同意挂账",
    "suspended": "挂账",
    "resumed": "恢复办理",
    "resolved": "办结",
    "review_passed": "办结审核通过",
    "review_rejected": "办结审核不通过",
    "accepted": "验收通过",
    "acceptance_failed": "验收不通过",
    "evaluated": "考核评价",
    "released": "放行",
    "withdrawn": "撤回",
    "taken_over": "街道接管",
    "consulted": "会商",
    "effort_noted": "补充自行处置情况",
    "part_handed_over": "转交经办",
    "release_requested": "提请放行协办",
    "release_refused": "不同意放行协办",
    "ticket_linked": "并入工单",
    "held_handed_over": "移交派单",
    "ticket_unlinked": "工单分出",
    "merge_held": "并单待派单员确定",
    "merge_settled": "并单已确定",
    "closed": "结束",
    "merge_conflict": "并单冲突",
    "supplemented": "群众补充",
}
"""What stands in a timeline for each fact; the key is the middle of the event's type."""


def not_allowed(state: AssignmentState, command: AssignmentCommand) -> tuple[str, str]:
    """Why a command is refused in a state, in Chinese and English."""
    return (
        f"当前状态为“{STATE_ZH[state]}”，不能{COMMAND_ZH[command]}",
        f"the assignment is {state.value}: {command.value} is not allowed",
    )
