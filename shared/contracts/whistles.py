"""Facts of the router about whistles: who was called, what they reported and how it was judged.

Topic `whistles`, key and subject are the whistle_id. Only the router judges a bureau's report;
intake and the notifier learn from these facts (DOMAIN §2.10).
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.parts import (
    Actor,
    Assignment,
    AssignmentState,
    Attachment,
    BlownBy,
    Evidence,
    Fact,
    Handler,
    Muster,
    Place,
    Result,
    SuspensionCode,
)
from shared.contracts.reports import ArrivalMode, ContactMeans, FactsTrue, ReturnReason
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Due, Relation, TicketType, Urgency, WhistleKind
from shared.records import record


@record
class WhistleFact(Fact):
    """What every fact about a whistle carries; `ticket_ids` are empty for a street's own."""

    whistle_id: UUID
    ticket_ids: tuple[UUID, ...]
    round: int = 1


@record
class UnitFact(WhistleFact):
    """A fact about one unit's part; `received_at` is the broker's or the server's time."""

    assignment_id: UUID
    unit: str
    relation: Relation
    state: AssignmentState
    received_at: datetime


@record
class Candidate:
    """A unit that a dispatcher may choose, with how sure the router is, and why."""

    unit: str
    confidence: float
    why: tuple[str, ...]


@record
class Held(WhistleFact):
    """No single lead could be found: a dispatcher decides."""

    TYPE: ClassVar[str] = "shaodao.whistle.held.v1"

    why: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    rule_by: Due | None = None  # nobody owns it: the supervisor convenes until then


@record
class Blown(WhistleFact):
    """Units are called; their clocks start now, not when they acknowledge (DOMAIN §2.2)."""

    TYPE: ClassVar[str] = "shaodao.whistle.blown.v1"

    number: str
    kind: WhistleKind
    urgency: Urgency
    title: str
    summary: str
    place: Place
    blown_by: BlownBy
    dispatched_by: Actor
    assignments: tuple[Assignment, ...]
    trace: tuple[str, ...]
    parent_whistle_id: UUID | None = None
    category: str | None = None
    type: TicketType | None = None
    own_effort: str | None = None
    muster: Muster | None = None
    confidential: bool = False
    provisional: bool = False
    attachments: tuple[Attachment, ...] = ()
    cross_district: bool = False
    takeover_by: Due | None = None
    why_beyond: str | None = None  # why it is beyond the blower's own powers
    own_effort_by: Due | None = None  # a community's emergency: what it did itself may follow


@record
class Acknowledged(UnitFact):
    """The unit took its part."""

    TYPE: ClassVar[str] = "shaodao.whistle.acknowledged.v1"

    late: bool
    handler: Handler
    progress_by: Due | None = None  # the next report on progress; None where work ends before


@record
class DeemedAcknowledged(UnitFact):
    """Silent for twice the limit: counted as taken."""

    TYPE: ClassVar[str] = "shaodao.whistle.deemed_acknowledged.v1"


@record
class Contacted(UnitFact):
    """The unit spoke with the citizen."""

    TYPE: ClassVar[str] = "shaodao.whistle.contacted.v1"

    late: bool
    how: ContactMeans


@record
class Departed(UnitFact):
    """The unit is on its way."""

    TYPE: ClassVar[str] = "shaodao.whistle.departed.v1"

    eta_minutes: int | None = None


@record
class Arrived(UnitFact):
    """The unit is on the spot."""

    TYPE: ClassVar[str] = "shaodao.whistle.arrived.v1"

    late: bool
    mode: ArrivalMode
    head_count: int | None = None
    lat: float | None = None
    lon: float | None = None
    distance_metres: float | None = None  # from the place, or the muster's
    photos: tuple[str, ...] = ()
    progress_by: Due | None = None


@record
class Progressed(UnitFact):
    """The unit told what it did so far."""

    TYPE: ClassVar[str] = "shaodao.whistle.progressed.v1"

    text: str
    progress_by: Due | None = None  # the next one


@record
class ReturnRequested(UnitFact):
    """The unit says it is not its duty; a reviewer rules by `rule_by`."""

    TYPE: ClassVar[str] = "shaodao.whistle.return_requested.v1"

    reason: ReturnReason
    clause: str
    rule_by: Due
    suggested_unit: str | None = None
    adjudicate: bool = False
    evidence: tuple[Evidence, ...] = ()


