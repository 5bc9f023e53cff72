"""One case on the stage: its whistle, what the kit says of it, what the department says."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pydantic_core import from_json, to_json

from deploy.conformance.finding import WrongError
from deploy.conformance.referee import Referee
from services.router.domain.matter import Matter
from services.router.domain.reports.judgement import Refused
from services.router.domain.routing.answer import Summons
from shared.contracts import bureaus, envelope
from shared.contracts.ids import new_id
from shared.contracts.parts import Place
from shared.contracts.reports import Report
from shared.contracts.values import Relation, TicketType, Urgency
from shared.runtime.clock import wall_now

if TYPE_CHECKING:
    from deploy.conformance.stage import Stage

SOURCE = "/shaodao/conformance"
VIEWS = bureaus.View | bureaus.ReportRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One report of the department on this whistle, and how it was judged."""

    verb: str
    report_id: str
    report: Report
    counted: bool
    why: Refused | None = None


class Scene:
    """A whistle that is played to the department."""

    def __init__(self, stage: "Stage", referee: Referee, case: str) -> None:
        self.stage = stage
        self.referee = referee
        self.case = case
        self.heard: list[Heard] = []
        self.refuse: Callable[[Report], Refused | None] | None = None
        self.last_offset = -1
        self._whistled: bureaus.Whistled
        self._looked_at = 0
        self._new = asyncio.Event()

    # What the kit says

    async def blow(
        self,
        *,
        relation: Relation = Relation.LEAD,
        urgency: Urgency = Urgency.NORMAL,
        category: str | None = None,
        confidential: bool = False,
        assisting: str | None = None,
        lead: str | None = None,
        twist: Callable[[dict[str, Any]], None] | None = None,
        times: int = 1,
    ) -> None:
        """Call the department; `twist` changes the event's JSON before it is sent."""
        matter = Matter(
            title=f"对接测试：{self.case}",
            summary=f"本件为对接测试（{self.case}），请按正常流程办理。",
            place=Place(
                region=self.stage.region, address="对接测试路 1 号", lat=41.6051, lon=108.3124
            ),
            urgency=urgency,
            category=category or self.stage.own_category,
            type=TicketType.COMPLAIN,
            confidential=confidential,
        )
        summonses = [Summons(unit=self.stage.unit, relation=relation)]
        if lead is not None:
            summonses.insert(0, Summons(unit=lead, relation=Relation.LEAD))
        if assisting is not None:
            summonses.append(Summons(unit=assisting, relation=Relation.ASSISTING))
        views = self.referee.blow(matter, summonses, now=wall_now())
        self.stage.joins(self)
        (whistled,) = [view for unit, view in views if unit == self.stage.unit]
        assert isinstance(whistled, bureaus.Whistled)
        self._whistled = whistled
        value = self._event(whistled)
        if twist is not None:
            event = from_json(value)
            twist(event)
            value = to_json(event).decode()
        for _ in range(times):
            self.last_offset = await self.stage.line.say(value, key=str(self.whistle_id))

    async def call_again(self) -> None:
        """The department is called anew on the same whistle, for what is its own duty."""
        whistled = replace(
            self._whistled,
            seq=self.referee.held.seq,
            assignment=self.referee.part().shown(),
            units=self.referee.held.units(),
            category=self.stage.own_category,
        )
        await self.tell(whistled)

    async def tell(self, view: VIEWS) -> None:
        """One more event about the whistle."""
        line = self.stage.line
        self.last_offset = await line.say(self._event(view), key=str(self.whistle_id))

    def _event(self, view: VIEWS) -> str:
        return envelope.write(
            event_id=new_id(wall_now()),
            source=SOURCE,
            subject=str(self.whistle_id),
            time=wall_now(),
            data=view,
        )

    @property
    def whistle_id(self) -> UUID:
        return self.referee.whistle_id

    # What the department says

    async def judge(self, report: Report, *, report_id: str, at: datetime) -> None:
        """Take a report in and answer it, as the router would."""
        verb = report.TYPE.split(".")[2]
        refused = self.refuse(report) if self.refuse else None
        answer = refused or self.referee.judge(report, report_id=report_id, at=at)
        why = answer if isinstance(answer, Refused) else None
        self.heard.append(
            Heard(verb=verb, report_id=report_id, report=report, counted=why is None, why=why)
        )
        self._new.set()
        views = [_refusal(why, report, report_id)] if why else answer
        assert not isinstance(views, Refused)
        for view in views:
            await self.tell(view)

    async def expect(
        self, verb: str, *, counted: bool | None = True, within: float | None = None
    ) -> Heard:
        """The next report of that verb; WrongError when none comes in time or it is not right.

        `counted`: whether it must count; None takes either. `within`: seconds, else the patience.
        """
        patience = within or self.stage.patience
        try:
            async with asyncio.timeout(patience):
                while True:
                    while self._looked_at < len(self.heard):
                        found = self.heard[self._looked_at]
                        self._looked_at += 1
                        if found.verb == verb:
                            return _as_wanted(found, counted)
                    self.stage.demand_life()
                    self._new.clear()
                    await self._new.wait()
        except TimeoutError:
            last = self.heard[-1] if self.heard else None
            seen = f"，最后一次报告是 {last.verb}" if last else "，没有收到任何报告"
            saw = f", the last report was {last.verb}" if last else ", nothing was reported"
            raise WrongError(
                f"{patience:g} 秒内没有收到 {verb}{seen}",
                f"no {verb} within {patience:g} s{saw}",
            ) from None

    def wake(self) -> None:
        """Look again: there may be something new."""
        self._new.set()

    async def silence_after(self, view: VIEWS, *, but: tuple[str, ...] = ()) -> None:
        """When the department is calm it is told this, takes it in, and says nothing more."""
        await self.calm()
        begun = len(self.heard)
        await self.tell(view)
        await self.calm()
        said = [each.verb for each in self.heard[begun:] if each.verb not in but]
        if said:
            raise WrongError(
                f"此后不应再报告，却收到 {'、'.join(said)}",
                f"nothing more was to be reported, but there came {', '.join(said)}",
            )

    async def calm(self) -> None:
        """It has taken in all that was said, and has nothing to add.

        Without this a report could have been on its way before the department knew better.
        """
        while True:
            begun, offset = len(self.heard), self.last_offset
            await self.stage.taken_in(offset)
            await self.stage.a_while()
            if (begun, offset) == (len(self.heard), self.last_offset):
                return

    def count(self, verb: str) -> int:
        """How many different reports of that verb came."""
        return len({each.report_id for each in self.heard if each.verb == verb})


def _as_wanted(found: Heard, counted: bool | None) -> Heard:
    if counted is None or found.counted is counted:
        return found
    if found.why is not None:
        raise WrongError(
            f"{found.verb} 不被受理：{found.why.zh}", f"{found.verb} does not count: {found.why.en}"
        )
    raise WrongError(f"{found.verb} 来得太早", f"{found.verb} came too early")


def _refusal(refused: Refused, report: Report, report_id: str) -> bureaus.ReportRefused:
    return bureaus.ReportRefused(
        report_id=report_id,
        topic="reports",
        partition=0,
        offset=0,
        code=refused.code,
        zh=refused.zh,
        en=refused.en,
        whistle_id=report.whistle_id,
        state=refused.state,
        seq=refused.seq,
    )
