"""Step 3: the person's own choice of a one-tap report, property company or grid worker.

Property: the compound's company, and where it has none the street. Grid worker: the community with
the grid's worker as handler, a first look. What a bureau must do is whistled to the bureau at the
same time: the bureau leads, and who was chosen looks first beside it (decision 5).
"""

from dataclasses import replace
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.jurisdiction import may_look_first
from services.router.domain.routing.answer import Summons
from services.router.domain.routing.way import Way
from shared.calendar import SHANGHAI
from shared.catalogue.grids import Grid
from shared.catalogue.model import COMMUNITY_FUNCTION, PROPERTY_FUNCTION, Unit, UnitKind
from shared.catalogue.terms import OneTapTaker
from shared.contracts.values import Relation

PROPERTY, GRID = "property", "grid"
POST = "网格员"
LOOK = "首问先看：核实情况，能办即办，不属本级职责的说明理由转出"
COMPANY_LOOK = "群众一键报物业：先行到场处置，办不了的说明理由"


def choose(city: City, way: Way, now: datetime) -> Way:
    """Who was chosen leads, or looks first beside the bureau whose duty it is."""
    if way.question.choice == PROPERTY:
        return _company(city, way)
    if way.question.choice == GRID:
        return _worker(city, way, now)
    return way


def _company(city: City, way: Way) -> Way:
    question, catalogue = way.question, city.catalogue
    if question.property_unit is not None:
        found: tuple[Unit, ...] = (catalogue.unit(question.property_unit),)
    else:
        found = catalogue.units_for(PROPERTY_FUNCTION, question.region, question.compound)
    if not found and question.compound is None:
        # no compound at all: nobody's property company, so the street's
        street = catalogue.street_unit(question.region)
        found = (street,) if street is not None else ()
    if len(found) != 1:
        return way.told("choice_nowhere", choice=PROPERTY)
    unit = found[0]
    kind = "choice_company" if unit.kind is UnitKind.PROPERTY else "choice_street"
    summons = Summons(
        unit=unit.code,
        relation=Relation.LEAD,
        task=COMPANY_LOOK,
        one_tap=OneTapTaker.PROPERTY,
    )
    return _first(city, way.told(kind, unit=unit.code), summons)


def _worker(city: City, way: Way, now: datetime) -> Way:
    region = way.question.region
    found = city.catalogue.units_for(COMMUNITY_FUNCTION, region)
    if len(found) != 1:
        return way.told("choice_nowhere", choice=GRID)
    unit, grid = found[0].code, city.grids.by_code.get(region or "")
    summons = Summons(unit=unit, relation=Relation.LEAD, task=LOOK, one_tap=OneTapTaker.GRID_WORKER)
    if grid is None:
        return _first(city, way.told("choice_grid", unit=unit), summons)
    name = on_duty(city, grid, now)
    if name == grid.worker:
        way = way.told("choice_worker", grid=grid.code, unit=unit, name=name)
    else:
        way = way.told(
            "choice_substitute", grid=grid.code, unit=unit, name=name, worker=grid.worker
        )
    return _first(city, way, replace(summons, handler=name, handler_post=POST))


def on_duty(city: City, grid: Grid, now: datetime) -> str:
    """The grid's worker; outside the worker's hours, and when marked absent, the substitute."""
    if any(each.grid == grid.code and each.holds(now) for each in city.absences):
        return grid.substitute
    start, end = city.policy.rows.watch
    clock = now.astimezone(SHANGHAI).time()
    here = start <= clock < end if start < end else clock >= start or clock < end
    return grid.worker if here else grid.substitute


def _first(city: City, way: Way, chosen: Summons) -> Way:
    """Who was chosen leads where that is lawful; else stands beside whoever must lead."""
    if may_look_first(city, way.question.category, chosen.unit):
        return replace(way, lead=chosen)
    return replace(way, beside=(*way.beside, replace(chosen, relation=Relation.ASSISTING)))
