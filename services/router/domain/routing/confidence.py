"""Step 12: sure enough, or for a dispatcher with the three best and why."""

from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing import place
from services.router.domain.routing.answer import Unclear
from services.router.domain.routing.asset import units_at
from services.router.domain.routing.trace import line
from services.router.domain.routing.way import Way, candidate
from shared.contracts.whistles import Candidate


def judge(city: City, way: Way, now: datetime) -> Way | Unclear:
    """Goes on where rule and place are sure and nothing is in doubt."""
    sure = min(way.confidence, place.confidence(way)) if way.in_place else way.confidence
    if sure >= city.policy.auto_confidence and not way.doubts:
        return way
    unsure = sure < city.policy.auto_confidence
    why = line("confidence", confidence=f"{sure:.2f}") if unsure else line("doubt")
    return way.stopped(why, candidates=_best(city, way, sure))


def _best(city: City, way: Way, sure: float) -> list[Candidate]:
    """Whom the rules found, then the owners that the words name, then who would assist."""
    catalogue, category = city.catalogue, way.category
    found: dict[str, Candidate] = {}
    if way.lead is not None:
        unit = catalogue.unit(way.lead.unit)
        found[unit.code] = candidate(unit, round(sure, 2), _why(way, unit.code))
    co = category.co_functions if category is not None else ()
    near = [u.code for f in co for u in units_at(city, f, way)]
    for code in (*way.rivals, *near):
        if category is not None and catalogue.may_lead(category.code, code):
            other = candidate(catalogue.unit(code), round(sure / 2, 2), _why(way, code))
            found.setdefault(code, other)
    return list(found.values())[: city.policy.candidates_shown]


def _why(way: Way, unit: str) -> str:
    """The line that names the unit, else the category's."""
    named = [told for told in (*way.trace, *way.doubts) if unit in told]
    return named[-1] if named else next((t for t in way.trace if t.startswith("5:")), "")
