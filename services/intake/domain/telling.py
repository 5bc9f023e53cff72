"""Which changes of a ticket its person is told of by a text message."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.case import Case
from services.intake.domain.ticket import Command
from shared.contracts.values import Channel

TOLD: Final[Mapping[str, str]] = {
    Command.ASK_INFO.value: "info_requested",
    Command.SUSPEND.value: "suspended",
    Command.REWORK.value: "rework",
    Command.REJECT.value: "rejected",
    Command.MERGE.value: "merged",
}
# On the telephone these were said already.
TOLD_IN_WRITING: Final[Mapping[str, str]] = {
    Command.ANSWER.value: "answered",
    Command.TRANSFER.value: "transferred",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text message about a ticket; the phone and the link are found at sending."""

    ticket_id: UUID
    number: str
    template: str
    seq: int
    at: datetime


def texts_of(case: Case) -> Iterator[Text]:
    """What the person of a ticket is told of its changes; nothing where none may be reached."""
    ticket = case.ticket
    if not ticket.contactable:
        return
    told = TOLD if ticket.channel is Channel.HOTLINE else {**TOLD, **TOLD_IN_WRITING}
    for move in case.moves:
        if (template := told.get(move.what)) is not None:
            yield Text(
                ticket_id=ticket.ticket_id,
                number=ticket.number,
                template=template,
                seq=move.seq,
                at=move.at,
            )
