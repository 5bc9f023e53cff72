"""Facts of the router that follow somebody's word: reviewers, supervisors and dispatchers.

They are said on the topic `whistles`, as those of `shared.contracts.whistles` are.
"""

from typing import ClassVar
from uuid import UUID

from shared.contracts.parts import (
    Actor,
    Assignment,
    DueChange,
    OwedChange,
    SuspensionCode,
)
from shared.contracts.values import Due
from shared.contracts.whistles import UnitFact, WhistleFact
from shared.records import record


@record
class UnitReturned(UnitFact):
    """A reviewer let the unit go."""

    TYPE: ClassVar[str] = "shaodao.whistle.unit_returned.v1"

    ruled_by: Actor
    reason: str


@record
class UnitOffered(WhistleFact):
    """Another unit was called in place of one that left, with full time."""

    TYPE: ClassVar[str] = "shaodao.whistle.unit_offered.v1"

    assignment: Assignment
    in_place_of: str | None = None
    ruled_by: Actor | None = None


@record
class ReturnRefused(UnitFact):
    """It is the unit's duty after all; the time runs on unchanged."""

    TYPE: ClassVar[str] = "shaodao.whistle.return_refused.v1"

    ruled_by: Actor
    reason: str


@record
class Adjudicated(UnitFact):
    """The supervisor's final word on who leads."""

    TYPE: ClassVar[str] = "shaodao.whistle.adjudicated.v1"

    ruled_by: Actor
    reason: str
    decision: str = ""  # returned, refused


@record
class AssistingAdded(WhistleFact):
    """One more unit assists."""

    TYPE: ClassVar[str] = "shaodao.whistle.assisting_added.v1"

    assignment: Assignment


@record
class ExtensionRefused(UnitFact):
    """No more time; the due time stays."""

    TYPE: ClassVar[str] = "shaodao.whistle.extension_refused.v1"

    ruled_by: Actor
    reason: str


@record
class DueChanged(WhistleFact):
    """Due times moved: extension, adjudication, a provisional year become known, an outage."""

    TYPE: ClassVar[str] = "shaodao.whistle.due_changed.v1"

    changes: tuple[DueChange, ...]
    reason: str
    granted: bool = False  # an extension the unit had asked for
    outage_id: UUID | None = None  # a declared outage moved them
    owed: tuple[OwedChange, ...] = ()  # what others than the called units owe


@record
class SuspensionRefused(UnitFact):
    """The work goes on."""

    TYPE: ClassVar[str] = "shaodao.whistle.suspension_refused.v1"

    ruled_by: Actor
    reason: str


@record
class ReleaseRefused(UnitFact):
    """The assisting unit stays in; `by` is the unit that asked to let it go."""

    TYPE: ClassVar[str] = "shaodao.whistle.release_refused.v1"

    by: str
    ruled_by: Actor
    reason: str


@record
class Suspended(UnitFact):
    """Work is paused with a reason; it is looked at again by `review_by`."""

    TYPE: ClassVar[str] = "shaodao.whistle.suspended.v1"

    reason: str
    review_by: Due
    code: SuspensionCode | None = None
    ruled_by: Actor | None = None


@record
class Resumed(UnitFact):
    """Work goes on with the time that was left."""

    TYPE: ClassVar[str] = "shaodao.whistle.resumed.v1"

    changes: tuple[DueChange, ...]
    reason: str | None = None
    ruled_by: Actor | None = None
    progress_by: Due | None = None


@record
class ReviewPassed(UnitFact):
    """A sampled resolution was found good."""

    TYPE: ClassVar[str] = "shaodao.whistle.review_passed.v1"

    ruled_by: Actor | None = None
    reason: str | None = None


@record
class ReviewRejected(UnitFact):
    """A sampled resolution was sent back; the clock goes on as if never stopped."""

    TYPE: ClassVar[str] = "shaodao.whistle.review_rejected.v1"

    reason: str
    ruled_by: Actor | None = None
    progress_by: Due | None = None


@record
class HeldHandedOver(WhistleFact):
    """A held ticket goes to another desk: a dispatcher by name, or the supervisor."""

    TYPE: ClassVar[str] = "shaodao.whistle.held_handed_over.v1"

    to_role: str
    to_name: str | None = None
    note: str = ""
