"""The city's own sign-in over the real protocol: who comes in as whom, and what is refused."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import Depends
from oidc_provider_mock import User, run_server_in_thread

from deploy.local.ports import free_base
from shared.contracts.parts import Role
from shared.runtime.clock import wall_now
from shared.runtime.settings import ServiceSettings
from shared.web import accounts, oidc_provider, sessions
from shared.web.identity import Caller, allow
from tests.support.browser import PASSWORD, add_account, password_hash
from tests.support.serving import SECRET
from tests.support.shell import Shell, shell_on
from tests.support.sign_in import CLIENT, CLIENT_SECRET, RULES, Running, sign_in

Asked = Annotated[Caller, Depends(allow("whistles.see"))]
IN: dict[str, Any] = {"Accept": "text/html"}


@dataclass
class City:
    """A service, the city's sign-in, and the rules between them."""

    shell: Shell
    provider: Running
    rules: Path

    def browser(self) -> httpx.AsyncClient:
        """Nobody yet; goes where it is sent only when told to."""
        return httpx.AsyncClient(base_url=self.shell.url, headers=IN, trust_env=False, timeout=30)

    async def comes_back(
        self, browser: httpx.AsyncClient, sub: str, start: str = "/login/oidc"
    ) -> httpx.URL:
        """Through the provider's page; the address that it sends the browser back to."""
        away = await browser.get(start)
        assert away.status_code == 303, away.text
        back = await browser.post(away.headers["location"], content=f"sub={sub}")
        assert back.status_code == 303, back.text
        return httpx.URL(back.headers["location"])

    async def signs_in(
        self, browser: httpx.AsyncClient, sub: str, start: str = "/login/oidc"
    ) -> httpx.Response:
        return await browser.get(await self.comes_back(browser, sub, start))


def save(path: Path, rules: str) -> None:
    """As an editor does: whole, never half."""
    new = path.with_suffix(".new")
    new.write_text(rules, "utf-8")
    new.replace(path)


@pytest.fixture(scope="module")
async def provider(free_port: int) -> AsyncIterator[Running]:
    async with sign_in(f"http://127.0.0.1:{free_port}/login/oidc/callback") as running:
        yield running


@pytest.fixture(scope="module")
def free_port() -> int:
    return free_base()


@pytest.fixture(scope="module")
async def shell(
    servers: Any, provider: Running, free_port: int, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Shell, Path]]:
    folder = tmp_path_factory.mktemp("oidc")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accounts, "NOBODY", password_hash())
        add_account(folder / "accounts.json", Role.OPERATOR, "C-RXZX", name="王受理")
        rules = folder / "people.toml"
        save(rules, RULES)
        dsn = await servers.fresh_database()
        async with shell_on(
            dsn,
            folder / "accounts.json",
            folder,
            port=free_port,
            oidc_issuer=provider.issuer,
            oidc_client_id=CLIENT,
            oidc_client_secret=CLIENT_SECRET,
            oidc_mapping=rules,
        ) as made:

            @made.app.get("/desk")
            @made.app.post("/desk")
            async def desk(caller: Asked) -> dict[str, str | None]:
                return {"role": caller.role, "unit": caller.unit, "account": caller.account}

            yield made, rules
        await servers.drop_database(dsn)


@pytest.fixture
async def city(shell: tuple[Shell, Path], provider: Running) -> AsyncIterator[City]:
    made = City(shell=shell[0], provider=provider, rules=shell[1])
    save(made.rules, RULES)
    yield made
    await provider.behaves(people={"u-dispatcher": {"name": "周敏", "groups": ["12345-dispatch"]}})


def session_of(answer: httpx.Response) -> str | None:
    return answer.cookies.get(sessions.SESSION_COOKIE)


