"""One command on one whistle or ticket over HTTP: its transaction, and the whistle after it."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from services.router import look
from services.router.context import RouterContext
from services.router.domain.whistle import Whistle
from services.router.look import WhistleItem
from shared.web.identity import Caller

Verb = Callable[..., Awaitable[Whistle]]


async def done(
    verb: Verb,
    subject: UUID,
    body: Any,
    here: RouterContext,
    caller: Caller,
    traceparent: str | None,
    **more: Any,
) -> WhistleItem:
    """Carry out the verb as the caller, now; raises the ShaodaoError that says why it cannot be."""
    async with here.runtime.transaction() as connection:
        whistle = await verb(
            connection,
            subject,
            body,
            actor=caller.actor(),
            city=here.city,
            now=here.runtime.clock.now(),
            traceparent=traceparent,
            **more,
        )
    return look.item(whistle)
