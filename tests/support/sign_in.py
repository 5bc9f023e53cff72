"""A city's sign-in that speaks OpenID Connect: the code flow with PKCE, and how it may go wrong.

Runs as a process of its own, `python -m tests.support.sign_in PORT BACK…`, with a page on which a
browser chooses whom to be. It refuses what the protocol has it refuse; `POST /behave` makes its
answers wrong in one way. Of nothing that the services are made of, but the library for tokens.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import unquote_plus, urlencode

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import Key, KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from deploy.local.ports import LOOPBACK, free_base
from tests.support.waiting import eventually

CLIENT: Final = "shaodao"
CLIENT_SECRET: Final = "made for these tests + only"
SESSION: Final = "city_session"
PEOPLE: Final[dict[str, dict[str, Any]]] = {
    "u-dispatcher": {"name": "周敏", "groups": ["staff", "12345-dispatch"]},
    "u-supervisor": {"name": "吴强", "groups": ["12345-supervise"]},
    "u-street": {"name": "郑红", "groups": ["street"], "region": "159902001"},
    "u-bureau": {"name": "王磊", "roles": {"city": ["liaison"]}, "department": "BH-CGJ"},
    "u-lost": {"name": "冯远", "groups": ["street"], "region": "000000000"},
    "u-stranger": {"name": "陈生", "groups": ["staff"]},
}
RULES: Final = """
closed = ["u-closed"]
[[rule]]
claim = "groups"
value = "12345-dispatch"
role = "dispatcher"
unit = "C-RXZX"
[[rule]]
claim = "groups"
value = "12345-supervise"
role = "supervisor"
unit = "C-RXZX"
[[rule]]
claim = "groups"
value = "street"
role = "street_officer"
region_claim = "region"
[[rule]]
claim = "roles.city"
value = "liaison"
role = "liaison"
unit_claim = "department"
"""


class SignIn:
    """The provider's memory."""

    def __init__(self, issuer: str, backs: Sequence[str]) -> None:
        self.issuer, self.backs = issuer, backs
        self.keys: list[Key] = [_new_key()]
        self.codes: dict[str, dict[str, str]] = {}
        self.sessions: dict[str, str] = {}
        self.access: dict[str, str] = {}
        self.people = {sub: dict(claims) for sub, claims in PEOPLE.items()}
        self.wrong: dict[str, Any] = {}

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self.discovery),
            Route("/jwks", self.jwks),
            Route("/authorize", self.authorize, methods=["GET", "POST"]),
            Route("/token", self.token, methods=["POST"]),
            Route("/userinfo", self.userinfo),
            Route("/end", self.end),
            Route("/behave", self.behave, methods=["POST"]),
        ]

    async def discovery(self, _request: Request) -> Response:
        if status := self.wrong.get("away"):
            return Response(status_code=status)
        return JSONResponse(
            {
                "issuer": self.wrong.get("issuer", self.issuer),
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "end_session_endpoint": f"{self.issuer}/end",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def jwks(self, _request: Request) -> Response:
        return JSONResponse(KeySet(self.keys).as_dict(private=False))

    async def authorize(self, request: Request) -> Response:
        asked = request.query_params
        if asked.get("client_id") != CLIENT or asked.get("redirect_uri") not in self.backs:
            return Response("client or redirect_uri is not registered", 400)
        if asked.get("response_type") != "code" or "openid" not in asked.get("scope", "").split():
            return self._back(asked, error="invalid_request")
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return self._back(asked, error="invalid_request")
        sub = self.sessions.get(request.cookies.get(SESSION, ""))
        if request.method == "POST":
            form = dict(part.split("=", 1) for part in (await request.body()).decode().split("&"))
            sub = form["sub"]
        elif asked.get("prompt") == "none":
            if sub is None:
                return self._back(asked, error="login_required")
        elif sub is None or asked.get("prompt") == "login":
            buttons = "".join(
                f'<button name="sub" value="{escape(s)}">{escape(str(c["name"]))}</button>'
                for s, c in self.people.items()
            )
            return HTMLResponse(
                f'<!doctype html><title>City</title><form method="post">{buttons}</form>'
            )
        code = secrets.token_urlsafe(16)
        self.codes[code] = {**asked, "sub": sub}
        response = self._back(asked, code=code)
        if request.method == "POST":
            session = secrets.token_urlsafe(16)
            self.sessions[session] = sub
            response.set_cookie(SESSION, session, httponly=True)
        return response

    def _back(self, asked: Any, **said: str) -> Response:
        state = self.wrong.get("state", asked["state"])
        query = urlencode({**said, "state": state, "iss": self.wrong.get("answers", self.issuer)})
        return RedirectResponse(f"{asked['redirect_uri']}?{query}", 303)

    async def token(self, request: Request) -> Response:
        given = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic "))
        user, _, password = given.decode().partition(":")
        if (unquote_plus(user), unquote_plus(password)) != (CLIENT, CLIENT_SECRET) and (
            user,
            password,
        ) != (CLIENT, CLIENT_SECRET):
            return JSONResponse({"error": "invalid_client"}, 401)
        async with request.form() as form:
            asked = self.codes.pop(str(form.get("code")), None)
            verifier = str(form.get("code_verifier", "")).encode()
            back = form.get("redirect_uri")
        digest = _base64(hashlib.sha256(verifier).digest()).decode()
        if asked is None or asked["redirect_uri"] != back or asked["code_challenge"] != digest:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access = secrets.token_urlsafe(16)
        self.access[access] = asked["sub"]
        answer = {"access_token": access, "token_type": "Bearer", "expires_in": 300}
        return JSONResponse(answer | {"id_token": self._id_token(asked, access)})

    def _id_token(self, asked: dict[str, str], access: str) -> str:
        now = int(time.time()) + int(self.wrong.get("skew", 0))
        half = hashlib.sha256(access.encode()).digest()[:16]
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": asked["sub"],
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            "at_hash": _base64(half).decode(),
        }
        if not self.wrong.get("short"):
            claims |= self.people.get(asked["sub"], {})
        claims |= self.wrong.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        key: Any = _new_key(self.keys[-1].kid) if self.wrong.get("forged") else self.keys[-1]
        if self.wrong.get("symmetric"):  # signed with what everybody knows
            header = json.dumps({"alg": "HS256", "kid": key.kid}).encode()
            said = b".".join(map(_base64, (header, json.dumps(claims).encode())))
            signed = hmac.new(key.as_pem(private=False), said, hashlib.sha256).digest()
            return b".".join((said, _base64(signed))).decode()
        if self.wrong.get("unsigned"):
            parts = jwt.encode({"alg": "RS256"}, claims, key).split(".")
            none = _base64(b'{"alg":"none"}').decode()
            return f"{none}.{parts[1]}."
        return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)

    async def userinfo(self, request: Request) -> Response:
        sub = self.access.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if sub is None:
            return Response(status_code=401)
        told = {"sub": self.wrong.get("told_sub", sub), **self.people.get(sub, {})}
        return JSONResponse(told)

    async def end(self, request: Request) -> Response:
        asked = request.query_params
        after = [back.removesuffix("/oidc/callback") for back in self.backs]
        if asked.get("client_id") != CLIENT or asked.get("post_logout_redirect_uri") not in after:
            return Response("not registered", 400)
        hint = jwt.decode(asked["id_token_hint"], KeySet(self.keys), algorithms=["RS256"])
        held = self.sessions.pop(request.cookies.get(SESSION, ""), None)
        if held != hint.claims["sub"]:
            return Response("somebody else", 400)
        return RedirectResponse(asked["post_logout_redirect_uri"], 303)

    async def behave(self, request: Request) -> Response:
        said = await request.json()
        self.people |= said.pop("people", {})
        if said.pop("rotate", False):
            self.keys = [_new_key()]
        if said.pop("forget", False):
            self.sessions.clear()
        self.wrong = said
        return JSONResponse({})


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _new_key(kid: str | None = None) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid or secrets.token_hex(4), "use": "sig"})


@dataclass(frozen=True)
class Running:
    """The provider as a test holds it."""

    issuer: str
    http: httpx.AsyncClient

    async def behaves(self, **said: Any) -> None:
        """From now on it is wrong in these ways, and in no others."""
        (await self.http.post(f"{self.issuer}/behave", json=said)).raise_for_status()


@asynccontextmanager
async def sign_in(*backs: str) -> AsyncIterator[Running]:
    """A provider in a process of its own that knows these addresses to go back to."""
    port = free_base()
    issuer = f"http://{LOOPBACK}:{port}"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.sign_in", str(port), *backs
    )
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=20) as http:

            async def answers() -> bool:
                assert process.returncode is None
                try:
                    found = await http.get(f"{issuer}/.well-known/openid-configuration")
                except httpx.TransportError:
                    return False
                return found.status_code == 200

            await eventually(answers)
            yield Running(issuer=issuer, http=http)
    finally:
        process.terminate()
        await process.wait()


if __name__ == "__main__":
    at = int(sys.argv[1])
    provider = SignIn(f"http://{LOOPBACK}:{at}", sys.argv[2:])
    uvicorn.run(Starlette(routes=provider.routes()), host=LOOPBACK, port=at, log_level="warning")
