"""What happens to one promise: each command gives the promise after it and the steps it took.

Pure, and judged by when things happened, never by when they were heard: whether the watch or a
late report comes first, the promise ends the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from itertools import takewhile

from services.notifier.domain.deadline import (
    LIFECYCLE,
    SYSTEM,
    Command,
    Deadline,
    DeadlineState,
)
from services.notifier.domain.escalation import DUE, Escalation, Rung
from shared.contracts.parts import Actor, DeadlineKind
from shared.contracts.values import Due
from shared.records import record

RUNNING, PAUSED = DeadlineState.RUNNING, DeadlineState.PAUSED
MET, MISSED, CANCELLED = DeadlineState.MET, DeadlineState.MISSED, DeadlineState.CANCELLED


class What(StrEnum):
    """The words of a deadline's history."""

    OPENED = "opened"  # 开始计时
    WARNED = "warned"  # 预警
    MISSED = "missed"  # 超时
    CLIMBED = "climbed"  # 升级督办
    MET = "met"  # 按时完成
    MET_LATE = "met_late"  # 超时完成
    CORRECTED = "corrected"  # 更正超时
    CANCELLED = "cancelled"  # 取消
    LADDER_ENDED = "ladder_ended"  # 停止升级
    PAUSED = "paused"  # 暂停
    RESUMED = "resumed"  # 恢复计时
    DUE_CHANGED = "due_changed"  # 时限变更
    REOPENED = "reopened"  # 重新计时
    RENEWED = "renewed"  # 开始新一期
    GROUP_MATTER = "group_matter"  # 列为群体诉求


@record
class Order:
    """A command, when what it tells of happened, and by whom; `due` for a changed due time.

    `outage`: the due time moves for a declared outage, so that a late end may have been in time.
    """

    command: Command
    at: datetime
    actor: Actor
    due: Due | None = None
    outage: bool = False


@record
class Step:
    """One row of the history to be; `after` is the promise after it, `rung` what fired."""

    what: What
    at: datetime
    actor: Actor
    before: DeadlineState | None
    after: Deadline
    rung: Rung | None = None


@record
class Change:
    """One promise in a batch: how it was (None when new), how it is, and each step between."""

    before: Deadline | None
    after: Deadline
    steps: tuple[Step, ...]


Turn = tuple[Deadline, list[Step]]


