"""Red and black lists over HTTP: drawn up, open to objections, published, and kept."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Query

from services.notifier import rank
from services.notifier.api.edge import Context, Looking
from services.notifier.context import NotifierContext
from services.notifier.domain.figures.ranking import Ranked, Subjects
from services.notifier.rank import Hands
from services.notifier.store import rankings as store
from services.notifier.store.rankings import Objection, Ranking, RankingState
from shared.catalogue.rights import Scope
from shared.errors import ForbiddenError
from shared.web.commands import CommandRouter
from shared.web.identity import Caller, allow

router = CommandRouter(prefix="/api/v1", tags=["rankings"])
Supervisor = Annotated[Caller, Depends(allow("rankings.rule"))]
Objecting = Annotated[Caller, Depends(allow("rankings.object"))]
MOST_LISTED: Final = 100
Quarter = Annotated[str, Query(pattern=r"^\d{4}Q[1-4]$")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Which list is laid open to objections."""

    of: Subjects
    quarter: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """What is said against which row."""

    subject: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The supervisor's answer, and whether the objection is right."""

    words: str
    upheld: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PartItem:
    """One part of the points; `value` 0 to 1."""

    value: Decimal | None
    weight: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RankItem:
    """One row: no rank without n; `low` is what the order goes by."""

    subject: str
    name: str
    rank: int | None
    change: int | None
    n: int
    score: Decimal | None
    low: Decimal | None
    high: Decimal | None
    parts: dict[str, PartItem]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectionItem:
    """One objection with its answer."""

    objection_id: UUID
    subject: str
    words: str
    said_by: str
    said_at: datetime
    answer: str | None
    upheld: bool | None
    answered_by: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingItem:
    """One list without its rows."""

    ranking_id: UUID
    of: Subjects
    quarter: str
    state: RankingState
    opened_at: datetime
    objections_by: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingView:
    """A list with its rows; `ranking` is None for one that is only drawn up."""

    now: datetime
    of: Subjects
    quarter: str
    ranking: RankingItem | None
    rows: list[RankItem]
    objections: list[ObjectionItem]


@router.get("/rankings")
async def get_ranking(
    here: Context, caller: Looking, of: Subjects, quarter: Quarter
) -> RankingView:
    """A quarter's list: as published, as open to objections, or as the figures stand.

    Before it is published a unit's and a region's people see their own rows.
    """
    now = here.runtime.clock.now()
    objections: list[Objection] = []
    async with here.runtime.pool.acquire() as connection, connection.transaction():
        found = await store.find(connection, of, quarter)
        if found is None:
            rows = await rank.drawn_up(connection, of, quarter, catalogue=here.catalogue, now=now)
        else:
            rows = await store.rows(connection, found.ranking_id)
            objections = await store.objections(connection, found.ranking_id)
    if found is None or found.state is not RankingState.PUBLISHED:
        rows = [row for row in rows if _own(here, caller, of, row.subject)]
        objections = [each for each in objections if _own(here, caller, of, each.subject)]
    return RankingView(
        now=now,
        of=of,
        quarter=quarter,
        ranking=None if found is None else _item(found),
        rows=[_row(row) for row in rows],
        objections=[_objection(each) for each in objections],
    )


@router.get("/rankings/history")
async def get_history(
    here: Context, caller: Looking, of: Subjects | None = None
) -> list[RankingItem]:
    """All lists that were opened or published, the newest quarter first."""
    async with here.runtime.pool.acquire() as connection:
        return [_item(each) for each in await store.listed(connection, of, MOST_LISTED)]


@router.post("/rankings", status_code=201)
async def post_ranking(here: Context, caller: Supervisor, body: Open) -> RankingItem:
    """Lay a quarter's list open to objections."""
    async with here.runtime.transaction() as connection:
        made = await rank.open_ranking(
            connection,
            body.of,
            body.quarter,
            hands=_hands(here, caller),
            catalogue=here.catalogue,
            calendar=here.escalation.calendar,
        )
    return _item(made)


@router.post("/rankings/{ranking_id}/objections", status_code=201)
async def post_objection(
    here: Context, caller: Objecting, ranking_id: UUID, body: Object
) -> ObjectionItem:
    """Object to a row of one's own; a supervisor records what others said."""
    async with here.runtime.transaction() as connection:
        ranking = await store.locked(connection, ranking_id)
        if ranking is not None and not _own(here, caller, ranking.subjects, body.subject):
            raise ForbiddenError("只能对本单位、本辖区提出异议", "only to one's own row")
        made = await rank.object_to(
            connection,
            ranking_id,
            subject=body.subject,
            words=body.words,
            hands=_hands(here, caller),
        )
    return _objection(made)


@router.post("/rankings/objections/{objection_id}/answers")
async def post_answer(
    here: Context, caller: Supervisor, objection_id: UUID, body: Answer
) -> ObjectionItem:
    """Answer an objection."""
    async with here.runtime.transaction() as connection:
        answered = await rank.answer(
            connection,
            objection_id,
            words=body.words,
            upheld=body.upheld,
            hands=_hands(here, caller),
        )
    return _objection(answered)


@router.post("/rankings/{ranking_id}/publish")
async def post_publish(here: Context, caller: Supervisor, ranking_id: UUID) -> RankingItem:
    """Freeze and publish, once the time for objections is over and all are answered."""
    return _item(
        await here.runtime.once_for_all(
            lambda connection: rank.publish(
                connection, ranking_id, hands=_hands(here, caller), catalogue=here.catalogue
            )
        )
    )


def _hands(here: NotifierContext, caller: Caller) -> Hands:
    return Hands(
        actor=caller.actor(),
        now=here.runtime.clock.now(),
        policy=here.escalation.limits.version,
    )


def _own(here: NotifierContext, caller: Caller, of: Subjects, subject: str) -> bool:
    """Whether a row that is not public yet is the caller's to see."""
    if caller.scope is Scope.CITY:
        return True
    unit = here.catalogue.units.get(caller.unit or "")
    region = unit.region_code if unit is not None else None
    if of in (Subjects.UNITS, Subjects.PROPERTIES):
        return subject == caller.unit
    if caller.scope is Scope.UNIT or region is None:
        return False
    if of is Subjects.STREETS:
        return subject.startswith(region) or region.startswith(subject)
    compound = here.catalogue.compounds.get(subject)
    return compound is not None and compound.region_code.startswith(region)


def _item(r: Ranking) -> RankingItem:
    return RankingItem(
        ranking_id=r.ranking_id,
        of=r.subjects,
        quarter=r.quarter,
        state=r.state,
        opened_at=r.opened_at,
        objections_by=r.objections_by,
        published_at=r.published_at,
    )


def _row(r: Ranked) -> RankItem:
    return RankItem(
        subject=r.subject,
        name=r.name,
        rank=r.rank,
        change=r.change,
        n=r.n,
        score=r.score,
        low=r.low,
        high=r.high,
        parts={
            name: PartItem(value=part.value, weight=part.weight, n=part.n)
            for name, part in r.parts.items()
        },
    )


def _objection(o: Objection) -> ObjectionItem:
    return ObjectionItem(
        objection_id=o.objection_id,
        subject=o.subject,
        words=o.words,
        said_by=o.said_by,
        said_at=o.said_at,
        answer=o.answer,
        upheld=o.upheld,
        answered_by=o.answered_by,
        answered_at=o.answered_at,
    )
