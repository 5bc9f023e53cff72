"""The street console's page of one whistle: its units, what was decided, and what may be done."""

from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.router import look, repeats, standing, workbench
from services.router.api.edge import Context, sight
from services.router.domain.assignment import ASSIGNMENT, Assignment, AssignmentCommand
from services.router.domain.joint.board import BoardPart, part_on_board
from services.router.domain.joint.consulting import BOUND
from services.router.domain.joint.evaluation import subjects
from services.router.domain.joint.policy import DIMENSIONS
from services.router.domain.rulings.pending import ReviewKind
from services.router.domain.whistle import Whistle
from services.router.look import Moment
from services.router.pages.console import KIND_TAG, STATE_TAG, WAY, tone_of
from services.router.pages.console_map import point_of
from services.router.pages.console_viewer import Viewer
from services.router.pages.work_words import Words
from services.router.standing import Standing
from services.router.store import joint as joint_store
from services.router.store import reviews as review_store
from services.router.store import whistles as store
from shared.contracts.parts import AssignmentState
from shared.contracts.tickets import Satisfaction
from shared.contracts.values import Relation
from shared.errors import NotFoundError
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/console", include_in_schema=False)

SAID: Final = ("reason", "words", "text", "task", "note", "action", "measures", "public_reply")
"""What of a moment's words is shown, in this order."""
NAMED: Final = ("units", "attended", "suggested_unit")
"""What of a moment names units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Whom each form of the page is about."""

    bound: list[Assignment]  # a consultation may decide for
    releasable: list[Assignment]
    done: list[Assignment]  # may be sent back at acceptance
    worked: list[Assignment]  # stood in the matter, may have attended
    unrated: list[str]  # the caller's class has not rated yet


@router.get("/{whistle_id}")
async def get_whistle(
    request: Request, whistle_id: UUID, here: Context, caller: Viewer, blown: bool = False
) -> HTMLResponse:
    """One whistle as a whole; what is offered is what its rules let this caller do now."""
    city, now, sees = here.city, here.runtime.clock.now(), sight(caller, here)
    days = city.policy.joint.repeats_days
    async with here.runtime.pool.acquire() as connection:
        detail = await look.detail(connection, whistle_id, sight=sees, now=now, repeats_days=days)
        stands = await standing.standing(
            connection, whistle_id, actor=caller.actor(), sight=sees, city=city, now=now
        )
        earlier = await repeats.repeats(connection, whistle_id, sight=sees, city=city, now=now)
        found = await store.read_whistles(connection, [whistle_id])
        blown_at = await joint_store.blown_at(connection, whistle_id)
        asked = await review_store.waiting(connection, whistle_id, ReviewKind.RELEASE)
    if not found or blown_at is None:
        raise NotFoundError("这张哨单尚未发出", "this whistle has not been blown yet")
    whistle = found[0]
    parts = [part_on_board(part, blown_at=blown_at, now=now) for part in whistle.assignments]
    return await page(
        request,
        "console/whistle.html",
        block="whole" if "x-part" in request.headers else None,
        detail=detail,
        item=detail.whistle,
        stands=stands,
        may=stands.may,
        blown=blown,
        blown_at=blown_at,
        parts=_paired(parts, whistle),
        choices=_choices(whistle, stands, caller.unit),
        asked={each.unit: each.request for each in asked},
        earlier=earlier,
        timeline=list(reversed(detail.timeline)),
        told=told,
        weights=[(name, getattr(city.policy.joint.weights, name)) for name in DIMENSIONS],
        shares=city.policy.joint.shares,
        least_photos=city.policy.joint.photos,
        ratings=list(Satisfaction),
        words=Words(request, city, now),
        tone_of=lambda part: tone_of(part, now),
        way=WAY,
        kind_tag=KIND_TAG,
        state_tag=STATE_TAG,
        pin=point_of(detail.place, city),
        rate=rate_of(here.runtime.clock),
    )


@router.get("/{whistle_id}/since")
async def get_since(
    request: Request,
    whistle_id: UUID,
    here: Context,
    caller: Viewer,
    seq: Annotated[int, Query(ge=0, le=2**31 - 1)],
) -> HTMLResponse:
    """What happened to a whistle since a page of it was opened: who, when, what."""
    async with here.runtime.pool.acquire() as connection:
        moments = await workbench.since(connection, whistle_id, seq, sight=sight(caller, here))
    return await page(
        request,
        "console/since.html",
        moments=moments,
        told=told,
        words=Words(request, here.city, here.runtime.clock.now()),
    )


def _paired(parts: list[BoardPart], whistle: Whistle) -> list[tuple[BoardPart, Assignment]]:
    """Each unit's stage with its part; lead first, informed last, those that returned it after."""
    order = list(Relation)
    pairs = list(zip(parts, whistle.assignments, strict=True))
    gone = (AssignmentState.RETURNED,)
    return sorted(pairs, key=lambda pair: (pair[1].state in gone, order.index(pair[0].relation)))


def _choices(whistle: Whistle, stands: Standing, unit: str | None) -> Choices:
    called = [p for p in whistle.running() if p.relation is not Relation.INFORMED]
    mine = [name for name, rater in stands.evaluators.items() if rater == unit]
    rated = {(each.unit, each.evaluator_class) for each in stands.evaluations}
    return Choices(
        bound=[part for part in called if part.state in BOUND],
        releasable=[
            part for part in called if ASSIGNMENT.allows(part.state, AssignmentCommand.RELEASE)
        ],
        done=[part for part in called if part.state is AssignmentState.DONE],
        worked=called,
        unrated=[
            part.unit
            for part in subjects(whistle)
            if any((part.unit, name) not in rated for name in mine)
        ],
    )


def told(moment: Moment) -> list[tuple[str, Any]]:
    """The words of a moment worth showing: (name, text), (name, units), ("decisions", […])."""
    after = moment.after if isinstance(moment.after, dict) else {}
    inner = after.get("words")
    words = {**after, **inner} if isinstance(inner, dict) else after
    found: list[tuple[str, Any]] = [
        (name, words[name]) for name in SAID if isinstance(words.get(name), str) and words[name]
    ]
    for name in NAMED:
        units = words.get(name)
        if units:
            found.append((name, [units] if isinstance(units, str) else list(units)))
    if isinstance(words.get("decisions"), list):
        found.append(("decisions", words["decisions"]))
    if isinstance(words.get("score"), int | float):
        found.append(("score", f"{words['score']:g}"))
    if isinstance(words.get("photos"), list):
        found.append(("photos", str(len(words["photos"]))))
    return found
