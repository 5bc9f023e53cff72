"""Supervision: a unit is asked for a written answer by the ladder, a supervisor or a leader.

DOMAIN §3 and §5: levels 1–5, the answer is due in 24 hours (`term.supervision_answer`). One that
the ladder opened rises with it; what a person asks stands for itself. A late answer counts, marked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.notifier.domain.deadline import SYSTEM, Command, Owner
from services.notifier.domain.effects import Opening, Ordering
from services.notifier.domain.promises import Change, Order, What
from shared.calendar import WorkCalendar
from shared.catalogue.limits import TimeLimits, due
from shared.catalogue.terms import Term
from shared.contracts.ids import deadline_id
from shared.contracts.parts import Actor, DeadlineKind, Role
from shared.contracts.values import Due, Urgency
from shared.errors import ConflictError, FieldError, InvalidError
from shared.records import record

FIRST_HASH = b"\x00" * 32
LONGEST_WORDS = 2000
WRITTEN_ANSWER_FROM = 2  # the first step of the ladder is a written urge and asks for no answer
# By level, what the ladder says for itself.
LADDER_WORDS = {
    2: "超过时限仍未完成，已升级为区级督办，请书面说明原因、措施和完成时间。",
    3: "超过时限仍未完成，已报区领导督办，请书面说明原因、措施和完成时间。",
    4: "超过时限仍未完成，已升级为市级督办，请书面说明原因、措施和完成时间。",
    5: "超过时限仍未完成，已报市领导督办，请书面说明原因、措施和完成时间。",
}
HIGHEST = {Role.SUPERVISOR: 4, Role.LEADER: 5}  # the level that each may ask at
USUAL = {Role.SUPERVISOR: 2, Role.LEADER: 5}


class Source(StrEnum):
    """Who asked."""

    LADDER = "ladder"  # 超时升级
    SUPERVISOR = "supervisor"  # 督办员
    LEADER = "leader"  # 领导批示


class SupervisionState(StrEnum):
    """Where it stands; being late shows besides."""

    OPEN = "open"  # 待答复
    ANSWERED = "answered"  # 已答复
    ENDED = "ended"  # 事项已结束


@record
class Supervision:
    """One written question to one unit; `unit` None: the hotline centre answers."""

    supervision_id: UUID
    source: Source
    level: int
    number: str
    round: int
    whistle_id: UUID | None
    ticket_id: UUID | None
    ticket_ids: tuple[UUID, ...]
    unit: str | None
    words: str
    asked_at: datetime
    asked_by: Actor
    answer_by: Due
    answer: str | None = None
    answered_at: datetime | None = None
    answered_by: Actor | None = None
    late: bool = False
    ended_at: datetime | None = None
    canary: bool = False
    seq: int = 0
    history_hash: bytes = FIRST_HASH
    traceparent: str | None = None

    @property
    def state(self) -> SupervisionState:
        if self.answered_at is not None:
            return SupervisionState.ANSWERED
        return SupervisionState.OPEN if self.ended_at is None else SupervisionState.ENDED

    @property
    def deadline_id(self) -> UUID:
        """The promise that watches over the answer."""
        return deadline_id(self.supervision_id, DeadlineKind.SUPERVISION, self.round)


@record
class Matter:
    """What is supervised: a whistle's part, or a ticket that no unit has yet."""

    number: str
    round: int
    whistle_id: UUID | None
    ticket_ids: tuple[UUID, ...]
    unit: str | None
    canary: bool = False


def level_for(role: Role, wanted: int | None) -> int:
    """The level that somebody asks at; raises InvalidError above what the role may."""
    highest = HIGHEST.get(role, 0)
    level = USUAL.get(role, highest) if wanted is None else wanted
    if not 1 <= level <= highest:
        raise InvalidError(
            FieldError(
                field="level",
                zh=f"督办级别应为 1 至 {highest}",
                en=f"the level is 1 to {highest}",
            )
        )
    return level


def words_of(field: str, words: str) -> str:
    """What was written, trimmed; raises InvalidError when there is nothing or too much."""
    text = words.strip()
    if not text:
        raise InvalidError(FieldError(field=field, zh="请填写内容", en="words are wanted"))
    if len(text) > LONGEST_WORDS:
        zh, en = f"不超过 {LONGEST_WORDS} 字", f"{LONGEST_WORDS} characters at most"
        raise InvalidError(FieldError(field=field, zh=zh, en=en))
    return text


def answer_due(now: datetime, limits: TimeLimits, calendar: WorkCalendar) -> Due:
    """When the written answer is due."""
    return due(limits.term(Term.SUPERVISION_ANSWER), now, calendar, policy=limits.version)


def asked(
    supervision_id: UUID,
    matter: Matter,
    *,
    source: Source,
    level: int,
    words: str,
    by: Actor,
    at: datetime,
    answer_by: Due,
    traceparent: str | None,
) -> Supervision:
    """A new question."""
    return Supervision(
        supervision_id=supervision_id,
        source=source,
        level=level,
        number=matter.number,
        round=matter.round,
        whistle_id=matter.whistle_id,
        ticket_id=matter.ticket_ids[0] if matter.ticket_ids else None,
        ticket_ids=matter.ticket_ids,
        unit=matter.unit,
        words=words,
        asked_at=at,
        asked_by=by,
        answer_by=answer_by,
        canary=matter.canary,
        traceparent=traceparent,
    )


def raised(supervision: Supervision, level: int) -> Supervision:
    """The ladder climbed on before an answer came: its time stays as it was."""
    return replace(supervision, level=level, words=LADDER_WORDS[level])


