"""The accounts of a stack: a file all services read, and read again when it changes.

A production city signs people in with its own directory instead; these are for the embedded stack
and for a small town without one. Passwords are kept as argon2id hashes.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.contracts.parts import Role

HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)  # argon2id, 64 MiB
# Verified when nobody has the login, so that the answer takes as long; of a word thrown away.
NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$8216q05CZSNO+sXOUP2Wsw"
    "$wtebGV49FCtZht4bYjH7Rn+HCRnrQFWAKmHTobW5AsE"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's way in."""

    login: str
    name: str
    role: Role
    unit: str | None
    hash: str
    disabled: bool = False
    changed_at: datetime  # wall time

    def fingerprint(self) -> str:
        """What a session must carry to be of this account as it is now."""
        said = f"{self.login}\n{self.role}\n{self.unit}\n{self.hash}"
        return hashlib.sha256(said.encode()).hexdigest()[:24]


def hash_password(password: str) -> str:
    """The argon2id hash to keep; takes about 0.1 s and 64 MiB."""
    return HASHER.hash(password)


def is_right(account: Account | None, password: str) -> bool:
    """Whether the password is the account's; takes as long when there is no account."""
    try:
        HASHER.verify(NOBODY if account is None else account.hash, password)
    except (VerificationError, InvalidHashError):
        return False
    return account is not None and not account.disabled


def normal(login: str) -> str:
    """A login as it is compared."""
    return login.strip().lower()


def write_accounts(accounts: Iterable[Account]) -> dict[str, Any]:
    """The content of an accounts file."""
    rows = [
        asdict(account) | {"changed_at": account.changed_at.isoformat()} for account in accounts
    ]
    return {"accounts": sorted(rows, key=lambda row: str(row["login"]))}


def read_accounts(path: Path) -> dict[str, Account]:
    """The accounts of a file by login; ValueError when it is none."""
    content = json.loads(path.read_text("utf-8"))
    accounts = [
        Account(
            login=row["login"],
            name=row["name"],
            role=Role(row["role"]),
            unit=row["unit"],
            hash=row["hash"],
            disabled=row["disabled"],
            changed_at=datetime.fromisoformat(row["changed_at"]),
        )
        for row in content["accounts"]
    ]
    return {account.login: account for account in accounts}


class Accounts:
    """The accounts as the file has them now; none without a file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._accounts: dict[str, Account] = {}

    @property
    def exist(self) -> bool:
        """Whether anybody can sign in with a password here."""
        return self._path is not None

    def find(self, login: str) -> Account | None:
        """The account of this login, disabled or not."""
        self._refresh()
        return self._accounts.get(normal(login))

    def of_unit(self, unit: str) -> list[Account]:
        """Who may sign in for a unit, by name."""
        self._refresh()
        found = [a for a in self._accounts.values() if a.unit == unit and not a.disabled]
        return sorted(found, key=lambda account: account.name)

    def _refresh(self) -> None:
        if self._path is None:
            return
        try:
            stat = self._path.stat()
        except FileNotFoundError:  # not made yet
            self._accounts, self._stamp = {}, None
            return
        stamp = (stat.st_mtime_ns, stat.st_ino)  # it is replaced whole, never written into
        if stamp != self._stamp:
            self._accounts = read_accounts(self._path)
            self._stamp = stamp
