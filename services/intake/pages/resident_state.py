"""Looking up by number and tail of the phone (the state only), and by a code sent to the phone."""

import re
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from services.intake.api.tickets import Intake
from services.intake.codes import ASKED_BY_PHONE, ASKED_FROM, TRIED_FROM, ask_code, use_code
from services.intake.domain.number import is_ticket_number
from services.intake.domain.person import normal_phone
from services.intake.domain.plain import half_width
from services.intake.pages.resident_door import (
    address_holder,
    phone_holder,
    remember,
    resident_of,
    within,
)
from services.intake.resident import STATES_ASKED, state_by_number
from services.intake.store.residents import Limit
from shared.errors import TooManyError
from shared.runtime.clock import wall_now
from shared.web.guards import Unasked
from shared.web.identity import same_site
from shared.web.pages import page

router = APIRouter(include_in_schema=False, dependencies=[Depends(Unasked.RESIDENT)])

LOOKED_FROM: Final = Limit(scope="state-address", most=60, within=timedelta(hours=1))
POSTED: Final = [Depends(same_site)]
_SEPARATORS: Final = re.compile(r"[\s\-]")
Typed = Annotated[str, Form(max_length=60)]


def _digits(text: str) -> str:
    return _SEPARATORS.sub("", half_width(text))


@router.get("/r/state")
async def get_state(request: Request) -> Response:
    """The form: number and last four digits."""
    return await page(request, "resident/state.html", ticket=None, error=None, number="")


@router.post("/r/state", dependencies=POSTED)
async def post_state(
    request: Request, intake: Intake, number: Typed = "", tail: Typed = ""
) -> Response:
    """How far it is, and nothing else; a wrong tail is answered as an unknown number is."""
    number, tail = _digits(number), _digits(tail)
    ticket, error, status = None, None, 200
    if not is_ticket_number(number):
        error, status = "wrong_number", 422
    elif not (len(tail) == 4 and tail.isascii() and tail.isdigit()):
        error, status = "wrong_tail", 422
    else:
        holders = [(STATES_ASKED, number.encode()), (LOOKED_FROM, address_holder(request, intake))]
        try:
            await within(intake, holders, zh="请过一会儿再查", en="try later")
        except TooManyError:
            error, status = "too_many", 429
    if error is None:
        async with intake.runtime.pool.acquire() as connection:
            ticket = await state_by_number(connection, number, tail, vault=intake.vault)
        if ticket is None:
            error, status = "not_found", 404
    return await page(
        request, "resident/state.html", status=status, ticket=ticket, error=error, number=number
    )


@router.get("/r/code")
async def get_code(request: Request) -> Response:
    """The form: a phone."""
    return await page(request, "resident/code.html", phone="", sent=False, error=None)


@router.post("/r/code", dependencies=POSTED)
async def post_code(request: Request, intake: Intake, phone: Typed = "") -> Response:
    """Send a code, if the phone has reported anything; the answer is the same either way."""
    known = normal_phone(phone)
    if known is None:
        return await page(
            request, "resident/code.html", status=422, phone=phone, sent=False, error="wrong_phone"
        )
    holders = [
        (ASKED_BY_PHONE, phone_holder(intake, known)),
        (ASKED_FROM, address_holder(request, intake)),
    ]
    await within(
        intake, holders, zh="验证码要得太多了，请过一会儿再试", en="too many codes, try later"
    )
    async with intake.runtime.transaction() as connection:
        await ask_code(
            connection,
            known,
            codes=intake.codes,
            wall=wall_now(),
            now=intake.runtime.clock.now(),
        )
    return await page(request, "resident/code.html", phone=known, sent=True, error=None)


@router.post("/r/code/uses", dependencies=POSTED)
async def post_code_use(
    request: Request, intake: Intake, phone: Typed = "", code: Typed = ""
) -> Response:
    """The right code shows this browser everything the phone has reported."""
    session = await resident_of(request, intake)
    await within(
        intake,
        [(TRIED_FROM, address_holder(request, intake))],
        zh="试得太多了，请过一会儿再试",
        en="too many tries, come back later",
    )
    known, grants = normal_phone(phone), None
    if known is not None:
        async with intake.runtime.transaction() as connection:  # a wrong try counts
            grants = await use_code(
                connection, known, _digits(code), codes=intake.codes, wall=wall_now()
            )
    if grants is None:
        return await page(
            request, "resident/code.html", status=422, phone=phone, sent=True, error="wrong"
        )
    answer = RedirectResponse("/r/mine", 303)
    return remember(request, answer, intake, session.with_grants(grants))
