"""The figures once more, from the bare facts: slow, plain, and with nothing of the notifier in it.

Every fact of a quarter is held in memory, each subject's in the order of `seq`; every figure is a
loop over them with fractions, its bounds by integer square roots.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Any

from tests.support.slow_facts import LOCAL, Facts, SlowPart, blown_of, name_of, parts_of

SIX = 10**6


def day_of(at: datetime) -> date:
    return at.astimezone(LOCAL).date()


def six(value: Fraction) -> str:
    return str(Decimal(round(value * SIX)).scaleb(-6))


def bounds(share: Fraction, n: int) -> tuple[str, str]:
    """Wilson with z = 1.96 = 49/25, rounded to six places by comparing squares of integers."""
    z2 = Fraction(49, 25) ** 2
    middle = (2 * n * share + z2) / (2 * (n + z2))
    square = z2 * (z2 + 4 * n * share * (1 - share)) / (4 * (n + z2) ** 2)
    scale = 10**40
    root = Fraction(isqrt(square.numerator * scale * scale // square.denominator), scale)
    low, high = max(middle - root, Fraction(0)), min(middle + root, Fraction(1))
    return six(low), six(high)


@dataclass
class Sum:
    """One figure's sum: numerator, how many it rests on, and how many it is about."""

    top: Fraction = Fraction(0)
    n: int = 0
    of: int = 0

    def add(self, top: Fraction | int | bool | None, *, of: bool = True) -> None:
        """`top` None: it is about this one, but it is not decided."""
        self.of += of
        if top is not None:
            self.top += Fraction(top)
            self.n += 1


@dataclass
class Group:
    figures: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    excluded: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    overdue: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    tickets: int = 0
    marks: list[tuple[Fraction, Fraction]] = field(default_factory=list)


def add_part(
    group: Group, part: SlowPart, *, demand: bool, provisional: bool, now: datetime
) -> None:
    sums = group.figures
    done, _ = part.resolved()
    acknowledged = part.clock("acknowledge", part.first("whistle.acknowledged"), now)
    contacted = part.clock("contact", part.first("whistle.contacted"), now)
    arrived = part.clock("arrive", part.first("whistle.arrived"), now)
    resolved = part.clock("resolve", done, now)
    has = {
        k: part.measured and part.due(k) is not None
        for k in ("acknowledge", "contact", "arrive", "resolve")
    }
    if demand and part.lead and (has["acknowledge"] or has["contact"]):
        asked = [
            kept
            for kept, kind in ((acknowledged, "acknowledge"), (contacted, "contact"))
            if has[kind]
        ]
        both = False if False in asked else True if None not in asked else None
        sums["response"].add(both)
    if demand and has["acknowledge"]:
        sums["acknowledged_in_time"].add(acknowledged)
    if demand and has["resolve"]:
        sums["resolved_in_time"].add(resolved)
    if has["arrive"]:
        sums["arrival_rate"].add(arrived)
    if demand and part.lead and not provisional:
        sums["return_rate"].add(part.asked)
        if part.asked:
            ruled = None if part.ruled is None else part.ruled == "refused"
            sums["unfounded_return_rate"].add(ruled)
    by = part.runs_until("resolve", done)
    if part.lead and by is not None and by < now:
        days = (now - by) / timedelta(days=1)
        steps = ((1, "to_1_day"), (3, "to_3_days"), (7, "to_7_days"), (15, "to_15_days"))
        steps = (*steps, (30, "to_30_days"), (float("inf"), "longer"))
        group.overdue[next(name for most, name in steps if days <= most)] += 1


