"""What a person may ask about their data, taken at the desk by a shift lead, on the record."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from services.intake import persons
from services.intake.api.bodies import PersonBody, read_body, schema
from services.intake.api.tickets import Intake
from services.intake.persons import Erasure, Export
from services.intake.store.privacy import PersonRequest
from shared.web.identity import Caller, allow

router = APIRouter(prefix="/api/v1/persons", tags=["persons"])
Lead = Annotated[Caller, Depends(allow("persons.answer"))]
LookingBack = Annotated[Caller, Depends(allow("persons.look_back"))]


@router.post("/exports", openapi_extra=schema(PersonBody))
async def post_export(request: Request, intake: Intake, caller: Lead) -> Export:
    """Everything that is kept of the person of a phone."""
    body = read_body(PersonBody, await request.body())
    async with intake.runtime.transaction() as connection:
        return await persons.export(
            connection,
            phone=body.phone,
            purpose=body.purpose,
            actor=caller.actor(),
            now=intake.runtime.clock.now(),
            vault=intake.vault,
        )


@router.post("/erasures", openapi_extra=schema(PersonBody))
async def post_erasure(request: Request, intake: Intake, caller: Lead) -> Erasure:
    """Take the person of a phone out of all tickets that have ended."""
    body = read_body(PersonBody, await request.body())
    async with intake.runtime.transaction() as connection:
        return await persons.erase(
            connection,
            phone=body.phone,
            purpose=body.purpose,
            actor=caller.actor(),
            now=intake.runtime.clock.now(),
            vault=intake.vault,
            rules=intake.rules,
        )


@router.get("/requests")
async def get_requests(
    intake: Intake,
    _caller: LookingBack,
    below: Annotated[int | None, Query(ge=1)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, list[PersonRequest]]:
    """Who asked for whose data, newest first; `below` continues under a request's id."""
    async with intake.runtime.pool.acquire() as connection:
        return {"items": await persons.requests(connection, below=below, limit=limit)}
