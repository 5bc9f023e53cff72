"""The HTTP side every service shares: who is calling, errors as answers, the body limit."""

from datetime import timedelta
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.errors import ConflictError, NotFoundError, UnavailableError
from shared.runtime.clock import wall_now
from shared.web import identity, problems
from shared.web.edge import Edge
from shared.web.identity import Caller, Tokens, allow, issue_token

SECRET = "a secret of thirty-two characters!"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=2, max_length=5)
    at: AwareDatetime
    number: int = 1


def small_app() -> FastAPI:
    app = FastAPI()
    app.state.tokens = Tokens(SECRET)
    problems.install(app)
    app.add_middleware(Edge, body_limit=1000)

    @app.post("/things")
    async def post(body: Body, caller: Annotated[Caller, Depends(allow("desk.work"))]):
        if body.text == "bug":
            raise RuntimeError("a bug")
        if body.text == "old":
            raise ConflictError("已变化", "it changed", state="closed", version=7)
        if body.text == "gone":
            raise NotFoundError("没有", "none")
        if body.text == "busy":
            raise UnavailableError("忙", "busy", retry_after=3)
        return {"role": caller.role, "unit": caller.unit}

    return app


@pytest.fixture
async def client():
    transport = httpx.ASGITransport(app=small_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def bearer(**claims) -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token(SECRET, **claims)}"}


GOOD = {"text": "good", "at": "2026-09-14T08:30:00+08:00"}
OPERATOR = {"role": "operator", "unit": "C-RXZX"}


async def test_a_token_names_role_and_unit(client):
    answer = await client.post("/things", json=GOOD, headers=bearer(**OPERATOR))
    assert (answer.status_code, answer.json()) == (200, OPERATOR)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic x",
        "Bearer ",
        "Bearer x.y.z",
        "Bearer " + issue_token("other" * 9, role="operator"),
    ],
)
async def test_without_a_valid_token_nobody_gets_in(client, header):
    headers = {} if header is None else {"Authorization": header}
    answer = await client.post("/things", json=GOOD, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_an_expired_token_is_refused_also_when_it_was_good_before(client, monkeypatch):
    headers = bearer(**OPERATOR, minutes=1)
    assert (await client.post("/things", json=GOOD, headers=headers)).status_code == 200
    later = wall_now() + timedelta(minutes=2)
    monkeypatch.setattr(identity, "wall_now", lambda: later)
    assert (await client.post("/things", json=GOOD, headers=headers)).status_code == 401


async def test_another_role_is_forbidden_in_both_languages(client):
    answer = await client.post("/things", json=GOOD, headers=bearer(role="auditor"))
    assert answer.status_code == 403
    assert answer.json()["zh"] == "您的角色无权进行此操作"
    assert "auditor" in answer.json()["en"]


async def test_every_wrong_field_is_named_at_once(client):
    body = {"text": "x", "at": "2026-09-14T08:30:00", "number": "many", "more": 1}
    answer = await client.post("/things", json=body, headers=bearer(**OPERATOR))
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid"
    words = {e["field"]: (e["zh"], e["en"]) for e in answer.json()["errors"]}
    assert words["text"] == ("text：至少 2 个字", "text: must have at least 2 characters")
    assert words["at"] == ("at：时间必须带时区", "at: must have a time zone")
    assert words["number"] == ("number：应为整数", "number: must be a whole number")
    assert words["more"] == ("more：没有这个字段", "more: is not a field of this request")


async def test_a_body_that_is_no_json_is_said_so(client):
    headers = bearer(**OPERATOR) | {"content-type": "application/json"}
    answer = await client.post("/things", content=b'{"text":', headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["zh"] == "body：不是有效的 JSON"


@pytest.mark.parametrize(
    ("text", "status", "part"),
    [
        ("old", 409, {"code": "conflict", "state": "closed", "version": 7}),
        ("gone", 404, {"code": "not_found"}),
        ("busy", 503, {"code": "unavailable"}),
        ("bug", 500, {"code": "internal"}),
    ],
)
async def test_a_refusal_has_its_status_and_code(client, text, status, part):
    answer = await client.post("/things", json=GOOD | {"text": text}, headers=bearer(**OPERATOR))
    assert answer.status_code == status
    assert part.items() <= answer.json().items()
    assert {"zh", "en"} <= answer.json().keys()
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert ("error_id" in answer.json()) == (status >= 500)  # by which ops find it in the log


async def test_the_error_id_is_the_callers_trace(client):
    given = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await client.post(
        "/things", json=GOOD | {"text": "bug"}, headers=bearer(**OPERATOR) | {"traceparent": given}
    )
    assert answer.json()["error_id"] == "0af7651916cd43dd8448eb211c80319c"


async def test_too_large_a_body_is_refused_declared_or_not(client):
    large = b'{"text":"' + b"x" * 5000 + b'"}'

    async def undeclared():
        yield large

    for content in (large, undeclared()):
        answer = await client.post("/things", content=content, headers=bearer(**OPERATOR))
        assert answer.status_code == 413
        assert answer.json()["zh"].startswith("内容太大")


async def test_an_unknown_address_is_said_in_both_languages(client):
    answer = await client.get("/nothing")
    assert answer.status_code == 404
    assert answer.json() == {"code": "http_404", "zh": "没有这个地址", "en": "no such address"}
