"""The page residents report on, and what its scripts ask: photos, places, what is known nearby."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse, Response
from pydantic_core import from_json
from starlette.datastructures import UploadFile

from services.intake import album
from services.intake.api.photos import take
from services.intake.api.tickets import Intake, Trace
from services.intake.context import IntakeContext
from services.intake.domain.links import Grant, Session
from services.intake.domain.photo import MOST_PHOTOS
from services.intake.domain.registration import draft
from services.intake.pages.resident_door import (
    address_holder,
    owner_of,
    remember,
    resident_of,
    within,
)
from services.intake.pages.resident_form import ReportForm, files_of, read_form, request_of
from services.intake.register import Registration
from services.intake.resident import CITIZEN, wish_to_join
from services.intake.store import residents as store
from services.intake.store.residents import Limit
from shared.uploads.media import MOST_BYTES, TOO_LARGE, refused
from shared.web.guards import Unasked
from shared.web.identity import same_site
from shared.web.pages import page
from shared.web.sessions import VISIT_COOKIE, Sessions

router = APIRouter(include_in_schema=False, dependencies=[Depends(Unasked.RESIDENT)])

WORKER: Final = Path(__file__).parents[1] / "static" / "resident" / "worker.js"
REPORTS_PATH: Final = "/r/reports"
PHOTOS_PATH: Final = "/r/photos"
# A browser without scripts sends its photos with the form.
LARGER_BODIES: Final = {
    REPORTS_PATH: 4 * MOST_BYTES,
    PHOTOS_PATH: MOST_BYTES + 20_000,
    "/r/supplements": 4 * MOST_BYTES,
}
# Many phones share one address of a mobile network.
REPORTS_FROM: Final = Limit(scope="report-address", most=60, within=timedelta(hours=1))
REPORTS_BY: Final = Limit(scope="report-device", most=10, within=timedelta(hours=1))
PHOTOS_FROM: Final = Limit(scope="photo-address", most=300, within=timedelta(hours=1))
PHOTOS_BY: Final = Limit(scope="photo-device", most=60, within=timedelta(hours=1))
NEARBY_FROM: Final = Limit(scope="nearby-address", most=600, within=timedelta(hours=1))


@router.get("/r")
async def get_report(request: Request, intake: Intake) -> Response:
    """The form: a photo, a label, a button."""
    session = await resident_of(request, intake)
    shown = await page(
        request,
        "resident/report.html",
        labels=intake.labels.values(),
        key=str(uuid4()),
        most_photos=MOST_PHOTOS,
    )
    return remember(request, shown, intake, session)


@router.get("/r/how")
async def get_how(request: Request) -> Response:
    """How it works, in plain words."""
    return await page(request, "resident/how.html")


@router.get("/r/sw.js", include_in_schema=False)
async def get_worker() -> Response:
    """The service worker, allowed to look after all resident pages."""
    headers = {"Service-Worker-Allowed": "/r", "Cache-Control": "no-cache"}
    return FileResponse(WORKER, media_type="text/javascript", headers=headers)


@router.get("/r/session")
async def get_session(request: Request, intake: Intake) -> Response:
    """A token for what is sent later, when the page that wrote it is long gone."""
    sessions: Sessions = request.app.state.sessions
    signed_in = sessions.find(request)
    visit = request.cookies.get(VISIT_COOKIE) or uuid4().hex
    token = sessions.csrf_token(signed_in.session_id if signed_in else visit)
    answer = JSONResponse({"csrf": token}, headers={"Cache-Control": "no-store"})
    if VISIT_COOKIE not in request.cookies:
        sessions.set_cookie(answer, VISIT_COOKIE, visit)
    return remember(request, answer, intake, await resident_of(request, intake))


@router.post(PHOTOS_PATH, status_code=201, dependencies=[Depends(same_site)])
async def post_photo(request: Request, intake: Intake) -> Response:
    """Take in one photo of this browser, to be named by its report."""
    session = await resident_of(request, intake)
    await _photo_turn(request, intake, session)
    taken = await take(request, intake, owner=owner_of(session))
    body = {
        "photo_id": str(taken.photo_id),
        "thumb": taken.thumb,
        "lat": taken.lat,
        "lon": taken.lon,
    }
    return remember(request, JSONResponse(body, status_code=201), intake, session)


async def _photo_turn(request: Request, intake: IntakeContext, session: Session) -> None:
    await within(
        intake,
        [(PHOTOS_BY, session.device), (PHOTOS_FROM, address_holder(request, intake))],
        zh="上传的照片太多了，请过一会儿再试",
        en="too many photos, come back later",
    )


@router.delete(f"{PHOTOS_PATH}/{{photo_id}}", status_code=204, dependencies=[Depends(same_site)])
async def delete_photo(photo_id: UUID, request: Request, intake: Intake) -> Response:
    """Take back a photo that was not sent yet."""
    session = await resident_of(request, intake)
    async with intake.runtime.transaction() as connection:
        await album.remove(connection, photo_id, owner=owner_of(session))
    return Response(status_code=204)


@router.post(REPORTS_PATH, dependencies=[Depends(same_site)])
async def post_report(request: Request, intake: Intake, trace: Trace) -> Response:
    """Register a report; the same key is the same report, whoever sends it how often."""
    session = await resident_of(request, intake)
    async with request.form(max_files=MOST_PHOTOS + 2, max_fields=40) as form:
        asked = read_form(form)
        key = f"resident/{session.device.hex()}/{asked.key}"
        found, is_new = await _known(intake, key), False
        if found is None:
            await _report_turn(request, intake, session)
            files = [] if asked.photo else await read_files(files_of(form))
            photos = asked.photo or await kept(request, intake, session, files)
            found, is_new = await _register(intake, session, asked, photos, key, trace), True
    ticket_id, number = found
    joined = await _join(intake, ticket_id, asked.joins, trace)
    url = f"/r/t/{number}/receipt" + ("?joined=1" if joined else "")
    session = session.with_grants([Grant(ticket_id=ticket_id)])
    answer = _answer(request, number=number, url=url, is_new=is_new)
    return remember(request, answer, intake, session)


async def _known(intake: IntakeContext, key: str) -> tuple[UUID, str] | None:
    async with intake.runtime.pool.acquire() as connection:
        return await store.ticket_of_key(connection, key)


async def _report_turn(request: Request, intake: IntakeContext, session: Session) -> None:
    await within(
        intake,
        [(REPORTS_BY, session.device), (REPORTS_FROM, address_holder(request, intake))],
        zh="这部手机或这个网络反映得太多了，请过一会儿再试，或拨打 12345",
        en="too many reports from this phone or network; come back later or call 12345",
    )


async def _register(
    intake: IntakeContext,
    session: Session,
    form: ReportForm,
    photos: tuple[UUID, ...],
    key: str,
    trace: str | None,
) -> tuple[UUID, str]:
    """Id and number of the new ticket."""
    asked = request_of(form, intake.labels, photos)
    done = await intake.registrations.submit(
        Registration(
            draft=draft(asked, intake.rules),
            actor=CITIZEN,
            idempotency_key=key,
            traceparent=trace,
            photo_owner=owner_of(session),
        )
    )
    receipt: dict[str, Any] = from_json(done.receipt)
    return UUID(receipt["ticket_id"]), receipt["number"]


async def read_files(files: Sequence[UploadFile]) -> list[bytes]:
    """The bytes of photos that came with a form; InvalidError for one that is too large."""
    found = []
    for file in files[:MOST_PHOTOS]:
        if (file.size or 0) > MOST_BYTES:
            raise refused(*TOO_LARGE)
        found.append(await file.read())
    return found


async def kept(
    request: Request, intake: IntakeContext, session: Session, files: list[bytes]
) -> tuple[UUID, ...]:
    """The photos that came with the form, kept one after the other."""
    photo_ids = []
    for data in files:
        await _photo_turn(request, intake, session)
        photo = await album.keep(
            intake.runtime,
            intake.album,
            data,
            owner=owner_of(session),
            now=intake.runtime.clock.now(),
        )
        photo_ids.append(photo.photo_id)
    return tuple(photo_ids)


async def _join(
    intake: IntakeContext, ticket_id: UUID, joins: UUID | None, trace: str | None
) -> bool:
    if joins is None:
        return False
    async with intake.runtime.transaction() as connection:
        return await wish_to_join(
            connection,
            ticket_id,
            joins,
            now=intake.runtime.clock.now(),
            rules=intake.rules,
            trace=trace,
        )


def _answer(request: Request, *, number: str, url: str, is_new: bool) -> Response:
    if "application/json" not in request.headers.get("accept", ""):
        return RedirectResponse(url, 303)
    status = 201 if is_new else 200
    return JSONResponse({"number": number, "url": url}, status_code=status)
