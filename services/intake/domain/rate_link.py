"""The link by which a person rates one round of their own matter, in one tap and a confirmation.

25 bytes as base64url: the ticket's id, the round, eight bytes of a keyed hash. It holds as long as
that round waits for its callback, and shows nothing but what is asked.
"""

import base64
import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_BODY: Final = struct.Struct(">16sB")
_TAG: Final = 8
MOST_ROUNDS: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class RateGrant:
    """The right to rate this round of this ticket."""

    ticket_id: UUID
    round: int


def rate_token(key: bytes, grant: RateGrant) -> str:
    """The token of a link; ValueError past 255 rounds."""
    if not 1 <= grant.round <= MOST_ROUNDS:
        raise ValueError(f"no link for round {grant.round}")
    body = _BODY.pack(grant.ticket_id.bytes, grant.round)
    return _text(body + _tag(key, body))


def open_rate_token(key: bytes, token: str) -> RateGrant | None:
    """What a token is for; None where it was altered."""
    try:
        data = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
    except (UnicodeEncodeError, binascii.Error):
        return None
    body, tag = data[: _BODY.size], data[_BODY.size :]
    if (
        len(body) != _BODY.size
        or _text(data) != token
        or not hmac.compare_digest(tag, _tag(key, body))
    ):
        return None
    ticket_id, round_ = _BODY.unpack(body)
    return RateGrant(ticket_id=UUID(bytes=ticket_id), round=round_)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _tag(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"rate\0" + body, hashlib.sha256)[:_TAG]
