"""The resident's door: a signed session, limits by address and device, who may see what.

The session is apart from that of people who sign in: another cookie, another key, no role.
"""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from services.intake.context import IntakeContext
from services.intake.domain.links import (
    DEVICE_BYTES,
    SESSION_LIVES,
    Session,
    open_session,
    session_token,
)
from services.intake.domain.number import is_ticket_number
from services.intake.domain.ticket import Ticket
from services.intake.links import still_held
from services.intake.store import residents as store
from services.intake.store.residents import Limit
from shared.errors import ForbiddenError, TooManyError
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection
from shared.web.login import address_of
from shared.web.sessions import Sessions

COOKIE: Final = "shaodao_resident"


async def resident_of(request: Request, intake: IntakeContext) -> Session:
    """The session of this browser, with what no revocation has ended; a new one without cookie."""
    key = intake.links.key
    found = open_session(key, request.cookies.get(COOKIE, ""), now=wall_now())
    if found is None:
        return Session(device=secrets.token_bytes(DEVICE_BYTES))
    if not found.grants:
        return found
    async with intake.runtime.pool.acquire() as connection:
        held = await still_held(connection, found.grants)
    return Session(device=found.device, grants=tuple(held))


def remember(
    request: Request, response: Response, intake: IntakeContext, session: Session
) -> Response:
    """Send the session along with an answer."""
    sessions: Sessions = request.app.state.sessions
    token = session_token(intake.links.key, session, now=wall_now())
    sessions.set_cookie(response, COOKIE, token, lasts=SESSION_LIVES)
    return response


def owner_of(session: Session) -> str:
    """Whose the photos are that this browser uploads."""
    return f"device:{session.device.hex()}"


async def own_ticket(connection: Connection, session: Session, number: str) -> Ticket:
    """The ticket of a number, if this session may see it; the same refusal for all others."""
    ticket = None
    if is_ticket_number(number):
        ticket = await store.ticket_of_number(connection, number)
    if ticket is None or session.grant(ticket.ticket_id) is None:
        raise not_yours()
    return ticket


def not_yours() -> ForbiddenError:
    """What everybody is told of a ticket they may not see, whether there is one or not."""
    return ForbiddenError(
        "这件事只有本人能看。请点短信里的链接打开，或者用验证码。",
        "only the person who reported may see this; use the link in the message, or a code",
        code="not_yours",
    )


async def within(
    intake: IntakeContext, holders: Iterable[tuple[Limit, bytes]], *, zh: str, en: str
) -> None:
    """Count a turn of each holder; TooManyError when one has none left.

    In a transaction of its own, so that a turn counts whatever comes of it.
    """
    wall = wall_now()
    async with intake.runtime.transaction() as connection:
        await store.forget(connection, at=wall)
        left = [await store.take_turn(connection, limit, h, at=wall) for limit, h in holders]
    if not all(left):
        raise TooManyError(zh, en, retry_after=600)


def address_holder(request: Request, intake: IntakeContext) -> bytes:
    """The address a request came from, as a keyed hash: no list of addresses is kept."""
    return _holder(intake, "address", address_of(request))


def phone_holder(intake: IntakeContext, phone: str) -> bytes:
    return _holder(intake, "phone", phone)


def _holder(intake: IntakeContext, kind: str, text: str) -> bytes:
    return hmac.digest(intake.links.key, f"{kind}\0{text}".encode(), hashlib.sha256)
