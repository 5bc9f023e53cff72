"""Sees to it that every route of an app is behind a door of the table of rights, or says why not.

A door stands among a route's dependencies; one that the route asks itself is named by `inside`. A
route that asks nobody's role has a dependency `Depends(Unasked.…)`, which says what it goes by
instead. An app with a route that has neither is not built.
"""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, Final, TypeVar

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from shared.web.identity import Door

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
DOOR: Final = "shaodao_door"


class Unasked(Enum):
    """What a route goes by that asks for no role; a dependency that does nothing."""

    PROBE = "探针与监控"
    SIGN_IN = "登录、退出与页面偏好"
    PUBLIC = "公开内容"
    RESIDENT = "市民：短信链接、验证码或本机会话"
    LINK = "签名链接、二维码"
    KEY = "接口密钥"
    PROVIDER = "统一身份认证平台签发的令牌"

    async def __call__(self) -> None:
        """Nobody is asked."""


ELSEWHERE: Final = {  # routes that are not made from functions with dependencies
    "GET /openapi.json": Unasked.PUBLIC,
    "GET /static/{name:path}": Unasked.PUBLIC,
}


def inside(door: Door) -> Callable[[Endpoint], Endpoint]:
    """Says which door a route asks in its own code; goes under the route's decorator."""

    def marked(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, DOOR, door)
        return endpoint

    return marked


def guards_of(app: FastAPI) -> dict[str, Door | Unasked]:
    """What each route goes by, `GET /api/v1/tickets`; ValueError names those without any."""
    found: dict[str, Door | Unasked] = {}
    missing: list[str] = []
    for context in iter_route_contexts(app.routes):
        for method in sorted((context.methods or set()) - {"HEAD"}):
            route = f"{method} {context.path}"
            guards = [*filter(None, [ELSEWHERE.get(route)]), *_of_route(context)]
            if guards:
                found[route] = next((g for g in guards if isinstance(g, Door)), guards[-1])
            else:
                missing.append(route)
    if missing:
        raise ValueError(f"no right and no reason for none: {', '.join(missing)}")
    return found


def _of_route(route: Any) -> Iterator[Door | Unasked]:
    named = getattr(route.endpoint, DOOR, None)
    if named is not None:
        yield named
    dependant = getattr(route, "dependant", None)
    if dependant is not None:
        yield from _of_dependant(dependant)


def _of_dependant(dependant: Dependant) -> Iterator[Door | Unasked]:
    if isinstance(dependant.call, Door | Unasked):
        yield dependant.call
    for each in dependant.dependencies:
        yield from _of_dependant(each)
