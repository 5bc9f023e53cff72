"""What the notifier tells one unit about its promises: due soon, overdue, urged, supervised.

Topic `bureau.<code>.notices`, key and subject are the whistle_id.
"""

from typing import ClassVar
from uuid import UUID

from shared.contracts.parts import DeadlineKind
from shared.contracts.values import Due
from shared.records import record


@record
class Notice:
    """What every notice carries; `audience` names whom at the unit it is for."""

    TYPE: ClassVar[str]

    unit: str
    zh: str
    en: str
    whistle_id: UUID | None = None
    ticket_ids: tuple[UUID, ...] = ()
    audience: tuple[str, ...] = ()


@record
class DueSoon(Notice):
    """A promise is near its end."""

    TYPE: ClassVar[str] = "shaodao.notice.due_soon.v1"

    deadline_id: UUID
    kind: DeadlineKind
    rung: str
    due: Due


@record
class Overdue(Notice):
    """A promise was missed or is still open at a higher rung."""

    TYPE: ClassVar[str] = "shaodao.notice.overdue.v1"

    deadline_id: UUID
    kind: DeadlineKind
    rung: str
    level: int
    due: Due


@record
class Urged(Notice):
    """The citizen or the desk asks to hurry."""

    TYPE: ClassVar[str] = "shaodao.notice.urged.v1"

    count: int


@record
class Supervised(Notice):
    """A supervisor or leader asks for a written answer."""

    TYPE: ClassVar[str] = "shaodao.notice.supervised.v1"

    level: int
    answer_by: Due
    supervision_id: UUID | None = None  # what is answered


@record
class Digest(Notice):
    """Many notices in one."""

    TYPE: ClassVar[str] = "shaodao.notice.digest.v1"

    count: int
