"""A department's system over HTTP: its streams, keys, pushed reports and webhook; pure."""

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from services.router.domain.outcome import Outcome
from services.router.domain.reports.judgement import Refused
from shared.contracts.bureaus import RefusalCode
from shared.contracts.parts import AssignmentState
from shared.contracts.topics import UNIT_NOTICES, UNIT_WHISTLES, unit_topic
from shared.records import record

KINDRED: Final = UUID("0f8e1c5e-3f0c-5a53-8f63-6f1f2a5d8b77")  # the namespace of sealing ids
RECIPIENT: Final = "department"  # of the recipient "department:<unit>"
MOST_REPORTS: Final = 500  # of one request


class Stream(StrEnum):
    """What a unit is told; each stream is one topic of its own, and has offsets of its own."""

    WHISTLES = "whistles"  # 哨单
    NOTICES = "notices"  # 通知


def topic_of(unit: str, stream: Stream) -> str:
    """The unit's topic of that stream, without prefix."""
    return unit_topic(UNIT_WHISTLES if stream is Stream.WHISTLES else UNIT_NOTICES, unit)


@record
class DepartmentKey:
    """A key of a unit's system, without the key."""

    key_id: UUID
    unit: str
    prefix: str
    created_at: datetime
    created_by: str | None
    revoked_at: datetime | None
    last_used: date | None


class Verdict(StrEnum):
    """What became of a pushed report."""

    ACCEPTED = "accepted"  # 已采信
    REFUSED = "refused"  # 不予采信
    KNOWN = "known"  # 已由 Kafka 收到


@record
class Answer:
    """What a pushed report is answered; `report_id` is its event id.

    `state` and `seq` are those after an accepted report, the current ones of a refused one where
    the unit may know them. A `known` report came over Kafka before: its answer is on the stream
    of whistles.
    """

    report_id: str
    verdict: Verdict
    whistle_id: UUID | None = None
    seq: int | None = None
    state: AssignmentState | None = None
    late: bool = False
    code: RefusalCode | None = None
    zh: str | None = None
    en: str | None = None
    repeated: bool = False


def answer_of(report_id: str, whistle_id: UUID, unit: str, judged: Outcome | Refused) -> Answer:
    """The judgement of a report as its sender is told."""
    if isinstance(judged, Refused):
        return Answer(
            report_id=report_id,
            verdict=Verdict.REFUSED,
            whistle_id=whistle_id,
            seq=judged.seq,
            state=judged.state,
            code=judged.code,
            zh=judged.zh,
            en=judged.en,
        )
    first = judged.steps[0]
    part = judged.whistle.part_of(unit)
    return Answer(
        report_id=report_id,
        verdict=Verdict.ACCEPTED,
        whistle_id=whistle_id,
        seq=first.seq,
        state=part.state if part is not None else None,
        late=getattr(first.fact, "late", False),
    )


def invalid(report_id: str, zh: str, en: str) -> Answer:
    """A report that is none of the contract."""
    return Answer(
        report_id=report_id, verdict=Verdict.REFUSED, code=RefusalCode.INVALID, zh=zh, en=en
    )


@record
class Webhook:
    """Where a unit is called; `disabled_why` says that the other side wants no more calls."""

    unit: str
    url: str
    streams: tuple[Stream, ...]
    disabled_at: datetime | None
    disabled_why: str | None
    changed_at: datetime
    changed_by: str | None


@record
class Cursor:
    """From which offset on a stream is still to be forwarded to the unit's webhook."""

    unit: str
    stream: Stream
    next: int

    @property
    def topic(self) -> str:
        """The topic of the stream, without prefix."""
        return topic_of(self.unit, self.stream)


def recipient_of(unit: str) -> str:
    """A unit's webhook as the recipient of deliveries."""
    return f"{RECIPIENT}:{unit}"


def unit_of_recipient(recipient: str) -> str:
    """The unit behind a recipient."""
    return recipient.partition(":")[2]


def seal_id(unit: str) -> UUID:
    """What a unit's signing secret is bound to."""
    return uuid5(KINDRED, unit)


def in_table_order(streams: Sequence[Stream]) -> tuple[Stream, ...]:
    """Streams, each once, in the order of the enum."""
    return tuple(stream for stream in Stream if stream in streams)
