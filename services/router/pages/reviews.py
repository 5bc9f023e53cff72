"""The reviewers' desk (审核台): what waits for a word, with the evidence beside the rule."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from services.router import look, reviews
from services.router.api.edge import Context
from services.router.api.review import desk_of
from services.router.domain.dues import Promises
from services.router.domain.rulings.pending import ReviewKind, ReviewState
from services.router.look import Sight
from services.router.pages.review_case import (
    effects_of,
    evidence_of,
    longest_suspension,
    rule_side,
)
from services.router.pages.work_words import Words
from services.router.reviews import ReviewItem
from services.router.store import files
from services.router.store import whistles as store
from shared.catalogue.rights import roles_of
from shared.contracts.parts import Role
from shared.errors import NotFoundError
from shared.runtime.database import Connection
from shared.web.identity import Caller, allow
from shared.web.pages import page

router = APIRouter(prefix="/reviews", include_in_schema=False)

SHOWN: Final = 200
DECIDED: Final = tuple(state for state in ReviewState if state is not ReviewState.PENDING)
FOR_ROLES: Final = roles_of("reviews.decide")
KIND_TAG: Final = {
    ReviewKind.ADJUDICATION: "tag-bad",
    ReviewKind.DISPUTE: "tag-bad",
    ReviewKind.NO_OWNER: "tag-bad",
    ReviewKind.RETURN: "tag-whistle",
    ReviewKind.RESOLUTION: "tag-main",
}
Viewer = Annotated[Caller, Depends(allow("reviews.decide"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What of the queue is shown; empty is everything."""

    kind: Annotated[str, Query(pattern="^[a-z_]*$")] = ""
    for_role: Annotated[str, Query(pattern="^(reviewer|supervisor|dispatcher)?$")] = ""

    def kinds(self) -> tuple[ReviewKind, ...] | None:
        """As the list is asked."""
        return (ReviewKind(self.kind),) if self.kind in set(ReviewKind) else None

    def role(self, caller: Caller) -> Role | None:
        """Whose matters are asked for; a dispatcher sees no others than its own."""
        return desk_of(caller) or (Role(self.for_role) if self.for_role else None)


@router.get("")
async def get_queue(
    request: Request,
    here: Context,
    caller: Viewer,
    filters: Annotated[Filters, Depends()],
    part: str | None = None,
) -> HTMLResponse:
    """The queue with the case beside it; `part=queue` is the queue alone."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        found = await reviews.listed(
            connection,
            caller_role=caller.role,
            caller_name=caller.name,
            sight=Sight(),
            now=now,
            kinds=filters.kinds(),
            for_role=filters.role(caller),
            limit=SHOWN,
        )
    # one's own first: a reviewer's are decided by reviewers, what is the supervisor's stands apart
    order = sorted(FOR_ROLES, key=lambda role: role is not caller.role)
    groups = [(role, [i for i in found.items if i.for_role is role]) for role in order]
    others = [i for i in found.items if i.for_role not in FOR_ROLES]
    return await page(
        request,
        "reviews/queue.html",
        block="queue" if part == "queue" else None,
        groups=[*groups, (Role.STREET_OFFICER, others)],
        count=len(found.items),
        more=found.next is not None,
        shown=SHOWN,
        filters=filters,
        kinds=list(ReviewKind),
        for_roles=() if desk_of(caller) else FOR_ROLES,
        kind_tag=KIND_TAG,
        words=Words(request, here.city, now),
        units=[
            {"value": unit.code, "label": unit.name}
            for unit in here.city.catalogue.callable_units()
        ],
    )


@router.get("/{whistle_id}/{review_id}")
async def get_case(
    request: Request, whistle_id: UUID, review_id: UUID, here: Context, caller: Viewer
) -> HTMLResponse:
    """One review: what is asked and proved on the left, the rule and the decision on the right."""
    now = here.runtime.clock.now()
    async with here.runtime.pool.acquire() as connection:
        known = await _of_whistle(connection, whistle_id, caller, now)
        item = next((each for each in known if each.review_id == review_id), None)
        if item is None:
            raise NotFoundError("没有这件审核事项", "there is no such review")
        detail = await look.detail(connection, whistle_id, sight=Sight(), now=now)
        (whistle,) = await store.read_whistles(connection, [whistle_id])
        _, matter = (await store.contents(connection, [whistle_id]))[whistle_id]
        kept = await files.of_whistle(connection, whistle_id)
    promises = Promises(here.city, now)
    guide = here.city.policy.judging.evidence
    unit = here.city.catalogue.units.get(item.unit or "")
    return await page(
        request,
        "reviews/case.html",
        item=item,
        detail=detail,
        earlier=[each for each in known if each.review_id != review_id],
        proofs=evidence_of(item, kept, matter.place),
        asked=guide.asked(item.category, unit.function_codes if unit else ()),
        rule=rule_side(item, whistle, here.city, now),
        effects=effects_of(item, whistle, matter, promises),
        suggested=_suggested(item),
        longest=longest_suspension(here.city),
        kind_tag=KIND_TAG,
        words=Words(request, here.city, now),
        desk_address=_desk_address(here),
    )


async def _of_whistle(
    connection: Connection, whistle_id: UUID, caller: Caller, now: datetime
) -> list[ReviewItem]:
    """What waits about a whistle, and what was decided."""
    found: list[ReviewItem] = []
    for states in ((ReviewState.PENDING,), DECIDED):
        listed = await reviews.listed(
            connection,
            caller_role=caller.role,
            caller_name=caller.name,
            sight=Sight(),
            now=now,
            for_role=desk_of(caller),
            whistle_id=whistle_id,
            states=states,
            limit=SHOWN,
        )
        found += listed.items
    return found


def _suggested(item: ReviewItem) -> str | None:
    """The unit a granted return goes to unless another is chosen: proposed, else likely."""
    if item.kind is ReviewKind.NO_OWNER:
        candidates = item.request.get("candidates") or ()
        return next((str(each["unit"]) for each in candidates), None)
    asked = item.request.get("suggested_unit")
    if asked:
        return str(asked)
    likely = item.likely
    return likely.unit if likely is not None and likely.unit != item.unit else None


def _desk_address(here: Any) -> str | None:
    url = here.runtime.settings.intake_url
    return None if url is None else str(url).rstrip("/") + "/desk/tickets/"