@pytest.mark.parametrize(
    ("sub", "role", "unit"),
    [
        ("u-dispatcher", "dispatcher", "C-RXZX"),
        ("u-supervisor", "supervisor", "C-RXZX"),
        ("u-street", "street_officer", "S-159902001"),
        ("u-bureau", "liaison", "BH-CGJ"),
    ],
)
async def test_the_citys_people_come_in_as_the_rules_say(
    city: City, sub: str, role: str, unit: str
) -> None:
    async with city.browser() as browser:
        answer = await city.signs_in(browser, sub, "/login/oidc?next=/desk%3Fa%3Db")
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk?a=b"), answer.text
        found = await browser.get("/desk")
        assert found.json() == {"role": role, "unit": unit, "account": f"sso:{sub}"}
        home = await browser.get("/home")
        assert "王磊" in home.text or sub != "u-bureau"


async def test_the_request_has_what_the_protocol_asks_for(city: City) -> None:
    async with city.browser() as browser:
        away = await browser.get("/login/oidc")
        asked = parse_qs(urlsplit(away.headers["location"]).query)
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge", "redirect_uri"} <= asked.keys()
    assert "openid" in asked["scope"][0].split()
    cookie = away.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "Path=/login/oidc" in cookie


@pytest.mark.parametrize(
    "wrong",
    [
        {"forged": True},
        {"symmetric": True},
        {"unsigned": True},
        {"claims": {"aud": "another"}},
        {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
        {"claims": {"iss": "https://another.example"}},
        {"claims": {"exp": 1_700_000_000}},
        {"claims": {"nonce": "another"}},
        {"claims": {"nonce": None}},
        {"claims": {"sub": None}},
        {"claims": {"at_hash": "another"}},
        {"skew": -600},
        {"skew": 600},
        {"answers": "https://another.example"},
        {"state": "another"},
        {"short": True, "told_sub": "u-supervisor"},
    ],
    ids=str,
)
async def test_an_answer_that_does_not_hold_lets_nobody_in(
    city: City, wrong: dict[str, Any]
) -> None:
    await city.provider.behaves(**wrong)
    async with city.browser() as browser:
        answer = await city.signs_in(browser, "u-dispatcher")
        assert answer.status_code == 403
        assert "统一身份认证的应答无效" in answer.text
        assert session_of(answer) is None
        assert (await browser.get("/desk")).status_code == 303
    await city.provider.behaves()
    async with city.browser() as browser:  # and the very same person may, when all is right
        assert session_of(await city.signs_in(browser, "u-dispatcher"))


@pytest.mark.parametrize("seconds", [-40, 40])
async def test_a_clock_that_differs_a_little_is_borne(city: City, seconds: int) -> None:
    await city.provider.behaves(skew=seconds)
    async with city.browser() as browser:
        assert session_of(await city.signs_in(browser, "u-dispatcher"))


async def test_an_answer_counts_once_and_for_the_browser_that_asked(city: City) -> None:
    async with city.browser() as browser, city.browser() as another:
        back = await city.comes_back(browser, "u-dispatcher")
        stolen = await another.get(back)
        assert (stolen.status_code, session_of(stolen)) == (403, None)
        kept = dict(browser.cookies)
        assert session_of(await browser.get(back))
        # with the cookie of that way and a new code, the state is still a used one
        fresh = await city.comes_back(another, "u-dispatcher")
        replayed = back.copy_set_param("code", fresh.params["code"])
        async with city.browser() as thief:
            thief.cookies.update(kept)
            again = await thief.get(replayed)
        assert (again.status_code, session_of(again)) == (403, None)
        assert "应答无效" in again.text


@pytest.mark.parametrize(
    ("sub", "says"),
    [("u-stranger", "没有角色"), ("u-lost", "没有给出您所属的单位或辖区"), ("u-closed", "已停用")],
)
async def test_whom_no_rule_fits_is_told_so(city: City, sub: str, says: str) -> None:
    await city.provider.behaves(people={"u-closed": {"name": "何停", "groups": ["street"]}})
    async with city.browser() as browser:
        answer = await city.signs_in(browser, sub)
        assert answer.status_code == 403
        assert says in answer.text
        assert "other=true" in answer.text, "one may sign in there as somebody else"
        assert session_of(answer) is None
        english = await browser.get("/login", headers={"Accept-Language": "en"})
        assert "Sign in with the city's account" in english.text.replace("&#39;", "'")


async def test_claims_that_only_the_user_info_has_are_asked_for(city: City) -> None:
    await city.provider.behaves(short=True)
    async with city.browser() as browser:
        assert session_of(await city.signs_in(browser, "u-dispatcher"))
        assert (await browser.get("/desk")).json()["role"] == "dispatcher"


async def test_new_keys_of_the_provider_are_learnt(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc_provider, "KEYS_SECONDS", 0.0)
    async with city.browser() as browser:
        assert session_of(await city.signs_in(browser, "u-dispatcher"))
    await city.provider.behaves(rotate=True)
    async with city.browser() as browser:
        assert session_of(await city.signs_in(browser, "u-dispatcher"))


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example"])
async def test_the_way_on_never_leads_to_another_site(city: City, target: str) -> None:
    async with city.browser() as browser:
        start = str(httpx.URL("/login/oidc", params={"next": target}))
        answer = await city.signs_in(browser, "u-supervisor", start)
        assert session_of(answer)
        assert answer.headers["location"].startswith("/")
        assert "evil" not in answer.headers["location"]


@pytest.mark.parametrize("wrong", [{"away": 503}, {"away": 404}, {"issuer": "https://x.example"}])
async def test_while_the_provider_is_away_local_accounts_work_and_sessions_go_on(
    city: City, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, Any]
) -> None:
    """Away is also who answers what one cannot go by: no page is sent there and back."""
    async with city.browser() as before, city.browser() as browser:
        await city.signs_in(before, "u-dispatcher")
        await city.provider.behaves(**wrong)
        provider = city.shell.app.state.oidc.provider
        monkeypatch.setattr(provider, "_heard_at", -1e9)  # long ago
        told = await browser.get("/login/oidc?next=/desk")
        assert told.status_code == 503
        assert "暂时连不上" in told.text
        assert 'name="password"' in told.text
        token = re.search(r'name="csrf" content="(\w+)"', told.text)
        assert token is not None
        form = {"login": "operator-c-rxzx", "password": PASSWORD, "csrf": token[1]}
        local = await browser.post("/login", data={**form, "next": "/desk"})
        assert local.headers["location"] == "/desk"
        assert (await browser.get("/desk")).json()["role"] == "operator"
        with monkeypatch.context() as patch:
            patch.setattr(sessions, "RECHECKED", timedelta(seconds=-1))
            assert (await before.get("/desk")).json()["role"] == "dispatcher"
        provider._failed_at = -1e9
    await city.provider.behaves()


