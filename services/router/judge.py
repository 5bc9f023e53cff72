"""Judges what units report, over Kafka and HTTP alike: accepted with a fact, or refused."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.router import files, metrics
from services.router.domain.book import Book, Declined
from services.router.domain.city import City
from services.router.domain.dues import Promises
from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import (
    NEED_ALL,
    Refused,
    judge,
    needs_words,
)
from services.router.store import replies
from services.router.store import whistles as store
from shared.contracts import reports
from shared.contracts.bureaus import RefusalCode, ReportRefused
from shared.contracts.ids import refusal_id
from shared.contracts.parts import Actor, Role
from shared.contracts.topics import unit_of
from shared.records import record
from shared.runtime import inbox
from shared.runtime.database import Connection
from shared.runtime.incoming import Incoming, Unreadable


@record
class Reported:
    """A unit's report as it came in; the unit is the topic's or the caller's."""

    unit: str
    actor: Actor
    report: reports.Report
    report_id: str
    received_at: datetime
    traceparent: str | None
    key: str | None = None  # of a report that its sender may repeat, as a phone without network


async def judge_requests(
    connection: Connection, reported: Sequence[Reported], *, city: City, now: datetime
) -> list[Outcome | Refused]:
    """Judge reports that came over HTTP; the answer goes back to the caller.

    One that counted before under its key is an Outcome without steps.
    """
    fresh = await _fresh_keys(connection, reported, now)
    book = await _read(connection, reported, city, now)
    answers: list[Outcome | Refused] = []
    again: list[tuple[str, str]] = []
    for each in reported:
        whistle = book.whistles.get(each.report.whistle_id)
        if each.key is not None and _key(each) not in fresh and whistle is not None:
            answers.append(Outcome(whistle=whistle, steps=()))
            continue
        answers.append(_judge(book, each))
        if each.key is not None:
            fresh.discard(_key(each))
            if isinstance(answers[-1], Refused):
                again.append(_key(each))
    await inbox.release_keys(connection, again)
    await store.save(connection, book)
    await files.reported(connection, _counted(reported, answers))
    metrics.count(book)
    metrics.count_reports([each.unit for each in reported], answers, city)
    return answers


async def _fresh_keys(
    connection: Connection, reported: Sequence[Reported], now: datetime
) -> set[tuple[str, str]]:
    """The keys that were not used yet; most reports have none and cost nothing."""
    keys = [_key(each) for each in reported if each.key is not None]
    return await inbox.remember_keys(connection, keys, now) if keys else set()


def _key(each: Reported) -> tuple[str, str]:
    return (f"http.reports.{each.unit}.{each.report.whistle_id}", each.key or "")


def _counted(
    reported: Sequence[Reported], answers: Sequence[Outcome | Refused]
) -> list[tuple[str, reports.Report]]:
    """The reports that count: the files they name belong to their whistles."""
    pairs = zip(reported, answers, strict=True)
    return [(each.unit, each.report) for each, answer in pairs if isinstance(answer, Outcome)]


async def judge_events(
    connection: Connection, events: Sequence[Incoming], *, city: City, now: datetime
) -> None:
    """Judge reports that came on the units' topics; refusals are told on theirs."""
    reported = [_reported(event) for event in events]
    book = await _read(connection, reported, city, now)
    answers = []
    for event, each in zip(events, reported, strict=True):
        answer = _judge(book, each)
        answers.append(answer)
        if isinstance(answer, Refused):
            book.said.append(_declined(event, each, answer, now))
    await store.save(connection, book)
    await files.reported(connection, _counted(reported, answers))
    metrics.count(book)
    metrics.count_reports([each.unit for each in reported], answers, city)


def _reported(event: Incoming) -> Reported:
    unit = unit_of(event.topic)
    return Reported(
        unit=unit,
        actor=Actor(role=Role.DEPARTMENT, unit=unit, name=event.data.handler.name),
        report=event.data,
        report_id=event.event_id,
        received_at=event.received_at,
        traceparent=event.traceparent,
    )


async def _read(
    connection: Connection, reported: Sequence[Reported], city: City, now: datetime
) -> Book:
    book = await store.of_units(
        connection,
        [(each.report.whistle_id, each.unit) for each in reported],
        Promises(city, now),
        whole={each.report.whistle_id for each in reported if isinstance(each.report, NEED_ALL)},
    )
    returning = {
        each.report.whistle_id
        for each in reported
        if isinstance(each.report, reports.ReturnRequested)
    }
    if returning:
        await store.load_precedents(connection, book, returning)
    with_words = {each.report.whistle_id for each in reported if needs_words(each.report)}
    if with_words:
        book.words.update(await store.contents(connection, with_words))
    resolving = {each.unit for each in reported if isinstance(each.report, reports.Resolved)}
    if resolving:
        await replies.load(connection, book, resolving)
    return book


def _judge(book: Book, each: Reported) -> Outcome | Refused:
    whistle_id = each.report.whistle_id
    answer = judge(
        book.whistles.get(whistle_id),
        each.report,
        unit=each.unit,
        actor=each.actor,
        report_id=each.report_id,
        received_at=each.received_at,
        promises=book.promises,
        grounds=book.grounds(whistle_id, each.unit),
    )
    if isinstance(answer, Refused):
        metrics.refused(each.report, answer.code)
        return answer
    book.put(answer, each.traceparent)
    if isinstance(each.report, reports.ReturnRequested):
        book.asked_to_return(answer.whistle, each.unit)
    if isinstance(each.report, reports.Resolved):
        book.has_replied(answer)
    return answer


def _declined(event: Incoming, each: Reported, refused: Refused, now: datetime) -> Declined:
    whistle_id = each.report.whistle_id
    return Declined(
        unit=each.unit,
        event_id=refusal_id(whistle_id, event.topic, each.report_id),
        subject=str(whistle_id),
        at=now,
        refusal=ReportRefused(
            report_id=each.report_id,
            topic=event.topic,
            partition=event.partition,
            offset=event.offset,
            code=refused.code,
            zh=refused.zh,
            en=refused.en,
            whistle_id=whistle_id,
            state=refused.state,
            seq=refused.seq,
        ),
        traceparent=event.traceparent,
    )


async def refuse_unreadable(
    connection: Connection, records: Sequence[Unreadable], *, city: City, now: datetime
) -> None:
    """Tell the units whose records are no reports of the contract; they are dead letters too."""
    book = Book(Promises(city, now))
    for each in records:
        book.said.append(_unreadable(each, now))
    await store.save(connection, book)
    metrics.unreadable([unit_of(record.topic) for record in records], city)


def _unreadable(unread: Unreadable, now: datetime) -> Declined:
    error, subject = unread.error, _uuid(unread.error.subject)
    # Not every such record has an id of its own; where it lies does.
    where = f"{unread.partition}/{unread.offset}"
    report_id = error.event_id or where
    return Declined(
        unit=unit_of(unread.topic),
        event_id=refusal_id(subject or NOBODY, unread.topic, where),
        subject=error.subject or error.event_id or unread.topic,
        at=now,
        refusal=ReportRefused(
            report_id=report_id,
            topic=unread.topic,
            partition=unread.partition,
            offset=unread.offset,
            code=RefusalCode.INVALID,
            zh=f"报告内容不合规范：{error.words[:500]}",
            en=f"the report breaks the contract ({error.code}): {error.words[:500]}",
            whistle_id=subject,
        ),
        traceparent=None,
    )


NOBODY = UUID(int=0)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
