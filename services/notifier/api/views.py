"""Saved boards over HTTP: kept and forgotten by the person whose they are."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from services.notifier import views
from services.notifier.api.edge import Context
from services.notifier.store import views as store
from services.notifier.store.views import BoardView
from shared.errors import ForbiddenError
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1/board/views", tags=["board"])

Viewer = Annotated[Caller, Depends(allow("board.see"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A board's filters as an address carries them: `kind=resolve&region=159902`."""

    name: str
    query: str


@router.get("")
async def list_views(here: Context, caller: Viewer) -> dict[str, list[BoardView]]:
    """One's own, by name."""
    async with here.runtime.pool.acquire() as connection:
        return {"items": await store.of_account(connection, account_of(caller))}


@router.post("", status_code=201)
async def post_view(body: View, here: Context, caller: Viewer) -> BoardView:
    """Keep it; the same name again replaces it."""
    async with here.runtime.transaction() as connection:
        return await views.save(
            connection,
            account=account_of(caller),
            name=body.name,
            query=body.query,
            now=here.runtime.clock.now(),
        )


@router.delete("/{view_id}", status_code=204, response_class=Response)
async def delete_view(view_id: UUID, here: Context, caller: Viewer) -> None:
    """Forget one's own."""
    async with here.runtime.transaction() as connection:
        await views.forget(connection, view_id, account=account_of(caller))


def account_of(caller: Caller) -> str:
    """Who keeps boards: a person, by account or name."""
    owner = caller.account or caller.name
    if owner is None:
        raise ForbiddenError("请用个人账号登录", "sign in as a person")
    return owner
