"""Sessions of people who signed in: a signed cookie, checked against their account each time.

Whom the city's own sign-in let in has no account here: the session is checked against the rule that
let them in (oidc_mapping.py), is renewed by the provider every few minutes, and ends soon where it
is not (`RECHECKED`, `OUTSIDE_LASTS`).

The cookie is a JWT for another audience than bearer tokens, so that neither passes for the other.
One sign-in serves all three services: they share the secret, and cookies do not know ports. What
changes something needs a token besides that another site cannot know; visitors who did not sign in
get theirs from a cookie that names nobody.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.requests import Request
from starlette.responses import Response

from shared.contracts.parts import Role
from shared.errors import ForbiddenError
from shared.runtime.clock import wall_now
from shared.web.accounts import Account, Accounts
from shared.web.oidc_mapping import People, Person

SESSION_COOKIE: Final = "shaodao_session"
VISIT_COOKIE: Final = "shaodao_visit"
AUDIENCE: Final = "shaodao-session"
ALGORITHM: Final = "HS256"
LASTS: Final = timedelta(hours=9)
OUTSIDE_LASTS: Final = timedelta(hours=1)  # for one that the provider does not confirm again
RECHECKED: Final = timedelta(minutes=10)  # after which the next page asks the provider
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER: Final = "x-csrf-token"
CSRF_FIELD: Final = "csrf"
FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A sign-in that holds."""

    session_id: str
    account: Account
    asked_at: float | None = None  # when the provider last said so; None: a local account

    @property
    def is_outside(self) -> bool:
        """Whether the city's own sign-in let the person in."""
        return self.asked_at is not None

    def is_to_be_asked(self) -> bool:
        """Whether the provider should be asked again whether the person is still signed in."""
        if self.asked_at is None:
            return False
        return wall_now().timestamp() >= self.asked_at + RECHECKED.total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a cookie says, once its signature was found good."""

    expires: float
    session_id: str
    login: str
    fingerprint: str  # of the account, or of the rule of an outside person
    outside: Account | None = None
    asked_at: float | None = None


class Sessions:
    """Makes and checks session cookies; one a process, in `app.state.sessions`."""

    def __init__(
        self, secret: str, accounts: Accounts, *, secure: bool, people: People | None = None
    ) -> None:
        self.accounts, self.people = accounts, people
        self._key = OctKey.import_key(secret)
        self._csrf_key = hashlib.sha256(b"csrf\0" + secret.encode()).digest()
        self._secure = secure
        self._known: dict[str, Known] = {}

    def begin(self, account: Account) -> str:
        """The cookie's value of a new session."""
        return self._signed(account, {"fp": account.fingerprint()}, lasts=LASTS)

    def begin_outside(self, person: Person, *, before: Session | None = None) -> str:
        """The cookie's value for whom the provider let in; pages of the session `before` go on."""
        account = _account_of(person)
        same = before is not None and before.account == account
        session_id = {"jti": before.session_id} if before is not None and same else {}
        return self._signed(account, {"rule": person.rule} | session_id, lasts=OUTSIDE_LASTS)

    def _signed(self, account: Account, more: dict[str, str], *, lasts: timedelta) -> str:
        now = wall_now()
        claims = {
            "aud": AUDIENCE,
            "jti": secrets.token_urlsafe(16),
            "sub": account.login,
            "role": account.role.value,
            "unit": account.unit,
            "name": account.name,
            "iat": int(now.timestamp()),
            "exp": int((now + lasts).timestamp()),
        }
        return jwt.encode({"alg": ALGORITHM}, claims | more, self._key)

    def find(self, request: Request) -> Session | None:
        """The session of a request; None without one, or when its account is not as it was."""
        cookie = request.cookies.get(SESSION_COOKIE)
        if not cookie:
            return None
        known = self._known.get(cookie) or self._read(cookie)
        if known is None:
            return None
        account = self._account(known)
        if account is None or wall_now().timestamp() >= known.expires:
            self._known.pop(cookie, None)
            return None
        return Session(session_id=known.session_id, account=account, asked_at=known.asked_at)

    def _account(self, known: Known) -> Account | None:
        """Whose session it is, as long as the account or the rule is what it was."""
        if known.outside is not None:
            people = self.people
            holds = people is not None and people.holds(known.login, known.fingerprint)
            return known.outside if holds else None
        account = self.accounts.find(known.login)
        if account is None or account.disabled or account.fingerprint() != known.fingerprint:
            return None
        return account

    def _read(self, cookie: str) -> Known | None:
        now = wall_now().timestamp()
        try:
            claims = jwt.decode(cookie, self._key, algorithms=[ALGORITHM]).claims
            jwt.JWTClaimsRegistry(
                now=int(now), aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
            ).validate(claims)
            found = _known_of(claims)
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
        self,
        response: Response,
        name: str,
        value: str,
        *,
        lasts: timedelta | None = None,
        path: str = "/",
    ) -> None:
        """Set a cookie that scripts cannot read and other sites' forms do not send."""
        response.set_cookie(
            name,
            value,
            max_age=int(lasts.total_seconds()) if lasts else None,
            path=path,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )


def _known_of(claims: Mapping[str, Any]) -> Known:
    rule = claims.get("rule")
    outside = None
    if rule is not None:
        person = Person(
            login=str(claims["sub"]),
            name=str(claims["name"]),
            role=Role(claims["role"]),
            unit=claims["unit"],
            rule=str(rule),
        )
        outside = _account_of(person)
    return Known(
        expires=float(claims["exp"]),
        session_id=str(claims["jti"]),
        login=str(claims["sub"]),
        fingerprint=str(claims["fp"] if rule is None else rule),
        outside=outside,
        asked_at=None if rule is None else float(claims["iat"]),
    )


def _account_of(person: Person) -> Account:
    """An outside person as an account that no password opens."""
    return Account(
        login=person.login,
        name=person.name,
        role=person.role,
        unit=person.unit,
        hash="",
        changed_at=NEVER,
    )


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())
