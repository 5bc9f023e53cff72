"""What streets and communities do next at their console with a whistle of theirs.

Pure: an item of the router's board, the time and dice in; the next move out. Dice are thrown once
a whistle and question, so that a restart decides the same.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

Item = Mapping[str, Any]  # of GET /board
Done = Set[str]  # the commands that were given for a whistle

TAKEN_OVER, WITHDRAWN = 0.15, 0.04  # of communities' whistles
NOT_ACCEPTED, LET_GO = 0.12, 0.25
AT_WORK = ("sent", "acknowledged", "on_the_way", "on_site", "working")
INTERRUPTED = ("return_requested", "disputed", "paused")
ACTIONS = {
    "lead": ("牵头整治，形成长效管理措施", "牵头处置到位，落实专人值守", "牵头制定方案并组织实施"),
    "assisting": ("按职责配合处置", "核查本行业问题并依法处理", "抽调人员到场配合"),
}
STEPPED_IN = (
    "涉及多个社区，由街道统一组织",
    "同类问题街道已在统筹，请社区配合",
    "由街道牵头协调更快",
)
TAKEN_BACK = ("与街道已吹的哨重复，并入同一次处置", "情况已由街道现场解决，无须部门到场")
NOT_DONE = ("现场仍有回潮，请继续处置", "部分点位未处理到位", "缺少后续管护措施")
GOOD = ("现场查看，处置到位", "问题已解决，居民满意", "整治达到预期，后续由社区巡查")
EFFORTS = ("社区已疏散周边群众并拉起警戒线", "网格员现场值守，已劝离围观群众")
PRAISE = ("到场及时，配合好", "处置专业", "响应较快，后续跟进到位", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One command: where it is posted, by which unit; `photo`: with one of the spot."""

    what: str
    unit: str
    body: dict[str, Any]
    photo: bool = False


def street_of(unit: str) -> str:
    """The street of a unit that blows: Q-159902001001 → S-159902001."""
    return f"S-{unit[2:11]}" if unit.startswith("Q-") else unit


def next_move(item: Item, now: datetime, *, seed: str, done: Done) -> Move | None:
    """What is to be done now, None when units are to move first; `done` were done already."""
    if not item["blower"].startswith(("S-", "Q-")):
        return None
    for decide in (_own_effort, _step_in, _accept, _consult, _let_go):
        move = decide(item, now, _dice(seed, item, decide.__name__), done)
        if move is not None and move.what not in done:
            return move
    return None


def _dice(seed: str, item: Item, question: str) -> Random:
    return Random(f"{seed}/{item['whistle_id']}/{question}")  # nosec B311: dice of a game


def _own_effort(item: Item, now: datetime, dice: Random, done: Done) -> Move | None:
    """A community's emergency is followed by what it did itself, nearly always within the day."""
    if item["kind"] != "emergency" or not item["blower"].startswith("Q-"):
        return None
    follows = timedelta(minutes=dice.uniform(20, 600))
    if item["state"] not in ("open", "awaiting_acceptance") or _age(item, now) < follows:
        return None
    return Move(what="own-efforts", unit=item["blower"], body={"text": dice.choice(EFFORTS)})


def _step_in(item: Item, now: datetime, dice: Random, done: Done) -> Move | None:
    """Now and then the street takes a community's whistle over, or withdraws it."""
    by, fate = item["takeover_by"], dice.random()
    if by is None or item["state"] != "open" or item["in_charge"] != item["blower"]:
        return None
    if not timedelta(minutes=4) < _age(item, now) or now > _time(by) - timedelta(minutes=2):
        return None
    street = street_of(item["blower"])
    if fate < WITHDRAWN:
        body = {"reason": dice.choice(TAKEN_BACK)}
        return Move(what="withdrawals", unit=street, body=body)
    if fate < WITHDRAWN + TAKEN_OVER:
        body = {"reason": dice.choice(STEPPED_IN)}
        return Move(what="take-overs", unit=street, body=body)
    return None


