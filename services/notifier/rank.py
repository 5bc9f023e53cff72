"""Ranks a quarter: opened to objections, answered, then frozen and published for good."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic_core import to_json

from services.notifier import figures
from services.notifier.domain.figures.derive import local_day
from services.notifier.domain.figures.figure import Counts
from services.notifier.domain.figures.ranking import (
    Ranked,
    Subjects,
    quarter_before,
    quarter_days,
    ranked,
)
from services.notifier.store import figures as figure_store
from services.notifier.store import rankings as store
from services.notifier.store.figures import By, Scope
from services.notifier.store.rankings import Objection, Ranking, RankingState
from shared.calendar import WorkCalendar
from shared.catalogue.model import Catalogue
from shared.contracts.ids import new_id
from shared.contracts.parts import Actor
from shared.errors import ConflictError, FieldError, InvalidError, NotFoundError
from shared.runtime import history
from shared.runtime.database import Connection

OBJECTION_DAYS: Final = 5  # working days
_BY: Final = {
    Subjects.UNITS: By.UNIT,
    Subjects.PROPERTIES: By.UNIT,
    Subjects.STREETS: By.STREET,
    Subjects.COMPOUNDS: By.COMPOUND,
}
_KINDS: Final = {
    Subjects.UNITS: frozenset({"bureau", "utility"}),
    Subjects.PROPERTIES: frozenset({"property"}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What a command on a ranking needs: who, when, under which policy."""

    actor: Actor
    now: datetime
    policy: str

    @property
    def who(self) -> str:
        return self.actor.name or self.actor.role


async def drawn_up(
    connection: Connection,
    subjects: Subjects,
    quarter: str,
    *,
    catalogue: Catalogue,
    now: datetime,
) -> list[Ranked]:
    """The list as the figures stand; raises InvalidError for what is no quarter."""
    first, last = _days(quarter)
    by = _BY[subjects]
    found = await figure_store.counted(connection, Scope(first=first, last=last), by, now)
    names = await figure_store.unit_names(connection) if by is By.UNIT else {}
    kinds = await figure_store.unit_kinds(connection) if by is By.UNIT else {}
    before = await store.published_ranks(connection, subjects, quarter_before(quarter))
    rows: list[tuple[str, str, Counts]] = []
    for key, counts in found.items():
        if key is None or not counts.tickets:
            continue
        if subjects in _KINDS and _kind(catalogue, kinds, key) not in _KINDS[subjects]:
            continue
        rows.append((key, figures.name_of(catalogue, by, key, names) or key, counts))
    return ranked(subjects, rows, before)


def _kind(catalogue: Catalogue, declared: dict[str, str], code: str) -> str | None:
    known = catalogue.units.get(code)
    return declared.get(code) or (known.kind.value if known else None)


def _days(quarter: str) -> tuple[date, date]:
    try:
        return quarter_days(quarter)
    except ValueError:
        raise InvalidError(
            FieldError(field="quarter", zh="季度写法如 2026Q3", en="a quarter such as 2026Q3")
        ) from None


async def open_ranking(
    connection: Connection,
    subjects: Subjects,
    quarter: str,
    *,
    hands: Hands,
    catalogue: Catalogue,
    calendar: WorkCalendar,
) -> Ranking:
    """Lay the list open to objections for five working days; raises ShaodaoError."""
    _, last = _days(quarter)
    if local_day(hands.now) <= last:
        raise ConflictError("该季度尚未结束", "the quarter has not ended", code="wrong_state")
    rows = await drawn_up(connection, subjects, quarter, catalogue=catalogue, now=hands.now)
    ranking = Ranking(
        ranking_id=new_id(hands.now),
        subjects=subjects,
        quarter=quarter,
        state=RankingState.OBJECTIONS,
        opened_at=hands.now,
        objections_by=calendar.add_working_days(hands.now, OBJECTION_DAYS).at,
        published_at=None,
        seq=0,
        history_hash=history.FIRST_HASH,
    )
    ranking, entry = _step(ranking, "opened", hands, rows=len(rows))
    if not await store.add(connection, ranking, rows):
        raise ConflictError(
            "该季度榜单已公示", "the quarter's list is open or published", code="wrong_state"
        )
    await history.add(connection, [entry])
    return ranking


