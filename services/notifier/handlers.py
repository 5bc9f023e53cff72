"""What the notifier hears on Kafka: every fact of the city, kept first, then followed."""

from collections.abc import Sequence
from datetime import datetime

from services.notifier import canary, outages, supervise
from services.notifier.context import NotifierContext
from services.notifier.tell import hear_units, tell_urgings
from services.notifier.track import earliest_fire, track
from shared.contracts.topics import RATINGS, TICKETS, UNITS, WHISTLES
from shared.runtime.consumer import Subscription
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming

GROUP = "notifier"


def subscription(context: NotifierContext) -> Subscription:
    """The one subscription of the notifier."""

    async def hear(connection: Connection, events: Sequence[Incoming], now: datetime) -> None:
        await context.fact_log.write(connection, events, now)
        changes = await track(connection, events, escalation=context.escalation)
        await supervise.follow(connection, changes, escalation=context.escalation)
        await outages.count_moved(connection, events)
        await hear_units(connection, events)
        await tell_urgings(
            connection, events, wording=context.wording, telling=context.telling, now=now
        )
        await canary.note(connection, events, clock=context.runtime.clock)
        if earliest_fire(changes) is not None:
            context.watch.wake()

    return Subscription(group=GROUP, topics=(TICKETS, WHISTLES, RATINGS, UNITS), handle=hear)
