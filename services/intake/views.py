"""Keeps lists under names: one's own, and those shared with everybody who may see lists."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.intake.domain.query import Query, canonical, public
from services.intake.store import views as store
from services.intake.store.views import SavedView
from shared.contracts.ids import new_id
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime.database import Connection

MOST_OWN: Final = 50
MOST_SHOWN: Final = 200
LONGEST_NAME: Final = 40
LONGEST_QUERY: Final = 4000


async def save(
    connection: Connection,
    *,
    account: str,
    owner_name: str,
    name: str,
    query: Query,
    shared: bool,
    now: datetime,
) -> SavedView:
    """Keep a query under a name; the same name again replaces it.

    A date in it stays that date; a telephone number is left out.
    """
    name, text = name.strip(), canonical(public(query))
    if not 1 <= len(name) <= LONGEST_NAME or len(text) > LONGEST_QUERY:
        raise InvalidError(
            FieldError(
                field="name",
                zh=f"name：视图名称须为 1–{LONGEST_NAME} 个字，条件不宜过多",
                en=f"name: 1 to {LONGEST_NAME} characters, and not too many filters",
            )
        )
    if await store.count_of(connection, account) >= MOST_OWN:
        raise ConflictError(
            f"每人最多保存 {MOST_OWN} 个视图，请先删除不用的",
            f"at most {MOST_OWN} views a person, delete one first",
            code="too_many_views",
        )
    view = SavedView(
        view_id=new_id(now),
        account=account,
        owner_name=owner_name,
        name=name,
        query=text,
        shared=shared,
        at=now,
    )
    return await store.save_view(connection, view)


async def listed(connection: Connection, account: str) -> list[SavedView]:
    """One's own first, then the shared ones of others."""
    return await store.views_of(connection, account, limit=MOST_SHOWN)


async def share(connection: Connection, view_id: UUID, *, account: str, shared: bool) -> SavedView:
    """Share one's own view or keep it to oneself; NotFoundError for another's."""
    view = await store.share_view(connection, view_id, account=account, shared=shared)
    if view is None:
        raise _no_view()
    return view


async def forget(connection: Connection, view_id: UUID, *, account: str) -> None:
    """Delete one's own view; NotFoundError for another's."""
    if not await store.forget_view(connection, view_id, account=account):
        raise _no_view()


def _no_view() -> NotFoundError:
    return NotFoundError("没有这个视图，或不是您的", "no such view, or it is not yours")
