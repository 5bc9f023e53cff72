"""Where the cases are played: hears the department's reports and hands each to its scene."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from deploy.conformance.finding import WrongError
from deploy.conformance.line import Line, Record
from deploy.conformance.referee import Referee
from deploy.conformance.scene import Scene
from services.router.domain.city import City
from shared.catalogue.model import LOCAL_LEADS, UnitKind
from shared.contracts.envelope import MalformedEventError, Reader
from shared.contracts.topics import UNIT_REPORTS
from shared.runtime.clock import wall_now

LOOK_AGAIN_SECONDS = 0.2
VERSION = 7


@dataclass(slots=True)
class Stage:
    """One run of the kit; `patience` and `quiet` are seconds."""

    line: Line
    city: City
    unit: str
    patience: float
    quiet: float
    foreign_category: str  # another's duty, which the department returns
    own_category: str
    other_unit: str  # leads or assists beside the department
    region: str
    ended: WrongError | None = None
    begun_at: datetime = field(default_factory=wall_now)
    faults: dict[str, WrongError] = field(default_factory=dict)  # the first of each kind
    _scenes: dict[UUID, Scene] = field(default_factory=dict)
    _ids: dict[str, bytes] = field(default_factory=dict)
    _numbers: int = 0

    def scene(self, case: str) -> Scene:
        """A scene for a case."""
        self._numbers += 1
        return Scene(self, Referee(self.city, self.unit, f"S-CONF-{self._numbers:03}"), case)

    def joins(self, scene: Scene) -> None:
        """Reports about its whistle go to this scene from now on."""
        self._scenes[scene.whistle_id] = scene

    async def listen(self) -> None:
        """Until cancelled."""
        reader = Reader(UNIT_REPORTS.events)
        while True:
            for record in await self.line.hear():
                await self._take(reader, record)

    async def _take(self, reader: Reader, record: Record) -> None:
        try:
            event = reader.read(record.value)
        except MalformedEventError as error:
            self.fault(
                "schema", f"报告不合规范：{error.words}", f"breaks the contract: {error.words}"
            )
            return
        if event is None:
            self.fault("schema", "报告类型不在合约中", "a type that the contract does not have")
            return
        value = record.value or b""
        if event.event_id in self._ids:  # the city's inbox drops it, whatever it says
            if self._ids[event.event_id] != value:
                twice = f"id {event.event_id} 用于两份不同的报告"
                self.fault("ids", twice, f"id {event.event_id} is that of two different reports")
            return
        self._ids[event.event_id] = value
        if event.subject != str(event.data.whistle_id):
            self.fault(
                "subject", "subject 与 data.whistle_id 不同", "subject is not data.whistle_id"
            )
        scene = self._scenes.get(event.data.whistle_id)
        if scene is None:
            if made_at(event.data.whistle_id) >= self.begun_at:  # none of an earlier run
                self.fault("schema", "报告的哨单不存在", "a report about a whistle nobody blew")
            return
        await scene.judge(event.data, report_id=event.event_id, at=record.received_at)

    def fault(self, kind: str, zh: str, en: str) -> None:
        """Something wrong that is no one case's."""
        self.faults.setdefault(kind, WrongError(zh, en))

    def end(self, status: int) -> None:
        """The department's program is gone: nobody need wait for it any more."""
        self.ended = WrongError(
            f"部门系统的程序自行退出，状态码 {status}",
            f"the department's program ended by itself with {status}",
        )
        for scene in self._scenes.values():
            scene.wake()

    def demand_life(self) -> None:
        """Raises WrongError once the program has ended."""
        if self.ended is not None:
            raise self.ended

    async def taken_in(self, offset: int) -> None:
        """Until a group of the department has committed past an offset of its whistles."""
        try:
            async with asyncio.timeout(self.patience):
                while not await self._has_taken_in(offset):  # noqa: ASYNC110 - told by nobody
                    await asyncio.sleep(LOOK_AGAIN_SECONDS)
        except TimeoutError:
            prefix = self.line.group_prefix
            raise WrongError(
                f"{self.patience:g} 秒内没有消费组（{prefix}*）提交到位移 {offset}",
                f"no group {prefix}* committed past offset {offset} within {self.patience:g} s",
            ) from None

    async def a_while(self) -> None:
        """Time enough to say something: silence is known only by waiting."""
        await asyncio.sleep(self.quiet)

    async def _has_taken_in(self, offset: int) -> bool:
        self.demand_life()
        groups = (await self.line.groups()).items()
        own = self.line.group_prefix
        return any(next_ > offset for group, next_ in groups if group.startswith(own))


def made_at(whistle_id: UUID) -> datetime:
    """When a whistle was blown: a UUIDv7 begins with it; long ago for another kind of id."""
    known = whistle_id.version == VERSION
    return datetime.fromtimestamp((whistle_id.int >> 80) / 1000 if known else 0, UTC)


def own_category(city: City, unit: str) -> str:
    """A category that this unit leads, so that it would take it."""
    functions = set(city.catalogue.unit(unit).function_codes)
    return next(
        (c.code for c in city.catalogue.categories.values() if c.lead_function in functions),
        next(iter(city.catalogue.categories)),
    )


def other_unit(city: City, unit: str) -> str:
    """Some other bureau, for the matters where the department is not alone."""
    return next(
        each.code
        for each in city.catalogue.units.values()
        if each.kind is UnitKind.BUREAU and each.code != unit
    )


def foreign_category(city: City, unit: str) -> str:
    """A category that is some other bureau's duty, so that it would be returned."""
    functions = set(city.catalogue.unit(unit).function_codes)
    return next(
        c.code
        for c in city.catalogue.categories.values()
        if c.lead_function not in functions and c.lead_function not in LOCAL_LEADS
    )
