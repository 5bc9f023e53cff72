"""The vault: personal data sealed at rest, phones found by a keyed hash, keys that can be rotated.

Sealed as `shared.sealing` does, bound to the ticket's id; each key gives two more of its own, for
the phone index and for the marks of bodies.
"""

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from services.intake.domain.person import Person
from services.intake.store.rows import SQL
from shared.runtime.database import Connection
from shared.sealing import Sealed, Seals

_PERSON = TypeAdapter(Person)


class Vault(Seals):
    """Seals under the first key, opens with any; finds phones by an index that tells nothing."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys` are base64 of 32 bytes, the current one first; raises VaultError."""
        super().__init__(keys)
        self._index = {key.key_id: key.derived("index") for key in self._keys.values()}
        self._mark = {key.key_id: key.derived("mark") for key in self._keys.values()}

    def phone_index(self, phone: str) -> bytes:
        """The blind index of a normalised phone under the current key."""
        return hmac.digest(self._index[self.key_id], phone.encode(), hashlib.sha256)

    def phone_indexes(self, phone: str) -> list[bytes]:
        """The blind index under every key, for looking up what older keys indexed."""
        return [hmac.digest(key, phone.encode(), hashlib.sha256) for key in self._index.values()]

    def mark(self, body: bytes, key_id: str | None = None) -> bytes | None:
        """A keyed hash of a request's body; None when that key is gone."""
        key = self._mark.get(self.key_id if key_id is None else key_id)
        return hmac.digest(key, body, hashlib.sha256) if key is not None else None

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
