"""Steps 1 and 2, as far as they are the router's: words of danger and of a statutory route.

Intake transfers such matters before they come here. What comes all the same is not stopped: danger
is whistled as critical with the hotline centre beside it, which verifies and calls 110, 119 or 120;
a statutory route is a doubt that a dispatcher looks at.
"""

from dataclasses import replace
from datetime import datetime

from services.router.domain.city import City
from services.router.domain.routing.answer import Summons
from services.router.domain.routing.way import Way
from shared.contracts.values import Relation, Urgency


def watch(city: City, way: Way, now: datetime) -> Way:
    """More urgent where the words tell of danger; doubtful where they tell of a court."""
    danger = next(way.question.marked("danger"), None)
    if danger is not None:
        to = city.policy.rows.dangers[danger.number - 1].to
        way = replace(way, urgency=Urgency.CRITICAL, beside=(*way.beside, *_centre(city, way, to)))
        way = way.told("danger", word=danger.word, to=to)
    route = next(way.question.marked("statutory"), None)
    if route is not None:
        to = city.policy.rows.routes[route.number - 1].to
        way = way.doubted("statutory", word=route.word, to=to)
    return way


def _centre(city: City, way: Way, to: str) -> tuple[Summons, ...]:
    centre = city.hotline_centre(way.question.region)
    if centre is None:
        return ()
    task = f"疑似紧急警情，请立即核实并转接 {to}"
    beside = Summons(unit=centre.code, relation=Relation.ASSISTING, task=task, coordinating=True)
    return (beside,)
