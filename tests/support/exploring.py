"""Schemathesis over every operation of a service: what was answered, and what was wrong with it."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, from_schema
from schemathesis.engine.events import NonFatalError, ScenarioFinished

from shared.contracts.parts import Role
from tests.support.rights import Roles, token

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
)
EXAMPLES = 4  # an operation, each way: valid and not
UNCOVERED: Final = {"phases": {"coverage": {"enabled": False}}}
MILDER: Final[Mapping[str, dict[str, Any]]] = {
    "GET /api/v1/department/events": {"parameters": {"query.wait": 0}},
    "POST /api/v1/department/reports": UNCOVERED,
    "POST /api/v1/duties/drafts/{version}/edits": UNCOVERED,
    "PUT /api/v1/duties/rows": UNCOVERED,
}
"""Where an answer would be waited for, and where hundreds of lists would be tried."""
Headers = Callable[[str], dict[str, str]]


def headers_by(matrix: Mapping[str, Roles], preferred: Iterable[Role]) -> Headers:
    """The header of a role that may call a route: the first preferred one that may."""
    order = tuple(preferred)

    def headers(route: str) -> dict[str, str]:
        roles = matrix[route]
        return token(next((each for each in order if each in roles), min(roles)))

    return headers


def config(
    url: str,
    routes: Collection[str],
    known: Mapping[str, list[str]],
    headers: Headers | None,
    besides: Collection[str],
) -> SchemathesisConfig:
    """Few examples, the same ones each time; ids are of living things as often as not."""
    left_out = [{"include-name": name, "enabled": False} for name in besides]
    operations = [
        {"include-name": route, "headers": headers(route), **MILDER.get(route, {})}
        for route in routes
        if headers and route not in besides
    ]
    return SchemathesisConfig.from_dict(
        {
            "seed": 20261124,
            "base-url": url,
            "continue-on-failure": True,
            "max-stream-events": 1,
            "request-timeout": 60,
            "generation": {
                "max-examples": EXAMPLES if headers else 1,
                "mode": "all",
                "deterministic": True,
                "no-shrink": True,
                "database": "none",
            },
            "phases": {
                "examples": {"enabled": False},
                "coverage": {"enabled": headers is not None, "unexpected-methods": ["PATCH"]},
                "fuzzing": {"enabled": True},
                "stateful": {"enabled": False},
            },
            "checks": {"enabled": False} | {name: {"enabled": True} for name in CHECKS},
            "dictionaries": {name: {"values": values} for name, values in known.items()},
            "parameters": {
                f"path.{name}": {"dictionary": name, "probability": 0.5} for name in known
            },
            "operations": [*operations, *left_out],
        }
    )


def explore(
    url: str,
    routes: Collection[str],
    known: Mapping[str, list[str]],
    headers: Headers | None,
    *,
    besides: Collection[str] = (),
) -> tuple[dict[str, set[int]], list[str]]:
    """The answers of each operation, and what was wrong with any of them.

    Without `headers` nobody is signed in. `known`: values of path parameters that are there.
    `besides`: operations that are left out.
    """
    schema = schemathesis.openapi.from_url(
        f"{url}/openapi.json", config=config(url, routes, known, headers, besides)
    )
    answers: dict[str, set[int]] = {}
    wrong: list[str] = []
    for event in from_schema(schema).execute():
        if isinstance(event, NonFatalError):
            wrong.append(f"{event.label}: {event.value}")
        if not isinstance(event, ScenarioFinished):
            continue
        seen = answers.setdefault(event.recorder.label, set())
        for case_id, interaction in event.recorder.interactions.items():
            if interaction.response is None:
                wrong.append(f"{event.recorder.label}: no answer")
                continue
            seen.add(interaction.response.status_code)
            wrong += [
                f"{event.recorder.label} {check.name}: {check.failure_info.failure}\n"
                f"{check.failure_info.code_sample}"
                for check in event.recorder.checks.get(case_id, ())
                if check.status is Status.FAILURE and check.failure_info is not None
            ]
    return answers, wrong
