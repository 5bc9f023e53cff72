"""The pages on which residents follow their own matter and say what they want done with it.

A link opens a session and says nothing more: every action is a form of a page, sent by POST.
"""

from typing import Annotated, Any, Final
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup

from services.intake.api.tickets import Intake
from services.intake.context import IntakeContext
from services.intake.domain.links import Grant, Session
from services.intake.domain.ticket import Ticket
from services.intake.links import open_token
from services.intake.pages.resident_door import own_ticket, remember, resident_of
from services.intake.photos import linked, photos_of
from services.intake.resident import own_tickets, reopen_within, see
from services.intake.store import residents as store
from shared.contracts.parts import DeadlineKind
from shared.errors import ForbiddenError
from shared.runtime.clock import wall_now
from shared.runtime.database import Connection
from shared.web.guards import Unasked
from shared.web.identity import same_site
from shared.web.pages import page

router = APIRouter(include_in_schema=False, dependencies=[Depends(Unasked.RESIDENT)])

DONE: Final = frozenset(
    {"urged", "supplemented", "withdrawn", "reopened", "rated", "agreed", "renewed", "appealed"}
)
POSTED: Final = [Depends(same_site)]
Number = Annotated[str, Form(max_length=40)]


@router.get("/t/{token}")
async def open_ticket(token: str, request: Request, intake: Intake) -> Response:
    """A link of a message: the browser may see the ticket from now on; nothing else happens."""
    session = await resident_of(request, intake)
    ticket = None
    async with intake.runtime.pool.acquire() as connection:
        grant = await open_token(connection, token, links=intake.links, now=wall_now())
        if grant is not None:
            found = await store.tickets_by_id(connection, [grant.ticket_id])
            ticket = found[0] if found else None
    if grant is None or ticket is None:
        return await page(request, "resident/closed.html", status=404, why="link")
    answer = RedirectResponse(f"/r/t/{ticket.number}", 303)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return remember(request, answer, intake, session.with_grants([grant]))


@router.get("/r/mine")
async def get_mine(request: Request, intake: Intake) -> Response:
    """Everything this browser may see."""
    session = await resident_of(request, intake)
    async with intake.runtime.pool.acquire() as connection:
        tickets = await own_tickets(connection, [each.ticket_id for each in session.grants])
    return await page(request, "resident/mine.html", tickets=tickets)


@router.get("/r/t/{number}")
async def get_ticket(
    number: str, request: Request, intake: Intake, done: str | None = None
) -> Response:
    """The whole way of one's own matter."""
    session = await resident_of(request, intake)
    async with intake.runtime.pool.acquire() as connection:
        try:
            ticket = await own_ticket(connection, session, number)
        except ForbiddenError:
            return await page(request, "resident/closed.html", status=403, why="page")
        shown = await _shown(connection, intake, session, ticket)
    said = done if done in DONE else None
    return await page(request, "resident/follow.html", done=said, **shown)


async def _shown(
    connection: Connection, intake: IntakeContext, session: Session, ticket: Ticket
) -> dict[str, Any]:
    """What the page of a ticket tells."""
    runtime = intake.runtime
    seen = await see(
        connection,
        ticket.ticket_id,
        rules=intake.rules,
        vault=intake.vault,
        now=runtime.clock.now(),
    )
    photos = await photos_of(connection, ticket.ticket_id)
    secret = runtime.settings.token_secret.get_secret_value()
    return {
        "seen": seen,
        "ticket": seen.ticket,
        "photos": linked(photos, secret),
        "place": _place(intake, seen.ticket),
        "link": _link(intake, session, ticket.ticket_id),
        "reopen_days": reopen_within(intake.rules).days,
    }


def _place(intake: IntakeContext, ticket: Ticket) -> str | None:
    """The place in words, as the units see it."""
    place, catalogue = ticket.place, intake.rules.catalogue
    region = catalogue.region_name(place.region) if place.region is not None else ""
    words = [each for each in (region, place.compound, place.address) if each]
    kept = [each for at, each in enumerate(words) if not any(each in w for w in words[at + 1 :])]
    return " ".join(kept) or None


def _link(intake: IntakeContext, session: Session, ticket_id: UUID) -> str:
    grant = session.grant(ticket_id) or Grant(ticket_id=ticket_id)
    return intake.links.ticket(ticket_id, generation=grant.generation)


@router.get("/r/t/{number}/receipt")
async def get_receipt(
    number: str, request: Request, intake: Intake, joined: bool = False
) -> Response:
    """What one keeps: the number in large print, the link, and the link as a picture."""
    session = await resident_of(request, intake)
    async with intake.runtime.pool.acquire() as connection:
        try:
            ticket = await own_ticket(connection, session, number)
        except ForbiddenError:
            return await page(request, "resident/closed.html", status=403, why="page")
        shown = await _shown(connection, intake, session, ticket)
        promises = (await store.view_case(connection, ticket.ticket_id)).promises  # type: ignore[union-attr]
    dispatch = promises.get((ticket.ticket_id, DeadlineKind.DISPATCH, 1))
    return await page(
        request,
        "resident/receipt.html",
        until=dispatch.due.by if dispatch is not None else None,
        qr=qr_of(shown["link"]),
        joined=joined,
        sms=intake.runtime.settings.sms_url is not None and shown["seen"].is_mobile,
        **shown,
    )


def qr_of(link: str) -> Markup:
    """The link as a QR code, drawn in the page."""
    code = segno.make(link, error="m", micro=False)
    drawn = code.svg_inline(scale=4, border=2, omitsize=True, svgclass="r-qr", lineclass=None)
    return Markup(drawn)  # nosec B704: drawn by us, the link is in no text of it


@router.get("/r/t/{number}/looks")
async def get_looks(number: str, request: Request, intake: Intake) -> Response:
    """Who has looked at this person's contact, and why."""
    session = await resident_of(request, intake)
    async with intake.runtime.pool.acquire() as connection:
        try:
            ticket = await own_ticket(connection, session, number)
        except ForbiddenError:
            return await page(request, "resident/closed.html", status=403, why="page")
        looks = await store.looks_of(connection, ticket.ticket_id)
    units = {code: unit.name for code, unit in intake.rules.catalogue.units.items()}
    return await page(request, "resident/looks.html", ticket=ticket, looks=looks, units=units)
