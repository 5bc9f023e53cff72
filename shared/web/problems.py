"""Errors as answers: a code and its sentence in Chinese and English, as JSON or as a page."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from shared.errors import (
    ConflictError,
    FieldError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    ShaodaoError,
    TooManyError,
    UnavailableError,
)
from shared.runtime.database import MAY_BE_TRANSIENT, is_transient
from shared.runtime.logging import logger, mark_told
from shared.runtime.tracing import trace_id, within
from shared.web.edge import named
from shared.web.identity import AskAgainError, UnauthenticatedError
from shared.web.onward import asking_address, login_address
from shared.web.pages import page

log = logger(__name__)

STATUS: dict[type[ShaodaoError], int] = {
    UnauthenticatedError: 401,
    ForbiddenError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    InvalidError: 422,
    TooManyError: 429,
    UnavailableError: 503,
}

# pydantic's kinds of error, in words; `{ctx}` names stand for the limit that was broken
WORDS: dict[str, tuple[str, str]] = {
    "missing": ("必填", "is required"),
    "extra_forbidden": ("没有这个字段", "is not a field of this request"),
    "unexpected_keyword_argument": ("没有这个字段", "is not a field of this request"),
    "string_type": ("应为文字", "must be a text"),
    "string_too_short": ("至少 {min_length} 个字", "must have at least {min_length} characters"),
    "string_too_long": ("最多 {max_length} 个字", "must have at most {max_length} characters"),
    "string_pattern_mismatch": ("格式不对", "does not have the right form"),
    "too_short": ("至少 {min_length} 项", "must have at least {min_length} items"),
    "too_long": ("最多 {max_length} 项", "must have at most {max_length} items"),
    "enum": ("只能是 {expected}", "must be one of {expected}"),
    "literal_error": ("只能是 {expected}", "must be one of {expected}"),
    "int_type": ("应为整数", "must be a whole number"),
    "int_parsing": ("应为整数", "must be a whole number"),
    "int_from_float": ("应为整数", "must be a whole number"),
    "float_type": ("应为数字", "must be a number"),
    "float_parsing": ("应为数字", "must be a number"),
    "finite_number": ("应为有限的数字", "must be a finite number"),
    "greater_than_equal": ("不能小于 {ge}", "must be at least {ge}"),
    "less_than_equal": ("不能大于 {le}", "must be at most {le}"),
    "bool_type": ("应为是或否", "must be true or false"),
    "bool_parsing": ("应为是或否", "must be true or false"),
    "uuid_parsing": ("应为编号（UUID）", "must be a UUID"),
    "uuid_type": ("应为编号（UUID）", "must be a UUID"),
    "datetime_parsing": ("应为日期时间（ISO 8601）", "must be a date and time (ISO 8601)"),
    "datetime_from_date_parsing": (
        "应为日期时间（ISO 8601）",
        "must be a date and time (ISO 8601)",
    ),
    "datetime_type": ("应为日期时间（ISO 8601）", "must be a date and time (ISO 8601)"),
    "timezone_aware": ("时间必须带时区", "must have a time zone"),
    "model_attributes_type": ("应为对象", "must be an object"),
    "model_type": ("应为对象", "must be an object"),
    "dataclass_type": ("应为对象", "must be an object"),
    "dict_type": ("应为对象", "must be an object"),
    "tuple_type": ("应为列表", "must be a list"),
    "list_type": ("应为列表", "must be a list"),
    "json_invalid": ("不是有效的 JSON", "is not valid JSON"),
    "union_tag_invalid": ("只能是 {expected_tags}", "must be one of {expected_tags}"),
    "union_tag_not_found": ("缺少 {discriminator}", "lacks {discriminator}"),
    "value_error": ("内容不合规定", "is not valid"),
}


def field_errors(errors: Sequence[Any]) -> list[FieldError]:
    """Pydantic's errors as named fields with their words in both languages."""
    return [_field_error(error) for error in errors]


def _field_error(error: Any) -> FieldError:
    location = [str(part) for part in error["loc"]]
    if location and location[0] in ("body", "query", "path", "header"):
        location = location[1:]
    if error["type"] == "json_invalid":
        location = []
    field = ".".join(location) or "body"
    zh, en = WORDS.get(error["type"], ("内容不合规定", error["msg"]))
    context = error.get("ctx", {})
    if error["type"] == "value_error" and isinstance(context.get("error"), ValueError):
        en = str(context["error"])
    try:
        zh, en = zh.format(**context), en.format(**context)
    except (KeyError, IndexError, ValueError):
        zh, en = "内容不合规定", error["msg"]
    return FieldError(field=field, zh=f"{field}：{zh}", en=f"{field}: {en}")


