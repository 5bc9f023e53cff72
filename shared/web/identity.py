"""Who is calling: bearer tokens (JWT, HS256) of programs, sessions of people who signed in.

Tokens live on wall time. A stack's secret signs them; `shaodao token` issues them.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.requests import Request

from shared.catalogue.rights import Scope, may, right
from shared.contracts.parts import Actor, Role
from shared.errors import ForbiddenError, ShaodaoError
from shared.runtime.clock import wall_now
from shared.web.accounts import Account
from shared.web.sessions import Sessions

ALGORITHM: Final = "HS256"
AUDIENCE: Final = "shaodao"


class UnauthenticatedError(ShaodaoError):
    """No token, or one that does not hold."""

    code = "unauthenticated"


class AskAgainError(UnauthenticatedError):
    """A page is asked for in a session that the city's own sign-in should confirm first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who makes a request."""

    role: Role
    unit: str | None
    name: str | None
    account: str | None = None  # the login of who signed in; None for a program
    scope: Scope | None = None  # how far the right goes that let this caller in; None: no door yet

    @staticmethod
    def of(account: Account) -> "Caller":
        """Who signed in with this account."""
        return Caller(
            role=account.role, unit=account.unit, name=account.name, account=account.login
        )

    def may(self, action: str) -> bool:
        """Whether the table of rights has this action for the caller's role."""
        return may(self.role, action)

    def actor(self, *, on_behalf_of: str | None = None) -> Actor:
        """The caller as it stands in facts and history."""
        return Actor(role=self.role, unit=self.unit, name=self.name, on_behalf_of=on_behalf_of)


def issue_token(
    secret: str,
    *,
    role: str,
    unit: str | None = None,
    name: str | None = None,
    minutes: int = 480,
) -> str:
    """A bearer token for `role` (a Role's value) of `unit`; ValueError for an unknown role."""
    now = wall_now()
    claims = {
        "aud": AUDIENCE,
        "role": Role(role).value,
        "unit": unit,
        "name": name,
        "iat": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=minutes)).timestamp()),
    }
    return jwt.encode({"alg": ALGORITHM}, claims, OctKey.import_key(secret))


class Tokens:
    """Checks bearer tokens; one a process, in `app.state.tokens`."""

    def __init__(self, secret: str) -> None:
        self._key = OctKey.import_key(secret)
        self._known: dict[str, tuple[float, Caller]] = {}

    def caller(self, authorization: str | None) -> Caller:
        """The caller of an `Authorization` header; raises UnauthenticatedError."""
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise UnauthenticatedError("请先登录：缺少访问令牌", "a bearer token is required")
        now = wall_now().timestamp()
        known = self._known.get(token)
        if known is not None and now < known[0]:
            return known[1]
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            jwt.JWTClaimsRegistry(
                now=int(now), aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
            ).validate(claims)
            caller = Caller(
                role=Role(claims["role"]), unit=claims.get("unit"), name=claims.get("name")
            )
        except (JoseError, ValueError, KeyError, TypeError):
            raise UnauthenticatedError(
                "访问令牌无效或已过期，请重新登录", "the token is not valid or has expired"
            ) from None
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[token] = (float(claims["exp"]), caller)
        return caller


async def caller_of(request: Request) -> Caller:
    """Who makes a request, by bearer token or by session; raises UnauthenticatedError.

    A session may change something only with its CSRF token.
    """
    authorization = request.headers.get("authorization")
    if authorization is None:
        signed_in = await _signed_in(request)
        if signed_in is not None:
            return signed_in
    tokens: Tokens = request.app.state.tokens
    return tokens.caller(authorization)


async def same_site(request: Request) -> None:
    """A dependency for forms anyone may send: ForbiddenError unless our own page sent it."""
    sessions: Sessions = request.app.state.sessions
    await sessions.check_csrf(request)


async def _signed_in(request: Request) -> Caller | None:
    sessions: Sessions | None = getattr(request.app.state, "sessions", None)
    session = sessions.find(request) if sessions is not None else None
    if sessions is None or session is None:
        return None
    await sessions.check_csrf(request)
    if session.is_to_be_asked() and _is_visit(request) and _is_asked(request):
        raise AskAgainError("请重新确认登录", "the sign-in is to be confirmed")
    return Caller.of(session.account)


def _is_visit(request: Request) -> bool:
    """Whether a person goes to a page: only that can go by another site and come back."""
    headers = request.headers
    return (
        request.method == "GET"
        and "text/html" in headers.get("accept", "")
        and headers.get("sec-fetch-mode", "navigate") == "navigate"
        and "hx-request" not in headers
        and "x-part" not in headers
    )


def _is_asked(request: Request) -> bool:
    """Whether the provider answers; while it is away sessions go on to their end."""
    oidc = request.app.state.oidc
    return oidc is not None and not oidc.provider.is_away


class Door:
    """A dependency that lets in whom the table of rights has for an action, with how far it goes.

    401 for nobody known, 403 for a role without it, and for a right of a unit's or a region's in
    the hands of somebody without a unit.
    """

    def __init__(self, action: str) -> None:
        self.right = right(action)

    async def __call__(self, request: Request) -> Caller:  # async, or each call costs a thread
        return self.let_in(request, await caller_of(request))

    def let_in(self, request: Request, known: Caller) -> Caller:
        """This caller with the scope of the right; raises ForbiddenError."""
        scope = self.right.scopes.get(known.role)
        if scope is None:
            raise ForbiddenError("您的角色无权进行此操作", f"role {known.role} may not do this")
        if scope is not Scope.CITY and known.unit is None:
            raise ForbiddenError("您的账号没有所属单位", "the caller has no unit")
        caller = replace(known, scope=scope)
        request.state.caller, request.state.door = caller, self
        return caller


def allow(action: str) -> Door:
    """The door of an action of the table; ValueError for one that it does not have."""
    return Door(action)


async def let_in_again(request: Request) -> Caller:
    """Who makes this request that goes on and on, as they are now; raises what its door raises."""
    door: Door = request.state.door
    return await door(request)