def _accept(item: Item, now: datetime, dice: Random, done: Done) -> Move | None:
    """The street looks at the work; once in a while a unit is sent back to it."""
    if item["state"] != "awaiting_acceptance":
        return None
    street = street_of(item["in_charge"])
    finished = [part["unit"] for part in _working(item) if part["stage"] == "done"]
    led = any(part["relation"] == "lead" and part["stage"] == "done" for part in _working(item))
    again = "failed-acceptances" in done
    if finished and led and dice.random() < NOT_ACCEPTED and not again:
        body: dict[str, Any] = {"units": [dice.choice(finished)], "reason": dice.choice(NOT_DONE)}
        return Move(what="failed-acceptances", unit=street, body=body)
    body = {
        "words": dice.choice(GOOD),
        "attended": finished,
        "resident_joined": dice.random() < 0.4,
    }
    return Move(what="acceptances", unit=street, body=body, photo=True)


def _consult(item: Item, now: datetime, dice: Random, done: Done) -> Move | None:
    """Once the lead is on the spot, who does what by when is written down."""
    parts = [part for part in _working(item) if _bound(part)]
    lead = next((part for part in parts if part["relation"] == "lead"), None)
    if item["state"] != "open" or item["kind"] == "citizen_demand" or lead is None:
        return None
    if lead["stage"] not in ("on_site", "working") or lead["action"] is not None:
        return None
    hours = dice.uniform(6, 12) if item["kind"] == "emergency" else dice.uniform(30, 70)
    decisions = [
        {
            "unit": part["unit"],
            "action": dice.choice(ACTIONS[part["relation"]]),
            "due": _in_hours(now, hours if part is lead else hours * 0.8),
        }
        for part in parts
    ]
    body = {"words": "现场会商，按职责分工处置", "decisions": decisions}
    return Move(what="consultations", unit=item["in_charge"], body=body)


def _let_go(item: Item, now: datetime, dice: Random, done: Done) -> Move | None:
    """A unit that is no longer needed on the spot."""
    here = [
        part
        for part in _working(item)
        if part["relation"] == "assisting" and part["stage"] in ("on_site", "working")
    ]
    if item["state"] != "open" or dice.random() >= LET_GO or len(here) < 2:
        return None
    part = dice.choice(here)
    if part["at"] is None or now - _time(part["at"]) < timedelta(minutes=50):
        return None
    body = {"unit": part["unit"], "reason": "现场已不需要，可先行离场"}
    return Move(what="releases", unit=street_of(item["in_charge"]), body=body)


def evaluations(standing: Item, item: Item, *, seed: str) -> Sequence[Move]:
    """The marks that are still owed for an accepted matter."""
    given = {(each["unit"], each["evaluator_class"]) for each in standing["evaluations"]}
    owed = [
        (score["unit"], name, unit)
        for name, unit in standing["evaluators"].items()
        for score in standing["scores"]
        if (score["unit"], name) not in given
    ]
    return [_marks(unit, by, _dice(seed, item, f"{unit}/{name}")) for unit, name, by in owed]


def _marks(unit: str, by: str, dice: Random) -> Move:
    share = min(1.0, dice.gauss(0.88, 0.1))

    def points(most: int) -> int:
        return max(0, min(most, round(most * share + dice.uniform(-1.5, 1.5))))

    body = {
        "unit": unit,
        "timely": points(30),
        "present": points(20),
        "effect": points(35),
        "cooperation": points(15),
        "rating": "satisfied" if share > 0.85 else "basically" if share > 0.7 else "unsatisfied",
        "solved": share > 0.7,
        "words": dice.choice(PRAISE),
    }
    return Move(what="evaluations", unit=by, body=body)


def _working(item: Item) -> list[Mapping[str, Any]]:
    return [part for part in item["parts"] if part["relation"] != "informed"]


def _bound(part: Mapping[str, Any]) -> bool:
    return part["stage"] in AT_WORK and part["state"] not in INTERRUPTED


def _age(item: Item, now: datetime) -> timedelta:
    return now - _time(item["blown_at"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _in_hours(now: datetime, hours: float) -> str:
    return (now + timedelta(hours=hours)).replace(microsecond=0).isoformat()
