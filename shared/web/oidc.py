"""Signing in with the city's own account: to the provider, back from it, and out there as well.

Between the two pages a signed cookie keeps what the answer must match (state, nonce, PKCE's secret)
and where the person was going; each is good for one answer. Nobody's session lasts on our word: a
page asked for after ten minutes goes by the provider, which answers without asking the person
anything as long as they are signed in there.
"""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Final

import httpx
from fastapi import APIRouter, Depends, Query, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from starlette.responses import RedirectResponse, Response

from shared.errors import NotFoundError, ShaodaoError
from shared.runtime import metrics
from shared.runtime.clock import wall_now
from shared.runtime.inbox import remember_keys
from shared.runtime.logging import logger
from shared.runtime.service import Runtime
from shared.runtime.settings import ServiceSettings
from shared.web.guards import Unasked
from shared.web.identity import Caller
from shared.web.oidc_mapping import NotOursError, People
from shared.web.oidc_provider import SILENT, TIMEOUT, AwayError, Provider, RefusedError, refused
from shared.web.onward import home_of, safe_next
from shared.web.pages import Pages, page
from shared.web.sessions import OUTSIDE_LASTS, SESSION_COOKIE, Session, Sessions

log = logger(__name__)
router = APIRouter(
    prefix="/login/oidc", include_in_schema=False, dependencies=[Depends(Unasked.SIGN_IN)]
)
FLOW_COOKIE: Final = "shaodao_sign_in"
HINT_COOKIE: Final = "shaodao_sign_out"  # the ID token, which the provider wants to see at the end
FLOW_PATH: Final = "/login/oidc"
HINT_PATH: Final = "/logout"
AUDIENCE: Final = "shaodao-sign-in"
LASTS: Final = timedelta(minutes=10)
LARGEST_HINT: Final = 3500  # browsers keep 4096 bytes a cookie
Text = Annotated[str | None, Query(max_length=4000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One way to the provider and back."""

    state: str
    nonce: str
    verifier: str
    next: str
    quiet: bool


class Oidc:
    """The city's sign-in as one service sees it; in `app.state.oidc`, None where there is none."""

    def __init__(self, provider: Provider, people: People, *, secret: str, address: str) -> None:
        self.provider, self.people = provider, people
        self.back = f"{address}{FLOW_PATH}/callback"
        self.after = f"{address}/login"
        self._key = OctKey.import_key(secret)

    def signed(self, flow: Flow) -> str:
        """The cookie of a way that began now."""
        claims = {
            "aud": AUDIENCE,
            "state": flow.state,
            "nonce": flow.nonce,
            "verifier": flow.verifier,
            "next": flow.next,
            "quiet": flow.quiet,
            "exp": int((wall_now() + LASTS).timestamp()),
        }
        return jwt.encode({"alg": "HS256"}, claims, self._key)

    def read(self, cookie: str, state: str | None) -> Flow:
        """The way that this answer ends; RefusedError for none, or another's."""
        try:
            claims: Mapping[str, Any] = jwt.decode(cookie, self._key, algorithms=["HS256"]).claims
            jwt.JWTClaimsRegistry(
                now=int(wall_now().timestamp()),
                aud={"essential": True, "value": AUDIENCE},
                exp={"essential": True},
            ).validate(dict(claims))
        except (JoseError, ValueError) as error:
            raise refused(f"no way began here: {error!r}") from None
        if state is None or not secrets.compare_digest(state.encode(), claims["state"].encode()):
            raise refused("the state is another's")
        names = ("state", "nonce", "verifier", "next", "quiet")
        return Flow(**{name: claims[name] for name in names})


@asynccontextmanager
async def opened(
    name: str, settings: ServiceSettings, people: People | None
) -> AsyncIterator[Oidc | None]:
    """The sign-in of a service, as long as it runs; raises ValueError for rules that do not do."""
    if settings.oidc_issuer is None or people is None:
        yield None
        return
    people.check()
    async with httpx.AsyncClient(timeout=TIMEOUT) as http:
        provider = Provider(
            http,
            issuer=settings.oidc_issuer,
            client_id=settings.oidc_client_id,
            secret=settings.oidc_client_secret.get_secret_value() or None,
        )
        own = f"http://{settings.http_host}:{settings.http_port}"
        address = str(settings.public_url or getattr(settings, f"{name}_url", None) or own)
        secret = settings.token_secret.get_secret_value()
        yield Oidc(provider, people, secret=secret, address=address.rstrip("/"))


@router.get("")
async def get_start(
    request: Request, next: Text = None, quiet: bool = False, other: bool = False
) -> Response:
    """To the provider; while it is away a session goes on, and who has none is told.

    `quiet` asks the person nothing, `other` lets them sign in there as somebody else.
    """
    oidc, sessions = _oidc(request), _sessions(request)
    target = safe_next(next) or ""
    flow = Flow(
        state=secrets.token_urlsafe(24),
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        next=target,
        quiet=quiet,
    )
    try:
        address = await oidc.provider.address(
            back=oidc.back,
            state=flow.state,
            nonce=flow.nonce,
            verifier=flow.verifier,
            prompt="none" if quiet else "login" if other else None,
        )
    except (AwayError, RefusedError) as error:
        if quiet and sessions.find(request) is not None:
            return RedirectResponse(target or "/", 303)
        return await _not_in(request, error, status=503, target=target)
    response = RedirectResponse(address, 303)
    sessions.set_cookie(response, FLOW_COOKIE, oidc.signed(flow), lasts=LASTS, path=FLOW_PATH)
    return response


@router.get("/callback")
async def get_callback(
    request: Request,
    code: Text = None,
    state: Text = None,
    iss: Text = None,
    error: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Back from the provider: somebody's session, or a page that says why there is none."""
    oidc = _oidc(request)
    flow: Flow | None = None
    try:
        flow = oidc.read(request.cookies.get(FLOW_COOKIE, ""), state)
        await _use_once(request, flow)
        response = await _let_in(request, oidc, flow, code=code, iss=iss, error=error)
    except ShaodaoError as problem:
        metrics.LOGINS.labels("oidc", "refused").inc()
        status = 503 if isinstance(problem, AwayError) else 403
        target = flow.next if flow is not None else ""
        response = await _not_in(request, problem, status=status, target=target)
        if flow is not None and not isinstance(problem, AwayError):
            response.delete_cookie(SESSION_COOKIE, path="/")  # whose it was is no longer sure
    response.delete_cookie(FLOW_COOKIE, path=FLOW_PATH)
    return response


async def _let_in(
    request: Request,
    oidc: Oidc,
    flow: Flow,
    *,
    code: str | None,
    iss: str | None,
    error: str | None,
) -> Response:
    sessions = _sessions(request)
    if not oidc.provider.is_answered_by(iss, await oidc.provider.metadata()):
        raise refused("another provider answered")
    if error is not None:
        if flow.quiet and error in SILENT:  # signed out there, or asked something
            response = RedirectResponse(f"/login?{_query(flow.next)}", 303)
            response.delete_cookie(SESSION_COOKIE, path="/")
            return response
        raise refused(f"the provider said {error}")
    if not code:
        raise refused("no code")
    found = await oidc.provider.signed_in(
        code,
        back=oidc.back,
        verifier=flow.verifier,
        nonce=flow.nonce,
        asked=oidc.people.claims_asked(),
    )
    person = oidc.people.person(found.claims)
    before: Session | None = sessions.find(request)
    session = sessions.begin_outside(person, before=before)
    metrics.LOGINS.labels("oidc", "signed_in").inc()
    log.info("login", login=person.login, role=person.role.value, unit=person.unit, way="oidc")
    pages: Pages = request.app.state.pages
    caller = Caller(role=person.role, unit=person.unit, name=person.name, account=person.login)
    response = RedirectResponse(flow.next or home_of(caller, pages.name, pages.settings), 303)
    sessions.set_cookie(response, SESSION_COOKIE, session, lasts=OUTSIDE_LASTS)
    if len(found.id_token) <= LARGEST_HINT:
        sessions.set_cookie(
            response, HINT_COOKIE, found.id_token, lasts=timedelta(hours=12), path=HINT_PATH
        )
    return response


async def signed_out(request: Request) -> Response | None:
    """The page that takes somebody to the provider's own way out; None where there is none."""
    oidc: Oidc | None = request.app.state.oidc
    session = _sessions(request).find(request)
    if oidc is None or session is None or not session.is_outside:
        return None
    try:
        address = await oidc.provider.end_address(
            back=oidc.after, id_token=request.cookies.get(HINT_COOKIE)
        )
    except (AwayError, RefusedError):
        return None  # out here at least
    if address is None:
        return None
    # a form may not lead to another site (security.py), so this page does
    response = await page(request, "signing_out.html", address=address)
    response.delete_cookie(HINT_COOKIE, path=HINT_PATH)
    return response


async def _use_once(request: Request, flow: Flow) -> None:
    """RefusedError for an answer that was given before, here or at another copy."""
    runtime: Runtime = request.app.state.runtime
    async with runtime.transaction() as connection:
        key = ("sign-in", flow.state)
        if not await remember_keys(connection, [key], runtime.clock.now()):
            raise refused("the state was used before")


async def _not_in(request: Request, problem: ShaodaoError, *, status: int, target: str) -> Response:
    """Why nobody is signed in: told beside the form, so that a local account stays at hand."""
    return await page(
        request,
        "login.html",
        status=status,
        next=target,
        login="",
        error=None,
        minutes=0,
        problem=problem,
        is_known=isinstance(problem, NotOursError),
    )


def _query(target: str) -> str:
    return str(httpx.QueryParams({"next": target})) if target else ""


def _oidc(request: Request) -> Oidc:
    oidc: Oidc | None = request.app.state.oidc
    if oidc is None:
        raise NotFoundError("本系统没有接入统一身份认证", "there is no such sign-in here")
    return oidc


def _sessions(request: Request) -> Sessions:
    sessions: Sessions = request.app.state.sessions
    return sessions
