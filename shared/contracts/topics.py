"""The topics table: for each topic its producer, consumers, events, key, partitions and retention.

Names here are without the settable prefix. Topics of a unit have `<code>` in their name; the
access rights of departments stand on these names (CONTRACTS §2).
"""

from collections.abc import Iterable

from shared.contracts import (
    bureaus,
    deadlines,
    figures,
    joint,
    notices,
    reports,
    rulings,
    tickets,
    units,
    whistles,
)
from shared.contracts.parts import Fact
from shared.records import record

DAY_MS = 86_400_000


def events_of(module: object, base: type) -> tuple[type, ...]:
    """All event classes of a contracts module, in the order of their writing."""
    return tuple(
        cls
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, base) and "TYPE" in vars(cls)
    )


@record
class Topic:
    """One row of the table; `retention_days` None keeps for ever (compacted by key)."""

    name: str
    producer: str
    consumers: tuple[str, ...]
    events: tuple[type, ...]
    key: str
    partitions: int
    retention_days: int | None
    log_append_time: bool = False


TICKETS = Topic(
    name="tickets",
    producer="intake",
    consumers=("router", "notifier"),
    events=events_of(tickets, tickets.TicketFact),
    key="ticket_id",
    partitions=6,
    retention_days=30,
)
WHISTLES = Topic(
    name="whistles",
    producer="router",
    consumers=("intake", "notifier"),
    events=tuple(
        each
        for module in (whistles, rulings, joint)
        for each in events_of(module, whistles.WhistleFact)
    ),
    key="whistle_id",
    partitions=6,
    retention_days=30,
)
DEADLINES = Topic(
    name="deadlines",
    producer="notifier",
    consumers=("router", "intake"),
    events=(
        *events_of(deadlines, Fact),
        *events_of(figures, figures.RulingFact),
    ),
    key="whistle_id, else ticket_id",
    partitions=6,
    retention_days=30,
)
RATINGS = Topic(
    name="ratings",
    producer="intake",
    consumers=("notifier",),
    events=(units.RatingRecorded,),
    key="campaign, else ticket_id",
    partitions=3,
    retention_days=30,
)
UNITS = Topic(
    name="units",
    producer="router",
    consumers=("intake", "notifier"),
    events=(units.UnitDeclared,),
    key="unit code",
    partitions=1,
    retention_days=None,
)
UNIT_WHISTLES = Topic(
    name="bureau.<code>.whistles",
    producer="router",
    consumers=("the department",),
    events=(*events_of(bureaus, bureaus.View), bureaus.ReportRefused),
    key="whistle_id",
    partitions=1,
    retention_days=90,
)
UNIT_REPORTS = Topic(
    name="bureau.<code>.reports",
    producer="the department",
    consumers=("router",),
    events=events_of(reports, reports.Report),
    key="whistle_id (not relied upon)",
    partitions=1,
    retention_days=90,
    log_append_time=True,
)
UNIT_NOTICES = Topic(
    name="bureau.<code>.notices",
    producer="notifier",
    consumers=("the department",),
    events=events_of(notices, notices.Notice),
    key="whistle_id",
    partitions=1,
    retention_days=90,
)

CITY_TOPICS = (TICKETS, WHISTLES, DEADLINES, RATINGS, UNITS)
UNIT_TOPICS = (UNIT_WHISTLES, UNIT_REPORTS, UNIT_NOTICES)
TOPICS = CITY_TOPICS + UNIT_TOPICS


def unit_topic(topic: Topic, unit: str) -> str:
    """The name of a unit's topic, without prefix."""
    return topic.name.replace("<code>", unit)


def unit_of(topic_name: str) -> str:
    """The unit whose topic this is (the name without prefix): `bureau.<code>.<what>`."""
    return topic_name.split(".", 1)[1].rsplit(".", 1)[0]


@record
class TopicSpec:
    """What the broker needs to make a topic."""

    name: str
    partitions: int
    retention_ms: int
    cleanup_policy: str
    timestamp_type: str


def _spec(topic: Topic, name: str) -> TopicSpec:
    days = topic.retention_days
    return TopicSpec(
        name=name,
        partitions=topic.partitions,
        retention_ms=-1 if days is None else days * DAY_MS,
        cleanup_policy="compact" if days is None else "delete",
        timestamp_type="LogAppendTime" if topic.log_append_time else "CreateTime",
    )


def all_topics(unit_codes: Iterable[str]) -> list[TopicSpec]:
    """Every topic of a city with these units, without prefix."""
    return [_spec(topic, topic.name) for topic in CITY_TOPICS] + [
        _spec(topic, unit_topic(topic, unit)) for unit in unit_codes for topic in UNIT_TOPICS
    ]
