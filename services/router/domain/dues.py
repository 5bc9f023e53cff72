"""The due times of an assignment: which promises it carries and when each ends (DOMAIN §4, §5).

A citizen's demand goes by urgency and type, what a street blows by its kind. All clocks of an
assignment start when the unit is called (DOMAIN §2.2). Informed units promise nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.router.domain.city import City
from shared.catalogue.limits import Rule, parse_rule
from shared.catalogue.regions import is_banner
from shared.catalogue.terms import OneTapTaker, Term
from shared.contracts.values import Due, Relation, TicketType, Urgency, WhistleKind
from shared.records import record

MINUTE = timedelta(minutes=1)


@record
class Dues:
    """The promises of one assignment; one that is None does not apply.

    `progress` is the next report on its progress, once the unit is at work.
    """

    acknowledge: Due | None = None
    deemed: Due | None = None
    contact: Due | None = None
    arrive: Due | None = None
    resolve: Due | None = None
    progress: Due | None = None


@record
class Terms:
    """All that the limits of a whistle depend on."""

    kind: WhistleKind
    urgency: Urgency
    type: TicketType | None
    round: int = 1
    hard_case: bool = False
    contactable: bool = True  # the citizen may be called; never for a confidential ticket
    region: str | None = None
    muster_at: datetime | None = None
    one_tap: OneTapTaker | None = None  # the person chose who takes it


@dataclass(frozen=True, slots=True)
class _Rules:
    acknowledge: Rule
    contact: Rule | None
    arrive: Rule | None
    resolve: Rule | None


class Promises:
    """Due times that start at one instant, each rule computed once.

    Made once a batch with its `now`; many whistles of a batch share their limits.
    """

    def __init__(self, city: City, now: datetime) -> None:
        self.city = city
        self.now = now
        self._dues: dict[tuple[str, datetime], Due] = {}
        self._parts: dict[tuple[Terms, Relation, bool], Dues] = {}

    def due(self, rule: Rule, started_at: datetime | None = None) -> Due:
        """The promise of one limit that starts then, by default at `now`."""
        key = (rule.text, started_at or self.now)
        found = self._dues.get(key)
        if found is None:
            found = self._dues[key] = self.city.due(rule, key[1])
        return found

    def of(self, terms: Terms, relation: Relation, *, coordinating: bool = False) -> Dues:
        """The promises of a unit called now.

        `coordinating`: the duty office that holds the threads at night; it need not come.
        """
        key = (terms, relation, coordinating)
        found = self._parts.get(key)
        if found is None:
            found = self._parts[key] = self._of(terms, relation, coordinating)
        return found

    def _of(self, terms: Terms, relation: Relation, coordinating: bool) -> Dues:
        if relation is Relation.INFORMED:
            return Dues()
        rules = self._rules(terms, relation)
        limits = self.city.limits
        arrive = None if coordinating else self._arrive(rules.arrive, terms)
        return Dues(
            acknowledge=self.due(rules.acknowledge),
            deemed=self.due(rules.acknowledge.shared(limits.deemed_acknowledged_at)),
            contact=self.due(rules.contact) if rules.contact and not coordinating else None,
            arrive=arrive,
            resolve=self.due(rules.resolve) if rules.resolve else None,
        )

    def _rules(self, terms: Terms, relation: Relation) -> _Rules:
        limits, urgency = self.city.limits, terms.urgency
        if terms.kind is not WhistleKind.CITIZEN_DEMAND:
            kind = limits.whistle(terms.kind)
            banner = terms.region is not None and is_banner(terms.region)
            arrive = kind.arrive_banner or kind.arrive if banner else kind.arrive
            return _Rules(kind.acknowledge, kind.contact, arrive, None)
        resolve = limits.resolve(urgency, terms.type or TicketType.COMPLAIN, terms.hard_case)
        resolve = limits.rework(resolve, terms.round)
        # The lead speaks with the citizen; assisting units answer to the lead.
        calls = relation is Relation.LEAD and terms.contactable
        rules = _Rules(
            limits.acknowledge(urgency),
            limits.contact(urgency) if calls else None,
            limits.arrive(urgency),
            limits.assisting(resolve) if relation is Relation.ASSISTING else resolve,
        )
        return rules if terms.one_tap is None else self._tapped(rules, terms.one_tap)

    def _tapped(self, rules: _Rules, taker: OneTapTaker) -> _Rules:
        """The limits of a one-tap report, which never make an urgent matter slower."""
        tap = self.city.limits.one_tap(taker)
        return replace(
            rules,
            acknowledge=self._sooner(tap.accept, rules.acknowledge),
            resolve=self._sooner(tap.done, rules.resolve)
            if tap.done is not None and rules.resolve is not None
            else rules.resolve,
        )

    def _sooner(self, tap: Rule, usual: Rule) -> Rule:
        """The limit that ends first."""
        return tap if self.due(tap).by <= self.due(usual).by else usual

    def _arrive(self, rule: Rule | None, terms: Terms) -> Due | None:
        """By the limit, or at the time the blower set for the muster."""
        if rule is None or terms.muster_at is None:
            return self.due(rule) if rule else None
        return self.set_for(terms.muster_at)

    def set_for(self, at: datetime) -> Due:
        """The promise of an instant ahead that a person set.

        Written in whole minutes, begun within the minute before now, so that it can be computed
        again to the very instant.
        """
        minutes = max(1, -((self.now - at) // MINUTE))
        return self.due(parse_rule(f"{minutes}m"), at - minutes * MINUTE)

    def longest_arrival(self, terms: Terms) -> Due | None:
        """The latest time a muster may be set for."""
        rule = self._rules(terms, Relation.LEAD).arrive
        return self.due(rule) if rule else None

    def extended(self, due: Due, by: Rule) -> Due:
        """The same promise, lengthened: the extension is counted from where it ends."""
        return self.due(parse_rule(due.rule).then(by), due.started_at)

    def progress(self, resolve: Due | None, at: datetime) -> Due | None:
        """When work that goes on from `at` is reported on next; None where it is to end before."""
        term = self.city.limits.term(Term.PROGRESS)
        if resolve is None or resolve.by <= at:
            return self.due(term, at)
        if resolve.by - at <= timedelta(days=term.amount) or _no_longer(resolve, term, at):
            return None  # seen without the calendar: nearly all matters
        due = self.due(term, at)
        return due if due.by < resolve.by else None

    def taken_over(self, left: Due | None, full: Due | None) -> Due | None:
        """What an adjudicated unit gets: the time that is left, at least half of the full."""
        if left is None or full is None:
            return full
        half = self.due(parse_rule(full.rule).shared(0.5))
        return left if left.by >= half.by else half


def _no_longer(resolve: Due, term: Rule, at: datetime) -> bool:
    """Whether as many working days or fewer, counted from no later, surely end no later."""
    rule = parse_rule(resolve.rule)
    alike = rule.unit is term.unit and rule.first is None and resolve.started_at <= at
    return alike and rule.amount * rule.share <= term.amount


def without_resolve(dues: Dues, resolve: Due | None) -> Dues:
    """The dues with another resolve promise."""
    return replace(dues, resolve=resolve)
