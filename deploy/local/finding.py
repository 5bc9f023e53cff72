"""What an examination of the machine or of a stack finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: fine, or what to do."""

    ok: bool
    zh: str
    en: str
