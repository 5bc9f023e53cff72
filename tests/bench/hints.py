"""Row `hints_ms`: a keystroke's category hint for 100 people typing, beside a bare echo.

Everybody sends what is typed so far, 300 ms after the answer to the keystroke before; the floor is
a bare FastAPI route that reads the same body and answers it. What is measured is the time from
the request to its whole answer, as the one who types waits for it.
"""

from typing import Any

from deploy.local.topics import apply_topics, city_topics
from shared.web.identity import issue_token
from tests.bench.figures import Cost, Figure, alternate, percentile
from tests.bench.ground import Ground
from tests.bench.plan import Plan
from tests.bench.worker import working

USERS = 100
KEYSTROKES = 40  # of each user in a full run
PREFIX = "hints."
FLOOR_PORT = 9  # from the base


async def measure(ground: Ground, plan: Plan) -> list[Figure]:
    """The time of a keystroke at p50 and p99, in milliseconds."""
    await apply_topics(ground.kafka.bootstrap, city_topics(PREFIX))
    await ground.new_database("hints", "intake")
    costs = Cost(), Cost()
    waits: dict[str, list[float]] = {"floor": [], "ours": []}
    keystrokes = max(5, plan.many(KEYSTROKES))
    async with (
        ground.service("intake", prefix=PREFIX, database="hints") as intake,
        _floor(ground) as bare,
    ):

        async def floor() -> float:
            with costs[0].of(bare.process.pid, USERS * keystrokes):
                waits["floor"] = await _typed(ground, _floor_url(ground), keystrokes)
            return percentile(waits["floor"], 0.99)

        async def ours() -> float:
            with costs[1].of(intake.process.pid, USERS * keystrokes):
                waits["ours"] = await _typed(ground, ground.url("intake"), keystrokes)
            return percentile(waits["ours"], 0.99)

        pairs = await alternate(plan.pairs, floor=floor, ours=ours)
    p50 = {name: percentile(each, 0.5) for name, each in waits.items()}
    return [
        Figure(
            name="hints_ms",
            unit="ms, p99 of a keystroke",
            wanted="≤ 50 ms",
            pairs=pairs,
            note=(
                f"{USERS} users; p50 of the last pair: floor {p50['floor']:.1f} ms, "
                f"ours {p50['ours']:.1f} ms; processor time a keystroke: "
                f"floor {costs[0]}, ours {costs[1]}"
            ),
        )
    ]


async def _typed(ground: Ground, url: str, keystrokes: int) -> list[float]:
    """All waits of one load, in milliseconds."""
    arguments = {
        "url": f"{url}/api/v1/hints/categories",
        "token": issue_token(ground.secrets.token_secret, role="operator", name="赵敏"),
        "users": USERS,
        "keystrokes": keystrokes,
    }
    log = ground.folder / "logs" / "hints-load.log"
    async with working("tests.bench.hints_load", arguments, log=log) as load:
        await load.go()
        waits: list[float] = await load.result()
    assert len(waits) == USERS * keystrokes
    return waits


def _floor_url(ground: Ground) -> str:
    return f"http://127.0.0.1:{ground.options.ports.base + FLOOR_PORT}"


def _floor(ground: Ground) -> Any:
    port = str(ground.options.ports.base + FLOOR_PORT)
    command = ground.python("hints-floor", "tests.bench.hints_floor", port, env={})
    return ground.program(command, ready_url=f"{_floor_url(ground)}/ready")
