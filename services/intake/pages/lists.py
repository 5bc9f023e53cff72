"""The list of tickets: filters, words, saved views, actions on many, the list as a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from services.intake import export, views
from services.intake.api.search import owner_of, seer_of
from services.intake.api.tickets import Intake, Viewer
from services.intake.bulk import MOST, RIGHTS
from services.intake.domain.case import STATE_ZH
from services.intake.domain.pinyin import spelled
from services.intake.domain.query import Flag, canonical, pairs_of, public, read_query
from services.intake.domain.query import Query as Asked
from services.intake.domain.ticket import ENDED, TicketState
from services.intake.domain.words import DEADLINE_ZH
from services.intake.search import COUNTED, search
from shared.catalogue.labels import LABELS_ZH
from shared.catalogue.model import Catalogue
from shared.catalogue.regions import RegionLevel
from shared.contracts.values import Channel, TicketType, Urgency
from shared.web.identity import Caller, allow
from shared.web.pages import page

router = APIRouter(prefix="/desk/tickets", include_in_schema=False)

PAGE: Final = 50
FILTERS: Final = (
    "state", "type", "urgency", "flag", "category", "region", "unit", "channel", "line",
)  # fmt: skip
FLAG_ZH: Final = {
    Flag.GROUP: "群体诉求",
    Flag.CONFIDENTIAL: "保密件",
    Flag.HARD_CASE: "疑难件",
    Flag.URGED: "已催办",
    Flag.OVERDUE: "已超时",
}
OPEN: Final = tuple(
    each for each in TicketState if each not in ENDED and each is not TicketState.DRAFT
)
STATE_TAG: Final = {
    TicketState.REGISTERED: "tag-whistle",
    TicketState.PENDING_INFO: "tag-warn",
    TicketState.DISPATCHED: "tag-main",
    TicketState.PROCESSING: "tag-main",
    TicketState.SUSPENDED: "tag-warn",
    TicketState.RESOLVED: "tag-good",
    TicketState.CALLBACK: "tag-good",
    TicketState.REJECTED: "tag-bad",
}
# Lists that everybody begins with, by the name of their text.
PRESETS: Final = (
    ("all", Asked()),
    ("open", Asked(state=OPEN)),
    ("held", Asked(state=(TicketState.REGISTERED, TicketState.PENDING_INFO))),
    ("callback", Asked(state=(TicketState.CALLBACK,))),
    ("overdue", Asked(flag=(Flag.OVERDUE,))),
    ("urged", Asked(state=OPEN, flag=(Flag.URGED,))),
    ("mine", Asked(mine=True)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A value of a filter; `typed` is what finds it without an input method."""

    value: str
    label: str
    typed: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the filters offer, and the label of each value."""

    options: dict[str, list[Option]]
    labels: dict[tuple[str, str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A filter that is set, and the list without it."""

    filter: str
    label: str
    without: str


@router.get("")
async def get_list(
    request: Request, intake: Intake, caller: Viewer, cursor: UUID | None = None
) -> HTMLResponse:
    """The list, or with htmx its results, or with a cursor the next rows alone."""
    catalogue = intake.rules.catalogue
    query = read_query(request.query_params.multi_items(), catalogue)
    offer = offer_of(request, catalogue)
    partial = "hx-request" in request.headers
    async with intake.runtime.pool.acquire() as connection:
        found = await search(
            connection,
            query,
            seer=seer_of(intake, caller),
            cursor=cursor,
            limit=PAGE,
            now=intake.runtime.clock.now(),
            vault=intake.vault,
        )
        shown = [] if partial else await views.listed(connection, owner_of(caller))
    address = canonical(public(query))
    block = None
    if partial:
        block = "rows" if cursor is not None else "results"
    response = await page(
        request,
        "lists/tickets.html",
        block=block,
        query=query,
        found=found,
        counted=COUNTED,
        canonical=address,
        more=_more(query, found.next),
        views=shown,
        account=owner_of(caller),
        presets=[(name, canonical(each)) for name, each in PRESETS],
        chips=list(_chips(public(query), offer)),
        options=offer.options,
        filters=FILTERS,
        actions=[action.value for action, right in RIGHTS.items() if caller.may(right)],
        voidings=intake.settlements.voidings.values(),
        most=MOST,
        may_export=caller.may("tickets.export"),
        state_zh=STATE_ZH,
        state_tag=STATE_TAG,
        labels=LABELS_ZH,
        types=LABELS_ZH[TicketType],
        urgencies=LABELS_ZH[Urgency],
        channels=LABELS_ZH[Channel],
        deadlines=DEADLINE_ZH,
        catalogue=catalogue,
    )
    if block == "results":  # the address is the query in its one spelling
        response.headers["HX-Push-Url"] = "/desk/tickets" + (f"?{address}" if address else "")
    return response


