"""Every field of every page, by address or form: whatever stands in it, nothing breaks."""

from collections.abc import Iterator

from fastapi.routing import APIRoute, iter_route_contexts

from services.intake.app import create_app
from tests.support.intake import Intake, settings
from tests.support.residents import Phone, phone
from tests.support.rights import address, matrix, token

MATRIX = matrix("intake")

STRANGE = ("", "\0", "-1", "9" * 40, "x" * 20_000, "é" * 41, "2026-02-30", "١", "1e999", "a=b&c=%")
PLAUSIBLE = {
    "number": "1599202611220000018",
    "revision": "1",
    "version": "1",
    "result": "solved",
    "satisfaction": "satisfied",
    "phone": "13900001111",
    "title": "路灯报修",
    "body": "路灯由城市照明中心维修，三天之内。",
    "owner_unit": "C-CGJ",
    "expires_on": "2030-01-01",
    "use": "answer",
    "subject_kind": "event",
    "subject": "开放日",
    "evaluator_class": "public",
    "ends_on": "2030-01-01",
    "codes": "1",
    "reason": "还是不亮",
    "text": "楼下的路灯不亮了",
    "to": "grid",
    "label": "lamp",
    "key": "0" * 32,
    "tail": "1111",
    "code": "123456",
}
# of forms that are read whole, field by field
BY_HAND = [
    "key",
    "to",
    "label",
    "text",
    "address",
    "lat",
    "lon",
    "photo",
    "name",
    "phone",
    "number",
]


def pages() -> Iterator[tuple[str, list[str], list[str]]]:
    """The routes outside the API, with the fields of their address and of their form."""
    app = create_app(settings("postgresql://nowhere/none", "nowhere:1", "", 1))
    for route in iter_route_contexts(app.routes):
        if not isinstance(route.original_route, APIRoute) or "/api/" in (route.path or ""):
            continue
        names = route.dependant
        query = [each.alias for each in names.query_params]
        form = [each.alias for each in names.body_params]
        for method in sorted(route.methods or ()):
            whole = method == "POST" and not form
            yield f"{method} {route.path}", query, BY_HAND if whole else form


async def test_whatever_stands_in_a_field_nothing_breaks(intake: Intake) -> None:
    broken: list[str] = []
    tried = 0
    async with phone(intake.url) as mine:
        csrf = {"X-CSRF-Token": await mine.csrf(), "Accept": "text/html"}
        for route, query, form in pages():
            for sent in _requests(query, form):
                tried += 1
                status = await _status(mine, route, csrf, sent)
                if status >= 500:
                    broken.append(f"{route} {str(sent)[:300]}: {status}")
    assert tried > 500
    assert not broken, "\n".join(broken)


def _requests(query: list[str], form: list[str]) -> Iterator[dict[str, dict[str, str]]]:
    """One field strange at a time, the others as people would fill them in."""
    usual = {name: PLAUSIBLE.get(name, "x") for name in form}
    yield {"data": usual}
    for value in STRANGE:
        for name in query:
            yield {"params": {name: value}, "data": usual}
        for name in form:
            yield {"data": {**usual, name: value}}


async def _status(
    mine: Phone, route: str, csrf: dict[str, str], sent: dict[str, dict[str, str]]
) -> int:
    method, path = address(route)
    signed = token(min(MATRIX[route])) if route in MATRIX else {}
    answer = await mine.http.request(
        method,
        path,
        headers={**csrf, **signed},
        params=sent.get("params"),
        data=sent.get("data") if method == "POST" else None,
    )
    return answer.status_code
