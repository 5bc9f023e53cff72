"""Keep boards under names, for the person who set them."""

from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from services.notifier.store import views as store
from services.notifier.store.views import BoardView
from shared.contracts.ids import new_id
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime.database import Connection

MOST: Final = 20
LONGEST_NAME: Final = 40
LONGEST_QUERY: Final = 1000
KEPT: Final = ("unit", "kind", "urgency", "region")  # what a board is set by


async def save(
    connection: Connection, *, account: str, name: str, query: str, now: datetime
) -> BoardView:
    """Keep a board's filters under a name; the same name again replaces them."""
    name = name.strip()
    chosen = [(key, value) for key, value in parse_qsl(query) if key in KEPT and value]
    text = urlencode(chosen)
    if not 1 <= len(name) <= LONGEST_NAME or len(text) > LONGEST_QUERY:
        raise InvalidError(
            FieldError(
                field="name",
                zh=f"名称须为 1–{LONGEST_NAME} 个字",
                en=f"a name has 1 to {LONGEST_NAME} characters",
            )
        )
    mine = await store.of_account(connection, account)
    if len(mine) >= MOST and name not in {view.name for view in mine}:
        raise ConflictError(
            f"每人最多保存 {MOST} 个筛选，请先删除不用的",
            f"at most {MOST} views a person, delete one first",
            code="too_many_views",
        )
    view = BoardView(view_id=new_id(now), account=account, name=name, query=text, at=now)
    return await store.save(connection, view)


async def forget(connection: Connection, view_id: UUID, *, account: str) -> None:
    """Delete one's own; NotFoundError for another's."""
    if not await store.forget(connection, view_id, account=account):
        raise NotFoundError("没有这个筛选，或不是您的", "no such view, or it is not yours")
