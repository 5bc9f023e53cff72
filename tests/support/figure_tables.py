"""A quarter's facts in the log, the read model that follows them, and what it shows."""

from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID, uuid5

from services.notifier.domain.figures.figure import Figure, measures
from services.notifier.domain.figures.wilson import rounded
from services.notifier.fact_log import FactLog
from services.notifier.score import score
from services.notifier.store.fact_reading import Settling
from services.notifier.store.figures import By, Scope, counted
from shared.contracts import envelope
from shared.runtime.incoming import Incoming
from tests.support.quarter import Said

NOBODY = UUID(int=7)
TABLES = ("ticket", "round", "whistle", "part", "mark", "rating", "unit")
RATIOS = (Figure.HOPS, Figure.WHISTLE_RATE)


def incoming(said: Said) -> Incoming:
    event_id = uuid5(NOBODY, f"{said.topic}/{said.subject}/{getattr(said.data, 'seq', 0)}")
    value = envelope.write(
        event_id=event_id, source="/test", subject=said.subject, time=said.at, data=said.data
    ).encode()
    return Incoming(
        topic=said.topic,
        partition=0,
        offset=0,
        received_at=said.at,
        event_id=str(event_id),
        source="/test",
        type=said.data.TYPE,
        subject=said.subject,
        time=said.at,
        data=said.data,
        traceparent=None,
        value=value,
    )


async def log_facts(pool: Any, heard: Iterable[Said], now: datetime, *, batch: int = 2000) -> int:
    """Write them into the fact log in the order of hearing, batch by batch."""
    log, number, facts = FactLog(), 0, iter(heard)
    while said := list(islice(facts, batch)):
        async with pool.acquire() as connection, connection.transaction():
            await log.write(connection, [incoming(each) for each in said], now)
        number += len(said)
    return number


async def follow_all(pool: Any, *, limit: int = 4000) -> None:
    """Let the read model follow the log to its end."""
    settling = Settling()
    for _ in range(2):  # what was being settled at the first look is settled at the second
        left = 1
        while left:
            async with pool.acquire() as connection, connection.transaction():
                left = await score(connection, settling, limit=limit)


async def rows(pool: Any) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the read model, sorted."""
    found = {}
    for table in TABLES:
        fetched = await pool.fetch(f"select * from figure_{table}")  # noqa: S608
        found[table] = sorted((tuple(row) for row in fetched), key=repr)
    return found


async def shown(pool: Any, scope: Scope, by: By, now: datetime) -> dict[str | None, Any]:
    """The figures by key, in the shape of the slow computation."""
    async with pool.acquire() as connection, connection.transaction():
        found = await counted(connection, scope, by, now)
    table = {}
    for key, counts in found.items():
        line: dict[str, Any] = {
            "n": counts.tickets,
            "excluded": counts.excluded,
            "overdue": counts.overdue,
        }
        for figure, measure in measures(counts).items():
            if measure.shown is None:
                if measure.of and figure not in (*RATIOS, Figure.THREE_RATES, Figure.BUREAU_SCORE):
                    line[figure.value] = None
                continue
            told = (str(measure.shown), str(rounded(measure.numerator)), measure.n)
            bounds = (str(measure.low), str(measure.high))
            if figure in RATIOS or figure is Figure.BUREAU_SCORE:
                line[figure.value] = (told[0], told[2])
            elif figure is Figure.THREE_RATES:
                line[figure.value] = (*told, *bounds)
            else:
                line[figure.value] = (*told, *bounds, str(measure.coverage))
        table[key] = line
    return table