# Where programs ask: they get JSON whatever they say they accept.
OF_PROGRAMS = ("/api/", "/open311/", "/static/", "/health", "/ready", "/metrics", "/openapi.json")


def is_page(request: Request) -> bool:
    """Whether a browser goes to a page here, so that an error must be one too."""
    return (
        "text/html" in request.headers.get("accept", "")
        and "hx-request" not in request.headers
        and not request.url.path.startswith(OF_PROGRAMS)
        and hasattr(request.app.state, "pages")
    )


async def _answer(
    request: Request,
    body: Mapping[str, Any],
    *,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The refusal as a page to people, as JSON to programs.

    A failure of ours has the id of its trace, by which its log lines and spans are found.
    """
    if status >= 500 and (error_id := trace_id(_traceparent(request))) is not None:
        body = {**body, "error_id": error_id}
    response: Response
    if is_page(request):
        response = await page(request, "error.html", status=status, problem=body, code=status)
        response.headers.update(headers or {})
        return response
    return JSONResponse(body, status_code=status, headers=headers)


async def _invalid(request: Request, errors: Sequence[FieldError]) -> Response:
    body = {
        "code": "invalid",
        "errors": [{"field": e.field, "zh": e.zh, "en": e.en} for e in errors],
    }
    return await _answer(request, body, status=422)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ShaodaoError)
    if isinstance(error, InvalidError):
        return await _invalid(request, error.errors)
    if isinstance(error, AskAgainError):
        return RedirectResponse(asking_address(request), 303)
    if isinstance(error, UnauthenticatedError) and is_page(request):
        return RedirectResponse(login_address(request), 303)
    body: dict[str, Any] = {"code": error.code, "zh": error.zh, "en": error.en}
    headers: dict[str, str] = {}
    if isinstance(error, ConflictError):
        body |= {"state": error.state, "version": error.version}
        if error.changes:
            body["changes"] = [jsonable_encoder(change) for change in error.changes]
    if isinstance(error, UnavailableError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = "Bearer"
        if "hx-request" in request.headers:
            headers["HX-Redirect"] = "/login"
    status = next((STATUS[t] for t in type(error).__mro__ if t in STATUS), 400)
    return await _answer(request, body, status=status, headers=headers)


async def _unreadable(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return await _invalid(request, field_errors(error.errors()))


HTTP_WORDS = {
    404: ("没有这个地址", "no such address"),
    405: ("不支持这种请求方式", "this method is not allowed here"),
    413: ("内容太大", "the body is too large"),
}


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 400:  # the framework's word for a form that cannot be read
        unreadable = FieldError(
            field="body", zh="body：表单无法读取", en="body: the form cannot be read"
        )
        return await _invalid(request, [unreadable])
    zh, en = HTTP_WORDS.get(error.status_code, ("请求无法处理", str(error.detail)))
    body = {"code": f"http_{error.status_code}", "zh": zh, "en": en}
    return await _answer(request, body, status=error.status_code, headers=error.headers)


async def _away(request: Request, error: Exception) -> Response:
    """The database is away or busy: no fault of the request, which may come again."""
    if not is_transient(error):
        raise error
    log.warning("request_unavailable", route=_route(request), error=repr(error), **_about(request))
    words = ("数据库暂不可用，请稍后重试", "the database is away, try again")
    return await _refused(request, UnavailableError(*words))


def _route(request: Request) -> str:
    """The route as written: an address itself may carry a resident's link."""
    return getattr(request.scope.get("route"), "path", "unmatched")


def _traceparent(request: Request) -> str | None:
    traceparent: str | None = getattr(request.state, "traceparent", None)
    return traceparent


def _about(request: Request) -> dict[str, str]:
    """Which ticket or whistle the address names, as logs name it."""
    return {name.removeprefix("shaodao."): id_ for name, id_ in named(request.scope).items()}


async def _bug(request: Request, error: Exception) -> Response:
    with within(_traceparent(request)):
        log.error("request_failed", route=_route(request), exc_info=error, **_about(request))
    mark_told(error)
    body = {"code": "internal", "zh": "系统内部错误，已记录", "en": "internal error, it was logged"}
    # made outside of the edge, which gives its headers to all other answers
    headers: Mapping[str, str] = getattr(request.app.state, "security_headers", {})
    try:
        return await _answer(request, body, status=500, headers=headers)
    except Exception as again:
        with within(_traceparent(request)):
            log.error("error_page_failed", route=_route(request), exc_info=again)
        return JSONResponse(body, status_code=500, headers=headers)


def install(app: FastAPI) -> None:
    """Answer every error of this app in the same shape."""
    app.add_exception_handler(ShaodaoError, _refused)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    for kind in MAY_BE_TRANSIENT:
        app.add_exception_handler(kind, _away)
    app.add_exception_handler(Exception, _bug)
