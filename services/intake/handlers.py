"""What intake hears on Kafka: the router's whistles and units, and the notifier's deadlines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.intake.domain.registration import Rules
from services.intake.follow import follow
from services.intake.units import hear_units
from shared.contracts.deadlines import OutageDeclared
from shared.contracts.topics import DEADLINES, UNITS, WHISTLES
from shared.dues.moved import hear_outages
from shared.runtime.consumer import Subscription
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming

GROUP: Final = "intake"


def subscription(rules: Rules, *, by_sms: bool = False) -> Subscription:
    """All topics in one group: a batch may hold facts of several about one ticket.

    `by_sms`: whoever is to be called back is asked by a text message, too.
    """

    async def handle(connection: Connection, events: Sequence[Incoming], now: datetime) -> None:
        await hear_units(connection, [each for each in events if each.topic == UNITS.name])
        await hear_outages(connection, events)
        about = [each for each in events if each.topic != UNITS.name and not _of_all(each)]
        if about:
            await follow(connection, about, now, rules=rules, by_sms=by_sms)

    return Subscription(group=GROUP, topics=(WHISTLES, DEADLINES, UNITS), handle=handle)


def _of_all(event: Incoming) -> bool:
    """Whether it is about no ticket in particular."""
    return isinstance(event.data, OutageDeclared)
