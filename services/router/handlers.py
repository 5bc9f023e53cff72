"""What the router hears on Kafka: tickets and deadlines by name, the units' reports by pattern."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.router.context import CityNow
from services.router.deem import heed_deadlines
from services.router.follow import follow_tickets
from services.router.judge import judge_events, refuse_unreadable
from shared.contracts.topics import DEADLINES, TICKETS, UNIT_REPORTS
from shared.dues.moved import hear_outages
from shared.runtime.consumer import Subscription
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming, Unreadable

GROUP: Final = "router"
REPORTS_GROUP: Final = "router.reports"


def city_topics(here: CityNow) -> Subscription:
    """Intake's facts and the notifier's."""

    async def handle(connection: Connection, events: Sequence[Incoming], now: datetime) -> None:
        facts = [event for event in events if event.topic == TICKETS.name]
        missed = [event for event in events if event.topic == DEADLINES.name]
        city = here.city
        if facts:
            await follow_tickets(connection, facts, city=city, now=now)
        if missed:
            await hear_outages(connection, missed)
            await heed_deadlines(connection, missed, city=city, now=now)

    return Subscription(group=GROUP, topics=(TICKETS, DEADLINES), handle=handle)


def unit_topics(here: CityNow) -> Subscription:
    """Every unit's reports; the unit is the topic's."""

    async def handle(connection: Connection, events: Sequence[Incoming], now: datetime) -> None:
        await judge_events(connection, events, city=here.city, now=now)

    async def refuse(connection: Connection, records: Sequence[Unreadable], now: datetime) -> None:
        await refuse_unreadable(connection, records, city=here.city, now=now)

    return Subscription(group=REPORTS_GROUP, topics=(UNIT_REPORTS,), handle=handle, refuse=refuse)