class SlowFigures:
    """All figures of all facts by one key; `now` decides which running clocks have failed."""

    def __init__(self, facts: Facts, by: str, now: datetime) -> None:
        self.facts, self.by, self.now = facts, by, now
        self.groups: dict[str | None, Group] = defaultdict(Group)
        for ticket_id in {*facts.of.get("tickets", {}), *facts.whistles_of}:
            self._ticket(ticket_id)
        for whistle in facts.joint:
            self._joint(whistle)

    def group(
        self, unit: str | None, region: str | None, category: str | None, at: datetime
    ) -> Group:
        day = day_of(at)
        keys: dict[str, str | None] = {
            "unit": unit,
            "street": region[:9] if region and len(region) >= 9 else None,
            "category": category,
            "major": category[:2] if category else None,
            "day": day.isoformat(),
            "quarter": f"{day.year}Q{(day.month + 2) // 3}",
            "city": "city",
        }
        return self.groups[keys[self.by]]

    def _ticket(self, ticket_id: str) -> None:
        own = self.facts.of.get("tickets", {}).get(ticket_id, [])
        whistles = self.facts.whistles_of.get(ticket_id, [])
        whistles = sorted(whistles, key=lambda w: (blown_of(w).data.round, blown_of(w).at))
        everything = [*own, *(fact for whistle in whistles for fact in whistle)]
        if not whistles or any(f.data.canary for f in everything):
            return
        blowns = [blown_of(w) for w in whistles]
        names = [name_of(f.data) for f in own]
        registered = next((f.data for f in own if name_of(f.data) == "ticket.registered"), None)
        region = registered.place.region if registered else None
        region = region or blowns[0].data.place.region
        said = registered.category if registered else None
        category = next((b.data.category for b in blowns if b.data.category), said)
        parts = [[p for p in parts_of(w) if p.lead] for w in whistles]
        leads = [part for each in parts for part in each]
        standing = [part for part in leads if part.ruled != "returned"]
        unit = (standing or leads)[-1].unit
        dispatched = min(b.at for b in blowns)
        group = self.group(unit, region, category, dispatched)
        merges = [n for n in names if n in ("ticket.merged", "ticket.merge_undone")]
        left_out = self.facts.ruling(ticket_id)
        if left_out is None and merges and merges[-1] == "ticket.merged":
            left_out = "merged"
        if left_out is None and any(
            name_of(f.data) == "ticket.withdrawn" and not f.data.ex_officio for f in own
        ):
            left_out = "withdrawn"
        if left_out is not None:
            group.excluded[left_out] += 1
            return
        group.tickets += 1
        group.figures["hops"].add(sum(len(each) - 1 for each in parts))
        group.figures["dispatch_accuracy"].add(self._stood(whistles[0], parts[0]))
        for whistle in whistles:
            blown = blown_of(whistle).data
            for part in parts_of(whistle):
                place = (part.unit, blown.place.region, blown.category, blown_of(whistle).at)
                add_part(
                    self.group(*place),
                    part,
                    demand=True,
                    provisional=blown.provisional,
                    now=self.now,
                )
        self._rounds(own, whistles)

    def _stood(self, whistle: list[Any], leads: list[SlowPart]) -> bool | None:
        first = leads[0]
        if len(leads) > 1 or first.ruled == "returned":
            return False
        if first.asked and first.ruled is None:
            return None
        taken = first.all("whistle.acknowledged", "whistle.deemed_acknowledged")
        ended = [f for f in whistle if name_of(f.data) in ("whistle.closed", "whistle.withdrawn")]
        return True if taken or ended or first.resolved()[0] is not None else None

    def _rounds(self, own: list[Any], whistles: list[list[Any]]) -> None:
        for whistle in whistles:
            blown = blown_of(whistle)
            mine = blown.data.round
            if blown is not [blown_of(w) for w in whistles if blown_of(w).data.round == mine][-1]:
                continue
            opened, tried, answer, again = False, False, None, False
            for fact in own:
                name, data = name_of(fact.data), fact.data
                if name == "ticket.callback_opened" and data.round == mine:
                    opened = True
                elif name == "ticket.called_back" and data.round == mine:
                    tried = True
                    answer = data if data.final else answer
                elif name == "ticket.closed" and data.round == mine:
                    answer = data
                elif name == "ticket.rework_requested" and data.round == mine + 1:
                    answer, again = data, True
            if not opened and not tried and answer is None:
                continue
            leads = [part for part in parts_of(whistle) if part.lead]
            done = [part for part in leads if part.resolved()[0] is not None]
            lead = (done or leads)[-1]
            place = (lead.unit, blown.data.place.region, blown.data.category, blown.at)
            self._round(self.group(*place), mine, lead, opened, tried, answer, again)

    def _round(
        self,
        group: Group,
        number: int,
        lead: SlowPart,
        opened: bool,
        tried: bool,
        answer: Any,
        again: bool,
    ) -> None:
        sums = group.figures
        counts = opened or answer is not None
        answered = answer is not None and answer.result != "unreachable"
        worth = {"solved": Fraction(1), "partly": Fraction(1, 2), "unsolved": Fraction(0)}
        liked = {"satisfied": Fraction(1), "basically": Fraction(4, 5), "unsatisfied": Fraction(0)}
        sums["resolution"].add(worth[answer.result] if answered else None, of=counts)
        told = answered and answer.satisfaction != "unknown"
        sums["satisfaction"].add(liked[answer.satisfaction] if told else None, of=counts)
        sums["rework_rate"].add(again if answer is not None else None, of=counts)
        if counts:
            sums["callback_rate"].add(tried or answer is not None)
        sums["callback_reach"].add(answered if answer is not None else None, of=counts)
        if number == 1 and answer is not None:
            sums["solved_in_round_1"].add(answer.result == "solved" if answered else None)
        if answer is not None and lead.resolved()[1] == "solved":
            sums["false_solve_rate"].add(answer.result == "unsolved" if answered else None)

    def _joint(self, facts: list[Any]) -> None:
        blown = blown_of(facts)
        ends = [f for f in facts if name_of(f.data) in ("whistle.closed", "whistle.withdrawn")]
        if ends and name_of(ends[-1].data) == "whistle.withdrawn":
            return
        data = blown.data
        place = (data.place.region, data.category, blown.at)
        for part in parts_of(facts):
            group = self.group(part.unit, *place)
            add_part(group, part, demand=False, provisional=data.provisional, now=self.now)
        if data.blown_by.level in ("street", "community"):
            sums = self.group(data.blown_by.unit, *place).figures
            sums["whistles"].add(1)
            looks = [
                f
                for f in facts
                if name_of(f.data) in ("whistle.accepted", "whistle.acceptance_failed")
            ]
            if data.kind != "citizen_demand" or looks:
                first = name_of(looks[0].data) == "whistle.accepted" if looks else None
                sums["first_acceptance_rate"].add(first, of=data.kind != "citizen_demand")
        marks: dict[str, dict[str, Any]] = defaultdict(dict)
        for fact in facts:
            if name_of(fact.data) == "whistle.evaluated":
                marks[fact.data.unit][fact.data.evaluator_class] = fact.data
        for unit, given in marks.items():
            points = {
                who: Fraction(m.timely + m.present + m.effect + m.cooperation)
                for who, m in given.items()
            }
            score = sum(points.values())
            if len(points) == 2:
                score = points["community"] * Fraction(3, 5) + points["street"] * Fraction(2, 5)
            weight = Fraction(max(m.weight for m in given.values())).limit_denominator(10)
            self.group(unit, *place).marks.append((score, weight))

    def table(self) -> dict[str | None, dict[str, Any]]:
        """Every figure with its value, numerator, n, of and bounds, as they are shown."""
        return {key: _shown(group) for key, group in self.groups.items()}


