"""Sessions of people who signed in: a signed cookie, checked against their account each time.

The cookie is a JWT for another audience than bearer tokens, so that neither passes for the other.
One sign-in serves all three services: they share the secret, and cookies do not know ports. What
changes something needs a token besides that another site cannot know; visitors who did not sign in
get theirs from a cookie that names nobody.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.requests import Request
from starlette.responses import Response

from shared.errors import ForbiddenError
from shared.runtime.clock import wall_now
from shared.web.accounts import Account, Accounts

SESSION_COOKIE: Final = "shaodao_session"
VISIT_COOKIE: Final = "shaodao_visit"
AUDIENCE: Final = "shaodao-session"
ALGORITHM: Final = "HS256"
LASTS: Final = timedelta(hours=9)
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in that holds."""

    session_id: str
    account: Account


class Sessions:
    """Makes and checks session cookies; one a process, in `app.state.sessions`."""

    def __init__(self, secret: str, accounts: Accounts, *, secure: bool) -> None:
        self.accounts = accounts
        self._key = OctKey.import_key(secret)
        self._csrf_key = hashlib.sha256(b"csrf\0" + secret.encode()).digest()
        self._secure = secure
        self._known: dict[str, tuple[float, str, str, str]] = {}

    def begin(self, account: Account) -> str:
        """The cookie's value of a new session."""
        now = wall_now()
        claims = {
            "aud": AUDIENCE,
            "jti": secrets.token_urlsafe(16),
            "sub": account.login,
            "role": account.role.value,
            "unit": account.unit,
            "name": account.name,
            "fp": account.fingerprint(),
            "iat": int(now.timestamp()),
            "exp": int((now + LASTS).timestamp()),
        }
        return jwt.encode({"alg": ALGORITHM}, claims, self._key)

    def find(self, request: Request) -> Session | None:
        """The session of a request; None without one, or when its account is not as it was."""
        cookie = request.cookies.get(SESSION_COOKIE)
        if not cookie or not self.accounts.exist:
            return None
        known = self._known.get(cookie) or self._read(cookie)
        if known is None:
            return None
        expires, session_id, login, fingerprint = known
        account = self.accounts.find(login)
        if (
            wall_now().timestamp() >= expires
            or account is None
            or account.disabled
            or account.fingerprint() != fingerprint
        ):
            self._known.pop(cookie, None)
            return None
        return Session(session_id=session_id, account=account)

    def _read(self, cookie: str) -> tuple[float, str, str, str] | None:
        now = wall_now().timestamp()
        try:
            claims = jwt.decode(cookie, self._key, algorithms=[ALGORITHM]).claims
            jwt.JWTClaimsRegistry(
                now=int(now), aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
            ).validate(claims)
            found = (
                float(claims["exp"]), str(claims["jti"]), str(claims["sub"]), str(claims["fp"])
            )  # fmt: skip
        except (JoseError, ValueError, KeyError, TypeError):
            return None
        if len(self._known) > 10_000:
            self._known.clear()
        self._known[cookie] = found
        return found

    def csrf_token(self, holder: str) -> str:
        """The token of a session's or a visit's id."""
        return hmac.new(self._csrf_key, holder.encode(), hashlib.sha256).hexdigest()

    async def check_csrf(self, request: Request) -> None:
        """ForbiddenError unless an unsafe request carries the token of its session or visit."""
        if request.method in SAFE:
            return
        session = self.find(request)
        holder = session.session_id if session else request.cookies.get(VISIT_COOKIE, "")
        given = request.headers.get(CSRF_HEADER)
        if given is None and request.headers.get("content-type", "").startswith(FORMS):
            field = (await request.form()).get(CSRF_FIELD)
            given = field if isinstance(field, str) else None
        if not holder or not given or not _same(given, self.csrf_token(holder)):
            raise ForbiddenError(
                "页面已过期或来源不明，请返回刷新后重试",
                "the page has expired or the request came from elsewhere; reload and try again",
                code="csrf",
            )

    def set_cookie(
        self, response: Response, name: str, value: str, *, lasts: timedelta | None = None
    ) -> None:
        """Set a cookie that scripts cannot read and other sites' forms do not send."""
        response.set_cookie(
            name,
            value,
            max_age=int(lasts.total_seconds()) if lasts else None,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
