"""Reviews over HTTP: the queue of what waits, and the word on each kind of it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from services.router import review, reviews, rule, suspend
from services.router.api.command import done
from services.router.api.edge import Context, Reviewer, Trace, sight
from services.router.domain.rulings.extension import Extension
from services.router.domain.rulings.pending import ReviewKind, ReviewState
from services.router.domain.rulings.reviewing import Review
from services.router.domain.rulings.ruling import Ruling
from services.router.domain.rulings.suspension import Resumption, Suspension
from services.router.look import WhistleItem
from services.router.reviews import ReviewPage
from shared.catalogue.rights import Scope
from shared.contracts.parts import Role
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["review"])

Supervisor = Annotated[Caller, Depends(allow("reviews.finally"))]
Reading = Annotated[Caller, Depends(allow("reviews.see"))]


def desk_of(caller: Caller) -> Role | None:
    """Whose matters alone the caller sees: of the city's people, some see none of other desks."""
    of_the_city = caller.may("reviews.decide")
    return caller.role if of_the_city and not caller.may("reviews.of_all") else None


@router.get("/reviews")
async def list_reviews(
    here: Context,
    caller: Reading,
    kind: Annotated[list[ReviewKind] | None, Query()] = None,
    for_role: Role | None = None,
    unit: str | None = None,
    whistle_id: UUID | None = None,
    state: Annotated[list[ReviewState] | None, Query()] = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ReviewPage:
    """What waits for a decision, by what is due first; or, by `state`, what was decided.

    A unit's people see what their unit asked for; a street's or community's, and a dispatcher, what
    is theirs to say.
    """
    sees = sight(caller, here)
    async with here.runtime.pool.acquire() as connection:
        return await reviews.listed(
            connection,
            caller_role=caller.role,
            caller_name=caller.name,
            sight=sees,
            now=here.runtime.clock.now(),
            kinds=tuple(kind) if kind else None,
            for_role=desk_of(caller) or for_role,
            unit=sees.unit if caller.scope is Scope.UNIT else unit,
            whistle_id=whistle_id,
            in_charge=sees.unit if caller.scope is Scope.REGION else None,
            states=tuple(dict.fromkeys(state)) if state else (ReviewState.PENDING,),
            cursor=cursor,
            limit=limit,
        )


@router.post("/whistles/{whistle_id}/rulings", status_code=201)
async def post_ruling(
    whistle_id: UUID, body: Ruling, here: Context, caller: Reviewer, traceparent: Trace
) -> WhistleItem:
    """A reviewer's word on a unit's return."""
    return await done(rule.rule, whistle_id, body, here, caller, traceparent)


@router.post("/whistles/{whistle_id}/adjudications", status_code=201)
async def post_adjudication(
    whistle_id: UUID, body: Ruling, here: Context, caller: Supervisor, traceparent: Trace
) -> WhistleItem:
    """The supervisor's final word on a second or late return, or a dispute."""
    return await done(rule.rule, whistle_id, body, here, caller, traceparent, final=True)


@router.post("/whistles/{whistle_id}/extensions", status_code=201)
async def post_extension(
    whistle_id: UUID, body: Extension, here: Context, caller: Reviewer, traceparent: Trace
) -> WhistleItem:
    """A reviewer's word on a unit's extension; on the second one the supervisor's."""
    return await done(rule.extend, whistle_id, body, here, caller, traceparent)


@router.post("/whistles/{whistle_id}/suspensions", status_code=201)
async def post_suspension(
    whistle_id: UUID, body: Suspension, here: Context, caller: Supervisor, traceparent: Trace
) -> WhistleItem:
    """The supervisor's word on a unit's pause, or another day of review for one that goes on."""
    return await done(suspend.decide, whistle_id, body, here, caller, traceparent)


@router.post("/whistles/{whistle_id}/resumptions", status_code=201)
async def post_resumption(
    whistle_id: UUID, body: Resumption, here: Context, caller: Supervisor, traceparent: Trace
) -> WhistleItem:
    """The supervisor ends a unit's pause: its promises run on with the time that was left."""
    return await done(suspend.go_on, whistle_id, body, here, caller, traceparent)


@router.post("/whistles/{whistle_id}/reviews", status_code=201)
async def post_review(
    whistle_id: UUID, body: Review, here: Context, caller: Reviewer, traceparent: Trace
) -> WhistleItem:
    """A reviewer's word on a resolution."""
    return await done(review.review, whistle_id, body, here, caller, traceparent)
