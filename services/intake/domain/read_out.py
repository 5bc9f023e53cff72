"""What an operator reads out to a caller who asks how their matter stands: one plain sentence."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from services.intake.domain.case import STATE_ZH, Call
from services.intake.domain.heard import CALLED
from services.intake.domain.promises import OPEN, Promise
from services.intake.domain.ticket import Ticket, TicketState
from services.intake.domain.words import local, unit_name
from shared.calendar import SHANGHAI
from shared.catalogue.model import Catalogue
from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Relation

_SAID: Final[Mapping[TicketState, str]] = {
    TicketState.REGISTERED: "已经登记，正在安排承办单位",
    TicketState.PENDING_INFO: "还缺一些信息，需要您补充",
    TicketState.DISPATCHED: "已经派给{unit}，等待签收",
    TicketState.PROCESSING: "正由{unit}办理",
    TicketState.SUSPENDED: "由{unit}暂缓办理",
    TicketState.RESOLVED: "{unit}已经办结，等待回访",
    TicketState.CALLBACK: "{unit}已经办结，我们会回访您",
    TicketState.CLOSED: "已经办结并回访",
    TicketState.MERGED: "已与同一事项合并办理",
    TicketState.ANSWERED: "已经当时答复",
    TicketState.TRANSFERRED: "已经转办",
    TicketState.REJECTED: "不属于受理范围",
    TicketState.WITHDRAWN: "已按您的要求撤回",
    TicketState.VOIDED: "已经作废",
    TicketState.ARCHIVED: "已经办结归档",
}


def read_out(
    ticket: Ticket,
    promises: Iterable[Promise],
    calls: Iterable[Call],
    *,
    catalogue: Catalogue,
    now: datetime,
) -> str:
    """When it came, what it was, where it stands, until when; the number by its last digits."""
    state = _SAID.get(ticket.state, STATE_ZH[ticket.state])
    unit = unit_name(catalogue, lead(calls)) if lead(calls) else "承办单位"
    said = (
        f"您{_day(ticket.registered_at)}反映的“{ticket.title}”（编号尾号 {ticket.number[-5:]}），"
        f"{state.format(unit=unit)}"
    )
    until = due(ticket, promises)
    if until is not None and ticket.state is not TicketState.CALLBACK:
        if now <= until.due.by:
            said += f"，应在{local(until.due.by)}前办结"
        else:
            said += f"，原定{local(until.due.by)}前办结，已经超时，我们会催办"
    return said + "。"


def due(ticket: Ticket, promises: Iterable[Promise]) -> Promise | None:
    """The promise to the citizen that still runs; None once the ticket has ended."""
    if ticket.has_ended:
        return None
    citizen = [
        each for each in promises if each.kind is DeadlineKind.CITIZEN and each.state in OPEN
    ]
    return max(citizen, key=lambda each: each.round, default=None)


def lead(calls: Iterable[Call]) -> str | None:
    """The unit that leads now."""
    leads = [each for each in calls if each.relation is Relation.LEAD]
    return next((each.unit for each in leads if each.state in CALLED), None) or (
        leads[-1].unit if leads else None
    )


def _day(at: datetime) -> str:
    there = at.astimezone(SHANGHAI)
    return f"{there.month}月{there.day}日"
