"""The operator desk's pages: the form, what is known of a caller, drafts, own tickets, marks."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse

from services.intake.api.bodies import NO_NUL
from services.intake.api.calls import (
    AtDesk,
    Lead,
    account_of,
    screen_of_call,
    screen_of_phone,
)
from services.intake.api.tickets import Intake
from services.intake.calls import told
from services.intake.domain.call import masked
from services.intake.domain.pinyin import spelled
from services.intake.store import calls as calls_store
from services.intake.store import drafts as drafts_store
from services.intake.store.tickets import NEWEST
from shared.catalogue.labels import LABELS_ZH
from shared.catalogue.model import Catalogue, WayIn
from shared.contracts.values import TicketType, Urgency
from shared.web.pages import page

router = APIRouter(prefix="/desk", include_in_schema=False)

MINE_SHOWN: Final = 50
OFFERED: Final = frozenset({WayIn.MERGED, WayIn.BOTH_NUMBERS, WayIn.BRANCH})
TYPES: Final = (  # Alt+1 … Alt+6
    TicketType.CONSULT,
    TicketType.HELP,
    TicketType.COMPLAIN,
    TicketType.TIP_OFF,
    TicketType.SUGGEST,
    TicketType.PRAISE,
)


@router.get("")
async def get_form(request: Request, intake: Intake, caller: AtDesk) -> HTMLResponse:
    """The one-page form, where an operator lives."""
    async with intake.runtime.pool.acquire() as connection:
        extension = await calls_store.extension_of(connection, account_of(caller))
        drafts = await drafts_store.drafts_of_account(
            connection, account_of(caller), vault=intake.vault
        )
    return await page(
        request,
        "desk/form.html",
        types=[(each.value, LABELS_ZH[TicketType][each]) for each in TYPES],
        urgencies=[(each.value, LABELS_ZH[Urgency][each]) for each in Urgency],
        categories=categories(intake.rules.catalogue),
        lines=[each for each in intake.rules.catalogue.hotlines.values() if each.way_in in OFFERED],
        units={each.code: each.name for each in intake.rules.catalogue.units.values()},
        extension=extension,
        drafts=len(drafts),
    )


@router.get("/caller")
async def get_caller_of_call(
    request: Request,
    intake: Intake,
    caller: AtDesk,
    call_id: Annotated[str, Query(max_length=100, pattern=NO_NUL)],
) -> HTMLResponse:
    """What is known of whoever calls."""
    screen = await screen_of_call(intake, call_id, caller)
    return await page(request, "desk/caller.html", screen=screen, account=account_of(caller))


@router.post("/caller")
async def post_caller(
    request: Request,
    intake: Intake,
    caller: AtDesk,
    phone: Annotated[str, Form(max_length=100)],
) -> HTMLResponse:
    """The same for a number that was typed; posted, so that it stands in no address."""
    screen = await screen_of_phone(intake, phone)
    return await page(request, "desk/caller.html", screen=screen, account=account_of(caller))


@router.get("/drafts")
async def get_drafts(request: Request, intake: Intake, caller: AtDesk) -> HTMLResponse:
    """The forms that were not submitted, last changed first."""
    async with intake.runtime.pool.acquire() as connection:
        drafts = await drafts_store.drafts_of_account(
            connection, account_of(caller), vault=intake.vault
        )
    return await page(request, "desk/drafts.html", drafts=drafts)


@router.get("/mine")
async def get_mine(
    request: Request,
    intake: Intake,
    caller: AtDesk,
    below: UUID = NEWEST,
    only: Annotated[str, Query(pattern="^(open|ended|all)$")] = "open",
) -> HTMLResponse:
    """What the operator took down, newest first."""
    wanted = None if only == "all" else only == "open"
    async with intake.runtime.pool.acquire() as connection:
        tickets = await drafts_store.tickets_of_account(
            connection, account_of(caller), below=below, limit=MINE_SHOWN + 1, open_only=wanted
        )
        shown = await told(
            connection,
            tickets[:MINE_SHOWN],
            now=intake.runtime.clock.now(),
            rules=intake.rules,
        )
    more = shown[-1].ticket.ticket_id if len(tickets) > MINE_SHOWN else None
    return await page(
        request,
        "desk/mine.html",
        items=shown,
        only=only,
        more=more,
        categories=intake.rules.catalogue.categories,
        units=intake.rules.catalogue.units,
    )


@router.get("/marks")
async def get_marks(request: Request, intake: Intake, _caller: Lead) -> HTMLResponse:
    """Numbers that harass, by their tail, with who marked them and until when."""
    async with intake.runtime.pool.acquire() as connection:
        found = await calls_store.marks(connection, vault=intake.vault)
    return await page(
        request, "desk/marks.html", marks=[(each, masked(each.phone)) for each in found]
    )


def categories(catalogue: Catalogue) -> list[dict[str, Any]]:
    """The categories as the form's own list, with how people type them without an input method."""
    return [
        {
            "code": each.code,
            "name": each.name,
            "major": each.major_name,
            "type": each.default_type,
            "urgency": each.default_urgency,
            "typed": " ".join(spelled(each.name) or ()),
        }
        for each in catalogue.categories.values()
    ]
