"""How urgent a request is by its method and address, and which need no place among those in work.

Probes and static files are always answered: they cost next to nothing. Streams, long polls and
uploads last as long as somebody looks on or sends, so they do not count as work.
"""

from typing import Final

from shared.runtime.load import Priority

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ALWAYS: Final = ("/health", "/ready", "/metrics", "/static/")
STREAMS: Final = ("/api/v1/live", "/api/v1/calls/stream")
LASTING: Final = (*STREAMS, "/api/v1/department/events")
UPLOADS: Final = b"multipart/"
# Sent by POST, yet only looked at, or work for later.
LOOKS: Final = (
    "/api/v1/hints",
    "/api/v1/drafts/missing",
    "/api/v1/search/rebuild",
    "/api/v1/figures/rebuilds",
    "/api/v1/audit/runs",
    "/console/suggestions",
    "/r/nearby",
    "/r/state",
)
# What is new, whoever brings it; all other commands are of people at work on a matter.
NEW: Final = ("/r/", "/e/", "/q/", "/open311/", "/api/v1/bulk", "/api/v1/persons", "/preferences")
NEW_TICKET: Final = "/api/v1/tickets"


def priority_of(method: str, path: str) -> Priority:
    """How urgent; whether a new ticket is critical only its body tells."""
    if method in SAFE or path.startswith(LOOKS):
        return Priority.LOOK
    if path == NEW_TICKET or path.startswith(NEW):
        return Priority.ORDINARY
    return Priority.WORK


def writes(method: str, path: str) -> bool:
    """Whether a request may bring rows for the outbox."""
    return method not in SAFE and not path.startswith(LOOKS)


def lasts(path: str, content_type: bytes) -> bool:
    """Whether a request lasts for other reasons than the work it makes."""
    return path.startswith(LASTING) or content_type.startswith(UPLOADS)