def opened(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    """A new promise runs from the moment of its fact."""
    step = Step(what=What.OPENED, at=order.at, actor=order.actor, before=None, after=deadline)
    return armed(deadline, escalation), [step]


def obey(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    """Carry out a command; one that means nothing any more changes nothing."""
    deadline, steps = _DEEDS[order.command](deadline, order, escalation)
    return (armed(deadline, escalation), steps) if steps else (deadline, steps)


def fire(deadline: Deadline, now: datetime, escalation: Escalation) -> Turn:
    """Fire every rung that is past, in order."""
    steps: list[Step] = []
    rung = escalation.next_rung(deadline)
    while rung is not None and rung.fire_at <= now:
        deadline, rung, step = _fired(deadline, rung, escalation)
        steps.append(step)
    return _aimed(deadline, rung), steps


def mark_group_matter(
    deadline: Deadline, at: datetime, actor: Actor, escalation: Escalation
) -> Turn:
    """Many callers, one matter: its ladder is shorter from now on."""
    if deadline.group_matter or deadline.ended_at is not None:
        return deadline, []
    after = armed(replace(deadline, group_matter=True), escalation)
    step = Step(what=What.GROUP_MATTER, at=at, actor=actor, before=after.state, after=after)
    return after, [step]


def armed(deadline: Deadline, escalation: Escalation) -> Deadline:
    """The promise with the rung that fires next."""
    return _aimed(deadline, escalation.next_rung(deadline))


def _aimed(deadline: Deadline, rung: Rung | None) -> Deadline:
    name, fire_at = (rung.name, rung.fire_at) if rung else (None, None)
    if (name, fire_at) == (deadline.next_rung, deadline.fire_at):
        return deadline
    return replace(deadline, next_rung=name, fire_at=fire_at)


def _fired(
    deadline: Deadline, rung: Rung, escalation: Escalation
) -> tuple[Deadline, Rung | None, Step]:
    """The promise after a rung, the rung that follows, and the step."""
    miss = rung.name == DUE
    state = LIFECYCLE.next(deadline.state, Command.MISS) if miss else deadline.state
    fired = (*deadline.fired, rung.name)
    following = escalation.following(deadline, state, fired)
    after = deadline.after_rung(
        state=state,
        late=deadline.late or miss,
        fired=fired,
        next_rung=following.name if following else None,
        fire_at=following.fire_at if following else None,
    )
    climbed = What.WARNED if rung.level == 0 else What.CLIMBED
    step = Step(
        what=What.MISSED if miss else climbed,
        at=rung.fire_at,
        actor=SYSTEM,
        before=deadline.state,
        after=after,
        rung=rung,
    )
    return after, following, step


def _moved(deadline: Deadline, order: Order, what: What, **changes: object) -> Turn:
    """Make the lifecycle's move and write it down."""
    state = LIFECYCLE.next(deadline.state, order.command)
    after = replace(deadline, state=state, **changes)  # type: ignore[arg-type]
    step = Step(what=what, at=order.at, actor=order.actor, before=deadline.state, after=after)
    return after, [step]


def _settled(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    """The state the promise had when the order's fact happened.

    A miss marked before the fact was heard, though it happened in time, is taken back; a miss that
    the watch has not marked yet is marked.
    """
    in_time = deadline.in_time(order.at, order.command)
    if deadline.state is MISSED and in_time:
        return _corrected(deadline, order)
    if deadline.state is RUNNING and not in_time:
        deadline, _, step = _fired(deadline, escalation.due_of(deadline), escalation)
        return deadline, [step]
    return deadline, []


def _corrected(deadline: Deadline, order: Order) -> Turn:
    """Take a miss back; the promise is another one, of which only the warnings were given."""
    return _moved(
        deadline,
        replace(order, command=Command.CORRECT),
        What.CORRECTED,
        late=False,
        paused_at=None,
        ended_at=None,
        term=deadline.term + 1,
        fired=tuple(takewhile(lambda name: name != DUE, deadline.fired)),
    )


def _meet(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    if deadline.state is MET:
        return deadline, []
    before: list[Step] = []
    if deadline.state is CANCELLED:  # it was kept before it was called off, and heard after
        deadline, before = _restore(deadline, order, escalation)
    deadline, settling = _settled(deadline, order, escalation)
    what = What.MET_LATE if deadline.late else What.MET
    deadline, steps = _moved(
        deadline, order, what, met_at=order.at, ended_at=order.at, paused_at=None
    )
    return deadline, [*before, *settling, *steps]


def _cancel(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    if deadline.ended_at is not None:
        return deadline, []
    deadline, settling = _settled(deadline, order, escalation)
    what = What.LADDER_ENDED if deadline.state is MISSED else What.CANCELLED
    deadline, steps = _moved(deadline, order, what, ended_at=order.at, paused_at=None)
    return deadline, [*settling, *steps]


def _pause(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    if deadline.ended_at is not None or deadline.paused_at is not None:
        return deadline, []
    deadline, settling = _settled(deadline, order, escalation)
    deadline, steps = _moved(deadline, order, What.PAUSED, paused_at=order.at)
    return deadline, [*settling, *steps]


def _resume(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    """Go on with the due time the router gives; without one, with the old."""
    if deadline.paused_at is None:
        return deadline, []
    due = order.due or deadline.due
    return _moved(
        deadline,
        order,
        What.RESUMED,
        due=due,
        counted_from=escalation.shifted(deadline, due),
        paused_at=None,
    )


def _change(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    """Another due time: another promise, whose rungs may fire anew."""
    if order.due is None:
        return _cancel(deadline, replace(order, command=Command.CANCEL), escalation)
    if deadline.state is MET and order.outage and deadline.late:
        return _excused(deadline, order, order.due)
    if deadline.state is MET or order.due == deadline.due:
        return deadline, []
    before: list[Step] = []
    if deadline.state is CANCELLED:
        deadline, before = _restore(deadline, order, escalation)
    elif deadline.state is MISSED and order.due.by > order.at:  # extended after it was due
        deadline, before = _corrected(deadline, order)
    order = replace(order, command=Command.CHANGE)
    anew = {} if deadline.state is MISSED else _anew(deadline)
    deadline, steps = _moved(
        deadline,
        order,
        What.DUE_CHANGED,
        due=order.due,
        counted_from=order.due.started_at if order.due else deadline.counted_from,
        **anew,
    )
    return deadline, [*before, *steps]


def _excused(deadline: Deadline, order: Order, due: Due) -> Turn:
    """A declared outage moved what was met late: the lateness is taken back where it does so."""
    if due == deadline.due or deadline.kind is DeadlineKind.DEEMED:
        return deadline, []
    order = replace(order, command=Command.CHANGE)
    if deadline.met_at is None or deadline.met_at > due.by:
        return _moved(deadline, order, What.DUE_CHANGED, due=due)
    order = replace(order, command=Command.CORRECT)
    fired = tuple(takewhile(lambda name: name != DUE, deadline.fired))
    changes = {"due": due, "late": False, "term": deadline.term + 1, "fired": fired}
    return _moved(deadline, order, What.CORRECTED, **changes)


def _anew(deadline: Deadline) -> dict[str, object]:
    return {"term": deadline.term + bool(deadline.fired), "fired": ()}


def _reopen(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    """Owed again: as if never stopped, so that a miss stands; or with a due time of its own."""
    if deadline.state is not MET:
        return _change(deadline, order, escalation) if order.due else (deadline, [])
    changes: dict[str, object] = {"met_at": None, "ended_at": None}
    if order.due is not None:
        changes |= {"due": order.due, "counted_from": order.due.started_at, "late": False}
        changes |= {"term": deadline.term + 1, "fired": ()}
    elif deadline.late:
        order = replace(order, command=Command.RELAPSE)
    return _moved(deadline, order, What.REOPENED, **changes)


def _restore(deadline: Deadline, order: Order, _escalation: Escalation) -> Turn:
    """What was called off is owed after all."""
    if deadline.ended_at is None or deadline.state is MET:
        return deadline, []
    return _moved(deadline, replace(order, command=Command.RESTORE), What.REOPENED, ended_at=None)


def _renew(deadline: Deadline, order: Order, escalation: Escalation) -> Turn:
    """The same thing is owed once more; a term that ended in a miss is closed as one."""
    if order.due is None or order.due == deadline.due:
        return deadline, []
    settling: list[Step] = []
    if deadline.ended_at is None:
        deadline, settling = _settled(deadline, order, escalation)
    deadline, steps = _moved(
        deadline,
        order,
        What.RENEWED,
        due=order.due,
        counted_from=order.due.started_at,
        late=False,
        term=deadline.term + 1,
        fired=(),
        paused_at=None,
        met_at=None,
        ended_at=None,
    )
    return deadline, [*settling, *steps]


_DEEDS: Mapping[Command, Callable[[Deadline, Order, Escalation], Turn]] = {
    Command.MEET: _meet,
    Command.CANCEL: _cancel,
    Command.PAUSE: _pause,
    Command.RESUME: _resume,
    Command.CHANGE: _change,
    Command.REOPEN: _reopen,
    Command.RESTORE: _restore,
    Command.RENEW: _renew,
}
