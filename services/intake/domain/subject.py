"""A ticket as the search knows it: which terms it has, and which of them may change."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.intake.domain.query import Flag
from services.intake.domain.terms import Kind, name_terms, term, text_terms, whole_name_terms
from services.intake.domain.ticket import Ticket
from shared.catalogue.regions import city_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A ticket with what its own row does not tell."""

    ticket: Ticket
    units: tuple[str, ...] = ()  # called now
    overdue: bool = False
    account: str | None = None  # whoever took it down
    supplements: tuple[str, ...] = ()  # redacted

    @property
    def pieces(self) -> int:
        """How many texts it has; more than before means more words."""
        return 1 + len(self.supplements)


def live_terms(subject: Subject) -> frozenset[int]:
    """The terms of its attributes, which come and go."""
    return frozenset(term(kind, text) for kind, text in _attributes(subject))


def word_terms(subject: Subject) -> set[int]:
    """The terms of its texts, which only become more."""
    ticket = subject.ticket
    terms = name_terms(ticket.title) | text_terms(ticket.summary)
    place = ticket.place
    if place.compound is not None:
        terms |= name_terms(place.compound) | whole_name_terms(place.compound)
    if place.address is not None:
        terms |= text_terms(place.address)
    for supplement in subject.supplements:
        terms |= text_terms(supplement)
    return terms


def _attributes(subject: Subject) -> Iterator[tuple[Kind, str]]:
    ticket = subject.ticket
    yield Kind.STATE, ticket.state
    yield Kind.TYPE, ticket.type
    yield Kind.URGENCY, ticket.urgency
    yield Kind.CHANNEL, ticket.channel
    if ticket.category is not None:
        yield Kind.CATEGORY, ticket.category
        yield Kind.CATEGORY, ticket.category[:2]
    region = ticket.place.region
    if region is not None:
        yield Kind.REGION, city_of(region)
        for digits in (6, 9, 12, 15):
            if len(region) >= digits:
                yield Kind.REGION, region[:digits]
    if ticket.line is not None:
        yield Kind.LINE, ticket.line
    if subject.account is not None:
        yield Kind.ACCOUNT, subject.account
    for unit in subject.units:
        yield Kind.UNIT, unit
    for flag, is_set in _flags(subject):
        if is_set:
            yield Kind.FLAG, flag


def _flags(subject: Subject) -> Iterator[tuple[Flag, bool]]:
    ticket = subject.ticket
    yield Flag.GROUP, ticket.group_matter
    yield Flag.CONFIDENTIAL, ticket.confidential
    yield Flag.HARD_CASE, ticket.hard_case
    yield Flag.URGED, ticket.urged > 0
    yield Flag.OVERDUE, subject.overdue
