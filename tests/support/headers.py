"""The headers that no answer of a service may be without, and what they must say."""

import re
from collections.abc import Iterable
from typing import Final

WANTED: Final = {
    b"content-security-policy": rb"^default-src 'none'; script-src 'self'; style-src 'self'; .*"
    rb"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    rb"|^sandbox; default-src 'none'$",  # a file, which is nothing but what it shows
    b"x-content-type-options": rb"^nosniff$",
    b"x-frame-options": rb"^DENY$",
    b"referrer-policy": rb"^(same-origin|no-referrer)$",
    b"permissions-policy": rb"microphone=\(\)",
    b"cross-origin-opener-policy": rb"^same-origin$",
    b"cache-control": rb"^(no-store|no-cache|private|public)",
}
ONCE: Final = frozenset(WANTED) | {b"strict-transport-security"}


def lacking(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """The names of those that are absent, say something else, or are there twice."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        found.setdefault(name.lower(), []).append(value)
    wrong = [
        name
        for name, pattern in WANTED.items()
        if not any(re.search(pattern, value) for value in found.get(name, []))
    ]
    wrong += [name for name in ONCE if len(found.get(name, [])) > 1]
    if any(b"unsafe" in value for value in found.get(b"content-security-policy", [])):
        wrong.append(b"content-security-policy")
    return sorted({name.decode() for name in wrong})
