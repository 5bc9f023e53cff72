"""Source systems over HTTP, for ops: systems, keys, secrets, deliveries; and the lines for all."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import Field, StringConstraints

from services.intake import sources
from services.intake.api.bodies import NO_NUL, Body, read_body, schema
from services.intake.api.tickets import Intake, Viewer
from services.intake.domain.source import ApiKey, Scope, SourceSystem
from services.intake.lines import HotlineView, list_lines
from services.intake.sources import Made, Wanted
from services.intake.store.sources import list_api_keys, list_sources
from shared.delivery.leases import Logged
from shared.runtime.clock import wall_now
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1/sources", tags=["sources"])
lines_router = APIRouter(prefix="/api/v1/lines", tags=["sources"])

Ops = Annotated[Caller, Depends(allow("sources.keep"))]
CODE: Final = r"^[a-z0-9][a-z0-9_-]{0,49}$"
System = Annotated[str, Path(pattern=CODE)]
State = Literal["queued", "leased", "sent", "failed", "cancelled"]


Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=NO_NUL)
]


class SourceBody(Body):
    """A system: its name, the line it stands for, where it is told of its tickets."""

    name: Annotated[Text, Field(max_length=100)]
    line: Annotated[Text, Field(max_length=10)] | None = None
    webhook_url: Text | None = None


class NewSourceBody(SourceBody):
    """A new system with its code."""

    system: Annotated[str, Field(pattern=CODE)]


class KeyBody(Body):
    """What a new key shall be good for."""

    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)] = (Scope.TICKETS,)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A system; `secret` only where it is new, and never again."""

    system: str
    name: str
    line: str | None
    webhook_url: str | None
    disabled_at: datetime | None
    disabled_why: str | None
    created_at: datetime
    created_by: str | None
    secret: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A key by its first characters; `key` itself only where it is new, and never again."""

    key_id: UUID
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    created_by: str | None
    revoked_at: datetime | None
    last_used: date | None
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    items: tuple[SourceView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    items: tuple[KeyView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """Deliveries, newest first; `next` continues below the last one."""

    items: tuple[Logged, ...]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    items: tuple[HotlineView, ...]


@lines_router.get("")
async def get_lines(intake: Intake, _caller: Viewer) -> Lines:
    """The hotlines that came into 12345, and the emergency numbers to transfer to."""
    return Lines(items=list_lines(intake.rules.catalogue))


@router.get("")
async def get_sources(intake: Intake, _caller: Ops) -> Sources:
    """All systems, by code."""
    async with intake.runtime.pool.acquire() as connection:
        found = await list_sources(connection)
    return Sources(items=tuple(_source(each) for each in found))


@router.post("", status_code=201, openapi_extra=schema(NewSourceBody))
async def post_source(request: Request, intake: Intake, caller: Ops) -> SourceView:
    """Register a system; with a webhook, its signing secret is told this once."""
    body = read_body(NewSourceBody, await request.body())
    async with intake.runtime.transaction() as connection:
        made = await sources.add_source(
            connection, body.system, by=caller.name, **_given(intake, body)
        )
    return _made(made)


@router.get("/{system}")
async def get_source(system: System, intake: Intake, _caller: Ops) -> SourceView:
    async with intake.runtime.pool.acquire() as connection:
        return _source(await sources.find_source(connection, system))


@router.put("/{system}", openapi_extra=schema(SourceBody))
async def put_source(system: System, request: Request, intake: Intake, _caller: Ops) -> SourceView:
    """Change a system; a webhook that was off is called again."""
    body = read_body(SourceBody, await request.body())
    async with intake.runtime.transaction() as connection:
        made = await sources.change_source(connection, system, **_given(intake, body))
    intake.keys.forget()
    return _made(made)


@router.post("/{system}/secret", status_code=201)
async def post_secret(system: System, intake: Intake, _caller: Ops) -> SourceView:
    """A new signing secret; for a day calls are signed with the one before, too."""
    async with intake.runtime.transaction() as connection:
        made = await sources.change_secret(connection, system, wall=wall_now(), vault=intake.vault)
    return _made(made)


@router.get("/{system}/keys")
async def get_keys(system: System, intake: Intake, _caller: Ops) -> Keys:
    """The system's keys, also revoked ones."""
    async with intake.runtime.pool.acquire() as connection:
        await sources.find_source(connection, system)
        found = await list_api_keys(connection, system)
    return Keys(items=tuple(_key(each) for each in found))


@router.post("/{system}/keys", status_code=201, openapi_extra=schema(KeyBody))
async def post_key(system: System, request: Request, intake: Intake, caller: Ops) -> KeyView:
    """A new key, told this once."""
    body = read_body(KeyBody, await request.body() or b"{}")
    async with intake.runtime.transaction() as connection:
        key, text = await sources.add_key(
            connection, system, scopes=body.scopes, by=caller.name, wall=wall_now()
        )
    return _key(key, text)


@router.delete("/{system}/keys/{key_id}", status_code=204)
async def delete_key(system: System, key_id: UUID, intake: Intake, _caller: Ops) -> Response:
    """Revoke a key; other processes follow within 15 seconds."""
    async with intake.runtime.transaction() as connection:
        await sources.revoke_key(connection, system, key_id, wall=wall_now())
    intake.keys.forget()
    return Response(status_code=204)


@router.get("/{system}/deliveries")
async def get_deliveries(
    system: System,
    intake: Intake,
    _caller: Ops,
    state: State | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Deliveries:
    """What the system was told or shall be, with every try, newest first."""
    async with intake.runtime.pool.acquire() as connection:
        found = await sources.list_deliveries(
            connection, system, state=state, below=cursor, limit=limit + 1
        )
    items = tuple(found[:limit])
    return Deliveries(items=items, next=items[-1].delivery_id if len(found) > limit else None)


@router.post("/{system}/deliveries/{delivery_id}/resend", status_code=202)
async def post_resend(system: System, delivery_id: UUID, intake: Intake, _caller: Ops) -> Response:
    """Send one again under its old id."""
    async with intake.runtime.transaction() as connection:
        await sources.send_again(connection, system, delivery_id, wall=wall_now())
    return Response(status_code=202)


def _given(intake: Any, body: SourceBody) -> dict[str, Any]:
    return {
        "wanted": Wanted(name=body.name, line=body.line, webhook_url=body.webhook_url),
        "wall": wall_now(),
        "vault": intake.vault,
        "catalogue": intake.rules.catalogue,
    }


def _made(made: Made) -> SourceView:
    return _source(made.source, made.secret)


def _source(source: SourceSystem, secret: str | None = None) -> SourceView:
    return SourceView(
        system=source.system,
        name=source.name,
        line=source.line,
        webhook_url=source.webhook_url,
        disabled_at=source.disabled_at,
        disabled_why=source.disabled_why,
        created_at=source.created_at,
        created_by=source.created_by,
        secret=secret,
    )


def _key(key: ApiKey, text: str | None = None) -> KeyView:
    return KeyView(
        key_id=key.key_id,
        prefix=key.prefix,
        scopes=tuple(sorted(key.scopes)),
        created_at=key.created_at,
        created_by=key.created_by,
        revoked_at=key.revoked_at,
        last_used=key.last_used,
        key=text,
    )
