"""What goes to the notifier under measurement: whistles whose one promise is due at one instant."""

from datetime import datetime, timedelta
from itertools import cycle, islice

from shared.catalogue.load import load_catalogue
from shared.catalogue.model import UnitKind
from shared.contracts import envelope, ids
from shared.contracts.parts import Actor, Assignment, BlownBy, Place, Role
from shared.contracts.values import Due, Relation, Urgency, WhistleKind
from shared.contracts.whistles import Blown
from tests.bench.broker import Outbound

LIMIT = timedelta(minutes=15)
RULE = "15m"


def blown(number: int, *, prefix: str, now: datetime, due_at: datetime) -> list[Outbound]:
    """So many critical whistles, each to one bureau, which must acknowledge by `due_at`."""
    bureaus = [u.code for u in load_catalogue().units.values() if u.kind is UnitKind.BUREAU]
    due = Due(by=due_at, rule=RULE, started_at=due_at - LIMIT, calendar="bench", policy="bench")
    return [
        _blown(n, unit, prefix=prefix, now=now, acknowledge=due)
        for n, unit in enumerate(islice(cycle(bureaus), number))
    ]


def _blown(n: int, unit: str, *, prefix: str, now: datetime, acknowledge: Due) -> Outbound:
    whistle_id = ids.new_id(now)
    officer = Actor(role=Role.STREET_OFFICER, unit="BH-JD1")
    fact = Blown(
        whistle_id=whistle_id,
        ticket_ids=(),
        seq=1,
        actor=officer,
        policy="bench",
        number=f"S20261123{n:06d}",
        kind=WhistleKind.EMERGENCY,
        urgency=Urgency.CRITICAL,
        title="路面塌陷，请到场处置",
        summary="十字路口东侧路面塌陷约两米，已拉警戒线，请到场处置。",
        place=Place(region="159902001001", address="河湾路十字路口"),
        blown_by=BlownBy(unit="BH-JD1", level="street"),
        dispatched_by=officer,
        assignments=(
            Assignment(
                assignment_id=ids.new_id(now),
                unit=unit,
                relation=Relation.LEAD,
                acknowledge=acknowledge,
            ),
        ),
        trace=(),
    )
    value = envelope.write(
        event_id=ids.fact_id(whistle_id, 1),
        source="/shaodao/router",
        subject=str(whistle_id),
        time=now,
        data=fact,
    )
    key = str(whistle_id).encode()
    return Outbound(topic=f"{prefix}whistles", key=key, value=value.encode())
