"""The story of one ticket or joint matter as facts, and one unit's part told from its offer on."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts import rulings, whistles
from shared.contracts.parts import (
    Actor,
    Assignment,
    AssignmentState,
    DeadlineKind,
    DueChange,
    Handler,
    Result,
    Role,
    SuspensionCode,
)
from shared.contracts.reports import ArrivalMode, ContactMeans, FactsTrue
from shared.contracts.values import Due, Relation

CATEGORIES = ("0101", "0107", "0201", "0205", "0301", "0502", "0803", "1102", None)
COMMUNITIES = ("159902001001", "159902001002", "159902002001", "159903001001", "159903001002")
PLACES = (*COMMUNITIES, "159902003", "159903", None)
BUREAUS = ("BH-CGJ", "BH-ZJJ", "XS-CGJ", "C-GR", "C-GAJ", "P-01", "P-02")
STREETS = ("BH-JD01", "BH-JD02", "XS-JD01")
SYSTEM, CLERK = Actor(role=Role.SYSTEM), Actor(role=Role.CALLBACK_CLERK)
LIAISON, REVIEWER = Actor(role=Role.LIAISON), Actor(role=Role.REVIEWER)
HANDLER = Handler(name="张强")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Said:
    """One fact with its topic, subject and effective time."""

    topic: str
    subject: str
    at: datetime
    data: Any


@dataclass(slots=True)
class Story:
    """The facts of one ticket or one joint matter as they are made; `seq` per subject."""

    dice: random.Random
    said: list[Said]
    seqs: dict[UUID, int]

    def seq(self, subject: UUID) -> int:
        self.seqs[subject] = self.seqs.get(subject, 0) + self.dice.choice((1, 1, 2))
        return self.seqs[subject]

    def ticket(self, cls: type, ticket_id: UUID, at: datetime, **more: Any) -> None:
        data = cls(seq=self.seq(ticket_id), actor=CLERK, ticket_id=ticket_id, **more)
        self.said.append(Said("tickets", str(ticket_id), at, data))

    def whistle(self, cls: type, whistle_id: UUID, at: datetime, **more: Any) -> None:
        data = cls(seq=self.seq(whistle_id), actor=SYSTEM, whistle_id=whistle_id, **more)
        self.said.append(Said("whistles", str(whistle_id), at, data))

    def chance(self, share: float) -> bool:
        return self.dice.random() < share


def due(by: datetime, started_at: datetime) -> Due:
    return Due(by=by, rule="5WD", started_at=started_at, calendar="cn", policy="limits-2026.1")


def _maybe_due(story: Story, at: datetime, share: float, least: float, most: float) -> Due | None:
    if not story.chance(share):
        return None
    return due(at + timedelta(hours=story.dice.uniform(least, most)), at)


def offered(story: Story, at: datetime, unit: str, relation: Relation) -> Assignment:
    informed = relation is Relation.INFORMED
    return Assignment(
        assignment_id=UUID(int=story.dice.getrandbits(128), version=4),
        unit=unit,
        relation=relation,
        acknowledge=None if informed else _maybe_due(story, at, 0.97, 0.3, 8),
        contact=None if informed else _maybe_due(story, at, 0.85, 4, 36),
        arrive=None if informed else _maybe_due(story, at, 0.3, 1, 30),
        resolve=None if informed else _maybe_due(story, at, 0.98, 24, 200),
    )


class Works:
    """One unit's part, told from its offer on; `about` are the fields its facts share."""

    def __init__(self, story: Story, whistle_id: UUID, part: Assignment, **shared: Any) -> None:
        self.story, self.part, self.whistle_id, self.shared = story, part, whistle_id, shared

    def says(self, cls: type, at: datetime, **more: Any) -> None:
        fields = {
            "assignment_id": self.part.assignment_id,
            "unit": self.part.unit,
            "relation": self.part.relation,
            "state": AssignmentState.WORKING,
            "received_at": at,
        }
        self.story.whistle(cls, self.whistle_id, at, **self.shared, **fields, **more)

    def around(self, limit: Due | None, start: datetime, kept: float) -> datetime:
        """A time at, just before or after the limit, or well within it."""
        by = limit.by if limit else start + 10 * HOUR
        if not self.story.chance(kept):
            return by + timedelta(seconds=self.story.dice.choice((1, 60, 7200, 90_000)))
        if self.story.chance(0.1):
            return max(start, by)
        return start + (max(by, start) - start) * self.story.dice.random()

    def change(self, at: datetime, cls: type, kinds: dict[DeadlineKind, Due | None], **more: Any):
        changes = tuple(
            DueChange(
                assignment_id=self.part.assignment_id, unit=self.part.unit, kind=kind, due=new
            )
            for kind, new in kinds.items()
        )
        self.story.whistle(cls, self.whistle_id, at, **self.shared, changes=changes, **more)

    def begin(self, at: datetime) -> datetime:
        """Acknowledge, contact, arrive: mostly in time, now and then late or never."""
        story = self.story
        if story.chance(0.94):
            at = self.around(self.part.acknowledge, at, 0.9)
            late = self.part.acknowledge is not None and at > self.part.acknowledge.by
            self.says(whistles.Acknowledged, at, late=late, handler=HANDLER)
        elif story.chance(0.7):
            at += 16 * HOUR
            self.says(whistles.DeemedAcknowledged, at)
        if story.chance(0.88):
            at = self.around(self.part.contact, at, 0.85)
            for _ in range(story.dice.choice((1, 1, 2))):
                self.says(whistles.Contacted, at, late=False, how=ContactMeans.PHONE)
        if self.part.arrive is not None and story.chance(0.85):
            at = self.around(self.part.arrive, at, 0.8)
            self.says(whistles.Arrived, at, late=False, mode=ArrivalMode.ON_SITE)
        return at

    def pause(self, at: datetime) -> datetime | None:
        """Suspended; None when it never goes on."""
        self.says(
            rulings.Suspended,
            at,
            reason="冻土期",
            review_by=due(at + 30 * DAY, at),
            code=SuspensionCode.FROZEN_GROUND,
        )
        if self.story.chance(0.25):
            return None
        back = at + 8 * DAY
        moved = {DeadlineKind.RESOLVE: due(back + 5 * DAY, back)}
        changes = tuple(
            DueChange(assignment_id=self.part.assignment_id, unit=self.part.unit, kind=k, due=d)
            for k, d in moved.items()
        )
        self.says(rulings.Resumed, back, changes=changes)
        self.part = replace(self.part, resolve=moved[DeadlineKind.RESOLVE])
        return back

    def resolve(self, at: datetime, *, final: bool) -> datetime | None:
        """Done, perhaps sent back and done again; None when it stays open."""
        story = self.story
        if story.chance(0.08):
            self.part = replace(self.part, resolve=due(at + 9 * DAY, at))
            self.change(
                at, rulings.DueChanged, {DeadlineKind.RESOLVE: self.part.resolve}, reason="延期"
            )
        if story.chance(0.05):
            gone_on = self.pause(at + HOUR)
            if gone_on is None:
                return None
            at = gone_on
        if story.chance(0.05):
            return None
        at = self.around(self.part.resolve, at, 0.85)
        for turn in range(2 if story.chance(0.05) else 1):
            if turn:
                self.says(rulings.ReviewRejected, at + HOUR, reason="材料不实")
                if story.chance(0.1):
                    return None
                at += 2 * HOUR
            self.says(
                whistles.Resolved,
                at,
                late=False,
                final=final,
                review="none",
                result=story.dice.choice(tuple(Result)),
                facts_true=FactsTrue.YES,
                public_reply="已处理",
                measures="已处理",
            )
        return at
