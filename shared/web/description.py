"""What /openapi.json says of every answer: the refusals all routes share, told once.

A route documents what it answers when all is well. What it may refuse follows from where it stands
(programs ask under /api/, with a token) and what it does (only a change can conflict).
"""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.web.sessions import SESSION_COOKIE

API: Final = "/api/"
CHANGES: Final = frozenset({"post", "put", "patch", "delete"})
PLAIN: Final = {"type": "string"}
WORDS: Final = {"zh": PLAIN, "en": PLAIN}
SCHEMAS: Final[dict[str, Any]] = {
    "Problem": {
        "title": "Problem",
        "description": "Why not: a code for machines, a sentence in Chinese and English.",
        "type": "object",
        "required": ["code", "zh", "en"],
        "properties": {
            "code": PLAIN,
            **WORDS,
            "state": {"type": ["string", "null"]},
            "version": {"type": ["integer", "null"]},
            "error_id": {"type": "string", "description": "of a 5xx: the trace, for ops"},
            "changes": {"type": "array", "items": {"$ref": "#/components/schemas/Change"}},
        },
    },
    "Change": {
        "title": "Change",
        "description": "What somebody did since the version that the caller had seen.",
        "type": "object",
        "required": ["version", "at", "who", "what", "state", "zh"],
        "properties": {
            "version": {"type": "integer"},
            "at": {"type": "string", "format": "date-time"},
            **dict.fromkeys(("who", "what", "state", "zh"), PLAIN),
        },
    },
    "Invalid": {
        "title": "Invalid",
        "description": "Every field that is wrong, with its sentence.",
        "type": "object",
        "required": ["code", "errors"],
        "properties": {
            "code": {"const": "invalid"},
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "required": ["field", "zh", "en"],
                    "properties": {"field": PLAIN, **WORDS},
                },
            },
        },
    },
}
SECURITY: Final[dict[str, Any]] = {
    "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE},
}
RETRY: Final = {"Retry-After": {"description": "seconds", "schema": {"type": "integer"}}}


def _refusal(words: str, name: str = "Problem", **more: Any) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": words, "content": {"application/json": {"schema": schema}}, **more}


INVALID: Final = _refusal("fields are wrong", "Invalid")
MISSING: Final = _refusal("there is no such thing, or not for this caller")


def _later(words: str) -> dict[str, Any]:
    """Told by a route, or at the edge before any route (RFC 9457)."""
    told = _refusal(words, headers=RETRY)
    told["content"]["application/problem+json"] = told["content"]["application/json"]
    return told


AWAY: Final = _later("not now; try again")
TOO_MANY: Final = _later("the caller asks too often, or too much at once")
OF_CALLERS: Final = {
    "401": _refusal("no token, or one that does not hold"),
    "403": _refusal("not for this role"),
    "422": INVALID,
    "429": TOO_MANY,
    "503": AWAY,
}
OF_CHANGES: Final = {
    "404": MISSING,
    "409": _refusal("it is not as the caller thought; how it is now"),
    "413": _refusal("the body is too large"),
}


def describe(app: FastAPI) -> None:
    """Let /openapi.json tell every refusal, too."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, routes=app.routes)
            app.openapi_schema = described(made)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI documents it


def described(made: dict[str, Any]) -> dict[str, Any]:
    """A document of FastAPI with the refusals of its routes."""
    components = made.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for replaced in ("HTTPValidationError", "ValidationError"):
        schemas.pop(replaced, None)
    schemas.update(SCHEMAS)
    components["securitySchemes"] = SECURITY
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            _operation(path, method, operation)
    return made


def _operation(path: str, method: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]
    if "400" in answers:  # refuses in a form of its own
        answers.pop("422", None)
        _add(answers, {"429": TOO_MANY, "503": AWAY})
        return
    if "422" in answers:
        answers["422"] = INVALID
    if path.startswith(API):
        operation.setdefault("security", [{"token": []}, {"session": []}])
        _add(answers, OF_CALLERS)
    if "{" in path:
        _add(answers, {"404": MISSING, "503": AWAY})
    if method in CHANGES:
        _add(answers, OF_CHANGES)


def _add(answers: dict[str, Any], more: dict[str, Any]) -> None:
    for status, answer in more.items():
        answers.setdefault(status, answer)
