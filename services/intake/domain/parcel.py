"""A ticket as one follows a parcel: four to six plain steps, each with who, when and until when.

What the person reads is not the lifecycle: who it went to, whether somebody works on it, what came
of it, and what is asked of them next. After a rework only the newest round is shown as steps; the
earlier ones stay in the lines below. The words are in the strings, by `kind.state`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.intake.domain.case import Call, Line
from services.intake.domain.promises import Promise, PromiseState
from services.intake.domain.ticket import Ticket, TicketState
from shared.contracts.parts import AssignmentState, DeadlineKind
from shared.contracts.values import Relation


class StepKind(StrEnum):
    """What a step is about."""

    RECEIVED = "received"  # 已收到
    SUPPLY = "supply"  # 请您补充
    ASSIGNED = "assigned"  # 已派给
    TAKING = "taking"  # 等待接手
    WORKING = "working"  # 办理中
    PAUSED = "paused"  # 暂缓办理
    DONE = "done"  # 已办结
    RATE = "rate"  # 请您评价
    CLOSED = "closed"  # 已结束
    MERGED = "merged"  # 一并办理
    ANSWERED = "answered"  # 已答复
    TRANSFERRED = "transferred"  # 已转办
    REJECTED = "rejected"  # 不予受理
    WITHDRAWN = "withdrawn"  # 已撤回
    VOIDED = "voided"  # 已作废


class StepState(StrEnum):
    """How far a step has come."""

    PAST = "past"  # 已完成
    NOW = "now"  # 正在进行
    AHEAD = "ahead"  # 还没到


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step; `until` is promised, `late` says that it was not kept, `who` are units."""

    kind: StepKind
    state: StepState
    at: datetime | None = None
    until: datetime | None = None
    late: bool = False
    who: tuple[str, ...] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The way of a ticket; `round` counts how often it was sent out."""

    steps: tuple[Step, ...]
    round: int
    ended: bool

    @property
    def now(self) -> Step:
        """The step that is told first: the one in progress, else the last that happened."""
        going = [each for each in self.steps if each.state is StepState.NOW]
        past = [each for each in self.steps if each.state is StepState.PAST]
        return going[0] if going else past[-1]


_S: Final = TicketState
_K: Final = StepKind
# Ends that are no result of anybody's work, by the line that tells of them.
ENDS: Final = {
    _S.ANSWERED: _K.ANSWERED,
    _S.TRANSFERRED: _K.TRANSFERRED,
    _S.REJECTED: _K.REJECTED,
    _S.WITHDRAWN: _K.WITHDRAWN,
    _S.VOIDED: _K.VOIDED,
}
AGAIN: Final = frozenset({"rework_requested", "reopened"})
GONE: Final = frozenset({AssignmentState.RETURNED, AssignmentState.RELEASED})
REPLY: Final = "答复："
PART: Final = "协办部分"
# How far the ordinary way has come: the kind that is in progress in each state.
_NOW: Final = {
    _S.DRAFT: _K.ASSIGNED,
    _S.REGISTERED: _K.ASSIGNED,
    _S.PENDING_INFO: _K.SUPPLY,
    _S.DISPATCHED: _K.TAKING,
    _S.PROCESSING: _K.WORKING,
    _S.SUSPENDED: _K.PAUSED,
    _S.RESOLVED: _K.DONE,
    _S.CALLBACK: _K.RATE,
    _S.MERGED: _K.MERGED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What the steps are told from."""

    ticket: Ticket
    lines: Sequence[Line]
    promises: Iterable[Promise]
    calls: Iterable[Call]
    names: dict[str, str] = field(default_factory=dict)  # of units, by code

    def leads(self) -> tuple[str, ...]:
        """The names of the units that lead now, or led last."""
        own = [
            each
            for each in self.calls
            if each.whistle_id == self.ticket.whistle_id and each.relation is Relation.LEAD
        ]
        there = [each for each in own if each.state not in GONE] or own[-1:]
        return tuple(self.names.get(each.unit, each.unit) for each in there)

    def this_round(self) -> Sequence[Line]:
        """The lines since the ticket was sent out again."""
        again = [place for place, line in enumerate(self.lines) if line.what in AGAIN]
        return self.lines[again[-1] + 1 :] if again else self.lines

    def first(self, *whats: str) -> Line | None:
        return next((line for line in self.this_round() if line.what in whats), None)

    def last(self, *whats: str) -> Line | None:
        return next((line for line in reversed(self.this_round()) if line.what in whats), None)

    def promise(self, kind: DeadlineKind) -> Promise | None:
        """The newest promise of a kind that still says something, a lead's where units promise."""
        found = [
            each
            for each in self.promises
            if each.kind is kind
            and each.state is not PromiseState.CANCELLED
            and (each.unit is None or self.names.get(each.unit, each.unit) in self.leads())
        ]
        return max(found, key=lambda each: (each.round, each.due.started_at), default=None)


