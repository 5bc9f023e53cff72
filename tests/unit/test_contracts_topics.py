"""The topics table: names, who may say what, and what the broker is asked for."""

import pytest

from shared.contracts import topics
from shared.contracts.topics import TOPICS, all_topics, unit_of, unit_topic

SERVICES = {"intake", "router", "notifier"}
DEPARTMENT = "the department"


def test_each_event_is_said_on_one_topic_by_one_producer() -> None:
    types = [cls.TYPE for topic in TOPICS for cls in topic.events]  # type: ignore[attr-defined]
    assert len(set(types)) == len(types)
    assert {topic.producer for topic in TOPICS} == SERVICES | {DEPARTMENT}
    for topic in TOPICS:
        assert topic.producer not in topic.consumers
        assert set(topic.consumers) <= SERVICES | {DEPARTMENT}


def test_a_department_meets_only_topics_with_its_code() -> None:
    for topic in TOPICS:
        theirs = DEPARTMENT in (topic.producer, *topic.consumers)
        assert theirs == ("<code>" in topic.name)


def test_only_what_departments_write_is_stamped_by_the_broker() -> None:
    assert [topic.name for topic in TOPICS if topic.log_append_time] == ["bureau.<code>.reports"]


@pytest.mark.parametrize("unit", ["BH-CGJ", "S-159902001", "Q-159902001001", "U-GD1", "A.B"])
def test_a_unit_s_topic_names_its_unit(unit: str) -> None:
    for topic in topics.UNIT_TOPICS:
        assert unit_of(unit_topic(topic, unit)) == unit


def test_the_broker_is_asked_for_every_topic_once() -> None:
    specs = {spec.name: spec for spec in all_topics(["BH-CGJ", "BH-ZJJ"])}
    assert len(all_topics(["BH-CGJ", "BH-ZJJ"])) == len(specs) == 5 + 2 * 3
    assert specs["units"].cleanup_policy == "compact"
    assert specs["units"].retention_ms == -1
    assert specs["tickets"].retention_ms == 30 * 24 * 3600 * 1000
    assert specs["tickets"].partitions == 6
    assert specs["bureau.BH-ZJJ.reports"].timestamp_type == "LogAppendTime"
    assert specs["bureau.BH-ZJJ.whistles"].timestamp_type == "CreateTime"
