"""Systems that tickets come from: what they may do, and what they are told of their tickets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from services.intake.domain.case import Case, Move
from services.intake.domain.ticket import LIFECYCLE, Command

KINDRED: Final = UUID("5b0c3a52-6f0b-5d0e-9a0c-1f6d4f6f1c11")  # the namespace of sealing ids


class Scope(StrEnum):
    """What an API key is good for."""

    TICKETS = "tickets"  # 登记与查询本系统的工单
    OPEN311 = "open311"  # 开放接口登记
    CALLS = "calls"  # 呼叫中心来电


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSystem:
    """A system and its webhook; `disabled_why` says that the other side wants no more calls."""

    system: str
    name: str
    line: str | None
    webhook_url: str | None
    disabled_at: datetime | None
    disabled_why: str | None
    created_at: datetime
    created_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of a system, without the key; `line` is the system's own."""

    key_id: UUID
    system: str
    prefix: str
    scopes: frozenset[Scope]
    created_at: datetime
    created_by: str | None
    revoked_at: datetime | None
    last_used: date | None
    line: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a ticket as its source system is told: no personal data, fixed words."""

    type: str
    system: str
    values: Mapping[str, str | int]
    ticket_id: UUID
    at: datetime


def seal_id(system: str) -> UUID:
    """What a system's secret is bound to in the vault."""
    return uuid5(KINDRED, system)


_C = Command
# What a change is called, in Chinese and English. An archive changes nothing for the citizen.
WORDS: Final[Mapping[Command, tuple[str, str, str]]] = {
    _C.REGISTER: ("registered", "已登记", "registered"),
    _C.ASK_INFO: ("info_requested", "待补充信息", "more information is needed"),
    _C.SUPPLY: ("supplied", "信息已补充", "information was supplied"),
    _C.ANSWER: ("answered", "已答复", "answered"),
    _C.TRANSFER: ("transferred", "已转办", "transferred"),
    _C.REJECT: ("rejected", "不予受理", "rejected"),
    _C.APPEAL: ("appealed", "已申诉，重新受理", "appealed, taken up again"),
    _C.MERGE: ("merged", "已并入同一事项办理", "merged with a report of the same matter"),
    _C.UNDO_MERGE: ("merge_undone", "已恢复单独办理", "handled on its own again"),
    _C.DISPATCH: ("dispatched", "已派单", "dispatched"),
    _C.REDISPATCH: ("dispatched", "已改派", "dispatched to another unit"),
    _C.RECALL: ("recalled", "派单已撤回，重新派单", "to be dispatched again"),
    _C.ACKNOWLEDGE: ("processing", "承办单位已签收，办理中", "in progress"),
    _C.SUSPEND: ("suspended", "暂缓办理", "suspended"),
    _C.RESUME: ("resumed", "恢复办理", "in progress again"),
    _C.RESOLVE: ("resolved", "承办单位已办结", "resolved by the unit"),
    _C.REJECT_RESOLUTION: ("resolution_rejected", "办结未通过审核，继续办理", "in progress again"),
    _C.OPEN_CALLBACK: ("callback_opened", "等待回访", "to be confirmed with the citizen"),
    _C.CLOSE: ("closed", "已结束", "closed"),
    _C.REWORK: ("reworked", "重新办理", "handled again"),
    _C.REOPEN: ("reopened", "重新打开", "reopened"),
    _C.WITHDRAW: ("withdrawn", "已撤回", "withdrawn"),
    _C.VOID: ("voided", "已作废", "voided"),
}
# Every command leads to one state, wherever it was given.
_AFTER: Final = {command: after for _, command, after in LIFECYCLE.moves()}


def changes(cases: Iterable[Case], told: frozenset[str]) -> list[Change]:
    """What systems among `told` hear of these cases, in order."""
    return [
        _change(case, move)
        for case in cases
        if case.ticket.source is not None and case.ticket.source.system in told
        for move in case.moves
        if move.what in WORDS
    ]


def _change(case: Case, move: Move) -> Change:
    ticket, source = case.ticket, case.ticket.source
    assert source is not None  # as `changes` found
    command = Command(move.what)
    what, zh, en = WORDS[command]
    return Change(
        type=f"ticket.{what}",
        system=source.system,
        ticket_id=ticket.ticket_id,
        at=move.at,
        values={
            "system": source.system,
            "number": source.number,
            "ticket_id": str(ticket.ticket_id),
            "ticket_number": ticket.number,
            "state": _AFTER[command],
            "seq": move.seq,
            "at": move.at.isoformat(),
            "zh": zh,
            "en": en,
        },
    )
