"""Refuses requests that say what no text may hold: NUL, or half of a character.

Neither PostgreSQL nor a JSON reader of another service can keep them. A generator of requests finds
the holes of single fields; here the whole address and the whole JSON body are looked through.
"""

import json
import re
from collections.abc import Iterable
from typing import Final

from fastapi import Request

from shared.errors import FieldError, InvalidError

OF_FORMS: Final = ("multipart/", "application/x-www-form-urlencoded")
# After an even number of backslashes: \u0000, or one \ud8…\udf of a pair without the other; and
# the bytes that such a half has where it is not escaped.
UNKEPT: Final = re.compile(
    rb"(?<!\\)(?:\\\\)*(?:\\u0000"
    rb"|\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|\xed[\xa0-\xbf]"
)


async def plain_text_only(request: Request) -> None:
    """A dependency of every route: InvalidError for what no text may hold."""
    if "\0" in request.scope["path"] or b"%00" in request.scope["query_string"]:
        raise InvalidError(_field("address"))
    if request.method in ("GET", "HEAD", "DELETE") or _is_form(request):
        return
    body = await request.body()
    if UNKEPT.search(body):
        raise InvalidError(_field(_where(body)))


def _where(body: bytes) -> str:
    """The first field of a JSON body that says it, as other errors name it; "body" for others."""
    try:
        return _found(json.loads(body), "") or "body"
    except (ValueError, RecursionError):
        return "body"


def _found(value: object, path: str) -> str | None:
    if isinstance(value, str):
        bad = "\0" in value or any("\ud800" <= each <= "\udfff" for each in value)
        return path if bad else None
    inner: Iterable[tuple[str, object]] = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        inner = ((str(place), each) for place, each in enumerate(value))
    for name, each in inner:
        found = _found(each, f"{path}.{name}" if path else name)
        if found is not None:
            return found
    return None


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith(OF_FORMS)


def _field(name: str) -> FieldError:
    return FieldError(
        field=name,
        zh=f"{name}：不能含有空字符（NUL）或残缺的字符",
        en=f"{name}: must contain neither NUL nor half of a character",
    )