@router.get(".csv")
async def get_file(
    request: Request, intake: Intake, caller: Annotated[Caller, Depends(allow("tickets.export"))]
) -> StreamingResponse:
    """The list as a file that Excel opens; who took which list is on record."""
    query = read_query(request.query_params.multi_items(), intake.rules.catalogue)
    seer, now = seer_of(intake, caller), intake.runtime.clock.now()
    async with intake.runtime.transaction() as connection:
        export_id = await export.begin(connection, query, seer=seer, now=now)
    rows = export.rows(intake.runtime, query, export_id=export_id, seer=seer, rules=intake.rules)
    name = f"tickets-{now:%Y%m%d-%H%M}.csv"
    return StreamingResponse(
        rows,
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


def _more(query: Asked, cursor: UUID | None) -> str | None:
    if cursor is None:
        return None
    return "?" + urlencode([*pairs_of(query), ("cursor", str(cursor))])


def offer_of(request: Request, catalogue: Catalogue) -> Offer:
    """Made once, as the catalogue never changes in a process."""
    offer: Offer | None = getattr(request.app.state, "list_offer", None)
    if offer is None:
        options = _options(catalogue)
        labels = {(name, each.value): each.label for name in options for each in options[name]}
        offer = request.app.state.list_offer = Offer(options=options, labels=labels)
    return offer


def _chips(query: Asked, offer: Offer) -> Iterator[Chip]:
    """One for each value that is set, in the order of the address."""
    pairs = pairs_of(query)
    for place, (name, value) in enumerate(pairs):
        rest = pairs[:place] + pairs[place + 1 :]
        label = offer.labels.get((name, value), value)
        yield Chip(filter=name, label=label, without=urlencode(rest))


def _options(catalogue: Catalogue) -> dict[str, list[Option]]:
    """What each filter offers."""
    return {
        "state": [Option(value=each, label=STATE_ZH[each]) for each in TicketState],
        "type": [Option(value=key, label=zh) for key, zh in LABELS_ZH[TicketType].items()],
        "urgency": [Option(value=key, label=zh) for key, zh in LABELS_ZH[Urgency].items()],
        "flag": [Option(value=each, label=FLAG_ZH[each]) for each in Flag],
        "channel": [Option(value=key, label=zh) for key, zh in LABELS_ZH[Channel].items()],
        "category": list(_categories(catalogue)),
        "region": list(_regions(catalogue)),
        "unit": [
            Option(value=each.code, label=each.name, typed=_typed(each.name))
            for each in catalogue.callable_units()
        ],
        "line": [
            Option(value=each.number, label=f"{each.number} {each.name}", typed=_typed(each.name))
            for each in catalogue.hotlines.values()
        ],
    }


def _categories(catalogue: Catalogue) -> Iterator[Option]:
    majors: set[str] = set()
    for each in catalogue.categories.values():
        if each.major_code not in majors:
            majors.add(each.major_code)
            yield Option(
                value=each.major_code,
                label=f"{each.major_code} {each.major_name}（全部）",
                typed=_typed(each.major_name),
                group=each.major_name,
            )
        yield Option(
            value=each.code,
            label=f"{each.code} {each.name}",
            typed=_typed(each.name),
            group=each.major_name,
        )


def _regions(catalogue: Catalogue) -> Iterator[Option]:
    for code, region in sorted(catalogue.regions.items()):
        if region.level is RegionLevel.CITY:
            continue
        district = catalogue.regions.get(code[:6])
        yield Option(
            value=code,
            label=catalogue.region_name(code),
            typed=_typed(region.name),
            group=district.name if district else "",
        )


def _typed(name: str) -> str:
    """Whole pinyin and first letters of a name, as far as it is Chinese."""
    signs = "".join(each for each in name if "一" <= each <= "鿿")
    parts = [signs[start : start + 8] for start in range(0, len(signs), 8)]
    sounds = [each for each in map(spelled, parts) if each is not None]
    return " ".join(("".join(a for a, _ in sounds), "".join(b for _, b in sounds))).strip()
