"""One ticket on one screen: what it is, what was promised, what happened, what may be done."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from services.intake.api.bodies import NO_NUL, DisclosureBody, read_body
from services.intake.api.calls import account_of
from services.intake.api.tickets import Intake, Viewer, region_of
from services.intake.contact import show_contact
from services.intake.context import IntakeContext
from services.intake.disclose import Contact
from services.intake.domain.case import Call
from services.intake.domain.desk_actions import Action, actions
from services.intake.domain.promises import OPEN
from services.intake.domain.read_out import read_out
from services.intake.find import TicketView, find_ticket, no_such_ticket
from services.intake.photos import linked
from services.intake.store import calls, drafts, merges
from services.intake.store.drafts import TakenDown
from services.intake.store.merges import Related
from services.intake.store.search import id_of_number
from services.intake.store.tickets import load_ticket, promises_of
from shared.catalogue.neighbours import neighbours_of
from shared.web.identity import Caller, allow
from shared.web.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)
Hotline = Annotated[Caller, Depends(allow("contact.see"))]

# Reached by one click; the others stand in a menu.
FIRST: Final = (
    Action.URGE,
    Action.SUPPLEMENT,
    Action.SUPPLY,
    Action.ANSWER,
    Action.TRANSFER,
    Action.CALLBACK,
    Action.CONTACT,
)
# Several dialogs stand for one action's fields; those that need none act at once.
AT_ONCE: Final = frozenset({Action.URGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Everything that the page shows of a ticket."""

    ticket: TicketView
    urged: int
    hard_case: bool
    units: tuple[Call, ...]
    relations: tuple[Related, ...]
    taken: TakenDown | None
    read_out: str


@router.get("/t/{number}")
async def get_by_number(
    number: Annotated[str, Path(max_length=40, pattern=NO_NUL)], intake: Intake, caller: Viewer
) -> RedirectResponse:
    """The page of the ticket of that number."""
    async with intake.runtime.pool.acquire() as connection:
        ticket_id = await id_of_number(connection, number.replace(" ", ""))
        if ticket_id is None:
            raise no_such_ticket()
        await find_ticket(connection, ticket_id, region=region_of(intake, caller))
    return RedirectResponse(f"/desk/tickets/{ticket_id!s}", status_code=303)


@router.get("/find")
async def find_by_number(
    intake: Intake, caller: Viewer, number: Annotated[str, Query(max_length=40, pattern=NO_NUL)]
) -> dict[str, Any]:
    """Which ticket a number is, for those who may see it: to merge, to link."""
    async with intake.runtime.pool.acquire() as connection:
        ticket_id = await id_of_number(connection, number.replace(" ", ""))
        if ticket_id is None:
            raise no_such_ticket()
        found = await find_ticket(connection, ticket_id, region=region_of(intake, caller))
    return {"ticket_id": found.ticket_id, "title": found.title, "state": found.state}


@router.get("/tickets/{ticket_id:uuid}")
async def get_ticket(
    ticket_id: UUID,
    request: Request,
    intake: Intake,
    caller: Viewer,
    part: Annotated[str | None, Query(pattern="^whole$")] = None,
) -> HTMLResponse:
    """The page of a ticket; `part` gives what may have changed, without the page around it."""
    whole = await _whole(intake, ticket_id, caller)
    ticket = whole.ticket
    doable = actions(ticket.state, caller.role, has_ended=ticket.ended_at is not None)
    lists = intake.settlements
    return await page(
        request,
        "desk/ticket.html",
        block=part,
        whole=whole,
        ticket=ticket,
        first=[each for each in doable if each in FIRST],
        rest=[each for each in doable if each not in FIRST],
        at_once=AT_ONCE,
        doable=doable,
        open_states=OPEN,
        settlements=lists,
        categories=intake.rules.catalogue.categories,
        units=intake.rules.catalogue.units,
        region=_region_name(intake, ticket.place.region),
        neighbours=neighbours_of(
            intake.rules.grids,
            intake.rules.heads,
            region=ticket.place.region,
            compound=ticket.place.compound,
            address=ticket.place.address,
        ),
    )


@router.post("/tickets/{ticket_id:uuid}/contact")
async def post_contact(
    ticket_id: UUID, request: Request, intake: Intake, caller: Hotline
) -> Contact:
    """Who asked, for a purpose; every look is recorded and told to the person."""
    body = read_body(DisclosureBody, await request.body())
    async with intake.runtime.transaction() as connection:
        return await show_contact(
            connection,
            ticket_id,
            purpose=body.purpose,
            actor=caller.actor(),
            account=account_of(caller),
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            vault=intake.vault,
        )


async def _whole(intake: IntakeContext, ticket_id: UUID, caller: Caller) -> Whole:
    secret = intake.runtime.settings.token_secret.get_secret_value()
    region = region_of(intake, caller)
    async with intake.runtime.pool.acquire() as connection:
        found = await find_ticket(connection, ticket_id, region=region)
        ticket = await load_ticket(connection, ticket_id)
        if ticket is None:
            raise no_such_ticket()
        _, units = await calls.promises_and_units(connection, [ticket_id])
        own = units.get(ticket_id, [])
        return Whole(
            ticket=replace(found, photos=linked(found.photos, secret)),
            urged=ticket.urged,
            hard_case=ticket.hard_case,
            units=tuple(own),
            relations=tuple(await merges.relations_of(connection, ticket_id, region=region)),
            taken=await drafts.taken_down(connection, ticket_id),
            read_out=read_out(
                ticket,
                await promises_of(connection, ticket_id),
                own,
                catalogue=intake.rules.catalogue,
                now=intake.runtime.clock.now(),
            ),
        )


def _region_name(intake: IntakeContext, code: str | None) -> str | None:
    """District, street and community by name."""
    regions = intake.rules.catalogue.regions
    parts = [code[:digits] for digits in (6, 9, 12) if code and len(code) >= digits]
    return " ".join(regions[part].name for part in parts if part in regions) or code