async def object_to(
    connection: Connection, ranking_id: UUID, *, subject: str, words: str, hands: Hands
) -> Objection:
    """Say something against a row, as long as the list is open; raises ShaodaoError."""
    ranking = await _open(connection, ranking_id)
    if hands.now > ranking.objections_by:
        raise ConflictError("异议期已结束", "the time for objections is over", code="wrong_state")
    if subject not in {row.subject for row in await store.rows(connection, ranking_id)}:
        raise NotFoundError("榜单中没有该对象", "the list has no such subject")
    objection = Objection(
        objection_id=new_id(hands.now),
        ranking_id=ranking_id,
        subject=subject,
        words=_words(words),
        said_by=hands.actor.unit or hands.who,
        said_at=hands.now,
    )
    await store.add_objection(connection, objection)
    await _keep_step(connection, ranking, "objected", hands, subject=subject, words=words)
    return objection


async def answer(
    connection: Connection, objection_id: UUID, *, words: str, upheld: bool, hands: Hands
) -> Objection:
    """Answer an objection, once; what is upheld is put right by rulings before publishing."""
    found = await store.objection_locked(connection, objection_id)
    if found is None:
        raise NotFoundError("没有这条异议", "there is no such objection")
    ranking = await _open(connection, found.ranking_id)
    if found.answered_at is not None:
        raise ConflictError("该异议已答复", "the objection was answered", code="wrong_state")
    answered = replace(
        found,
        answer=_words(words),
        upheld=upheld,
        answered_by=hands.who,
        answered_at=hands.now,
    )
    await store.answer(connection, answered)
    await _keep_step(connection, ranking, "answered", hands, subject=found.subject, upheld=upheld)
    return answered


async def publish(
    connection: Connection, ranking_id: UUID, *, hands: Hands, catalogue: Catalogue
) -> Ranking:
    """Freeze the list as the figures stand now, with the change of rank; raises ShaodaoError."""
    ranking = await _open(connection, ranking_id)
    if hands.now < ranking.objections_by:
        raise ConflictError("异议期尚未结束", "objections may still be made", code="wrong_state")
    waiting = [o for o in await store.objections(connection, ranking_id) if o.answered_at is None]
    if waiting:
        raise ConflictError(
            f"还有 {len(waiting)} 条异议未答复",
            f"{len(waiting)} objections wait for an answer",
            code="wrong_state",
        )
    rows = await drawn_up(
        connection, ranking.subjects, ranking.quarter, catalogue=catalogue, now=hands.now
    )
    published, entry = _step(ranking, "published", hands, rows=len(rows))
    published = replace(published, state=RankingState.PUBLISHED, published_at=hands.now)
    await store.publish(connection, published, rows)
    await history.add(connection, [entry])
    return published


async def _open(connection: Connection, ranking_id: UUID) -> Ranking:
    ranking = await store.locked(connection, ranking_id)
    if ranking is None:
        raise NotFoundError("没有这份榜单", "there is no such list")
    if ranking.state is RankingState.PUBLISHED:
        raise ConflictError("榜单已发布，不再更改", "the list is frozen", code="wrong_state")
    return ranking


async def _keep_step(
    connection: Connection, ranking: Ranking, what: str, hands: Hands, **told: object
) -> None:
    after, entry = _step(ranking, what, hands, **told)
    await store.mark(connection, after)
    await history.add(connection, [entry])


def _step(
    ranking: Ranking, what: str, hands: Hands, **told: object
) -> tuple[Ranking, history.Entry]:
    entry = history.entry(
        ranking.ranking_id,
        seq=ranking.seq + 1,
        at=hands.now,
        what=what,
        actor=hands.actor,
        before=None if ranking.seq == 0 else f'{{"state":"{ranking.state}"}}',
        after=to_json({"quarter": ranking.quarter, "subjects": ranking.subjects, **told}).decode(),
        policy=hands.policy,
        previous_hash=ranking.history_hash,
    )
    return replace(ranking, seq=entry.seq, history_hash=entry.hash), entry


def _words(words: str) -> str:
    words = words.strip()
    if not 4 <= len(words) <= 2000:
        raise InvalidError(
            FieldError(
                field="words", zh="请写明理由（4–2000 字）", en="words, 4 to 2000 characters"
            )
        )
    return words