async def test_a_session_is_confirmed_again_and_follows_what_the_provider_says(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def visits(browser: httpx.AsyncClient) -> httpx.Response:
        """A page, after the time that one confirmation is good for."""
        with monkeypatch.context() as patch:
            patch.setattr(sessions, "RECHECKED", timedelta(seconds=-1))
            asked = await browser.get("/desk?a=b")
            posted = await browser.post("/desk", headers={"x-csrf-token": "none"})
            assert posted.status_code == 403, "what is sent is never taken elsewhere"
        assert asked.status_code == 303
        assert asked.headers["location"].startswith("/login/oidc?quiet=true&next=/desk")
        return await browser.get(asked.headers["location"], follow_redirects=True)

    async with city.browser() as browser:
        await city.signs_in(browser, "u-dispatcher")
        token = re.search(r'name="csrf" content="(\w+)"', (await browser.get("/home")).text)
        assert token is not None
        assert (await visits(browser)).json()["role"] == "dispatcher"
        still = await browser.post("/desk", headers={"x-csrf-token": token[1]})
        assert still.status_code == 200, "forms of pages that were open go on"

        await city.provider.behaves(
            people={"u-dispatcher": {"name": "周敏", "groups": ["12345-supervise"]}}
        )
        assert (await visits(browser)).json()["role"] == "supervisor"

        await city.provider.behaves(people={"u-dispatcher": {"name": "周敏", "groups": []}})
        refused = await visits(browser)
        assert refused.status_code == 403
        assert "没有角色" in refused.text
        assert (await browser.get("/desk")).status_code == 303, "the session is over"

        await city.signs_in(browser, "u-supervisor")
        await city.provider.behaves(forget=True)  # signed out there, or closed
        gone = await visits(browser)
        assert gone.url.path == "/login"
        assert (await browser.get("/desk")).status_code == 303


async def test_a_session_ends_at_once_with_its_rule_and_soon_by_itself(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with city.browser() as browser:
        await city.signs_in(browser, "u-street")
        assert (await browser.get("/desk")).status_code == 200
        save(city.rules, RULES + "\n")  # another rule, the same rules: nothing changes
        assert (await browser.get("/desk")).status_code == 200
        save(city.rules, "closed = ['u-street']\n" + RULES.replace('closed = ["u-closed"]', ""))
        assert (await browser.get("/desk")).status_code == 303
        save(city.rules, "this is no file of rules")
        assert (await browser.get("/desk")).status_code == 303, "what was last good holds"
        save(city.rules, RULES)
        assert (await browser.get("/desk")).status_code == 200
        later = wall_now() + sessions.OUTSIDE_LASTS + timedelta(seconds=1)
        monkeypatch.setattr(sessions, "wall_now", lambda: later)
        assert (await browser.get("/desk")).status_code == 303


async def test_signing_out_signs_out_there_as_well(city: City) -> None:
    async with city.browser() as browser:
        await city.signs_in(browser, "u-supervisor")
        token = re.search(r'name="csrf" content="(\w+)"', (await browser.get("/home")).text)
        assert token is not None
        answer = await browser.post("/logout", data={"csrf": token[1]})
        assert answer.status_code == 200
        there = re.search(r'content="0; url=([^"]+)"', answer.text)
        assert there is not None
        assert (await browser.get("/desk")).status_code == 303
        end = there[1].replace("&amp;", "&")
        assert end.startswith(f"{city.provider.issuer}/end?")
        back = await browser.get(end)
        assert back.headers["location"] == f"{city.shell.url}/login", back.text
        quiet = await browser.get("/login/oidc?quiet=true", follow_redirects=True)
        assert quiet.url.path == "/login"


@pytest.mark.parametrize(
    "change",
    [
        {"oidc_client_id": ""},
        {"oidc_mapping": None},
        {"oidc_issuer": "http://sign-in.example"},
        {"oidc_issuer": "sign-in.example"},
    ],
)
def test_half_a_configuration_is_refused(change: dict[str, Any]) -> None:
    said: dict[str, Any] = {
        "database_url": "postgresql://nowhere/none",
        "kafka_bootstrap": "nowhere:1",
        "token_secret": SECRET,
        "oidc_issuer": "https://sign-in.example",
        "oidc_client_id": CLIENT,
        "oidc_mapping": Path("rules.toml"),
    }
    ServiceSettings(**said)
    with pytest.raises(ValueError, match="OIDC_"):
        ServiceSettings(**said | change)


async def test_a_provider_that_others_made_is_understood(
    servers: Any, tmp_path: Path, free_port: int
) -> None:
    """The package oidc-provider-mock, which knows nothing of ours."""
    save(tmp_path / "rules.toml", RULES)
    people = [User(sub="z3", claims={"name": "赵三", "groups": ["12345-dispatch"]})]
    dsn = await servers.fresh_database()
    with run_server_in_thread(user_claims=people) as server:
        async with (
            shell_on(
                dsn,
                tmp_path / "accounts.json",
                tmp_path,
                oidc_issuer=f"http://localhost:{server.server_port}",
                oidc_client_id=CLIENT,
                oidc_client_secret=CLIENT_SECRET,
                oidc_mapping=tmp_path / "rules.toml",
            ) as made,
            httpx.AsyncClient(base_url=made.url, headers=IN, trust_env=False) as browser,
        ):
            away = await browser.get("/login/oidc")
            back = await browser.post(away.headers["location"], data={"sub": "z3"})
            answer = await browser.get(back.headers["location"])
            assert session_of(answer), answer.text
            assert "赵三" in (await browser.get("/home")).text
    await servers.drop_database(dsn)
