"""Signing in: locks and limits, sessions that end at once, tokens on every change, safe ways on."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends

from shared.contracts.parts import Role
from shared.errors import ConflictError, FieldError, InvalidError
from shared.runtime.clock import wall_now
from shared.web import accounts, login, sessions
from shared.web.accounts import hash_password, read_accounts
from shared.web.identity import Caller, allow, issue_token, same_site
from tests.support.browser import PASSWORD, add_account, password_hash, save_accounts
from tests.support.serving import SECRET
from tests.support.shell import Shell, shell_on

Desk = Annotated[Caller, Depends(allow("desk.work"))]


@pytest.fixture
async def accounts_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(accounts, "NOBODY", password_hash())
    path = tmp_path / "accounts.json"
    add_account(path, Role.OPERATOR, "C-RXZX", name="王受理")
    add_account(path, Role.AUDITOR, None)
    return path


@pytest.fixture
async def shell(database: Any, accounts_file: Path, tmp_path: Path) -> AsyncIterator[Shell]:
    async with shell_on(await database(), accounts_file, tmp_path) as made:

        @made.app.get("/desk")
        @made.app.get("/api/v1/desk")
        @made.app.post("/desk")
        @made.app.post("/api/v1/desk")
        async def desk(caller: Desk) -> dict[str, str | None]:
            return {"role": caller.role, "unit": caller.unit, "account": caller.account}

        @made.app.post("/report", dependencies=[Depends(same_site)])
        async def report() -> dict[str, str]:
            return {"thanks": "yes"}

        @made.app.get("/wrong/{how}")
        async def wrong(how: str) -> None:
            if how == "changed":
                raise ConflictError("已变化", "it changed", state="closed", version=7)
            if how == "fields":
                raise InvalidError(FieldError(field="a", zh="甲不对<b>", en="a is wrong<b>"))
            raise RuntimeError("a bug")

        yield made


@pytest.fixture
async def http(shell: Shell) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=shell.url, headers={"Accept": "text/html"}, timeout=30, trust_env=False
    ) as client:
        yield client


def token_of(page: str) -> str:
    found = re.search(r'name="csrf" content="(\w+)"', page)
    assert found is not None
    return found.group(1)


async def sign_in(
    http: httpx.AsyncClient,
    who: str = "operator-c-rxzx",
    password: str = PASSWORD,
    **more: str,
) -> httpx.Response:
    form = await http.get("/login")
    if form.status_code == 303:  # signed in already
        http.cookies.clear()
        form = await http.get("/login")
    fields = {"login": who, "password": password, "csrf": token_of(form.text), **more}
    return await http.post("/login", data=fields)


async def test_a_session_opens_what_its_role_may(http: httpx.AsyncClient) -> None:
    away = await http.get("/desk?a=1&b=2")
    assert (away.status_code, away.headers["location"]) == (
        303,
        "/login?next=/desk%3Fa%3D1%26b%3D2",
    )
    answer = await sign_in(http, next="/desk?a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?a=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie  # no TLS here
    assert (await http.get("/desk")).json() == {
        "role": "operator",
        "unit": "C-RXZX",
        "account": "operator-c-rxzx",
    }
    assert (await http.get("/login")).headers["location"] == "/desk"
    await sign_in(http, "AUDITOR ")
    refused = await http.get("/desk")
    assert refused.status_code == 403
    assert "没有权限" in refused.text
    assert (await http.get("/api/v1/desk")).json()["code"] == "forbidden"


async def test_programs_come_with_their_tokens_as_before(http: httpx.AsyncClient) -> None:
    bearer = {"Authorization": f"Bearer {issue_token(SECRET, role='operator', unit='C-RXZX')}"}
    answer = await http.post("/api/v1/desk", headers=bearer)
    assert answer.json() == {"role": "operator", "unit": "C-RXZX", "account": None}
    none = await http.post("/api/v1/desk")
    assert (none.status_code, none.json()["code"]) == (401, "unauthenticated")
    # neither passes for the other
    await sign_in(http)
    cookie = http.cookies["shaodao_session"]
    http.cookies.clear()
    as_token = await http.get("/api/v1/desk", headers={"Authorization": f"Bearer {cookie}"})
    assert as_token.status_code == 401
    token = bearer["Authorization"].removeprefix("Bearer ")
    as_cookie = await http.get("/api/v1/desk", headers={"Cookie": f"shaodao_session={token}"})
    assert as_cookie.status_code == 401


async def test_a_change_needs_the_page_s_token(http: httpx.AsyncClient) -> None:
    await sign_in(http)
    token = token_of((await http.get("/home")).text)
    for headers in ({}, {"X-CSRF-Token": "0" * 64}, {"X-CSRF-Token": ""}):
        for path in ("/desk", "/api/v1/desk", "/logout"):
            refused = await http.post(path, headers={"Accept": "application/json", **headers})
            assert (refused.status_code, refused.json()["code"]) == (403, "csrf")
    assert (await http.post("/desk", headers={"X-CSRF-Token": token})).status_code == 200
    assert (await http.post("/desk", data={"csrf": token})).status_code == 200
    # another session's token does not do
    other = httpx.AsyncClient(base_url=http.base_url, headers=http.headers, trust_env=False)
    async with other:
        await sign_in(other)
        foreign = token_of((await other.get("/home")).text)
    assert foreign != token
    assert (await http.post("/desk", headers={"X-CSRF-Token": foreign})).status_code == 403


async def test_forms_of_visitors_have_tokens_too(http: httpx.AsyncClient) -> None:
    page = await http.get("/login")
    assert "HttpOnly" in page.headers["set-cookie"]
    assert (await http.post("/report", data={"csrf": token_of(page.text)})).status_code == 200
    assert (await http.post("/report", data={"csrf": "x"})).status_code == 403
    token = token_of(page.text)
    http.cookies.clear()
    assert (await http.post("/report", data={"csrf": token})).status_code == 403
    # signing somebody in behind his back
    fields = {"login": "auditor", "password": PASSWORD, "csrf": token}
    behind = await http.post("/login", data=fields)
    assert behind.status_code == 403
    assert "shaodao_session" not in behind.headers.get("set-cookie", "")


async def test_signing_out_ends_it(http: httpx.AsyncClient) -> None:
    await sign_in(http)
    token = token_of((await http.get("/home")).text)
    out = await http.post("/logout", data={"csrf": token})
    assert (out.status_code, out.headers["location"]) == (303, "/login")
    assert "shaodao_session" not in http.cookies
    assert (await http.get("/home")).status_code == 303


async def test_a_session_ends_with_its_account_and_its_hours(
    http: httpx.AsyncClient, accounts_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = read_accounts(accounts_file)
    was = known["operator-c-rxzx"]
    for change in (
        {"disabled": True},
        {"hash": hash_password("another password")},
        {"role": Role.SHIFT_LEAD},
        {"unit": "BH-RXZX"},
    ):
        await sign_in(http)
        assert (await http.get("/desk")).status_code == 200
        save_accounts(accounts_file, known | {was.login: replace(was, **change)})
        assert (await http.get("/desk")).status_code == 303
        save_accounts(accounts_file, known)
        assert (await http.get("/desk")).status_code == 200
    save_accounts(accounts_file, {k: v for k, v in known.items() if k != was.login})
    assert (await http.get("/desk")).status_code == 303
    save_accounts(accounts_file, known)
    later = wall_now() + sessions.LASTS + timedelta(seconds=1)
    monkeypatch.setattr(sessions, "wall_now", lambda: later)
    assert (await http.get("/desk")).status_code == 303


async def test_a_disabled_account_and_an_unknown_one_are_told_the_same(
    http: httpx.AsyncClient, accounts_file: Path
) -> None:
    known = read_accounts(accounts_file)
    save_accounts(
        accounts_file,
        known | {"auditor": replace(known["auditor"], disabled=True)},
    )
    told = []
    for who, password in (("auditor", PASSWORD), ("nobody", "x"), ("operator-c-rxzx", "wrong")):
        answer = await sign_in(http, who, password)
        assert answer.status_code == 401
        told.append(re.sub(r'value="[^"]*"|content="\w{64}"', "", answer.text))
    assert len(set(told)) == 1


async def test_five_failures_lock_a_login_for_a_quarter_of_an_hour(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for who in ("operator-c-rxzx", "nobody"):
        for _ in range(5):
            assert (await sign_in(http, who, "wrong")).status_code == 401
        locked = await sign_in(http, who)
        assert locked.status_code == 429
        assert 890 <= int(locked.headers["retry-after"]) <= 900
        assert "15 分钟" in locked.text
    assert (await sign_in(http, "auditor")).status_code == 303  # others go on
    later = wall_now() + timedelta(minutes=15, seconds=1)
    monkeypatch.setattr(login, "wall_now", lambda: later)
    assert (await sign_in(http)).status_code == 303
    for _ in range(4):  # a success forgets the failures before it
        assert (await sign_in(http, password="wrong")).status_code == 401
    assert (await sign_in(http)).status_code == 303


async def test_many_tries_at_once_do_not_slip_past_the_lock(http: httpx.AsyncClient) -> None:
    form = await http.get("/login")
    fields = {"login": "nobody", "password": "x", "csrf": token_of(form.text)}
    answers = await asyncio.gather(*(http.post("/login", data=fields) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7


async def test_an_address_has_twenty_failures_in_ten_minutes(
    http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(login, "is_right", lambda account, password: password == PASSWORD)
    for number in range(20):
        assert (await sign_in(http, f"nobody-{number}", "x")).status_code == 401
    refused = await sign_in(http)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) <= 600
    later = wall_now() + timedelta(minutes=10, seconds=1)
    monkeypatch.setattr(login, "wall_now", lambda: later)
    assert (await sign_in(http)).status_code == 303


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
async def test_signing_in_goes_on_within_the_city_only(
    http: httpx.AsyncClient, target: str
) -> None:
    form = await http.get("/login", params={"next": target})
    assert '<input type="hidden" name="next" value="">' in form.text
    assert (await sign_in(http, next=target)).headers["location"] == "/desk"


async def test_every_answer_has_the_headers(http: httpx.AsyncClient) -> None:
    for path in ("/login", "/health", "/nothing", "/static/shaodao.css", "/wrong/bug", "/desk"):
        answer = await http.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "geolocation=(self)" in answer.headers["permissions-policy"]
    assert (await http.get("/login")).headers["cache-control"] == "no-store"


async def test_people_get_errors_as_pages_and_programs_as_json(http: httpx.AsyncClient) -> None:
    for path, status, words in (
        ("/nothing", 404, "没有找到"),
        ("/wrong/changed", 409, "内容已经变化"),
        ("/wrong/fields", 422, "甲不对&lt;b&gt;"),
        ("/wrong/bug", 500, "系统内部错误"),
    ):
        page = await http.get(path)
        assert page.status_code == status
        assert words in page.text
        assert ("错误编号" in page.text) == (status >= 500)
        asked = await http.get(path, headers={"Accept": "application/json"})
        assert asked.status_code == status
        assert asked.json()["code"]
    part = await http.get("/wrong/changed", headers={"HX-Request": "true"})
    assert part.headers["content-type"] == "application/json"
    english = await http.get("/wrong/fields?lang=en")
    assert "a is wrong&lt;b&gt;" in english.text
    gone = await http.get("/desk", headers={"HX-Request": "true"})
    assert (gone.status_code, gone.headers["hx-redirect"]) == (401, "/login")


async def test_preferences_are_kept_and_come_back(http: httpx.AsyncClient) -> None:
    answer = await http.post("/preferences", data={"elder": "1", "next": "/login?next=/desk"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/desk")
    assert 'class="door elder"' in (await http.get("/login")).text
    away = await http.post("/preferences", data={"lang": "en", "next": "//evil.example"})
    assert away.headers["location"] == "/"
    assert 'lang="en"' in (await http.get("/login")).text
