"""Puts down the text messages that persons get of their tickets, in the change's transaction."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from services.intake.domain.case import Case
from services.intake.domain.telling import texts_of
from shared.delivery.outgoing import Channel, Message, put_many
from shared.runtime.database import Connection

WITHIN: Final = timedelta(days=3)  # later it would tell of what is over


async def tell_persons(connection: Connection, cases: Iterable[Case]) -> None:
    """Put down what persons are told of these changes; each once."""
    messages = [
        Message(
            channel=Channel.SMS,
            recipient=f"ticket:{text.ticket_id}",
            template=text.template,
            values={"number": text.number},
            about=text.ticket_id,
            at=text.at,
            dedupe=f"{text.template}:{text.ticket_id}:{text.seq}",
            within=WITHIN,
            traceparent=case.traceparent,
        )
        for case in cases
        for text in texts_of(case)
    ]
    if messages:
        await put_many(connection, messages)
