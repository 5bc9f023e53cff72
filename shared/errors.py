"""The errors that people and other systems are told about: a small tree, each a sentence.

Every one has a `code` for machines and its sentence in Chinese and English for people. The pages
and the API turn them into answers; the domain raises them and knows nothing of HTTP.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field, named as in the request ("place.region")."""

    field: str
    zh: str
    en: str


class ShaodaoError(Exception):
    """A request that cannot be carried out, for a reason that can be told."""

    code = "error"

    def __init__(self, zh: str, en: str, *, code: str | None = None) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en
        if code is not None:
            self.code = code


class InvalidError(ShaodaoError):
    """Fields of the request are missing or wrong."""

    code = "invalid"

    def __init__(self, *errors: FieldError) -> None:
        super().__init__("；".join(e.zh for e in errors), "; ".join(e.en for e in errors))
        self.errors = errors


class NotFoundError(ShaodaoError):
    """There is no such thing, or not for this caller."""

    code = "not_found"


class ForbiddenError(ShaodaoError):
    """The caller may not do this."""

    code = "forbidden"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What somebody did since the version that a caller had seen."""

    version: int
    at: datetime
    who: str
    what: str
    state: str  # the state after it
    zh: str


class ConflictError(ShaodaoError):
    """The command is not valid any more; carries the current state and version.

    `changes` tells a caller whose version is old who changed what since, oldest first.
    """

    code = "conflict"

    def __init__(
        self,
        zh: str,
        en: str,
        *,
        code: str | None = None,
        state: str | None = None,
        version: int | None = None,
        changes: tuple[Change, ...] = (),
    ) -> None:
        super().__init__(zh, en, code=code)
        self.state = state
        self.version = version
        self.changes = changes


class UnavailableError(ShaodaoError):
    """Not now: too much to do, or a part is away; try again after `retry_after` seconds."""

    code = "unavailable"

    def __init__(self, zh: str, en: str, *, retry_after: int = 2) -> None:
        super().__init__(zh, en)
        self.retry_after = retry_after


class TooManyError(UnavailableError):
    """Asked too often; the same is answered again after `retry_after` seconds."""

    code = "too_many"
