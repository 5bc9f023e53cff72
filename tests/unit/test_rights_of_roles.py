"""The table of rights: what DOMAIN §9 has of it, its page, and routes that it knows nothing of."""

import ast
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import Depends, FastAPI

from deploy.rights_page.__main__ import PAGE
from deploy.rights_page.page import apps, page
from shared.catalogue.rights import TABLE, Scope, blowing, may, right, roles_of, scope_of
from shared.contracts.parts import Role
from shared.contracts.values import WhistleKind
from shared.web.guards import Unasked, guards_of, inside
from shared.web.identity import Caller, Door, allow

ROOT = Path(__file__).parents[2]
LOCAL = {Role.STREET_OFFICER, Role.COMMUNITY_WORKER, Role.GRID_WORKER}
UNITS = {Role.LIAISON, Role.HANDLER, Role.DEPARTMENT}
LOOKING = {"tickets.see", "tickets.export", "whistles.see", "reviews.see", "reviews.of_all"}
OF_INTAKE = {Role.OPERATOR, Role.SHIFT_LEAD, Role.CALLBACK_CLERK}


def test_a_units_people_have_their_unit_and_a_streets_its_region() -> None:
    for row in TABLE.values():
        for role, scope in row.scopes.items():
            if role in UNITS and row.action != "knowledge.read":
                assert scope is Scope.UNIT, (row.action, role)
            if row.action.endswith(".see"):
                wanted = Scope.REGION if role in LOCAL else None
                assert wanted is None or scope is wanted, (row.action, role)


def test_nobody_outside_intake_sees_who_complained() -> None:
    for action in ("contact.see", "contact.see_confidential", "persons.answer"):
        assert set(roles_of(action)) <= OF_INTAKE
    # but the unit that is called, for a purpose and on the record
    assert set(roles_of("contact.disclose")) == {Role.LIAISON, Role.HANDLER}
    assert not may(Role.OPERATOR, "contact.see_confidential")


def test_ops_and_auditors_change_nothing_of_a_matter() -> None:
    for row in TABLE.values():
        if row.action.partition(".")[0] in ("tickets", "whistles", "reviews", "callbacks"):
            for role in (Role.OPS, Role.AUDITOR):
                assert role not in row.scopes or row.action in LOOKING, (row.action, role)


def test_a_citizen_has_no_right_by_role_and_the_canary_only_its_own() -> None:
    assert not [row.action for row in TABLE.values() if Role.CITIZEN in row.scopes]
    of_canary = {row.action for row in TABLE.values() if Role.CANARY in row.scopes}
    assert of_canary == {"tickets.register", "tickets.withdraw", "canary.see"}


def test_every_kind_of_whistle_is_blown_by_who_may_come_to_the_console() -> None:
    blowers = {role for kind in WhistleKind for role in roles_of(blowing(kind))}
    assert blowers == set(roles_of("whistles.blow"))
    assert Role.GRID_WORKER not in roles_of(blowing(WhistleKind.CITIZEN_DEMAND))


def test_an_action_that_the_table_has_not_is_refused_where_it_is_named() -> None:
    for ask in (right, allow):
        with pytest.raises(ValueError, match="no action is called"):
            ask("whistles.se")
    assert scope_of(Role.LIAISON, "whistles.see") is Scope.UNIT


def test_a_route_that_nobody_guards_is_found_before_it_is_served() -> None:
    app = FastAPI(openapi_url=None)

    @app.get("/guarded")
    async def guarded(caller: Annotated[Caller, Depends(allow("whistles.see"))]) -> None: ...

    @app.get("/inside")
    @inside(allow("tickets.see"))
    async def asks_itself() -> None: ...

    @app.get("/open", dependencies=[Depends(Unasked.PROBE)])
    async def for_all() -> None: ...

    found = guards_of(app)
    assert found["GET /open"] is Unasked.PROBE
    doors = {r: g.right.action for r, g in found.items() if isinstance(g, Door)}
    assert doors == {"GET /guarded": "whistles.see", "GET /inside": "tickets.see"}

    @app.post("/forgotten")
    async def forgotten() -> None: ...

    with pytest.raises(ValueError, match="no right and no reason for none: POST /forgotten"):
        guards_of(app)


def test_every_action_is_asked_somewhere() -> None:
    at_doors = {
        guard.right.action
        for app in apps().values()
        for guard in guards_of(app).values()
        if isinstance(guard, Door)
    }
    folders = [ROOT / "services", ROOT / "shared" / "web"]
    code = "\n".join(f.read_text("utf-8") for folder in folders for f in folder.rglob("*.py"))
    asked = {action for action in TABLE if f'"{action}"' in code}
    assert TABLE.keys() - at_doors - asked <= {blowing(kind) for kind in WhistleKind}


NAMED_BESIDES = {
    # what a role is told or called, or whose desk a matter lies on: no question of who may
    "services/intake/api/keys.py": "a key acts as the system that it is of",
    "services/intake/api/tickets.py": "what the canary registers is the canary's",
    "services/router/api/department.py": "a key is changed for a department's token",
    "services/router/pages/dispatch.py": "what lies on the dispatcher's desk",
    "services/router/pages/reviews.py": "what lies on a street's desk",
    "services/router/pages/console_blow.py": "a grid worker's whistle goes to the street alone",
    "services/router/pages/work.py": "who works out of doors begins at the page for phones",
    "shared/web/oidc_mapping.py": "roles that are no person's",
}


def test_no_edge_names_a_role_to_say_who_may() -> None:
    edges = [*ROOT.glob("services/*/api/*.py"), *ROOT.glob("services/*/pages/*.py")]
    named = {
        str(file.relative_to(ROOT))
        for file in [*edges, *ROOT.glob("shared/web/*.py")]
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Role"
    }
    assert named == NAMED_BESIDES.keys()


def test_the_page_is_that_of_the_table() -> None:
    assert PAGE.read_text("utf-8") == page(), "run `python -m deploy.rights_page`"
