"""What is to be sent outside, put down in the transaction of the change it tells of.

Nothing is sent here: the service's delivery loop does that after the commit, until the other side
has taken it or the tries are used up. The id of a delivery is the idempotency key of every try.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

from pydantic_core import to_json

from shared.contracts.ids import new_id
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection, queries
from shared.runtime.tracing import current

SQL = queries(Path(__file__).parent / "sql" / "deliveries.sql")
Value: TypeAlias = "str | int | float | bool | Sequence[Value] | Mapping[str, Value] | None"


class Channel(StrEnum):
    """How something leaves the house."""

    SMS = "sms"  # 短信
    WEBHOOK = "webhook"  # 回调
    WECOM = "wecom"  # 企业微信


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing to send: `recipient` is a reference ("ticket:…", "source:…"), never a phone.

    `template` names the text of a text message, or the type of a webhook's event. Once `within`
    has passed, the message is of no use and is not sent any more. Of several with the same
    `dedupe` only the first is sent, for as long as it is kept (30 days after it was sent).
    """

    channel: Channel
    recipient: str
    template: str
    values: Mapping[str, Value]
    about: UUID | None
    at: datetime
    dedupe: str | None = None
    within: timedelta | None = None
    traceparent: str | None = None  # of the change it tells of; absent: the request's

    @property
    def destination(self) -> str:
        """What may be down as a whole: the one SMS gateway or robot, or this webhook."""
        return destination_of(self.channel, self.recipient)


def destination_of(channel: Channel, recipient: str) -> str:
    """What may be down as a whole for a recipient."""
    return f"{channel}:{recipient}" if channel is Channel.WEBHOOK else channel.value


async def put(
    connection: Connection,
    *,
    channel: Channel,
    recipient: str,
    template: str,
    values: Mapping[str, Value],
    about: UUID | None,
    now: datetime,
    dedupe: str | None = None,
    within: timedelta | None = None,
) -> UUID:
    """Put one message down within the caller's transaction; its delivery_id.

    With a `dedupe` that was used before, nothing is added and the earlier id is returned.
    """
    message = Message(
        channel=channel,
        recipient=recipient,
        template=template,
        values=values,
        about=about,
        at=now,
        dedupe=dedupe,
        within=within,
    )
    return (await put_many(connection, [message]))[0]


async def put_many(connection: Connection, messages: Sequence[Message]) -> list[UUID]:
    """Put messages down in one statement; the delivery_id of each, in order."""
    if not messages:
        return []
    wall = wall_now()
    ids = [new_id(wall) for _ in messages]
    rows = await connection.fetch(
        SQL.put,
        ids,
        [each.channel for each in messages],
        [each.destination for each in messages],
        [each.recipient for each in messages],
        [each.template for each in messages],
        [to_json(dict(each.values)).decode() for each in messages],
        [each.about for each in messages],
        [each.dedupe for each in messages],
        [each.at for each in messages],
        wall,
        [wall + each.within if each.within is not None else None for each in messages],
        [each.traceparent or current() for each in messages],
    )
    if len(rows) == len(messages):
        return ids
    keys = [each.dedupe for each in messages if each.dedupe is not None]
    known = await connection.fetch(SQL.of_dedupe, keys)
    earlier = {row["dedupe"]: row["delivery_id"] for row in known}
    return [
        earlier[each.dedupe] if each.dedupe is not None else delivery_id
        for each, delivery_id in zip(messages, ids, strict=True)
    ]
