"""Figures over HTTP: every rate with its n and coverage, as a table too, down to its tickets."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Response

from services.notifier import figures
from services.notifier.api.edge import Context, Looking, Operating
from services.notifier.domain.figures.derive import local_day
from services.notifier.domain.figures.figure import Figure, Measure
from services.notifier.domain.figures.table import Tongue, csv_table
from services.notifier.domain.figures.wilson import rounded
from services.notifier.figures import Line, Wanted
from services.notifier.store import figure_rows, rebuilds
from services.notifier.store import figures as store
from services.notifier.store.figures import After, By
from services.notifier.store.rebuilds import RebuildStatus
from shared.errors import FieldError, InvalidError
from shared.web.cursors import Cursor
from shared.web.identity import Caller

router = APIRouter(prefix="/api/v1", tags=["figures"])

USUAL: Final = timedelta(days=29)
Code = Annotated[str | None, Query(max_length=64)]
Digits = Annotated[str | None, Query(pattern=r"^\d{2,15}$")]
From = Annotated[date | None, Query(alias="from")]
CURSOR: Final = Cursor(After)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """`value` = n / of: what is not decided, or was not answered, is in `of` alone."""

    n: int
    of: int
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureValue:
    """One figure: value = numerator / n, None without n; Wilson's bounds of a share."""

    value: Decimal | None
    numerator: Decimal
    n: int
    low: Decimal | None
    high: Decimal | None
    coverage: Coverage


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRow:
    """The figures of one key; `n` tickets of the base, `excluded` those left out, by reason."""

    key: str | None
    name: str | None
    n: int
    excluded: dict[str, int]
    overdue: dict[str, int]
    figures: dict[Figure, FigureValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureTable:
    """Figures by key; `followed_to` is the place of the fact log that they go up to."""

    now: datetime
    by: By
    first: date
    last: date
    followed_to: int
    rows: list[FigureRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class BehindItem:
    """One ticket (or a street's whistle) behind a figure; `kept`: it is in the numerator."""

    ticket_id: UUID | None
    number: str | None
    whistle_id: UUID | None
    round: int
    unit: str | None
    day: date
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BehindPage:
    """A page of them, newest first; `next` is the cursor of the next page."""

    now: datetime
    items: list[BehindItem]
    next: str | None


@router.get("/figures")
async def get_figures(
    here: Context,
    caller: Looking,
    by: By = By.CITY,
    first: From = None,
    to: date | None = None,
    unit: Code = None,
    region: Digits = None,
    category: Digits = None,
) -> FigureTable:
    """The figures of what was dispatched from one local day to another, by a key."""
    now = here.runtime.clock.now()
    wanted = _wanted(now, first, to, unit, region, category)
    found, followed_to = await _lines(here, caller, wanted, by, now)
    return FigureTable(
        now=now,
        by=by,
        first=wanted.first,
        last=wanted.last,
        followed_to=followed_to,
        rows=[_row(each) for each in found],
    )


@router.get("/figures.csv", response_class=Response)
async def get_table(
    here: Context,
    caller: Looking,
    by: By = By.UNIT,
    first: From = None,
    to: date | None = None,
    unit: Code = None,
    region: Digits = None,
    category: Digits = None,
    lang: Tongue = Tongue.ZH,
) -> Response:
    """The same as a table for a spreadsheet: n and coverage stand in the cell of each rate."""
    now = here.runtime.clock.now()
    wanted = _wanted(now, first, to, unit, region, category)
    found, _ = await _lines(here, caller, wanted, by, now)
    rows = [(r.key, r.name, r.counts.tickets, r.counts.excluded, r.measures) for r in found]
    name = f"figures-{by.value}-{wanted.first}-{wanted.last}.csv"
    return Response(
        csv_table(rows, tuple(Figure), lang),
        media_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        },
    )


@router.post("/figures/rebuilds", status_code=202)
async def post_rebuild(here: Context, caller: Operating) -> RebuildStatus:
    """Begin to rebuild the whole read model from the fact log; it goes on while facts are heard."""
    return await here.rebuilds.begin(here.runtime.pool.acquire, here.runtime.clock.now())


@router.get("/figures/rebuilds")
async def get_rebuild(here: Context, caller: Operating) -> RebuildStatus | None:
    """How the last rebuild stands, whichever copy runs it, and whether both sets were equal."""
    async with here.runtime.pool.acquire() as connection:
        return await rebuilds.last(connection)


@router.get("/figures/left-out/tickets")
async def get_left_out(
    here: Context,
    caller: Looking,
    first: From = None,
    to: date | None = None,
    unit: Code = None,
    region: Digits = None,
    category: Digits = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> BehindPage:
    """The tickets that were dispatched and count in no figure."""
    now = here.runtime.clock.now()
    wanted = _wanted(now, first, to, unit, region, category)
    return await _behind(here, caller, None, wanted, None, cursor, limit)


@router.get("/figures/{figure}/tickets")
async def get_behind(
    here: Context,
    caller: Looking,
    figure: Figure,
    first: From = None,
    to: date | None = None,
    unit: Code = None,
    region: Digits = None,
    category: Digits = None,
    kept: bool | None = None,
    cursor: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> BehindPage:
    """What a figure is made of: all of its n, those in the numerator (`kept`), or the others."""
    if figure is Figure.THREE_RATES:
        raise InvalidError(
            FieldError(
                field="figure",
                zh="三率综合由响应率、解决率、满意率合成，请分别查看",
                en="the three rates are looked into one by one",
            )
        )
    now = here.runtime.clock.now()
    wanted = _wanted(now, first, to, unit, region, category)
    return await _behind(here, caller, figure, wanted, kept, cursor, limit)


async def _lines(
    here: Context, caller: Caller, wanted: Wanted, by: By, now: datetime
) -> tuple[list[Line], int]:
    scope = figures.scope_of(caller, wanted, here.catalogue, totals=by is By.CITY)
    async with here.runtime.pool.acquire() as connection, connection.transaction():
        followed_to = await figure_rows.position(connection)
        found = await figures.lines(connection, scope, by, now, catalogue=here.catalogue)
    return found, followed_to


async def _behind(
    here: Context,
    caller: Caller,
    figure: Figure | None,
    wanted: Wanted,
    kept: bool | None,
    cursor: str | None,
    limit: int,
) -> BehindPage:
    scope = figures.scope_of(caller, wanted, here.catalogue)
    now, after = here.runtime.clock.now(), CURSOR.read(cursor)
    async with here.runtime.pool.acquire() as connection, connection.transaction():
        found = await store.behind(
            connection,
            figure,
            scope,
            now,
            kept=kept,
            after=after,
            limit=limit + 1,
        )
    page = found[:limit]
    items = [
        BehindItem(
            ticket_id=each.ticket_id,
            number=each.number,
            whistle_id=each.whistle_id,
            round=each.round,
            unit=each.unit,
            day=each.day,
            kept=each.kept,
        )
        for each in page
    ]
    more = CURSOR.write(_place(page[-1])) if len(found) > limit else None
    return BehindPage(now=now, items=items, next=more)


def _wanted(
    now: datetime,
    first: date | None,
    last: date | None,
    unit: str | None,
    region: str | None,
    category: str | None,
) -> Wanted:
    last = last or local_day(now)
    usual = date.fromordinal(max(1, last.toordinal() - USUAL.days))
    return Wanted(first=first or usual, last=last, unit=unit, region=region, category=category)


def _row(line: Line) -> FigureRow:
    return FigureRow(
        key=line.key,
        name=line.name,
        n=line.counts.tickets,
        excluded=line.counts.excluded,
        overdue=line.counts.overdue,
        figures={figure: value_of(each) for figure, each in line.measures.items()},
    )


def value_of(measure: Measure) -> FigureValue:
    """A figure as it is told."""
    return FigureValue(
        value=measure.shown,
        numerator=rounded(measure.numerator),
        n=measure.n,
        low=measure.low,
        high=measure.high,
        coverage=Coverage(n=measure.n, of=measure.of, value=measure.coverage),
    )


def _place(last: store.Behind) -> After:
    return After(day=last.day, row_id=last.row_id, round=last.round)
