"""What intake hears on Kafka: the router's whistles and the notifier's deadlines."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.intake.domain.registration import Rules
from services.intake.follow import follow
from shared.contracts.topics import DEADLINES, WHISTLES
from shared.runtime.consumer import Subscription
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming

GROUP: Final = "intake"


def subscription(rules: Rules, *, by_sms: bool = False) -> Subscription:
    """Both topics in one group: a batch may hold facts of both about one ticket.

    `by_sms`: whoever is to be called back is asked by a text message, too.
    """

    async def handle(connection: Connection, events: Sequence[Incoming], now: datetime) -> None:
        await follow(connection, events, now, rules=rules, by_sms=by_sms)

    return Subscription(group=GROUP, topics=(WHISTLES, DEADLINES), handle=handle)
