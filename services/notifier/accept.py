"""Accepts a mismatch that somebody looked into: it alarms no more, and stays on record with why."""

from datetime import datetime
from typing import Final

from services.notifier.store import audit as store
from services.notifier.store.audit import Kept
from shared.contracts.parts import Actor
from shared.errors import ConflictError, FieldError, InvalidError
from shared.runtime.database import Connection
from shared.runtime.logging import logger

log = logger(__name__)
LEAST: Final = 4
MOST: Final = 2000


async def accept(
    connection: Connection, mismatch_id: int, *, words: str, actor: Actor, wall: datetime
) -> Kept:
    """It is understood and will stay, as a rung that fired late cannot be undone.

    The same at the same promise is not told again; one that looks otherwise is. Raises
    InvalidError without words, ConflictError where no such mismatch is open.
    """
    words = words.strip()
    if not LEAST <= len(words) <= MOST:
        zh, en = f"请写明原因（{LEAST}–{MOST} 字）", f"why, in {LEAST} to {MOST} characters"
        raise InvalidError(FieldError(field="words", zh=zh, en=en))
    by = actor.name or actor.role
    accepted = await store.accept(connection, mismatch_id, words=words, by=by, wall=wall)
    if accepted is None:
        raise ConflictError(
            "没有这处未结的不符，可能已消除或已认定",
            "no such mismatch is open: it may be settled or accepted already",
            code="wrong_state",
        )
    log.info("mismatch_accepted", mismatch_id=mismatch_id, mismatch=accepted.kind, by=by)
    return accepted
