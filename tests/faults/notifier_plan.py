"""What the notifier's kill story is made of: how much, its facts, and when they are due."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from shared.contracts import ids
from shared.contracts.parts import Actor, Assignment, BlownBy, Place, Role
from shared.contracts.values import Due, Relation, Urgency, WhistleKind
from shared.contracts.whistles import Blown

SILENT, STAFFED = "BH-CGJ", "BH-ZJJ"  # nobody is on duty at the first, everybody at the second
UNITS = (SILENT, STAFFED)
RULE, LIMIT = "30m", timedelta(minutes=30)
TOLD = 2  # promises that are told to people
RUNGS = frozenset({"yellow", "red", "due"})  # what fires of each
OFFICER = Actor(role=Role.STREET_OFFICER, unit="BH-JD1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of a story."""

    promises: int
    people: int
    copies: int
    kills: int
    waves: int
    apart: timedelta  # from wave to wave
    ahead: timedelta  # of the first wave
    pause: tuple[float, float]  # seconds between two kills
    settle_seconds: int  # what fires may take so long before the auditor finds it late
    calm_within: float

    @property
    def webhooks(self) -> int:
        """Each of them hears a warning and the miss of each promise of their unit."""
        return self.people * TOLD * 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """One whistle whose one promise is to be acknowledged by `due`."""

    number: int
    whistle_id: UUID
    assignment_id: UUID
    unit: str
    due: datetime

    def blown(self) -> Blown:
        """The fact that opens it: half its time and more is over, so that two warnings fire."""
        due = Due(
            by=self.due, rule=RULE, started_at=self.due - LIMIT, calendar="test", policy="test"
        )
        return Blown(
            whistle_id=self.whistle_id,
            ticket_ids=(),
            seq=1,
            actor=OFFICER,
            policy="test",
            number=f"S20260914{self.number:06d}",
            kind=WhistleKind.EMERGENCY,
            urgency=Urgency.URGENT,
            title="路面塌陷，请到场处置",
            summary="十字路口东侧路面塌陷约两米，已拉警戒线，请到场处置。",
            place=Place(region="159902001001", address="河湾路十字路口"),
            blown_by=BlownBy(unit="BH-JD1", level="street"),
            dispatched_by=OFFICER,
            assignments=(
                Assignment(
                    assignment_id=self.assignment_id,
                    unit=self.unit,
                    relation=Relation.LEAD,
                    acknowledge=due,
                ),
            ),
            trace=(),
        )


def promises(size: Size, now: datetime) -> list[Promise]:
    """All of a story, wave after wave; the first of the first waves are told to people."""
    return [
        Promise(
            number=n,
            whistle_id=ids.new_id(now),
            assignment_id=ids.new_id(now),
            unit=STAFFED if n < TOLD else SILENT,
            due=now + size.ahead + n % size.waves * size.apart,
        )
        for n in range(size.promises)
    ]


def kills(seed: str, size: Size) -> Iterator[tuple[float, int]]:
    """Each kill: after how many seconds, and of which copy."""
    rng = random.Random(f"{seed}/notifier")
    for _ in range(size.kills):
        yield rng.uniform(*size.pause), rng.randrange(size.copies)
