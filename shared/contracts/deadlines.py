"""Facts of the notifier about promises of time: warned, missed, corrected, climbed.

Topic `deadlines`; key and subject are the whistle_id, else the ticket_id. The id of such an event
is derived from deadline, round and rung, so that a rung fires once a round.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.parts import DeadlineKind, Fact
from shared.contracts.values import Due, Instant
from shared.records import record


@record
class DeadlineFact(Fact):
    """What every fact about a promise carries; `seq` counts within the deadline."""

    deadline_id: UUID
    kind: DeadlineKind
    round: int
    due: Due
    ticket_id: UUID | None = None
    whistle_id: UUID | None = None
    assignment_id: UUID | None = None
    unit: str | None = None


@record
class Warned(DeadlineFact):
    """The promise is near its end: yellow, then red."""

    TYPE: ClassVar[str] = "shaodao.deadline.warned.v1"

    rung: str


@record
class Missed(DeadlineFact):
    """The due time passed and nothing that keeps the promise was received."""

    TYPE: ClassVar[str] = "shaodao.deadline.missed.v1"


@record
class Corrected(DeadlineFact):
    """It had been kept: the report was received before the due time (DOMAIN §2.11)."""

    TYPE: ClassVar[str] = "shaodao.deadline.corrected.v1"

    met_at: datetime


@record
class RungClimbed(DeadlineFact):
    """Still not kept: the matter rises to supervision of this level (1–5)."""

    TYPE: ClassVar[str] = "shaodao.deadline.rung_climbed.v1"

    level: int
    rung: str


@record
class Supervised(DeadlineFact):
    """A supervisor, a leader or the ladder asks for a written answer.

    The promise is that of the answer, its `seq` counts within the supervision. Said again with
    another level when the ladder climbs on before there is an answer; and with another time, and
    the `reason`, when that moves without anybody's word.
    """

    TYPE: ClassVar[str] = "shaodao.deadline.supervised.v1"

    level: int
    words: str
    answer_by: Due
    supervision_id: UUID | None = None
    source: str | None = None  # ladder, supervisor, leader
    reason: str | None = None  # why its time moved
    outage_id: UUID | None = None  # the declared outage that moved it


@record
class SupervisionAnswered(DeadlineFact):
    """The unit answered in writing; `late` when its time was over."""

    TYPE: ClassVar[str] = "shaodao.deadline.supervision_answered.v1"

    words: str
    supervision_id: UUID | None = None
    late: bool = False


@record
class OutageDeclared(Fact):
    """A supervisor's word that the system could not be worked with for a while.

    The owners move the due times inside it by its length; key and subject are the outage_id.
    """

    TYPE: ClassVar[str] = "shaodao.deadline.outage_declared.v1"

    outage_id: UUID
    from_at: Instant
    to_at: Instant
    reason: str
