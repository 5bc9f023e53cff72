"""What neighbours have reported already: shown without their words, to be joined with a tick."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.intake.api.tickets import Intake
from services.intake.context import IntakeContext
from services.intake.domain.near import Asked
from services.intake.hints import DuplicateHint, find_duplicates
from services.intake.pages.resident_door import address_holder, within
from services.intake.pages.resident_form import NO_NUL
from services.intake.store.residents import Limit
from shared.web.guards import Unasked
from shared.web.identity import same_site
from shared.web.pages import Pages
from shared.web.strings import language_of
from shared.web.times import ago

router = APIRouter(include_in_schema=False, dependencies=[Depends(Unasked.RESIDENT)])

ASKED_FROM: Final = Limit(scope="nearby-address", most=600, within=timedelta(hours=1))
ROUNDED: Final = 10  # metres
MOST_SHOWN: Final = 3


class NearbyBody(BaseModel):
    """What the form knows so far."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    label: Annotated[str, StringConstraints(max_length=30)]
    text: Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)] = ""
    address: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] | None = None
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None


class Nearby(BaseModel):
    """An open report of the same kind nearby, in words."""

    ticket_id: str
    words: str
    reports: int


class NearbyAnswer(BaseModel):
    items: list[Nearby]


@router.post("/r/nearby", dependencies=[Depends(same_site)])
async def post_nearby(request: Request, intake: Intake, body: NearbyBody) -> NearbyAnswer:
    """Open reports of the same kind near the place, at most three."""
    label = intake.labels.get(body.label)
    if label is None or label.category is None:
        return NearbyAnswer(items=[])
    await within(
        intake,
        [(ASKED_FROM, address_holder(request, intake))],
        zh="操作太多了，请过一会儿再试",
        en="too many requests, come back later",
    )
    asked = _asked(intake, body, f"{label.zh} {body.text}".strip(), label.category)
    if asked is None:
        return NearbyAnswer(items=[])
    async with intake.runtime.pool.acquire() as connection:
        found = await find_duplicates(
            connection, asked, hints=intake.hints, now=intake.runtime.clock.now(), public=True
        )
    same = [each for each in found.items if each.category == label.category][:MOST_SHOWN]
    name = label.zh if language_of(request).startswith("zh") else label.en
    return NearbyAnswer(items=[_in_words(request, intake, each, name) for each in same])


def _asked(intake: IntakeContext, body: NearbyBody, text: str, category: str) -> Asked | None:
    """What is looked for; None where the place is not known."""
    has_point = body.lat is not None and body.lon is not None
    if not (body.address or has_point):
        return None
    lat, lon = (body.lat, body.lon) if has_point else (None, None)
    found = intake.rules.gazetteer.locate(body.address, None, lat, lon)
    if found.region_code is None and not has_point:
        return None
    return Asked(
        text=text,
        category=category,
        region=found.region_code,
        compound=found.compound,
        lat=lat if has_point else found.lat,
        lon=lon if has_point else found.lon,
    )


def _in_words(request: Request, intake: IntakeContext, found: DuplicateHint, label: str) -> Nearby:
    pages: Pages = request.app.state.pages
    language, now = language_of(request), intake.runtime.clock.now()
    values = {
        "label": label,
        "ago": ago(found.since, now=now, language=language),
        "state": pages.strings.text(language, f"resident.words.{found.state.value}", {}),
    }
    key = "near_one"
    if found.metres is not None:
        values["metres"] = str(max(ROUNDED, round(found.metres / ROUNDED) * ROUNDED))
        key = "near_metres"
    words = pages.strings.text(language, f"resident.form.{key}", values)
    return Nearby(ticket_id=str(found.ticket_id), words=words, reports=found.reports)
