"""Walks the steps of DOMAIN §6 in their order; the first that finds a lead settles who leads."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from services.router.domain.city import City
from services.router.domain.routing import (
    asset,
    category,
    choice,
    confidence,
    duty,
    guard,
    own_list,
    owner,
    place,
    season,
)
from services.router.domain.routing.answer import Found, Summons, Unclear
from services.router.domain.routing.beside import assist, complete
from services.router.domain.routing.question import Question
from services.router.domain.routing.trace import line
from services.router.domain.routing.way import Step, Way
from shared.contracts.parts import Place

STEPS: Final[tuple[Step, ...]] = (
    guard.watch,  # 1, 2
    choice.choose,  # 3
    category.read,  # 5
    place.find,  # 6
    asset.own,  # 7
    season.hasten,  # 8
    duty.look_up,  # 8, 9
    own_list.lead,  # 10
    owner.clear,  # 11
    confidence.judge,  # 12
)


class Responsibilities:
    """Answers of one batch: many of its tickets ask the same."""

    def __init__(self, city: City, now: datetime) -> None:
        self._city = city
        self._now = now
        self._known: dict[Question, Found | Unclear] = {}

    def of(self, question: Question) -> Found | Unclear:
        """The units of a matter at the batch's `now`, or why a person must decide."""
        found = self._known.get(question)
        if found is None:
            found = self._known[question] = route(self._city, question, self._now)
        return found


def route(city: City, question: Question, now: datetime) -> Found | Unclear:
    """The units of a matter, or why a person must decide; always with the versions it stood on."""
    way = Way(question=question, urgency=question.urgency)
    for step in STEPS:
        turn = step(city, way, now)
        if isinstance(turn, Unclear):
            return replace(turn, why=(*turn.why, _versions(city)))
        way = turn
    way = assist(city, _at_the_same_time(way))
    if way.lead is None:
        raise AssertionError(f"no step led or stopped: {question}")
    found = complete(
        city,
        (way.lead, *_once(way)),
        place=Place(region=question.region),
        urgency=way.urgency,
        now=now,
        trace=way.trace,
    )
    urgency = way.urgency if way.urgency is not question.urgency else None
    return Found(summonses=found.summonses, trace=(*found.trace, _versions(city)), urgency=urgency)


def _at_the_same_time(way: Way) -> Way:
    """Told where a bureau leads although the person chose somebody nearer (decision 5)."""
    chosen = any(summons.one_tap is not None for summons in way.beside)
    if way.lead is None or not chosen:
        return way
    return way.told("also", unit=way.lead.unit)


def _once(way: Way) -> tuple[Summons, ...]:
    """Those beside the lead, each unit once and never the lead's own."""
    lead = way.lead.unit if way.lead is not None else None
    units = {summons.unit: summons for summons in reversed(way.beside) if summons.unit != lead}
    return tuple(summons for summons in way.beside if units.get(summons.unit) is summons)


def _versions(city: City) -> str:
    return line("versions", catalogue=city.catalogue.version, limits=city.version)
