"""Phrases that people keep for themselves or share: texts to begin with, places to fill in."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.phrase import Phrase, Use
from services.intake.store import knowledge as store
from shared.contracts.ids import new_id
from shared.errors import ConflictError, NotFoundError
from shared.runtime.database import Connection

MOST_OWN: Final = 200
MOST_SHOWN: Final = 300


async def listed(
    connection: Connection, account: str, *, use: Use | None = None, category: str | None = None
) -> list[Phrase]:
    """One's own first, then the shared ones; those of the category before those of any."""
    return await store.phrases_of(connection, account, use=use, category=category, limit=MOST_SHOWN)


async def add(
    connection: Connection,
    *,
    account: str,
    owner_name: str,
    use: Use,
    title: str,
    body: str,
    category: str | None,
    shared: bool,
    now: datetime,
) -> Phrase:
    """ConflictError where one has the title already, or too many."""
    if await store.phrase_count(connection, account) >= MOST_OWN:
        raise ConflictError(
            f"每人最多 {MOST_OWN} 条，请先删除不用的",
            f"at most {MOST_OWN} phrases a person, delete one first",
            code="too_many_phrases",
        )
    phrase = Phrase(
        phrase_id=new_id(now),
        account=account,
        owner_name=owner_name,
        use=use,
        title=title,
        body=body,
        category=category,
        shared=shared,
        at=now,
    )
    if not await store.add_phrase(connection, phrase):
        raise _taken()
    return phrase


async def change(connection: Connection, phrase: Phrase) -> None:
    """One's own; ConflictError where the title is taken or it is another's."""
    if not await store.save_phrase(connection, phrase):
        raise _taken()


async def forget(connection: Connection, phrase_id: UUID, *, account: str) -> None:
    """Delete one's own; NotFoundError for another's."""
    if not await store.forget_phrase(connection, phrase_id, account=account):
        raise NotFoundError("没有这条用语，或不是您的", "no such phrase, or it is not yours")


def _taken() -> ConflictError:
    return ConflictError(
        "已有同名用语，或该用语不是您的",
        "you have one of that title, or this one is not yours",
        code="title_taken",
    )
