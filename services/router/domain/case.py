"""One report on the router's table: what it stands on, and how it is refused."""

from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from services.router.domain.assignment import Assignment
from services.router.domain.dues import Promises
from services.router.domain.matter import Content, Matter
from services.router.domain.reports.replies import Reply
from services.router.domain.whistle import Whistle
from shared.contracts import reports
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import Actor, AssignmentState
from shared.contracts.values import Due
from shared.errors import ConflictError, ShaodaoError
from shared.records import record

R = TypeVar("R", bound=reports.Report)
Changes = dict[str, Any]
"""The fields of an assignment that a report changes, besides its state."""


class RefusedError(Exception):
    """A rule refuses the report, with its sentence in both languages."""

    def __init__(self, code: RefusalCode, zh: str, en: str) -> None:
        super().__init__(en)
        self.code = code
        self.zh = zh
        self.en = en


def refusal(error: ShaodaoError) -> RefusedError:
    """The refusal of a report by a rule that people's requests are held to as well."""
    wrong_state = isinstance(error, ConflictError)
    code = RefusalCode.WRONG_STATE if wrong_state else RefusalCode.INVALID
    return RefusedError(code, error.zh, error.en)


@record
class Precedent:
    """Which units have asked to return the matter before, in any round of its ticket."""

    asked: tuple[str, ...] = ()

    def then(self, unit: str) -> "Precedent":
        """After one more request."""
        return Precedent(asked=(*self.asked, unit))


NO_PRECEDENT = Precedent()


@record
class Grounds:
    """What only some reports are judged by, and is read for those alone."""

    precedent: Precedent = NO_PRECEDENT
    content: Content | None = None
    matter: Matter | None = None
    replies: tuple[Reply, ...] = ()  # the unit's last ones to other tickets


BARE = Grounds()


@record
class Case:
    """A report about a running whistle, of a unit that has or had a part in it."""

    whistle: Whistle
    part: Assignment
    report: reports.Report
    actor: Actor
    received_at: datetime
    promises: Promises
    grounds: Grounds

    def of(self, kind: type[R]) -> R:
        """The report as its own kind; the table of rules made sure of it."""
        if not isinstance(self.report, kind):
            raise TypeError(f"{type(self.report).__name__} is judged as {kind.__name__}")
        return self.report

    def progress_by(self) -> Due | None:
        """When the unit, which is at it now, reports on its progress next."""
        return self.promises.progress(self.part.dues.resolve, self.received_at)

    def reporting_by(self, by: Due | None) -> Changes:
        """What it changes of the part that its progress is reported on by then."""
        dues = self.part.dues
        return {} if by == dues.progress else {"dues": replace(dues, progress=by)}

    def about(self, state: AssignmentState) -> dict[str, Any]:
        """The fields that every fact about a unit's part carries."""
        whistle, part = self.whistle, self.part
        return {
            "seq": whistle.seq + 1,
            "actor": self.actor,
            "policy": self.promises.city.limits.version,
            "whistle_id": whistle.whistle_id,
            "ticket_ids": whistle.ticket_ids,
            "round": whistle.round,
            "assignment_id": part.assignment_id,
            "unit": part.unit,
            "relation": part.relation,
            "state": state,
            "received_at": self.received_at,
        }
