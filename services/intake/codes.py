"""Codes by SMS for residents: six digits, hashed, five minutes, three tries, once.

Whether a phone has brought a ticket shows in no answer: a phone without one gets the same words,
the same row and no message.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.intake.domain.links import MOST_TICKETS, Grant
from services.intake.links import Links, grants_for
from services.intake.store import residents as store
from services.intake.store.residents import Limit
from services.intake.store.vault import Vault
from shared.contracts.ids import new_id
from shared.delivery.outgoing import Channel, put
from shared.runtime.database import Connection

CODE_LIVES: Final = timedelta(minutes=5)
ASKED_BY_PHONE: Final = Limit(scope="code-phone", most=5, within=timedelta(hours=1))
ASKED_FROM: Final = Limit(scope="code-address", most=20, within=timedelta(hours=1))
TRIED_FROM: Final = Limit(scope="code-try", most=30, within=timedelta(hours=1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """What codes are made and checked with."""

    links: Links
    vault: Vault

    def hash(self, code_id: UUID, code: str) -> bytes:
        """Keyed, as six digits alone would be found by trying."""
        body = b"code\0" + code_id.bytes + code.encode()
        return hmac.digest(self.links.key, body, hashlib.sha256)


async def ask_code(
    connection: Connection, phone: str, *, codes: Codes, wall: datetime, now: datetime
) -> None:
    """Make a code for a normalised phone and send it, if the phone has brought a ticket."""
    vault = codes.vault
    known = await store.tickets_of_phone(connection, vault.phone_indexes(phone), most=1)
    code_id, code = new_id(wall), f"{secrets.randbelow(1_000_000):06d}"
    sealed = vault.seal(code_id, f"{phone} {code}".encode())
    await store.add_code(
        connection,
        code_id,
        phone_index=vault.phone_index(phone),
        code_hash=codes.hash(code_id, code),
        sealed=sealed if known else None,
        at=wall,
        expires_at=wall + CODE_LIVES,
    )
    if known:
        await put(
            connection,
            channel=Channel.SMS,
            recipient=f"code:{code_id}",
            template="code",
            values={},  # phone and code come out of the vault when it is sent
            about=None,
            now=now,
            within=CODE_LIVES,
        )


async def use_code(
    connection: Connection, phone: str, code: str, *, codes: Codes, wall: datetime
) -> list[Grant] | None:
    """Rights to the newest tickets of a phone for the right code; None for a wrong one.

    Commit in any case: a wrong try counts.
    """
    indexes = codes.vault.phone_indexes(phone)
    found = await store.spend_code(connection, indexes, at=wall)
    if found is None:
        return None
    code_id, wanted = found
    if not hmac.compare_digest(codes.hash(code_id, code), wanted):
        return None
    await store.use_code(connection, code_id, at=wall)
    tickets = await store.tickets_of_phone(connection, indexes, most=MOST_TICKETS)
    return await grants_for(connection, tickets)
