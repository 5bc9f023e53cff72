"""Where a browser goes on to: a path of this very service, the console of one's own, the way in."""

from urllib.parse import quote, urlsplit

from starlette.requests import Request

from shared.runtime.settings import ServiceSettings
from shared.web.identity import Caller
from shared.web.places import places_for


def safe_next(target: str | None) -> str | None:
    """A path of this very service to go on to, or None: never another site."""
    if not target or not target.startswith("/") or len(target) > 2000:
        return None
    if any(sign in target for sign in "\\\r\n\t") or target.startswith("//"):
        return None
    parts = urlsplit(target)
    return None if parts.scheme or parts.netloc else target


def here_of(request: Request) -> str:
    """The address that is asked for, as a page comes back to it."""
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def login_address(request: Request) -> str:
    """The login page that comes back to where the request was going."""
    return f"/login?next={quote(here_of(request))}" if request.method == "GET" else "/login"


def asking_address(request: Request) -> str:
    """By the city's own sign-in, which is asked whether the person is still there, and back."""
    return f"/login/oidc?quiet=true&next={quote(here_of(request))}"


def home_of(caller: Caller, service: str, settings: ServiceSettings) -> str:
    """The caller's first console in this service, else the page with all of them."""
    places = places_for(caller, settings)
    own = [place.path for place in places if place.action and place.service == service]
    return own[0] if own else "/home"
