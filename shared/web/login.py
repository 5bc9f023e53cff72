"""Signing in and out, the page after it, and how a reader wants pages: language and letter size."""

import asyncio
import ipaddress
from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from shared.errors import ForbiddenError
from shared.runtime import login_attempts, metrics
from shared.runtime.clock import wall_now
from shared.runtime.logging import logger
from shared.runtime.login_attempts import Locked
from shared.runtime.service import Runtime
from shared.web import times
from shared.web.accounts import Account, is_right, normal
from shared.web.guards import Unasked
from shared.web.identity import Caller
from shared.web.oidc import signed_out
from shared.web.onward import home_of, login_address, safe_next
from shared.web.pages import ELDER_COOKIE, Pages, page
from shared.web.places import PLACES
from shared.web.sessions import LASTS, SESSION_COOKIE, Sessions
from shared.web.strings import COOKIE as LANG_COOKIE
from shared.web.strings import Language

log = logger(__name__)
router = APIRouter(include_in_schema=False, dependencies=[Depends(Unasked.SIGN_IN)])
LONGEST_LOGIN: Final = 64
LONGEST_PASSWORD: Final = 200
AT_ONCE: Final = 2  # a verification takes 64 MiB and a core
VERIFYING: Final = asyncio.Semaphore(AT_ONCE)


def address_of(request: Request) -> str:
    """Whom the tries of one network are counted on: an address, or the network of an IPv6 one."""
    host = request.client.host if request.client else "unknown"
    try:
        known = ipaddress.ip_address(host)
    except ValueError:
        return host[:LONGEST_LOGIN]
    if known.version == 6:
        return str(ipaddress.ip_network((known, 64), strict=False))
    return host


@router.get("/login")
async def get_login(request: Request, next: str | None = None) -> Response:
    """The form; somebody signed in already goes on."""
    sessions: Sessions = request.app.state.sessions
    session = sessions.find(request)
    if session is not None:
        return RedirectResponse(_goes_to(request, session.account, next), 303)
    return await _form(request, next=next)


@router.post("/login")
async def post_login(request: Request) -> Response:
    """Sign in; tells neither whether a login exists nor which of both was wrong."""
    sessions: Sessions = request.app.state.sessions
    form = await request.form()
    login, password = normal(str(form.get("login", ""))), str(form.get("password", ""))
    target = str(form.get("next", "")) or None
    try:
        await sessions.check_csrf(request)
    except ForbiddenError:
        metrics.LOGINS.labels("password", "expired").inc()
        return await _form(request, next=target, login=login, error="login.expired", status=403)
    if not login or not password or len(login) > LONGEST_LOGIN or len(password) > LONGEST_PASSWORD:
        return await _form(request, next=target, login=login, error="login.wrong", status=422)
    found = await _try(request, login, password)
    if isinstance(found, Locked):
        metrics.LOGINS.labels("password", "locked").inc()
        return await _locked(request, found, next=target, login=login)
    if found is None:
        metrics.LOGINS.labels("password", "wrong").inc()
        # what nobody's login is may be somebody's password, typed into the wrong field
        known = login if sessions.accounts.find(login) else "unknown"
        log.warning("login_failed", login=known, address=address_of(request))
        return await _form(request, next=target, login=login, error="login.wrong", status=401)
    metrics.LOGINS.labels("password", "signed_in").inc()
    log.info("login", login=login, role=found.role.value, unit=found.unit)
    response = RedirectResponse(_goes_to(request, found, target), 303)
    sessions.set_cookie(response, SESSION_COOKIE, sessions.begin(found), lasts=LASTS)
    return response


@router.post("/logout")
async def post_logout(request: Request) -> Response:
    """Sign out."""
    sessions: Sessions = request.app.state.sessions
    await sessions.check_csrf(request)
    response = await signed_out(request) or RedirectResponse("/login", 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@router.get("/")
async def get_start(request: Request) -> Response:
    """To where somebody may work; everybody else to what this service has for the public."""
    sessions: Sessions = request.app.state.sessions
    if sessions.find(request) is not None:
        return RedirectResponse("/home", 303)
    open_to_all = [
        place.path
        for place in PLACES
        if place.service == pages_of(request).name and place.action is None
    ]
    return RedirectResponse(open_to_all[0] if open_to_all else "/login", 303)


@router.get("/home")
async def get_home(request: Request) -> Response:
    """Where somebody may work, by role."""
    sessions: Sessions = request.app.state.sessions
    if sessions.find(request) is None:
        return RedirectResponse(login_address(request), 303)
    return await page(request, "home.html")


@router.post("/preferences")
async def post_preferences(request: Request) -> Response:
    """How this browser wants its pages; needs no token, as it changes nothing else."""
    sessions: Sessions = request.app.state.sessions
    form = await request.form()
    response = RedirectResponse(safe_next(str(form.get("next", ""))) or "/", 303)
    if form.get("lang") in list(Language):
        sessions.set_cookie(response, LANG_COOKIE, str(form["lang"]), lasts=times.YEAR)
    if form.get("elder") in ("0", "1"):
        sessions.set_cookie(response, ELDER_COOKIE, str(form["elder"]), lasts=times.YEAR)
    return response


def pages_of(request: Request) -> Pages:
    """The pages of the service that is asked."""
    pages: Pages = request.app.state.pages
    return pages


async def _try(request: Request, login: str, password: str) -> Account | Locked | None:
    runtime: Runtime = request.app.state.runtime
    sessions: Sessions = request.app.state.sessions
    async with runtime.pool.acquire() as connection, connection.transaction():
        attempt = await login_attempts.begin(
            connection, login, address=address_of(request), now=wall_now()
        )
    if isinstance(attempt, Locked):
        return attempt
    account = sessions.accounts.find(login)
    async with VERIFYING:
        right = await asyncio.to_thread(is_right, account, password)
    if not right:
        return None
    async with runtime.pool.acquire() as connection:
        await login_attempts.succeeded(connection, attempt)
    return account


async def _form(
    request: Request,
    *,
    next: str | None,
    login: str = "",
    error: str | None = None,
    minutes: int = 0,
    status: int = 200,
) -> Response:
    return await page(
        request,
        "login.html",
        status=status,
        next=safe_next(next) or "",
        login=login,
        error=error,
        minutes=minutes,
        problem=None,
        is_known=False,
    )


async def _locked(request: Request, locked: Locked, *, next: str | None, login: str) -> Response:
    seconds = max(1, int((locked.until - wall_now()).total_seconds()))
    response = await _form(
        request,
        next=next,
        login=login,
        error="login.locked",
        minutes=-(-seconds // 60),
        status=429,
    )
    response.headers["Retry-After"] = str(seconds)
    return response


def _goes_to(request: Request, account: Account, target: str | None) -> str:
    pages = pages_of(request)
    return safe_next(target) or home_of(Caller.of(account), pages.name, pages.settings)
