"""How many messages a destination gets in a minute at most, over all copies of a service.

Half of them may go at once, the other half as time goes: no minute sees more, wherever it begins.
"""

from datetime import datetime

from shared.delivery import leases
from shared.delivery.leases import Delivery
from shared.delivery.outgoing import SQL
from shared.runtime.database import Connection


def budget(per_minute: int, left: float, filled_at: datetime, now: datetime) -> float:
    """What may be sent now, where so much was left at that time."""
    half = at_once(per_minute)
    return min(half, left + max(0.0, (now - filled_at).total_seconds()) * half / 60)


def at_once(per_minute: int) -> float:
    """What may be sent at once after a rest."""
    return max(1.0, per_minute / 2)


async def claim(
    connection: Connection,
    destination: str,
    *,
    now: datetime,
    until: datetime,
    most: int,
    per_minute: int,
) -> list[Delivery]:
    """As `leases.claim`, within what the minute leaves; call it in a transaction.

    Copies take their turn at a row of the destination.
    """
    row = await connection.fetchrow(SQL.pace_locked, destination)
    if row is None:
        await connection.execute(SQL.pace_begun, destination, at_once(per_minute), now)
        row = await connection.fetchrow(SQL.pace_locked, destination)
    left = budget(per_minute, row["budget"], row["filled_at"], now)
    if int(left) == 0:
        return []
    claimed = await leases.claim(
        connection, destination, now=now, until=until, most=min(most, int(left))
    )
    if claimed:
        at = max(now, row["filled_at"])
        await connection.execute(SQL.pace_kept, destination, left - len(claimed), at)
    return claimed
