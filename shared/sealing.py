"""Data sealed at rest with keys that can be rotated: AES-256-GCM, bound to what it belongs to.

Each configured key gives keys of its own by HKDF, one for each purpose, and is known by an id made
from it, so that rotating is putting the new key first: what is new uses it, what is old is still
opened by its key's id.
"""

import base64
import binascii
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class VaultError(RuntimeError):
    """A key is missing or wrong, or sealed data was altered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """Encrypted data and the id of the key that opens it."""

    key_id: str
    data: bytes


class Key:
    """One configured key and those made from it."""

    def __init__(self, text: str) -> None:
        """`text` is base64 of 32 bytes; raises VaultError."""
        try:
            self._key = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise VaultError("a vault key is not base64") from error
        if len(self._key) != KEY_BYTES:
            raise VaultError(f"a vault key has {len(self._key)} bytes, not {KEY_BYTES}")
        self.key_id = self.derived("id", 4).hex()
        self.aead = AESGCM(self.derived("seal"))

    def derived(self, purpose: str, length: int = KEY_BYTES) -> bytes:
        """The key for one purpose."""
        info = f"shaodao/vault/{purpose}".encode()
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self._key)


class Seals:
    """Seals under the first key, opens with any."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` are base64 of 32 bytes, the current one first; raises VaultError."""
        made = [Key(text) for text in keys]
        if not made:
            raise VaultError("the vault needs a key")
        self._current = made[0]
        self._keys = {key.key_id: key for key in made}

    @property
    def key_id(self) -> str:
        """The id of the key that seals now."""
        return self._current.key_id

    def seal(self, owner_id: UUID, data: bytes) -> Sealed:
        """Seal what belongs to that owner alone."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._current.aead.encrypt(nonce, data, owner_id.bytes)
        return Sealed(key_id=self._current.key_id, data=nonce + sealed)

    def open(self, owner_id: UUID, sealed: Sealed) -> bytes:
        """The data as it was sealed for this owner; raises VaultError."""
        key = self._keys.get(sealed.key_id)
        if key is None:
            raise VaultError(f"the vault has no key {sealed.key_id}")
        nonce, data = sealed.data[:NONCE_BYTES], sealed.data[NONCE_BYTES:]
        try:
            return key.aead.decrypt(nonce, data, owner_id.bytes)
        except InvalidTag as error:
            raise VaultError("sealed data was altered or belongs to another") from error
