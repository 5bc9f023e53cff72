"""The bare facts of a quarter in memory, and each unit's part as it is read out of them."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any

LOCAL = timezone(timedelta(hours=8))


def name_of(fact: Any) -> str:
    return str(type(fact).TYPE).removeprefix("shaodao.").removesuffix(".v1")


class Facts:
    """All that was ever said, by subject; the same fact told twice is one."""

    def __init__(self, said: Iterable[Any]) -> None:
        found: dict[str, dict[str, dict[int, Any]]] = defaultdict(lambda: defaultdict(dict))
        for each in said:
            if each.topic in ("tickets", "whistles", "deadlines"):
                found[each.topic][each.subject][each.data.seq] = each
        self.of = {
            topic: {s: [facts[q] for q in sorted(facts)] for s, facts in subjects.items()}
            for topic, subjects in found.items()
        }
        self.whistles_of: dict[str, list[list[Any]]] = defaultdict(list)
        self.joint: list[list[Any]] = []
        for facts in self.of.get("whistles", {}).values():
            blown = next((f for f in facts if name_of(f.data) == "whistle.blown"), None)
            if blown is None:
                continue
            if blown.data.kind == "citizen_demand" and blown.data.ticket_ids:
                self.whistles_of[str(blown.data.ticket_ids[0])].append(facts)
            else:
                self.joint.append(facts)

    def ruling(self, ticket_id: str) -> str | None:
        rulings = self.of.get("deadlines", {}).get(ticket_id, [])
        if rulings and name_of(rulings[-1].data) == "figures.excluded":
            return str(rulings[-1].data.reason)
        return None


def blown_of(facts: list[Any]) -> Any:
    return next(f for f in facts if name_of(f.data) == "whistle.blown")


class SlowPart:
    """One unit's part, read out of its whistle's facts."""

    def __init__(self, facts: list[Any], offer: Any, said_at: datetime) -> None:
        self.offer, self.facts, self.said_at = offer, facts, said_at
        self.mine = [
            f for f in facts if getattr(f.data, "assignment_id", None) == offer.assignment_id
        ]
        self.unit, self.lead = offer.unit, offer.relation == "lead"
        self.informed = offer.relation == "informed"
        rulings = [
            f
            for f in self.mine
            if name_of(f.data)
            in ("whistle.unit_returned", "whistle.return_refused", "whistle.adjudicated")
        ]
        asked = self.all("whistle.return_requested")
        self.asked = bool(asked)
        self.ruled: str | None = None
        if rulings and (not asked or rulings[-1].data.seq > asked[-1].data.seq):
            last = rulings[-1].data
            gone = name_of(last) == "whistle.unit_returned" or (
                name_of(last) == "whistle.adjudicated" and last.decision == "returned"
            )
            self.ruled = "returned" if gone else "refused"
        self.measured = not self.informed and self.ruled != "returned"

    def all(self, *names: str) -> list[Any]:
        return [f for f in self.mine if name_of(f.data) in names]

    def first(self, name: str) -> datetime | None:
        found = self.all(name)
        return found[0].data.received_at if found else None

    def due(self, kind: str) -> datetime | None:
        limit = getattr(self.offer, kind)
        by = limit.by if limit else None
        for fact in self.facts:
            for change in getattr(fact.data, "changes", ()):
                if change.assignment_id == self.offer.assignment_id and change.kind == kind:
                    by = change.due.by if change.due else None
        return by

    def resolved(self) -> tuple[datetime | None, str | None]:
        done, result = None, None
        for fact in self.facts:
            name = name_of(fact.data)
            mine = getattr(fact.data, "assignment_id", None) == self.offer.assignment_id
            if mine and name == "whistle.resolved":
                done, result = fact.data.received_at, str(fact.data.result)
            again = name == "whistle.acceptance_failed" and any(
                c.assignment_id == self.offer.assignment_id and c.kind == "resolve"
                for c in fact.data.changes
            )
            if again or (mine and name == "whistle.review_rejected"):
                done = None
        return done, result

    def paused(self) -> datetime | None:
        turns = self.all("whistle.suspended", "whistle.resumed")
        return turns[-1].at if turns and name_of(turns[-1].data) == "whistle.suspended" else None

    def clock(self, kind: str, done: datetime | None, now: datetime) -> bool | None:
        """Kept or missed; None where it is not decided, or does not count."""
        by = self.due(kind)
        if by is None or not self.measured:
            return None
        paused = self.paused()
        if done is not None:
            return min(done, paused or done) <= by
        let_go = self.all("whistle.released")
        ends = [f for f in self.facts if name_of(f.data) in ("whistle.closed", "whistle.withdrawn")]
        if let_go:
            return False if let_go[-1].at > by else None
        if ends:
            if name_of(ends[-1].data) == "whistle.closed":
                return False
            return False if ends[-1].at > by else None
        if paused is not None:
            return False if paused > by else None
        return False if by < now else None

    def runs_until(self, kind: str, done: datetime | None) -> datetime | None:
        """The due time of a clock that still runs, were it never looked at."""
        far = datetime(2100, 1, 1, tzinfo=LOCAL)
        early = datetime(1990, 1, 1, tzinfo=LOCAL)
        undecided = self.clock(kind, done, early) is None
        return self.due(kind) if undecided and self.clock(kind, done, far) is False else None


def parts_of(facts: list[Any]) -> list[SlowPart]:
    offers = []
    for fact in facts:
        if name_of(fact.data) == "whistle.blown":
            offers += [(each, fact.at) for each in fact.data.assignments]
        elif name_of(fact.data) in ("whistle.unit_offered", "whistle.assisting_added"):
            offers.append((fact.data.assignment, fact.at))
    return [SlowPart(facts, offer, at) for offer, at in offers]
