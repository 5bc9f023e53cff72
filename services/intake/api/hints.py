"""Hints over HTTP while somebody types: categories with why, and open requests alike."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import StringConstraints
from pydantic_core import to_json

from services.intake.api.bodies import NO_NUL, Body, PlaceBody, read_body, schema
from services.intake.api.tickets import ASKS_HINTS, context, region_of
from services.intake.context import IntakeContext
from services.intake.domain.near import Asked
from services.intake.hints import CategoryHint, Duplicates, find_duplicates, suggest_categories
from shared.web.guards import inside

router = APIRouter(prefix="/api/v1/hints", tags=["hints"])

MOST_TEXT: Final = 10_000
_Text = Annotated[str, StringConstraints(max_length=MOST_TEXT, pattern=NO_NUL)]


class CategoriesBody(Body):
    """What is typed so far, and the address, whose words tell no category."""

    text: _Text
    address: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] | None = None


class DuplicatesBody(Body):
    """What is typed so far, the category chosen, if any, and where it is."""

    text: _Text = ""
    category: Annotated[str, StringConstraints(max_length=10, pattern=NO_NUL)] | None = None
    place: PlaceBody = PlaceBody()


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryHints:
    """The likeliest first; nothing where no word says anything."""

    items: tuple[CategoryHint, ...]


@router.post(
    "/categories",
    responses={200: {"model": CategoryHints}},
    openapi_extra=schema(CategoriesBody),
)
@inside(ASKS_HINTS)
async def post_categories(request: Request) -> Response:
    """Categories that the text may belong to, with the words that decided."""
    await ASKS_HINTS(request)
    intake = await context(request)
    body = read_body(CategoriesBody, await request.body())
    found = suggest_categories(intake.hints, body.text, address=body.address)
    # written here: a keystroke shall not pay for checking our own answer
    content = to_json(CategoryHints(items=tuple(found)))
    return Response(content, media_type="application/json")


@router.post(
    "/duplicates",
    responses={200: {"model": Duplicates}},
    openapi_extra=schema(DuplicatesBody),
)
@inside(ASKS_HINTS)
async def post_duplicates(request: Request) -> Duplicates:
    """Open requests near the place that may be the same matter."""
    caller = await ASKS_HINTS(request)
    intake = await context(request)
    body = read_body(DuplicatesBody, await request.body())
    asked = asked_at(intake, body.text, body.category, body.place.model_dump())
    async with intake.runtime.pool.acquire() as connection:
        return await find_duplicates(
            connection,
            asked,
            hints=intake.hints,
            now=intake.runtime.clock.now(),
            public=False,
            region=region_of(intake, caller),
        )


def asked_at(
    intake: IntakeContext, text: str, category: str | None, place: dict[str, Any]
) -> Asked:
    """What is typed with its place as the gazetteer finds it; an unknown category is none."""
    lat, lon = place.get("lat"), place.get("lon")
    if lat is None or lon is None:
        lat = lon = None
    region = place.get("region")
    region = region if region and intake.rules.catalogue.knows_region(region) else None
    found = intake.rules.gazetteer.locate(place.get("address"), region, lat, lon)
    return Asked(
        text=text,
        category=category if category in intake.rules.catalogue.categories else None,
        region=found.region_code,
        compound=found.compound,
        lat=lat,
        lon=lon,
    )