def _shown(group: Group) -> dict[str, Any]:
    found: dict[str, Any] = {
        "n": group.tickets,
        "excluded": dict(group.excluded),
        "overdue": dict(group.overdue),
    }
    sums = group.figures
    for name, each in sums.items():
        if name in ("hops", "whistles"):
            continue
        found[name] = _share(each.top, each.n, each.of)
    hops = sums["hops"].top
    found["hops"] = _ratio(hops, group.tickets, 1)
    found["whistle_rate"] = _ratio(sums["whistles"].top, group.tickets, 1)
    three = [sums[name] for name in ("response", "resolution", "satisfaction")]
    n = min(each.n for each in three)
    if n:
        weights = (Fraction(30, 100), Fraction(35, 100), Fraction(35, 100))
        value = sum(w * each.top / each.n for w, each in zip(weights, three, strict=True))
        found["three_rates"] = (six(value), six(value * n), n, *bounds(value, n))
    whole = sum(weight for _, weight in group.marks)
    if len(group.marks) >= 5:
        total = sum(score * weight for score, weight in group.marks)
        found["bureau_score"] = (six(total / whole), len(group.marks))
    return found


def _share(top: Fraction, n: int, of: int) -> Any:
    return (
        (six(top / n), six(top), n, *bounds(top / n, n), six(Fraction(n, of)) if of else None)
        if n
        else None
    )


def _ratio(top: Fraction, n: int, factor: int) -> Any:
    return (six(top * factor / n), n) if n else None
