"""Pages: templates in the reader's language, with who reads them, a CSRF token and assets.

`await page(request, "desk/form.html", ticket=ticket)` answers with a whole page, `block="rows"`
with one block of it. Templates of the service come before the shared ones of the same name.
"""

import secrets
import tomllib
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from fastapi.responses import HTMLResponse
from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.runtime import Context
from jinja2_fragments import render_block
from markupsafe import Markup
from starlette.requests import Request

from shared.catalogue.load import load_catalogue
from shared.catalogue.rights import right
from shared.runtime.clock import wall_now
from shared.runtime.settings import ServiceSettings
from shared.web import times
from shared.web.identity import Caller
from shared.web.places import places_for
from shared.web.sessions import CSRF_FIELD, VISIT_COOKIE, Sessions
from shared.web.static_files import SHARED as STATIC
from shared.web.static_files import StaticFiles
from shared.web.strings import COOKIE as LANG_COOKIE
from shared.web.strings import SHARED as STRINGS
from shared.web.strings import Strings, language_of

TEMPLATES: Final = Path(__file__).parent / "templates"
ICONS: Final = STATIC / "vendor" / "icons" / "icons.zip"
ELDER_COOKIE: Final = "shaodao_elder"
PRODUCT: Final = "哨到 · 吹哨报到平台"


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """A line of a service's own navigation, from its `templates/nav.toml`."""

    path: str
    text: str
    icon: str
    actions: tuple[str, ...]  # shown to who has one of these rights; none: to everybody


class Pages:
    """Templates, texts and assets of one service; one a process, in `app.state.pages`."""

    def __init__(self, service: Path, settings: ServiceSettings) -> None:
        self.name = service.name
        self.settings = settings
        self.strings = Strings(STRINGS, service / "strings")
        self.files = StaticFiles(service.name, service / "static")
        self.nav = _read_nav(service / "templates" / "nav.toml")
        self._units = {code: unit.name for code, unit in load_catalogue().units.items()}
        self._icons: dict[str, str] = {}
        self._templates = Environment(
            loader=ChoiceLoader(
                [FileSystemLoader(service / "templates"), FileSystemLoader(TEMPLATES)]
            ),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals |= {"asset": self.files.url, "icon": self.icon, "product": PRODUCT}
        self._templates.globals["unit_name"] = self.unit_name
        self._templates.filters |= {"local": _local, "ago": _ago}

    def icon(self, name: str, css: str = "") -> Markup:
        """An icon of Tabler's by name, drawn in the page; a decoration to screen readers."""
        if name not in self._icons:
            with zipfile.ZipFile(ICONS) as packed:
                self._icons[name] = packed.read(f"{name}.svg").decode()
        paint = (
            'fill="currentColor"'
            if name.endswith("-filled")
            else 'fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
            'stroke-linejoin="round"'
        )
        return Markup(
            '<svg class="icon {}" viewBox="0 0 24 24" {} aria-hidden="true">{}</svg>'
        ).format(css, Markup(paint), Markup(self._icons[name]))  # nosec B704: icons of the package

    def learn(self, names: Mapping[str, str]) -> None:
        """Take in the names of units by code: those the city has had since its file."""
        self._units = {**self._units, **names}

    def unit_name(self, code: str) -> str:
        """A unit's name; its code as long as nobody has told its name."""
        return self._units.get(code, code)

    def render(self, template: str, block: str | None, values: Mapping[str, Any]) -> str:
        """A template, or one block of it, with these values."""
        if block is not None:
            return str(render_block(self._templates, template, block, **values))
        return self._templates.get_template(template).render(**values)


async def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    block: str | None = None,
    **values: Any,
) -> HTMLResponse:
    """Answer with a page, or one block of it, in the reader's language."""
    pages: Pages = request.app.state.pages
    sessions: Sessions = request.app.state.sessions
    language = language_of(request)
    session = sessions.find(request)
    visit = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(16)
    token = sessions.csrf_token(session.session_id if session else visit)
    caller = _reader(request)
    nav = _nav_for(pages, caller)

    def t(key: str, **named: Any) -> str:
        return pages.strings.text(language, key, named)

    given: dict[str, Any] = {
        "t": t,
        "strings_json": lambda table: Markup(  # nosec B704: our own words, and `<` is none of it
            pages.strings.table_json(language, table)
        ),
        "lang": language.value,
        "language": language,
        "elder": request.cookies.get(ELDER_COOKIE) == "1",
        "caller": caller,
        "csrf": token,
        "csrf_field": lambda: Markup('<input type="hidden" name="{}" value="{}">').format(
            CSRF_FIELD, token
        ),
        "now": _now(request),
        "here": _here(request),
        "path": request.url.path,
        "service": pages.name,
        "nav": nav,
        "nav_here": _nav_here(nav, request.url.path),
        "places": places_for(caller, pages.settings),
        "tile_url": pages.settings.tile_url,
        "has_oidc": request.app.state.oidc is not None,
        "has_accounts": sessions.accounts.exist,
    }
    response = HTMLResponse(pages.render(template, block, given | values), status_code=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Cookie, Accept-Language"
    if session is None and VISIT_COOKIE not in request.cookies:
        sessions.set_cookie(response, VISIT_COOKIE, visit)
    if request.query_params.get("lang") == language.value:
        sessions.set_cookie(response, LANG_COOKIE, language.value, lasts=times.YEAR)
    return response


def _reader(request: Request) -> Caller | None:
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is not None:
        return caller
    sessions: Sessions = request.app.state.sessions
    session = sessions.find(request)
    return None if session is None else Caller.of(session.account)


def _now(request: Request) -> datetime:
    runtime = getattr(request.app.state, "runtime", None)
    return wall_now() if runtime is None else runtime.clock.now()


def _here(request: Request) -> str:
    """This page's own address, to come back to; a form that was refused comes back to its page."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.url.path}{query}" if request.method in ("GET", "HEAD") else "/"


def _nav_for(pages: Pages, caller: Caller | None) -> list[NavItem]:
    return [
        item
        for item in pages.nav
        if caller is not None and (not item.actions or any(map(caller.may, item.actions)))
    ]


def _nav_here(nav: Sequence[NavItem], path: str) -> str:
    """The path of the line this page belongs to: the longest that it begins with, or none."""
    fitting = [item.path for item in nav if f"{path}/".startswith(f"{item.path}/")]
    return max(fitting, key=len, default="")


def _read_nav(path: Path) -> list[NavItem]:
    if not path.exists():
        return []
    rows = tomllib.loads(path.read_text("utf-8"))["item"]
    return [
        NavItem(
            path=row["path"],
            text=row["text"],
            icon=row["icon"],
            actions=tuple(right(each).action for each in row.get("actions", ())),
        )
        for row in rows
    ]


@pass_context
def _local(context: Context, moment: datetime, seconds: bool = False) -> str:
    language = context["language"]
    return times.local(moment, now=context["now"], language=language, seconds=seconds)


@pass_context
def _ago(context: Context, moment: datetime) -> str:
    return times.ago(moment, now=context["now"], language=context["language"])
