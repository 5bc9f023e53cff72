"""Short signed links to one ticket, and the signed session a resident's browser keeps.

A link's token is 27 bytes: the ticket's id, the link's generation (revoking raises it), the day it
expires, and eight bytes of a keyed hash; 36 letters as base64url. A session names a device and the
tickets it may see. Both live on wall time and say nothing of who asked.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

LINK_LIVES: Final = timedelta(days=180)
SESSION_LIVES: Final = timedelta(days=180)
MOST_TICKETS: Final = 20  # in one session: a cookie must stay small
DEVICE_BYTES: Final = 8
_LINK_TAG: Final = 8
_SESSION_TAG: Final = 16
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
_LINK = struct.Struct(">16sBH")
_SESSION = struct.Struct(">8sH")
_GRANT = struct.Struct(">16sB")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The right to see one ticket, as long as its links are of this generation."""

    ticket_id: UUID
    generation: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One browser of a resident; the newest ticket first."""

    device: bytes
    grants: tuple[Grant, ...] = ()

    def grant(self, ticket_id: UUID) -> Grant | None:
        """The right to that ticket, None where there is none."""
        return next((each for each in self.grants if each.ticket_id == ticket_id), None)

    def with_grants(self, grants: Iterable[Grant]) -> "Session":
        """The session with these tickets first; the oldest fall off the end."""
        new = tuple(grants)
        named = {each.ticket_id for each in new}
        kept = (each for each in self.grants if each.ticket_id not in named)
        return replace(self, grants=(*new, *kept)[:MOST_TICKETS])

    def without(self, ticket_id: UUID) -> "Session":
        kept = tuple(each for each in self.grants if each.ticket_id != ticket_id)
        return replace(self, grants=kept)


def signing_key(secret: str) -> bytes:
    """The key of links and sessions, made from the stack's secret for this purpose alone."""
    return hmac.digest(secret.encode(), b"shaodao/resident-links", hashlib.sha256)


def link_token(key: bytes, grant: Grant, *, now: datetime) -> str:
    """The token of a link that opens this ticket from now on for `LINK_LIVES`."""
    body = _LINK.pack(grant.ticket_id.bytes, grant.generation, _day(now + LINK_LIVES))
    return _text(body + _tag(key, b"link", body, _LINK_TAG))


def open_link(key: bytes, token: str, *, now: datetime) -> Grant | None:
    """What a token opens; None where it was altered or has expired."""
    data = _data(token)
    if data is None or len(data) != _LINK.size + _LINK_TAG:
        return None
    body, tag = data[: _LINK.size], data[_LINK.size :]
    if not hmac.compare_digest(tag, _tag(key, b"link", body, _LINK_TAG)):
        return None
    ticket_id, generation, until = _LINK.unpack(body)
    if _day(now) > until:
        return None
    return Grant(ticket_id=UUID(bytes=ticket_id), generation=generation)


def session_token(key: bytes, session: Session, *, now: datetime) -> str:
    """The session as the value of a cookie."""
    body = _SESSION.pack(session.device, _day(now + SESSION_LIVES)) + b"".join(
        _GRANT.pack(each.ticket_id.bytes, each.generation) for each in session.grants
    )
    return _text(body + _tag(key, b"session", body, _SESSION_TAG))


def open_session(key: bytes, token: str, *, now: datetime) -> Session | None:
    """The session of a cookie; None where it was altered or has expired."""
    data = _data(token)
    if data is None or len(data) < _SESSION.size + _SESSION_TAG:
        return None
    body, tag = data[:-_SESSION_TAG], data[-_SESSION_TAG:]
    if not hmac.compare_digest(tag, _tag(key, b"session", body, _SESSION_TAG)):
        return None
    device, until = _SESSION.unpack_from(body)
    grants = body[_SESSION.size :]
    if _day(now) > until or len(grants) % _GRANT.size:
        return None
    return Session(
        device=device,
        grants=tuple(
            Grant(ticket_id=UUID(bytes=ticket_id), generation=generation)
            for ticket_id, generation in _GRANT.iter_unpack(grants)
        ),
    )


def _tag(key: bytes, purpose: bytes, body: bytes, length: int) -> bytes:
    return hmac.digest(key, purpose + b"\0" + body, hashlib.sha256)[:length]


def _day(at: datetime) -> int:
    return (at - _EPOCH).days


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _data(text: str) -> bytes | None:
    """The bytes, None where it is not exactly what `_text` would have written."""
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    return data if _text(data) == text else None