def parcel(story: Story) -> Parcel:
    """The steps of a ticket as they stand."""
    ticket = story.ticket
    state = ticket.state
    if state is TicketState.ARCHIVED:  # as it was when it ended
        state = _ended_as(story)
    received = Step(kind=_K.RECEIVED, state=StepState.PAST, at=ticket.registered_at)
    if state in ENDS:
        steps = (received, *_past_work(story), _end(story, ENDS[state]))
    elif state is TicketState.MERGED:
        merged = story.last("merged")
        at = merged.at if merged is not None else None
        steps = (received, Step(kind=_K.MERGED, state=StepState.NOW, at=at))
    else:
        steps = (received, *_way(story, _NOW.get(state)))
    return Parcel(steps=steps, round=ticket.round, ended=ticket.has_ended)


def _ended_as(story: Story) -> TicketState:
    for line in reversed(story.lines):
        if line.what in ENDS:
            return TicketState(line.what)
    return TicketState.CLOSED


def _way(story: Story, now: StepKind | None) -> tuple[Step, ...]:
    """The ordinary way; `now` None means that all of it is past."""
    kinds = [_K.ASSIGNED, _K.WORKING, _K.DONE, _K.RATE]
    if now is _K.SUPPLY:
        kinds.insert(0, _K.SUPPLY)
    if now in {_K.TAKING, _K.PAUSED}:
        kinds[kinds.index(_K.WORKING)] = now
    if now is None:
        kinds.append(_K.CLOSED)
    at = kinds.index(now) if now is not None else len(kinds)
    return tuple(_step(story, kind, place, at) for place, kind in enumerate(kinds))


def _step(story: Story, kind: StepKind, place: int, now: int) -> Step:
    if place > now:
        return Step(kind=kind, state=StepState.AHEAD)
    state = StepState.NOW if place == now else StepState.PAST
    happened = _happened(story, kind)
    promise = _promised(story, kind) if state is StepState.NOW else None
    return Step(
        kind=kind,
        state=state,
        at=happened.at if happened is not None else None,
        until=promise.due.by if promise is not None else None,
        late=promise is not None and promise.state is PromiseState.MISSED,
        who=story.leads() if kind not in {_K.RATE, _K.SUPPLY, _K.CLOSED} else (),
        text=_text(kind, happened),
    )


def _happened(story: Story, kind: StepKind) -> Line | None:
    match kind:
        case StepKind.SUPPLY:
            return story.last("info_requested")
        case StepKind.ASSIGNED:
            return story.last("unit_offered") or story.first("blown")
        case StepKind.WORKING:
            return _taken(story)
        case StepKind.PAUSED:
            return story.last("suspended")
        case StepKind.DONE:
            return _resolved(story)
        case StepKind.RATE:
            return story.last("called_back") or story.last("callback_opened")
        case _:
            return story.last("closed")


def _taken(story: Story) -> Line | None:
    leads = story.leads()
    took = [each for each in story.this_round() if each.what in _TAKEN]
    return next((each for each in took if each.who in leads), took[0] if took else None)


_TAKEN: Final = frozenset({"acknowledged", "deemed_acknowledged"})


def _resolved(story: Story) -> Line | None:
    """The lead's word that it is done, never an assisting unit's part."""
    said = (each for each in reversed(story.this_round()) if each.what == "resolved")
    return next((each for each in said if PART not in each.zh), None)


def _promised(story: Story, kind: StepKind) -> Promise | None:
    match kind:
        case StepKind.ASSIGNED:
            return story.promise(DeadlineKind.DISPATCH)
        case StepKind.TAKING:
            return story.promise(DeadlineKind.ACKNOWLEDGE)
        case StepKind.WORKING:
            own = story.promise(DeadlineKind.RESOLVE)
            return own or story.promise(DeadlineKind.CITIZEN)
        case StepKind.RATE:
            return story.promise(DeadlineKind.CALLBACK)
        case _:
            return None


def _text(kind: StepKind, happened: Line | None) -> str | None:
    """What somebody wrote: the unit's reply, the reason of a pause, what is still missing."""
    if happened is None:
        return None
    if kind is StepKind.DONE:
        return happened.zh.partition(REPLY)[2] or happened.zh
    if kind is _K.RATE and happened.what == "called_back":
        return happened.zh.partition("：")[2] or happened.zh
    return happened.zh if kind in {_K.PAUSED, _K.SUPPLY} else None


def _past_work(story: Story) -> tuple[Step, ...]:
    """Of a ticket that ended otherwise, the steps that had happened."""
    happened = [
        (kind, line)
        for kind in (_K.ASSIGNED, _K.WORKING)
        if (line := _happened(story, kind)) is not None
    ]
    return tuple(
        Step(kind=kind, state=StepState.PAST, at=line.at, who=story.leads())
        for kind, line in happened
    )


def _end(story: Story, kind: StepKind) -> Step:
    line = story.last(kind.value)
    return Step(
        kind=kind,
        state=StepState.PAST,
        at=line.at if line is not None else story.ticket.ended_at,
        text=line.zh if line is not None and kind is not _K.WITHDRAWN else None,
    )