def answered(supervision: Supervision, *, words: str, by: Actor, at: datetime) -> Supervision:
    """The unit's written answer; raises ConflictError when there is one or none is wanted."""
    if supervision.state is SupervisionState.ANSWERED:
        raise ConflictError("这条督办已经答复", "it was answered before", state="answered")
    if supervision.state is SupervisionState.ENDED:
        raise ConflictError(
            "事项已结束，不再需要答复", "the matter has ended; no answer is wanted", state="ended"
        )
    late = at > supervision.answer_by.by
    return replace(supervision, answer=words, answered_at=at, answered_by=by, late=late)


def promise_of(supervision: Supervision) -> Opening:
    """The promise of an answer."""
    order = Order(command=Command.CHANGE, at=supervision.asked_at, actor=supervision.asked_by)
    owner = Owner(
        owner_id=supervision.supervision_id,
        round=supervision.round,
        number=supervision.number,
        urgency=Urgency.NORMAL,
        ticket_ids=supervision.ticket_ids,
        whistle_id=supervision.whistle_id,
        unit=supervision.unit,
        canary=supervision.canary,
        traceparent=supervision.traceparent,
    )
    kind = DeadlineKind.SUPERVISION
    return Opening(owner=owner, kind=kind, order=order, due=supervision.answer_by)


def promise_kept(supervision: Supervision, *, by: Actor, at: datetime) -> Ordering:
    """What an answer means for its promise."""
    order = Order(command=Command.MEET, at=at, actor=by)
    return Ordering(deadline_id=supervision.deadline_id, order=order)


@record
class Climb:
    """A unit's promise rose to a level that asks for a written answer."""

    matter: Matter
    level: int
    at: datetime
    traceparent: str | None

    @property
    def place(self) -> tuple[UUID | None, str | None]:
        return self.matter.whistle_id, self.matter.unit


def climbs_of(changes: Iterable[Change]) -> Sequence[Climb]:
    """The highest new level of each part that climbed, one for each unit of a whistle."""
    found: dict[tuple[UUID | None, str | None], Climb] = {}
    for change in changes:
        for step in change.steps:
            if step.what is not What.CLIMBED or step.rung is None:
                continue
            climb = _climb(change, step.rung.level, step.at)
            if climb is None:
                continue
            known = found.get(climb.place)
            if known is None or known.level < climb.level:
                found[climb.place] = climb
    return list(found.values())


def _climb(change: Change, level: int, at: datetime) -> Climb | None:
    d = change.after
    if level < WRITTEN_ANSWER_FROM or d.unit is None or d.whistle_id is None or d.canary:
        return None
    return Climb(
        matter=Matter(
            number=d.number,
            round=d.round,
            whistle_id=d.whistle_id,
            ticket_ids=d.ticket_ids,
            unit=d.unit,
        ),
        level=level,
        at=at,
        traceparent=d.traceparent,
    )


def by_ladder(supervision_id: UUID, climb: Climb, *, answer_by: Due) -> Supervision:
    """The question that the ladder asks.

    The answer's time runs from when the unit is told: after an outage that is later than the step.
    """
    return asked(
        supervision_id,
        climb.matter,
        source=Source.LADDER,
        level=climb.level,
        words=LADDER_WORDS[climb.level],
        by=SYSTEM,
        at=climb.at,
        answer_by=answer_by,
        traceparent=climb.traceparent,
    )


@record
class Endings:
    """What ended in a batch: promises of answers with their whistles, and tickets."""

    at: datetime | None
    deadline_ids: frozenset[UUID]
    whistle_ids: tuple[UUID, ...]
    ticket_ids: tuple[UUID, ...]


def endings_of(changes: Iterable[Change]) -> Endings:
    """Answers that nobody wants any more, and tickets that ended before a unit had them."""
    promises: dict[UUID, UUID | None] = {}
    tickets: dict[UUID, None] = {}
    at = None
    for change in changes:
        d = change.after
        if d.ended_at is None:
            continue
        if d.kind is DeadlineKind.SUPERVISION and d.met_at is None:
            promises[d.deadline_id] = d.whistle_id
        elif d.kind is DeadlineKind.CITIZEN:
            tickets |= dict.fromkeys(d.ticket_ids)
        else:
            continue
        at = max(at or d.ended_at, d.ended_at)
    return Endings(
        at=at,
        deadline_ids=frozenset(promises),
        whistle_ids=tuple(dict.fromkeys(w for w in promises.values() if w is not None)),
        ticket_ids=tuple(tickets),
    )


def ended(supervision: Supervision, endings: Endings) -> bool:
    """Whether no answer to it is wanted any more."""
    if supervision.deadline_id in endings.deadline_ids:
        return True
    return supervision.whistle_id is None and supervision.ticket_id in endings.ticket_ids


def moved(supervision: Supervision, answer_by: Due) -> Supervision:
    """Its answer has another time; one that came late by the old may be in time by the new."""
    at = supervision.answered_at
    late = at is not None and at > answer_by.by
    return replace(supervision, answer_by=answer_by, late=late)


def promise_moved(supervision: Supervision, *, at: datetime, outage: bool) -> Ordering:
    """What its new time means for its promise."""
    order = Order(
        command=Command.CHANGE, at=at, actor=SYSTEM, due=supervision.answer_by, outage=outage
    )
    return Ordering(deadline_id=supervision.deadline_id, order=order)


def promise_off(supervision: Supervision, *, at: datetime) -> Ordering:
    """No answer is wanted: its promise is called off."""
    order = Order(command=Command.CANCEL, at=at, actor=SYSTEM)
    return Ordering(deadline_id=supervision.deadline_id, order=order)