@record
class Disputed(UnitFact):
    """The unit disputes a ruling, once."""

    TYPE: ClassVar[str] = "shaodao.whistle.disputed.v1"

    reason: str
    rule_by: Due
    evidence: tuple[Evidence, ...] = ()
    clause: str | None = None
    suggested_unit: str | None = None


@record
class PartHandedOver(UnitFact):
    """The part went to another desk inside the unit."""

    TYPE: ClassVar[str] = "shaodao.whistle.part_handed_over.v1"

    to: Handler


@record
class ReleaseRequested(UnitFact):
    """The lead asks to let this assisting unit go; `by` is the lead's unit."""

    TYPE: ClassVar[str] = "shaodao.whistle.release_requested.v1"

    by: str
    reason: str
    rule_by: Due


@record
class ExtensionRequested(UnitFact):
    """The unit asks for more time; a reviewer decides by `rule_by`."""

    TYPE: ClassVar[str] = "shaodao.whistle.extension_requested.v1"

    amount: int
    amount_unit: str
    reason: str
    rule_by: Due


@record
class SuspensionRequested(UnitFact):
    """The unit asks to pause; the supervisor decides by `rule_by`."""

    TYPE: ClassVar[str] = "shaodao.whistle.suspension_requested.v1"

    code: SuspensionCode
    reason: str
    plan: str
    rule_by: Due


@record
class Resolved(UnitFact):
    """The unit's part is done; `final` when it was the lead's and so the whistle's."""

    TYPE: ClassVar[str] = "shaodao.whistle.resolved.v1"

    late: bool
    final: bool
    review: str
    result: Result
    facts_true: FactsTrue
    public_reply: str
    measures: str
    evidence: tuple[Evidence, ...] = ()
    risk: tuple[str, ...] = ()  # why a reviewer looks at it
    review_by: Due | None = None
    held_up_by: tuple[str, ...] = ()  # assisting units whose own lateness made the lead late
    like: str | None = None  # the number of the whistle whose reply it repeats


@record
class TicketLinked(WhistleFact):
    """A ticket that was merged into one of this whistle's follows it from now on."""

    TYPE: ClassVar[str] = "shaodao.whistle.ticket_linked.v1"

    ticket_id: UUID
    into: UUID
    from_whistle_id: UUID | None = None
    assignments: tuple[Assignment, ...] = ()  # the units that work on it


@record
class TicketUnlinked(WhistleFact):
    """The merge was taken back: the ticket follows this whistle no more."""

    TYPE: ClassVar[str] = "shaodao.whistle.ticket_unlinked.v1"

    ticket_id: UUID


@record
class MergeHeld(WhistleFact):
    """Its ticket was merged, but two units lead the one matter: a dispatcher decides.

    Said of the whistle of the merged ticket; both go on until then.
    """

    TYPE: ClassVar[str] = "shaodao.whistle.merge_held.v1"

    ticket_id: UUID
    into: UUID
    into_whistle_id: UUID
    rule_by: Due


@record
class MergeSettled(WhistleFact):
    """The dispatcher's word on two leads of one matter; what it changes is said besides."""

    TYPE: ClassVar[str] = "shaodao.whistle.merge_settled.v1"

    ticket_id: UUID
    into: UUID
    into_whistle_id: UUID
    decision: str  # kept_into, kept_own, kept_both
    reason: str = ""


@record
class Withdrawn(WhistleFact):
    """The whistle was taken back; every running promise of it ends."""

    TYPE: ClassVar[str] = "shaodao.whistle.withdrawn.v1"

    reason: str


@record
class Closed(WhistleFact):
    """The whistle ended; with the callback's word where there was a ticket."""

    TYPE: ClassVar[str] = "shaodao.whistle.closed.v1"

    result: CallbackResult | None = None
    satisfaction: Satisfaction | None = None


@record
class MergeConflict(WhistleFact):
    """A merge at intake came too late: the child's whistle is already resolved."""

    TYPE: ClassVar[str] = "shaodao.whistle.merge_conflict.v1"

    ticket_id: UUID
    into: UUID
