"""What goes through the system under measurement: tickets of a real city's mix, in our own words.

Only categories and places with one clear lead are used, so that every ticket is dispatched.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import cycle, islice

from deploy.local.data_folder import PROJECT
from shared.catalogue.load import load_catalogue
from shared.catalogue.regions import RegionLevel
from shared.contracts import envelope, ids, tickets
from shared.contracts.parts import Actor, Place, Role
from shared.contracts.values import Channel, Due, TicketType, Urgency
from tests.bench.broker import Outbound

SHORTEST = 15  # characters; the desk needs ten
REQUESTS = PROJECT / "deploy" / "city" / "requests.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """Something a person asks for, somewhere."""

    category: str
    region: str
    lead: str
    urgency: Urgency
    type: TicketType
    address: str
    text: str


@cache
def texts() -> tuple[str, ...]:
    """What people ask for, in our own words."""
    lines = REQUESTS.read_text().splitlines()
    told = (json.loads(line)["description"] for line in lines)
    return tuple(text for text in told if len(text) >= SHORTEST)


@cache
def _clear_matters() -> tuple[Matter, ...]:
    """One matter of each category in each community where it has one lead."""
    catalogue = load_catalogue()
    told = cycle(texts())
    communities = [r for r in catalogue.regions.values() if r.level is RegionLevel.COMMUNITY]
    return tuple(
        Matter(
            category=category.code,
            region=region.code,
            lead=leads[0].code,
            urgency=category.default_urgency,
            type=category.default_type,
            address=f"{catalogue.region_name(region.code)}{category.name}处",
            text=next(told),
        )
        for category in catalogue.categories.values()
        for region in communities
        if len(leads := catalogue.units_for(category.lead_function, region.code)) == 1
    )


def matters(number: int) -> Iterator[Matter]:
    """So many matters, spread over categories and communities."""
    clear = _clear_matters()
    step = 7919  # a prime: neighbours are of other categories and places
    return (clear[n * step % len(clear)] for n in range(number))


def normal_matters(number: int, *, leads: int) -> Iterator[Matter]:
    """So many ordinary matters of the same few leads."""
    normal = [m for m in _clear_matters() if m.urgency is Urgency.NORMAL]
    chosen = list(dict.fromkeys(m.lead for m in normal))[:leads]
    return islice(cycle(m for m in normal if m.lead in chosen), number)


def registered(number: int, *, prefix: str, now: datetime) -> list[Outbound]:
    """The facts of so many tickets registered, as intake says them."""
    return [
        _registered(n, matter, prefix=prefix, now=now) for n, matter in enumerate(matters(number))
    ]


def _registered(n: int, matter: Matter, *, prefix: str, now: datetime) -> Outbound:
    ticket_id = ids.new_id(now)
    fact = tickets.Registered(
        ticket_id=ticket_id,
        seq=1,
        actor=Actor(role=Role.OPERATOR, name="赵敏"),
        policy="bench",
        number=f"YC20261123{n:06d}",
        channel=Channel.HOTLINE,
        type=matter.type,
        urgency=matter.urgency,
        title=matter.text[:30],
        summary=matter.text,
        place=Place(region=matter.region, address=matter.address),
        dispatch_by=_due(now, timedelta(hours=2), "2wh"),
        citizen_by=_due(now, timedelta(days=7), "5WD"),
        category=matter.category,
    )
    value = envelope.write(
        event_id=ids.fact_id(ticket_id, 1),
        source="/shaodao/intake",
        subject=str(ticket_id),
        time=now,
        data=fact,
    )
    return Outbound(topic=f"{prefix}tickets", key=str(ticket_id).encode(), value=value.encode())


def _due(now: datetime, after: timedelta, rule: str) -> Due:
    return Due(by=now + after, rule=rule, started_at=now, calendar="bench", policy="bench")


def submission(n: int, matter: Matter) -> bytes:
    """The body of one request to intake; `n` tells apart who asks."""
    body = {
        "channel": "hotline",
        "description": matter.text,
        "place": {"region": matter.region, "address": matter.address},
        "category": matter.category,
        "reporter": {"name": "王秀英", "phone": f"155{n % 100_000_000:08d}"},
    }
    return json.dumps(body, ensure_ascii=False).encode()
