"""A quarter of a city as facts, made from a seed: everything that can happen to a ticket happens.

`Quarter(seed, tickets).heard()` gives the facts in an order of hearing: each subject's own facts in
order, as Kafka keeps them, the topics in none; here and there one twice, and one long after.
"""

import random
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from shared.contracts import figures, joint, rulings, tickets, units, whistles
from shared.contracts.parts import Actor, BlownBy, Place, Role
from shared.contracts.reports import ReturnReason
from shared.contracts.tickets import CallbackResult, Satisfaction
from shared.contracts.values import Channel, Relation, TicketType, Urgency, WhistleKind
from tests.support.quarter_joint import joint_matter
from tests.support.quarter_works import (
    BUREAUS,
    CATEGORIES,
    DAY,
    HOUR,
    MINUTE,
    PLACES,
    REVIEWER,
    STREETS,
    SYSTEM,
    Said,
    Story,
    Works,
    due,
    offered,
)
from tests.unit.notifier.samples import local

FIRST = local("2026-07-01 00:10")
LAST = local("2026-09-30 23:50")
COMPOUNDS = ("河湾锦苑", "河湾家园", None, None)
SUPERVISOR = Actor(role=Role.SUPERVISOR, name="白海涛")


class Quarter:
    """All facts of a quarter."""

    def __init__(self, seed: int, tickets: int) -> None:
        self.dice = random.Random(seed)
        self.said: list[Said] = []
        self.ticket_ids: list[UUID] = []
        self.now = LAST + 12 * DAY
        self._units()
        for number in range(tickets):
            self._ticket(number)
            if number % 12 == 0:
                joint_matter(self._story(), self._moment(), number)
            if number % 20 == 0:
                self._rating(number)

    def _story(self) -> Story:
        return Story(self.dice, self.said, {})

    def _moment(self) -> datetime:
        return FIRST + (LAST - FIRST) * self.dice.random()

    def _units(self) -> None:
        for code in (*BUREAUS, *STREETS):
            kind = "property" if code.startswith("P-") else "bureau"
            declared = units.UnitDeclared(
                code=code,
                name=f"{code} 单位",
                parent=None,
                level="district",
                kind="street" if "JD" in code else kind,
                function_codes=(),
                region="159902",
                can_whistle=True,
                duty_24h=False,
                active=True,
                reachable=True,
            )
            self.said.append(Said("units", code, FIRST, declared))

    def _rating(self, number: int) -> None:
        rated = units.RatingRecorded(
            rating_id=UUID(int=self.dice.getrandbits(128), version=4),
            subject_kind="unit",
            subject=self.dice.choice(BUREAUS),
            evaluator_class="resident",
            answer=self.dice.choice(tuple(Satisfaction)),
        )
        self.said.append(Said("ratings", f"c{number}", self._moment(), rated))

    def _ticket(self, number: int) -> None:
        story, at = self._story(), self._moment()
        ticket_id = UUID(int=self.dice.getrandbits(128), version=4)
        self.ticket_ids.append(ticket_id)
        place = Place(region=self.dice.choice(PLACES), compound=self.dice.choice(COMPOUNDS))
        category, canary = self.dice.choice(CATEGORIES), story.chance(0.01)
        story.ticket(
            tickets.Registered,
            ticket_id,
            at,
            number=f"1599{number:010d}",
            channel=self.dice.choice(tuple(Channel)),
            type=self.dice.choice(tuple(TicketType)),
            urgency=self.dice.choice(tuple(Urgency)),
            title="路灯不亮",
            summary="小区门口路灯不亮",
            place=place,
            dispatch_by=due(at + 2 * HOUR, at),
            citizen_by=due(at + 6 * DAY, at),
            category=category,
            canary=canary,
        )
        if story.chance(0.04):
            ends = (tickets.Answered, {}), (tickets.Voided, {"reason": "误登"})
            cls, more = self.dice.choice(ends)
            story.ticket(cls, ticket_id, at + MINUTE, **more)
            return
        if story.chance(0.02):
            story.ticket(
                tickets.GroupFlagged, ticket_id, at + MINUTE, callers=6, urgency=Urgency.URGENT
            )
        self._rounds(story, ticket_id, at + 20 * MINUTE, place, category, canary)
        self._asides(story, ticket_id, at)

    def _rounds(
        self,
        story: Story,
        ticket_id: UUID,
        at: datetime,
        place: Place,
        category: str | None,
        canary: bool,
    ) -> None:
        round_ = 1
        while round_ <= 4:
            whistle_id = UUID(int=self.dice.getrandbits(128), version=4)
            done = self._dispatch(story, whistle_id, ticket_id, round_, at, place, category, canary)
            if done is None:
                return
            ended = self._callback(story, ticket_id, whistle_id, round_, done + HOUR)
            if ended is None:
                return
            at, again = ended
            if not again:
                if not story.chance(0.02):
                    return
                at += DAY
                story.ticket(tickets.Reopened, ticket_id, at, round=round_ + 1, reason="又坏了")
            round_ += 1

    def _dispatch(
        self,
        story: Story,
        whistle_id: UUID,
        ticket_id: UUID,
        round_: int,
        at: datetime,
        place: Place,
        category: str | None,
        canary: bool,
    ) -> datetime | None:
        """One whistle from its blowing on; when its lead was done, None if it never was."""
        several = self.dice.sample(BUREAUS, 3)
        parts = [offered(story, at, several[0], Relation.LEAD)]
        parts += [
            offered(story, at, unit, self.dice.choice((Relation.ASSISTING, Relation.INFORMED)))
            for unit in several[1 : 1 + self.dice.choice((0, 0, 1, 2))]
        ]
        about = {"ticket_ids": (ticket_id,), "round": round_, "canary": canary}
        story.whistle(
            whistles.Blown,
            whistle_id,
            at,
            **about,
            number=f"S{self.dice.getrandbits(40)}",
            kind=WhistleKind.CITIZEN_DEMAND,
            urgency=Urgency.NORMAL,
            title="路灯不亮",
            summary="小区门口路灯不亮",
            place=place,
            blown_by=BlownBy(unit="C-RXZX", level="city"),
            dispatched_by=SYSTEM,
            assignments=tuple(parts),
            trace=(),
            category=category or "0203",
            provisional=story.chance(0.03),
        )
        for part in parts[1:]:
            if part.relation is Relation.ASSISTING:
                self._assist(Works(story, whistle_id, part, **about), at)
        lead = Works(story, whistle_id, parts[0], **about)
        if story.chance(0.1):
            after = self._return(lead, several[1], at)
            if after is None:
                return None
            lead, at = after
        at = lead.begin(at)
        done = lead.resolve(at, final=True)
        if done is not None and story.chance(0.9):
            story.whistle(whistles.Closed, whistle_id, done + 30 * HOUR, **about)
        return done

    def _assist(self, part: Works, at: datetime) -> None:
        at = part.begin(at)
        if part.story.chance(0.1):
            part.says(joint.Released, at + HOUR, reason="无需协办")
        else:
            part.resolve(at, final=False)

    def _return(self, lead: Works, other: str, at: datetime) -> tuple[Works, datetime] | None:
        """Not mine: who works on then, None while it waits for its ruling."""
        story, at = lead.story, at + HOUR
        lead.says(
            whistles.ReturnRequested,
            at,
            reason=ReturnReason.NOT_DUTY,
            clause="三定方案第二条",
            rule_by=due(at + 4 * HOUR, at),
        )
        if story.chance(0.1):
            return None
        at += HOUR
        way = self.dice.choice(("returned", "returned", "refused", "disputed", "final"))
        ruled = {"ruled_by": REVIEWER, "reason": "按职责清单"}
        if way == "returned":
            lead.says(rulings.UnitReturned, at, **ruled)
        elif way == "refused":
            lead.says(rulings.ReturnRefused, at, **ruled)
            return lead, at
        else:
            if way == "disputed":
                lead.says(rulings.ReturnRefused, at, **ruled)
                at += HOUR
                lead.says(whistles.Disputed, at, reason="不服", rule_by=due(at + 9 * HOUR, at))
            at += HOUR
            decision = self.dice.choice(("returned", "refused"))
            lead.says(rulings.Adjudicated, at, **ruled, decision=decision)
            if decision == "refused":
                return lead, at
        if story.chance(0.05):  # nobody's: it takes the statutory way
            story.whistle(whistles.Closed, lead.whistle_id, at, **lead.shared)
            return None
        part = offered(story, at, other, Relation.LEAD)
        story.whistle(
            rulings.UnitOffered,
            lead.whistle_id,
            at,
            **lead.shared,
            assignment=part,
            in_place_of=lead.part.unit,
        )
        return Works(story, lead.whistle_id, part, **lead.shared), at

    def _callback(
        self, story: Story, ticket_id: UUID, whistle_id: UUID, round_: int, at: datetime
    ) -> tuple[datetime, bool] | None:
        """When the round ended and whether it goes out again; None while it waits."""
        if story.chance(0.05):
            return None
        story.ticket(
            tickets.CallbackOpened,
            ticket_id,
            at,
            round=round_,
            whistle_id=whistle_id,
            callback_by=due(at + 3 * DAY, at),
        )
        if story.chance(0.05):
            return None
        result = self.dice.choices(tuple(CallbackResult), (60, 15, 15, 10))[0]
        satisfaction = self.dice.choices(tuple(Satisfaction), (50, 20, 20, 10))[0]
        if result is CallbackResult.UNREACHABLE:
            satisfaction = Satisfaction.UNKNOWN
        tries = 3 if result is CallbackResult.UNREACHABLE else self.dice.choice((1, 1, 2))
        for attempt in range(1, tries + 1):
            at += 5 * HOUR
            final = attempt == tries
            story.ticket(
                tickets.CalledBack,
                ticket_id,
                at,
                round=round_,
                result=result if final else CallbackResult.UNREACHABLE,
                satisfaction=satisfaction if final else Satisfaction.UNKNOWN,
                attempt=attempt,
                final=final,
            )
        said = {"result": result, "satisfaction": satisfaction}
        again = result is CallbackResult.UNSOLVED and story.chance(0.8)
        if again:
            story.ticket(tickets.ReworkRequested, ticket_id, at, round=round_ + 1, **said)
        else:
            story.ticket(tickets.Closed, ticket_id, at, round=round_, **said)
        return at + MINUTE, again

    def _asides(self, story: Story, ticket_id: UUID, at: datetime) -> None:
        """Merged, taken back, ruled out: after all else that was said of it."""
        at += 40 * DAY
        if story.chance(0.04) and len(self.ticket_ids) > 1:
            into = self.dice.choice(self.ticket_ids[:-1])
            story.ticket(tickets.Merged, ticket_id, at, into=into)
            if story.chance(0.3):
                story.ticket(tickets.MergeUndone, ticket_id, at + HOUR, into=into)
        if story.chance(0.03):
            story.ticket(tickets.Withdrawn, ticket_id, at, ex_officio=story.chance(0.4))
        if story.chance(0.03):
            self._rule(ticket_id, at)

    def _rule(self, ticket_id: UUID, at: datetime) -> None:
        classes: tuple[type, ...] = (figures.Excluded,)
        if self.dice.random() < 0.4:
            classes = (figures.Excluded, figures.ExclusionEnded)
        if self.dice.random() < 0.1:
            classes = (*classes, figures.ExclusionEnded, figures.Excluded)[:3]
        for seq, cls in enumerate(classes, start=1):
            ruled = cls(
                seq=seq,
                actor=SUPERVISOR,
                ticket_id=ticket_id,
                exclusion_id=UUID(int=seq),
                reason=self.dice.choice(tuple(figures.ExclusionReason)),
                words="经核实",
            )
            self.said.append(Said("deadlines", str(ticket_id), at + seq * HOUR, ruled))

    def heard(self) -> Iterator[Said]:
        """All facts in an order of hearing."""
        order = []
        last: dict[tuple[str, str], float] = {}
        for place, fact in enumerate(self.said):
            moment = fact.at.timestamp() + self.dice.uniform(0, 3 * 86_400)
            key = fact.topic, fact.subject
            moment = max(moment, last.get(key, moment)) + 1e-3
            if self.dice.random() < 0.01:
                moment += self.dice.uniform(0, 9e6)  # parked, and replayed long after
            else:
                last[key] = moment
            order.append((moment, place))
            if self.dice.random() < 0.01:
                order.append((moment + self.dice.uniform(0, 1e6), place))
        for _, place in sorted(order):
            yield self.said[place]
