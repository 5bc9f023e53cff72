"""What one person is told together: each matter once, by its last word, the soonest due first."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum

from services.notifier.domain.telling.message import Message, Way
from services.notifier.domain.telling.rules import Rules
from shared.contracts.values import Urgency
from shared.records import record

FAR = datetime.max.replace(tzinfo=UTC)
_STRICTNESS = {Urgency.CRITICAL: 0, Urgency.URGENT: 1, Urgency.NORMAL: 2}


class BundleKind(StrEnum):
    SINGLE = "single"  # 单件
    BUNDLE = "bundle"  # 合并提醒
    DAILY = "daily"  # 每日摘要
    RELEASED = "released"  # 停摆期间汇总


@record
class Bundle:
    """One thing a person is sent: all its messages, and of those the ones that are spoken."""

    kind: BundleKind
    messages: tuple[Message, ...]
    spoken: tuple[Message, ...]  # one a matter, sorted

    @property
    def urgency(self) -> Urgency:
        """The strictest of its matters."""
        urgencies = {each.subject.urgency for each in self.messages}
        return min(urgencies, key=_STRICTNESS.__getitem__)


def ripe(messages: Iterable[Message], now: datetime, rules: Rules) -> list[Message]:
    """Of what waits for one person, what goes out now.

    The first of a window takes along all that is bundled; a digest takes those along too. Nothing
    is taken along into the quiet hours.
    """
    waiting = list(messages)
    due = {each.message_id for each in waiting if each.send_at and each.send_at <= now}
    together = any(each.way is not Way.AT_ONCE for each in waiting if each.message_id in due)
    return [
        each
        for each in waiting
        if each.message_id in due
        or (
            together and each.way is Way.BUNDLE and rules.heard_at(now, each.subject.urgency) == now
        )
    ]


def bundles(messages: Sequence[Message], *, singles: int) -> list[Bundle]:
    """What goes out now, as it is sent; nothing is left out.

    One digest where any is of a digest; else one bundle for what is bundled, and each other matter
    by itself unless there are more of them than `singles`.
    """
    if not messages:
        return []
    ways = {each.way for each in messages}
    for way, kind in ((Way.RELEASED, BundleKind.RELEASED), (Way.DAILY, BundleKind.DAILY)):
        if way in ways:
            return [_bundle(kind, messages)]
    at_once = [each for each in messages if each.way is Way.AT_ONCE]
    later = [each for each in messages if each.way is not Way.AT_ONCE]
    if len(spoken(at_once)) > singles:
        at_once, later = [], list(messages)
    result = [_single(each) for each in _matters(at_once).values()]
    if later:
        result.append(_bundle(BundleKind.BUNDLE, later))
    return result


def spoken(messages: Iterable[Message]) -> tuple[Message, ...]:
    """The last word on each matter, the soonest due first."""
    last = (max(of, key=_weight) for of in _matters(messages).values())
    return tuple(sorted(last, key=_place))


def _matters(messages: Iterable[Message]) -> dict[object, list[Message]]:
    """What belongs together: the rungs of one promise, the urgings of one whistle."""
    matters: defaultdict[object, list[Message]] = defaultdict(list)
    for each in messages:
        subject = each.subject
        matters[subject.deadline_id or (subject.about, subject.occasion)].append(each)
    return matters


def _weight(message: Message) -> tuple[datetime, int, int]:
    subject = message.subject
    return subject.at, subject.level, subject.count or 0


def _place(message: Message) -> tuple[datetime, str, str]:
    subject = message.subject
    return subject.due_by or FAR, subject.number, subject.kind or ""


def _single(messages: Sequence[Message]) -> Bundle:
    return Bundle(kind=BundleKind.SINGLE, messages=tuple(messages), spoken=spoken(messages))


def _bundle(kind: BundleKind, messages: Sequence[Message]) -> Bundle:
    words = spoken(messages)
    single = kind is BundleKind.BUNDLE and len(words) == 1
    return Bundle(
        kind=BundleKind.SINGLE if single else kind, messages=tuple(messages), spoken=words
    )
