"""Facts of intake about tickets: what a person asked for and how it went on, without the person.

Topic `tickets`, key and subject are the ticket_id. No name, phone, ID number or door number is in
any of them (DOMAIN §2.6).
"""

from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.parts import Attachment, DeadlineKind, Fact, Place
from shared.contracts.values import Channel, Due, TicketType, Urgency
from shared.records import record


class CallbackResult(StrEnum):
    """What the citizen said about the matter; nobody reached is never satisfied."""

    SOLVED = "solved"  # 已解决
    PARTLY = "partly"  # 部分解决
    UNSOLVED = "unsolved"  # 未解决
    UNREACHABLE = "unreachable"  # 联系不上


class Satisfaction(StrEnum):
    """The four answers wherever the public rates (DOMAIN §7)."""

    SATISFIED = "satisfied"  # 满意
    BASICALLY = "basically"  # 基本满意
    UNSATISFIED = "unsatisfied"  # 不满意
    UNKNOWN = "unknown"  # 不了解


@record
class Source:
    """The system a ticket came from and its number there; the pair is unique."""

    system: str
    number: str


@record
class Hints:
    """What intake noticed that may help the dispatcher.

    `located_by` and `place_confidence`: how the gazetteer found the region, and how surely.
    """

    similar: tuple[UUID, ...] = ()
    same_caller_30d: int = 0
    located_by: str | None = None
    place_confidence: float | None = None


@record
class TicketFact(Fact):
    """What every fact about a ticket carries; `round` is 1 until a rework."""

    ticket_id: UUID
    round: int = 1


@record
class Registered(TicketFact):
    """A request became a ticket; `summary` is the person's text, redacted."""

    TYPE: ClassVar[str] = "shaodao.ticket.registered.v1"

    number: str
    channel: Channel
    type: TicketType
    urgency: Urgency
    title: str
    summary: str
    place: Place
    dispatch_by: Due
    citizen_by: Due
    category: str | None = None
    line: str | None = None
    confidential: bool = False
    contactable: bool = True
    hard_case: bool = False
    choice: str | None = None
    source: Source | None = None
    hints: Hints = Hints()
    attachments: tuple[Attachment, ...] = ()
    settled: bool = False  # ended or merged as it was registered: nobody is whistled for it


@record
class Supplemented(TicketFact):
    """The person or an operator added words or photos.

    `dispatch_by` is there when this was what had been missing: the dispatch limit runs on to it.
    """

    TYPE: ClassVar[str] = "shaodao.ticket.supplemented.v1"

    text: str
    attachments: tuple[Attachment, ...] = ()
    dispatch_by: Due | None = None


@record
class TicketDueChange:
    """One of intake's own due times that moved: dispatch, callback, its start, the citizen's."""

    kind: DeadlineKind
    round: int
    due: Due


@record
class DueChanged(TicketFact):
    """Due times of the ticket moved: a provisional year became known, or an outage."""

    TYPE: ClassVar[str] = "shaodao.ticket.due_changed.v1"

    changes: tuple[TicketDueChange, ...]
    reason: str
    outage_id: UUID | None = None


@record
class InfoRequested(TicketFact):
    """The person is asked once for all that is missing.

    `dispatch_waits`: the dispatch limit stands still until the answer; urgent matters never wait.
    """

    TYPE: ClassVar[str] = "shaodao.ticket.info_requested.v1"

    missing: tuple[str, ...]
    dispatch_waits: bool = False


@record
class Answered(TicketFact):
    """Ended at the desk: a consultation or praise was answered, or an article quoted."""

    TYPE: ClassVar[str] = "shaodao.ticket.answered.v1"

    article: str | None = None
    article_version: int | None = None


@record
class Transferred(TicketFact):
    """Ended at the desk: handed to 110/119/120/122 or a statutory route."""

    TYPE: ClassVar[str] = "shaodao.ticket.transferred.v1"

    to: str


@record
class Rejected(TicketFact):
    """Ended at the desk by the shift lead, with a reason code."""

    TYPE: ClassVar[str] = "shaodao.ticket.rejected.v1"

    reason: str


@record
class Appealed(TicketFact):
    """A rejection was appealed, once: the ticket is registered again, with a new dispatch limit."""

    TYPE: ClassVar[str] = "shaodao.ticket.appealed.v1"

    dispatch_by: Due


@record
class Voided(TicketFact):
    """Registered by mistake: ended by the shift lead before anybody was called."""

    TYPE: ClassVar[str] = "shaodao.ticket.voided.v1"

    reason: str


@record
class Merged(TicketFact):
    """The ticket follows another one about the same matter."""

    TYPE: ClassVar[str] = "shaodao.ticket.merged.v1"

    into: UUID


@record
class MergeUndone(TicketFact):
    """A merge was taken back."""

    TYPE: ClassVar[str] = "shaodao.ticket.merge_undone.v1"

    into: UUID


@record
class Linked(TicketFact):
    """The ticket is related to another; both go on."""

    TYPE: ClassVar[str] = "shaodao.ticket.linked.v1"

    to: UUID


@record
class GroupFlagged(TicketFact):
    """Many callers, one matter: a group matter, urgency one step up."""

    TYPE: ClassVar[str] = "shaodao.ticket.group_flagged.v1"

    callers: int
    urgency: Urgency


@record
class Urged(TicketFact):
    """The person or the desk asked to hurry; `count` so far."""

    TYPE: ClassVar[str] = "shaodao.ticket.urged.v1"

    count: int


@record
class Withdrawn(TicketFact):
    """The person took it back; ex officio it goes on all the same."""

    TYPE: ClassVar[str] = "shaodao.ticket.withdrawn.v1"

    ex_officio: bool


@record
class CallbackOpened(TicketFact):
    """The resolution is to be confirmed with the person: begun by `start_by`, done by the other."""

    TYPE: ClassVar[str] = "shaodao.ticket.callback_opened.v1"

    whistle_id: UUID
    callback_by: Due
    start_by: Due | None = None


@record
class CalledBack(TicketFact):
    """One try of the callback: what the person said, or that nobody was reached."""

    TYPE: ClassVar[str] = "shaodao.ticket.called_back.v1"

    result: CallbackResult
    satisfaction: Satisfaction
    attempt: int
    final: bool


@record
class Closed(TicketFact):
    """The ticket ended; `result` is the citizen's word or that nobody was reached."""

    TYPE: ClassVar[str] = "shaodao.ticket.closed.v1"

    result: CallbackResult
    satisfaction: Satisfaction


@record
class ReworkRequested(TicketFact):
    """Not solved: the ticket goes out again; `round` is the new round."""

    TYPE: ClassVar[str] = "shaodao.ticket.rework_requested.v1"

    result: CallbackResult
    satisfaction: Satisfaction
    note: str | None = None


@record
class Reopened(TicketFact):
    """The citizen reopened a closed ticket, once within 15 days; `round` is the new round."""

    TYPE: ClassVar[str] = "shaodao.ticket.reopened.v1"

    reason: str


@record
class Archived(TicketFact):
    """Thirty days after its end the ticket left the working set."""

    TYPE: ClassVar[str] = "shaodao.ticket.archived.v1"
