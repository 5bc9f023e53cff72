"""The table of rights as a page: for each service role by action, and the routes of each action."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI

from services.intake import app as intake
from services.notifier import app as notifier
from services.router import app as router
from shared.catalogue.rights import TABLE, Right, Scope
from shared.contracts.parts import Role
from shared.web.guards import Unasked, guards_of
from shared.web.identity import Door
from shared.web.strings import SHARED, Language, Strings

MARKS: Final = {Scope.CITY: "市", Scope.REGION: "辖", Scope.UNIT: "本"}
TITLES: Final = {
    "all": "三个服务都有",
    "intake": "受理（intake）",
    "router": "吹哨派单（router）",
    "notifier": "督办（notifier）",
}
HEAD: Final = """# 谁能做什么 · Who may do what

本页由 `python -m deploy.rights_page` 从 `shared/catalogue/rights.py` 生成，请勿手改。
程序只认那一张表，测试按它逐个接口、逐个角色、逐种单位走一遍。
This page is made from the one table that the services obey; a test walks it in full over HTTP.

**市** 全市 (the whole city) · **辖** 本辖区和本单位 (the region of the own unit, and what concerns
the unit) · **本** 本单位 (the own unit) · 空 无权 (not at all).
账号没有所属单位时，“辖”“本”一律拒绝。Without a unit the last two are refused.
"""


def apps() -> dict[str, FastAPI]:
    """The services as they are served, with every route that they may have; nothing is started."""
    said: dict[str, Any] = {
        "database_url": "postgresql://localhost/none",
        "kafka_bootstrap": "localhost:9092",
        "token_secret": "0" * 43,
        "vault_key": "A" * 43 + "=",
        "oidc_issuer": "https://sign-in.example",
        "oidc_client_id": "shaodao",
        "oidc_mapping": Path("none.toml"),
    }
    return {
        "intake": intake.create_app(intake.IntakeSettings(**said)),
        "router": router.create_app(router.RouterSettings(**said)),
        "notifier": notifier.create_app(notifier.NotifierSettings(**said)),
    }


def page() -> str:
    """The whole page."""
    guards = {name: guards_of(app) for name, app in apps().items()}
    names = _names()
    parts = [HEAD]
    for service, title in TITLES.items():
        rows = [right for right in TABLE.values() if right.service == service]
        parts.append("\n".join(_matrix(title, rows, names)))
    parts.append("\n".join(_routes(guards)))
    parts.append("\n".join(_unasked(guards)))
    return "\n".join(parts)


def _names() -> dict[Role, str]:
    strings = Strings(SHARED)
    return {role: strings.text(Language.ZH, f"role.{role.value}", {}) for role in Role}


def _matrix(title: str, rows: list[Right], names: Mapping[Role, str]) -> Iterator[str]:
    """Of the roles, those that have something here."""
    roles = [role for role in Role if any(role in row.scopes for row in rows)]
    yield f"\n## {title}\n"
    yield f"| 事项 | action | {' | '.join(names[role] for role in roles)} |"
    yield f"|---|---|{':-:|' * len(roles)}"
    for row in rows:
        marks = (MARKS[row.scopes[role]] if role in row.scopes else "" for role in roles)
        yield f"| {row.zh} | `{row.action}` | {' | '.join(marks)} |"


def _routes(guards: Mapping[str, Mapping[str, Door | Unasked]]) -> Iterator[str]:
    found: dict[str, list[str]] = defaultdict(list)
    for service, routes in guards.items():
        for route, guard in routes.items():
            if isinstance(guard, Door):
                found[guard.right.action].append(f"{service} `{route}`")
    yield "\n## 各事项的接口与页面 · Routes\n"
    for action in TABLE:
        if routes_of := _together(found[action]):
            yield f"- `{action}`: {'; '.join(routes_of)}"
        else:
            yield f"- `{action}`: 接口与页面之内再判 (asked inside other routes)"


def _together(routes: list[str]) -> list[str]:
    """What all three services have is said once."""
    plain = [route.partition(" ")[2] for route in routes]
    common = sorted({route for route in plain if plain.count(route) == len(TITLES) - 1})
    rest = [each for each in routes if each.partition(" ")[2] not in common]
    return [*(f"各服务 {route}" for route in common), *rest]


def _unasked(guards: Mapping[str, Mapping[str, Door | Unasked]]) -> Iterator[str]:
    found: dict[str, list[str]] = defaultdict(list)
    for service, routes in guards.items():
        for route, guard in routes.items():
            if isinstance(guard, Unasked):
                found[guard.value].append(f"{service} `{route}`")
    yield "\n## 不问角色的接口与页面 · Routes that ask for no role\n"
    for reason, routes_of in found.items():
        yield f"- {reason}: {'; '.join(_together(routes_of))}"
    yield ""
