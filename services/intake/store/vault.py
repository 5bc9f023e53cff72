"""The vault: personal data sealed at rest, phones found by a keyed hash, keys that can be rotated.

AES-256-GCM with a random nonce, bound to the ticket's id. Each configured key gives three of its
own by HKDF (sealing, phone index, body marks) and is known by an id made from it, so that rotating
is putting the new key first: what is new uses it, what is old is still read by its key's id.
"""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import TypeAdapter

from services.intake.domain.person import Person
from services.intake.store.rows import SQL
from shared.runtime.database import Connection

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_PERSON = TypeAdapter(Person)


class VaultError(RuntimeError):
    """A key is missing or wrong, or sealed data was altered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Encrypted data and the id of the key that opens it."""

    key_id: str
    data: bytes


class _Key:
    def __init__(self, text: str) -> None:
        try:
            key = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise VaultError("a vault key is not base64") from error
        if len(key) != KEY_BYTES:
            raise VaultError(f"a vault key has {len(key)} bytes, not {KEY_BYTES}")
        self.key_id = _derive(key, "id", 4).hex()
        self.aead = AESGCM(_derive(key, "seal"))
        self.index = _derive(key, "index")
        self.mark = _derive(key, "mark")


def _derive(key: bytes, purpose: str, length: int = KEY_BYTES) -> bytes:
    info = f"shaodao/vault/{purpose}".encode()
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(key)


class Vault:
    """Seals under the first key, opens with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` are base64 of 32 bytes, the current one first; raises VaultError."""
        made = [_Key(text) for text in keys]
        if not made:
            raise VaultError("the vault needs a key")
        self._current = made[0]
        self._keys = {key.key_id: key for key in made}

    @property
    def key_id(self) -> str:
        """The id of the key that seals now."""
        return self._current.key_id

    def seal(self, ticket_id: UUID, data: bytes) -> Sealed:
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._current.aead.encrypt(nonce, data, ticket_id.bytes)
        return Sealed(key_id=self._current.key_id, data=nonce + sealed)

    def open(self, ticket_id: UUID, sealed: Sealed) -> bytes:
        """The data as it was sealed for this ticket; raises VaultError."""
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise VaultError(f"the vault has no key {sealed.key_id}")
        nonce, data = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return key.aead.decrypt(nonce, data, ticket_id.bytes)
        except InvalidTag as error:
            raise VaultError("sealed data was altered or is another ticket's") from error

    def phone_index(self, phone: str) -> bytes:
        """The blind index of a normalised phone under the current key."""
        return hmac.digest(self._current.index, phone.encode(), hashlib.sha256)

    def phone_indexes(self, phone: str) -> list[bytes]:
        """The blind index under every key, for looking up what older keys indexed."""
        return [
            hmac.digest(key.index, phone.encode(), hashlib.sha256) for key in self._keys.values()
        ]

    def mark(self, body: bytes, key_id: str | None = None) -> bytes | None:
        """A keyed hash of a request's body; None when that key is gone."""
        key = self._keys.get(key_id) if key_id is not None else self._current
        return hmac.digest(key.mark, body, hashlib.sha256) if key is not None else None

    def seal_person(self, ticket_id: UUID, person: Person) -> Sealed:
        return self.seal(ticket_id, _PERSON.dump_json(person, exclude_none=True))

    def open_person(self, ticket_id: UUID, sealed: Sealed) -> Person:
        return _PERSON.validate_json(self.open(ticket_id, sealed))


async def person_of(connection: Connection, ticket_id: UUID, *, vault: Vault) -> Person:
    """Who asked; an empty person where nothing was told."""
    row = await connection.fetchrow(SQL.person_of, ticket_id)
    if row is None:
        return Person()
    return vault.open_person(ticket_id, Sealed(key_id=row["key_id"], data=row["sealed"]))


async def keep_persons(
    connection: Connection,
    persons: Sequence[tuple[UUID, Person]],
    *,
    vault: Vault,
    at: datetime,
) -> None:
    """Seal who asked, for new tickets."""
    records = []
    for ticket_id, person in persons:
        sealed = vault.seal_person(ticket_id, person)
        index = vault.phone_index(person.phone) if person.phone else None
        records.append((ticket_id, sealed.key_id, sealed.data, index, at))
    if records:
        await connection.copy_records_to_table(
            "vault",
            columns=("ticket_id", "key_id", "sealed", "phone_index", "at"),
            records=records,
        )


async def keep_supplement(
    connection: Connection, ticket_id: UUID, *, text: str, vault: Vault, at: datetime
) -> None:
    """Seal the original words of a supplement."""
    sealed = vault.seal(ticket_id, text.encode())
    await connection.execute(SQL.keep_supplement, ticket_id, sealed.key_id, sealed.data, at)
