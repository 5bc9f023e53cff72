"""What `shaodao doctor --at` makes of what a running service measures."""

from deploy.local.live_checks import measures

FINE = """
shaodao_kafka_reachable 1
shaodao_outbox_oldest_age_seconds 2
shaodao_messages_held 0
"""


def test_what_is_over_its_limit_or_below_it_is_named_with_what_helps() -> None:
    text = FINE.replace("reachable 1", "reachable 0").replace("seconds 2", "seconds 31")
    found = list(measures("router", text))
    assert [each.ok for each in found] == [False, False]
    assert "shaodaokafkaunreachable" in found[0].en
    assert "shaodao_outbox_oldest_age_seconds is 31" in found[1].en


def test_what_is_not_known_now_is_not_wrong() -> None:
    [found] = measures("router", FINE.replace("reachable 1", "reachable NaN"))
    assert found.ok
    assert "2 measures" in found.en


def test_a_service_that_measures_nothing_is_not_fine() -> None:
    [found] = measures("router", "")
    assert not found.ok
