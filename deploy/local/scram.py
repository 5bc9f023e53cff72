"""Passwords as Kafka keeps them for SCRAM-SHA-512 (RFC 5802): salted, and never sent to it."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

MECHANISM = "SCRAM-SHA-512"
ITERATIONS = 8192  # of 4,096 to 16,384 that Kafka takes; 5 ms a sign-in


@dataclass(frozen=True, slots=True, kw_only=True)
class Salted:
    """What a broker needs to recognise a password; who has it can sign in as well."""

    salt: bytes = field(repr=False)
    key: bytes = field(repr=False)
    iterations: int = ITERATIONS

    def for_format(self, user: str) -> str:
        """As `kafka.tools.StorageTool format --add-scram` takes it."""
        salt, key = (base64.b64encode(part).decode() for part in (self.salt, self.key))
        return (
            f'{MECHANISM}=[name={user},iterations={self.iterations},salt="{salt}",'
            f'saltedpassword="{key}"]'
        )


def salt(password: str) -> Salted:
    """This password, salted anew."""
    grains = secrets.token_bytes(32)
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), grains, ITERATIONS)
    return Salted(salt=grains, key=key)


def locked() -> Salted:
    """What no password fits: a user that nobody can be yet."""
    return Salted(salt=secrets.token_bytes(32), key=secrets.token_bytes(64))


def new_password() -> str:
    """256 bits, letters and digits and - _."""
    return secrets.token_urlsafe(32)
