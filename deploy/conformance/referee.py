"""Judges the department's reports by the router's own rules and answers as the router does."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.router.domain import calling
from services.router.domain.assignment import Assignment, AssignmentCommand, moved
from services.router.domain.calling import SYSTEM, Call
from services.router.domain.case import Grounds
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.matter import Matter
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import Refused, judge
from services.router.domain.routing.answer import Summons
from services.router.domain.whistle import Whistle
from shared.contracts.bureaus import View
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor, AssignmentState, BlownBy, Role
from shared.contracts.reports import Report
from shared.contracts.values import WhistleKind


class Referee:
    """One whistle of the kit, as the router would hold it."""

    def __init__(self, city: City, unit: str, number: str) -> None:
        self.city = city
        self.unit = unit
        self.number = number
        self.whistle: Whistle | None = None
        self._matter: Matter | None = None

    def blow(
        self, matter: Matter, summonses: list[Summons], *, now: datetime
    ) -> list[tuple[str, View]]:
        """Call the units; what each of them is told."""
        ticket_id = new_id(now)
        self._matter = matter
        held = calling.new_whistle(
            new_id(now),
            number=self.number,
            kind=WhistleKind.CITIZEN_DEMAND,
            matter=matter,
            round=1,
            ticket_ids=(ticket_id,),
            demand_ticket=ticket_id,
        )
        centre = self.city.hotline_centre(None)
        by_city = BlownBy(unit=centre.code if centre else self.city.region, level="city")
        call = Call(actor=SYSTEM, blown_by=by_city, trace=("conformance",))
        outcome = calling.blow(held, matter, summonses, call, promises=Promises(self.city, now))
        return self._took(outcome)

    def judge(self, report: Report, *, report_id: str, at: datetime) -> list[View] | Refused:
        """The answer to a report of the department: its views, or why it does not count."""
        answer = judge(
            self.whistle,
            report,
            unit=self.unit,
            actor=Actor(role=Role.DEPARTMENT, unit=self.unit, name=report.handler.name),
            report_id=report_id,
            received_at=at,
            promises=Promises(self.city, at),
            grounds=Grounds(matter=self._matter),
        )
        if isinstance(answer, Refused):
            return answer
        return [view for unit, view in self._took(answer) if unit == self.unit]

    def _took(self, outcome: Outcome) -> list[tuple[str, View]]:
        self.whistle = outcome.whistle
        return [view for step in outcome.steps for view in step.views]

    @property
    def held(self) -> Whistle:
        """The whistle; it was blown."""
        assert self.whistle is not None
        return self.whistle

    def part(self, unit: str | None = None) -> Assignment:
        """A unit's part, the department's by default."""
        part = self.held.part_of(unit or self.unit)
        assert part is not None
        return part

    def move(
        self, command: AssignmentCommand, *, unit: str | None = None, **changes: object
    ) -> int:
        """Something of the city's own happens to a unit's part; the seq of the fact."""
        part = moved(self.part(unit), command, **changes)
        return self._next(self.held.with_assignment(part))

    def replace_part(self, part: Assignment) -> int:
        """A new assignment of the same unit in place of the one that is gone."""
        return self._next((*self.held.assignments, part))

    def end(self, whistle: Whistle) -> int:
        """The whistle ended; the seq of the fact."""
        self.whistle = replace(whistle, seq=self.held.seq + 1)
        return self.whistle.seq

    def _next(self, assignments: tuple[Assignment, ...]) -> int:
        self.whistle = self.held.replaced(seq=self.held.seq + 1, assignments=assignments)
        return self.whistle.seq

    @property
    def whistle_id(self) -> UUID:
        return self.held.whistle_id

    @property
    def state(self) -> AssignmentState:
        return self.part().state


def real_city() -> City:
    """The city of the catalogue's files."""
    from services.router.app import city_of_files  # the whole router: not for every command

    return city_of_files()
