"""Row `decisions_ms`: one routing decision among 5,000 duty rows and 10,000 polygons.

A ticket comes with a point, 200 characters of words and any category; the decision finds its grid
by polygon and walks all steps, nothing remembered from the ticket before. The floor is the least
that could answer: the same point in the same polygons (shapely's tree), then one look into a
dictionary of category and district. What is measured is the processor time of each single decision,
which other programs on the machine do not lengthen; the time by the clock is told beside it.
"""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random

from shapely import box

from services.router.app import city_of_files
from services.router.domain.city import City
from services.router.domain.routing.answer import Found
from services.router.domain.routing.question import ask
from services.router.domain.routing.walk import route
from shared.catalogue.duties import Condition, Duty, parse_condition
from shared.catalogue.grids import Grid, GridMap
from shared.catalogue.model import LOCAL_LEADS
from shared.catalogue.regions import RegionLevel
from shared.contracts.parts import Place
from shared.contracts.values import Urgency
from tests.bench.figures import Figure, alternate, percentile
from tests.bench.ground import Ground
from tests.bench.plan import Plan

DUTIES, POLYGONS, TICKETS = 5_000, 10_000, 20_000
SIDE = 100  # polygons in a row
WEST, SOUTH, STEP = 108.2, 41.5, 0.003
NOON = datetime(2026, 9, 14, 4, 0, tzinfo=UTC)
WORDS = "小区门口路灯不亮井盖移位宽带断网暖气不热水管漏水夜里施工噪音占道摊贩垃圾没人清请尽快处理"
CONDITIONS = ("", "", "hours=22:00-06:00", "season=10-15..04-15")

Asked = tuple[str, Place, str]  # category, place, words
Decide = Callable[[Asked], object]


async def measure(ground: Ground, plan: Plan) -> list[Figure]:
    """The time of one decision at p99, in milliseconds."""
    return [await compare(plan)]


async def compare(plan: Plan) -> Figure:
    """Floor and ours in turn, on the same tickets."""
    dice = Random(1)
    city = big_city(dice)
    tickets = [ticket(city, dice) for _ in range(plan.many(TICKETS))]
    bare, decide = floor_of(city), ours_of(city)
    found = sum(isinstance(decide(each), Found) for each in tickets)
    waits: dict[str, list[float]] = {}

    async def floor() -> float:
        waits["floor"] = timed(bare, tickets)
        return percentile(waits["floor"], 0.99)

    async def ours() -> float:
        waits["ours"] = timed(decide, tickets)
        waits["clock"] = timed(decide, tickets, by=time.perf_counter_ns)
        return percentile(waits["ours"], 0.99)

    pairs = await alternate(plan.pairs, floor=floor, ours=ours)
    p50 = {name: percentile(each, 0.5) for name, each in waits.items()}
    return Figure(
        name="decisions_ms",
        unit="ms of processor time, p99",
        wanted="≤ 2 ms",
        pairs=pairs,
        note=(
            f"{DUTIES:,} duty rows, {POLYGONS:,} polygons, {len(tickets):,} tickets, "
            f"{found / len(tickets):.0%} dispatched without a person; p50 of the last pair: "
            f"floor {p50['floor']:.3f} ms, ours {p50['ours']:.3f} ms; by the clock p50 "
            f"{p50['clock']:.3f}, p99 {percentile(waits['clock'], 0.99):.3f} ms; "
            "the floor is the point in "
            "the same polygons and one dictionary look-up"
        ),
    )


def timed(
    decide: Decide, tickets: Sequence[Asked], *, by: Callable[[], int] = time.thread_time_ns
) -> list[float]:
    """Each decision's time in milliseconds."""
    gc.collect()
    waits = []
    for each in tickets:
        begun = by()
        decide(each)
        waits.append((by() - begun) / 1e6)
    return waits


def ours_of(city: City) -> Decide:
    """A ticket's question and all steps."""

    def decide(asked: Asked) -> object:
        category, place, words = asked
        question = ask(city, category=category, place=place, urgency=Urgency.NORMAL, words=words)
        return route(city, question, NOON)

    return decide


def floor_of(city: City) -> Decide:
    """The point's polygon, then who leads the category in its district."""
    catalogue, grids = city.catalogue, city.grids
    leads = {
        (code, region): units[0].code
        for code, category in catalogue.categories.items()
        for region in catalogue.regions
        if len(region) == 6 and (units := catalogue.units_for(category.lead_function, region))
    }

    def decide(asked: Asked) -> object:
        category, place, _ = asked
        grid = grids.at(place.lat or 0.0, place.lon or 0.0)
        return leads.get((category, grid.code[:6])) if grid is not None else None

    return decide


def big_city(dice: Random) -> City:
    """The city of the files with many more grids and duties."""
    city = city_of_files()
    grids = GridMap(_grids(city))
    duties = tuple(_duty(city, grids, dice) for _ in range(DUTIES))
    return replace(city, catalogue=replace(city.catalogue, duties=duties), grids=grids)


def _grids(city: City) -> list[Grid]:
    """A field of polygons, shared out among the communities."""
    regions = city.catalogue.regions.values()
    communities = sorted(r.code for r in regions if r.level is RegionLevel.COMMUNITY)
    made = []
    for at in range(POLYGONS):
        west, south = WEST + STEP * (at % SIDE), SOUTH + STEP * (at // SIDE)
        community = communities[at * len(communities) // POLYGONS]
        made.append(
            Grid(
                code=f"{community}{at % 999 + 1:03d}",
                worker="甲",
                substitute="乙",
                area=box(west, south, west + STEP, south + STEP),
            )
        )
    return made


def _duty(city: City, grids: GridMap, dice: Random) -> Duty:
    catalogue = city.catalogue
    category = dice.choice(list(catalogue.categories.values()))
    by_function = category.lead_function not in LOCAL_LEADS and dice.random() < 0.3
    grid = dice.choice(list(grids.by_code))
    condition: Condition | None = parse_condition(dice.choice(CONDITIONS))
    lawful = [unit for unit in catalogue.units if catalogue.may_lead(category.code, unit)]
    return Duty(
        subject=category.lead_function if by_function else category.code,
        region=grid[: dice.choice((6, 9, 12, 15))],
        condition=condition,
        unit=dice.choice(lawful),
        clause="《责任清单》",
        valid_from=date(2020 + dice.randrange(6), 1, 1),
        valid_to=None if dice.random() < 0.8 else date(2026, 1, 1),
    )


def ticket(city: City, dice: Random) -> Asked:
    """Any category, a point anywhere in the field, words in any order."""
    span = STEP * SIDE
    place = Place(lat=SOUTH + dice.random() * span, lon=WEST + dice.random() * span)
    words = "".join(dice.choice(WORDS) for _ in range(200))
    return dice.choice(list(city.catalogue.categories)), place, words
