"""The street console's one screen to blow a whistle on: who may, where, whom, and what for."""

import tomllib
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

from annotated_types import MaxLen
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.router import look, suggest
from services.router.api.edge import Context, sight
from services.router.context import RouterContext
from services.router.domain.city import City
from services.router.pages.console_viewer import Viewer, kinds_of, unit_of
from services.router.pages.work_words import Words
from services.router.store import whistles as store
from shared.catalogue.model import Unit, UnitKind
from shared.catalogue.regions import RegionLevel, district_of, is_banner
from shared.catalogue.terms import Term
from shared.contracts.parts import Place, Role, WhistleState
from shared.contracts.values import Urgency, WhistleKind
from shared.errors import ForbiddenError
from shared.web.identity import Caller
from shared.web.pages import page
from shared.web.times import rate_of

router = APIRouter(prefix="/console", include_in_schema=False)

PHRASES: Final = Path(__file__).parents[1] / "console_phrases.toml"
OFFERED: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """A title and a text with blanks, for one kind; `category` is what it is usually about."""

    kind: WhistleKind
    zh: str
    en: str
    title: str
    text: str
    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What of a whistle is typed so far that tells whom to call."""

    category: Annotated[str, MaxLen(16)] | None = None
    region: Annotated[str, MaxLen(15)] | None = None
    address: Annotated[str, MaxLen(300)] | None = None
    compound: Annotated[str, MaxLen(64)] | None = None


@cache
def phrases() -> tuple[Phrase, ...]:
    """The phrases of the file; raises ValueError for a kind that does not exist."""
    rows = tomllib.loads(PHRASES.read_text("utf-8"))["phrase"]
    return tuple(Phrase(**row | {"kind": WhistleKind(row["kind"])}) for row in rows)


@router.get("/blow")
async def get_form(request: Request, here: Context, caller: Viewer) -> HTMLResponse:
    """The form; ForbiddenError for who may blow nothing."""
    city = here.city
    kinds, unit = kinds_of(caller, city), unit_of(caller, city)
    if not kinds or unit is None:
        raise ForbiddenError("您的账号没有吹哨权", "the caller may not blow whistles")
    words = Words(request, city, here.runtime.clock.now())
    return await page(
        request,
        "console/blow.html",
        kinds=kinds,
        unit=unit,
        urgencies=list(Urgency),
        setting=_setting(here, caller, unit) | _limits(city, unit, kinds, words),
        units=[
            {"value": each.code, "label": each.name} for each in city.catalogue.callable_units()
        ],
        categories=[
            {"value": each.code, "label": f"{each.name} · {each.major_name}"}
            for each in city.catalogue.categories.values()
        ],
    )


def _setting(here: RouterContext, caller: Caller, unit: Unit) -> dict[str, Any]:
    """What the page's script knows of the city and of the caller."""
    city, now = here.city, here.runtime.clock.now()
    own = sight(caller, here).region
    street = city.catalogue.street_unit(unit.region_code)
    return {
        "now": now.isoformat(),
        "rate": rate_of(here.runtime.clock),
        "keep": f"{unit.code}:{caller.account or caller.name}",
        "unit": unit.code,
        "effort": unit.kind is UnitKind.COMMUNITY,
        "only": street.code if caller.role is Role.GRID_WORKER and street else None,
        "district": district_of(unit.region_code) if unit.region_code else None,
        "districts": {
            each.code: district_of(each.region_code)
            for each in city.catalogue.units.values()
            if each.region_code
        },
        "phrases": [asdict(each) for each in phrases()],
        "regions": _regions(city, own),
        "compounds": [
            {"name": each.name, "region": each.region_code}
            for each in city.catalogue.compounds.values()
        ],
    }


def _limits(city: City, unit: Unit, kinds: list[WhistleKind], words: Words) -> dict[str, Any]:
    """The limits of each kind, in words."""
    later = words.rule(city.limits.term(Term.OWN_EFFORT).text)
    return {
        "hints": {kind.value: _hint(city, unit, kind, words) for kind in kinds},
        "effort_later": words.say("console.effort_later", limit=later),
    }


def _hint(city: City, unit: Unit, kind: WhistleKind, words: Words) -> str:
    if kind is WhistleKind.CITIZEN_DEMAND:
        return words.say("console.kind_hint_urgency")
    limits = city.limits.whistle(kind)
    banner = unit.region_code is not None and is_banner(unit.region_code)
    arrive = (limits.arrive_banner if banner else None) or limits.arrive
    assert arrive is not None, "every kind that is blown on the spot has its arrival"
    said = {"acknowledge": words.rule(limits.acknowledge.text), "arrive": words.rule(arrive.text)}
    if limits.contact is None:
        text = words.say("console.kind_hint", **said)
    else:
        contact = words.rule(limits.contact.text)
        text = words.say("console.kind_hint_contact", contact=contact, **said)
    street_only = kind in city.policy.joint.street_only
    return text + (words.say("console.kind_hint_street") if street_only else "")


def _regions(city: City, own: str | None) -> list[dict[str, Any]]:
    """Communities to choose from: the caller's own first, others for a whistle across."""
    found = [
        {
            "code": code,
            "name": region.name if own else city.catalogue.region_name(code),
            "own": own is None or code.startswith(own) or own.startswith(code),
        }
        for code, region in city.catalogue.regions.items()
        if region.level is RegionLevel.COMMUNITY
    ]
    for each in found:
        if not each["own"]:
            each["name"] = city.catalogue.region_name(str(each["code"]))
    return sorted(found, key=lambda each: (not each["own"], each["code"]))


@router.post("/suggestions")
async def post_suggestions(here: Context, caller: Viewer, draft: Draft) -> dict[str, Any]:
    """Units that would be called for this, and what was whistled there before."""
    city, now, sees = here.city, here.runtime.clock.now(), sight(caller, here)
    place = Place(region=draft.region, address=draft.address, compound=draft.compound)
    async with here.runtime.pool.acquire() as connection:
        found = await suggest.suggested(
            connection,
            category=draft.category,
            place=place,
            sight=sees,
            own=caller.unit,
            city=city,
            now=now,
        )
    names = here.pages.unit_name
    return {
        "days": city.policy.joint.repeats_days,
        "units": [
            {"unit": u.unit, "name": names(u.unit), "relation": u.relation, "because": u.because}
            for u in found.units
        ],
        "earlier": [
            {
                "whistle_id": each.whistle_id,
                "number": each.number,
                "title": each.title,
                "state": each.state,
                "at": each.blown_at,
                "units": [names(unit) for unit, _ in each.units],
            }
            for each in found.earlier
        ],
    }


@router.get("/tickets")
async def get_tickets(here: Context, caller: Viewer) -> list[dict[str, str]]:
    """The newest open demands that the caller sees, to whistle for: {value, label}."""
    sees = sight(caller, here)
    async with here.runtime.pool.acquire() as connection:
        listed = await look.listed(
            connection,
            ticket_id=None,
            unit=None,
            state=WhistleState.OPEN,
            sight=sees,
            now=here.runtime.clock.now(),
            cursor=None,
            limit=OFFERED,
        )
        ids: list[UUID] = [each for item in listed.items for each in item.ticket_ids]
        tickets = await store.read_tickets(connection, dict.fromkeys(ids))
    return [
        {
            "value": str(ticket.ticket_id),
            "label": f"{ticket.registered.number} {sees.matter(ticket.matter).title}",
        }
        for ticket in tickets
    ]
