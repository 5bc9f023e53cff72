"""The robot of WeChat Work: what its codes mean, how long a text may be, how many a minute."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.delivery import pace
from shared.delivery.outcome import Ending, Outcome
from shared.delivery.wecom import MOST_BYTES, cut, judged

SENT = Outcome(ending=Ending.SENT, status=200)
NOON = datetime(2026, 9, 14, 4, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "ending"),
    [
        ({"errcode": 0, "errmsg": "ok"}, Ending.SENT),
        ({"errcode": 45009}, Ending.AGAIN),
        ({"errcode": -1}, Ending.AGAIN),
        ({"errcode": 93000}, Ending.AGAIN),
        ({"errcode": 40058}, Ending.REFUSED),
        ({"ok": True}, Ending.AGAIN),
        ([], Ending.AGAIN),
    ],
)
def test_what_a_code_means(body: object, ending: Ending) -> None:
    assert judged(SENT, json.dumps(body).encode()).ending is ending


def test_what_is_no_answer_of_a_robot_is_tried_again() -> None:
    assert judged(SENT, b"<html>").ending is Ending.AGAIN


def test_too_many_asks_for_a_minute() -> None:
    assert judged(SENT, b'{"errcode": 45009}').retry_after == timedelta(minutes=1)


@given(st.text(alphabet="督办超时1a。", max_size=2000))
def test_a_text_is_cut_to_whole_characters(text: str) -> None:
    short = cut(text)
    assert len(short.encode()) <= MOST_BYTES
    assert short == text or (short.endswith("…") and text.startswith(short[:-1]))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_no_minute_sees_more_than_the_limit(pauses: list[int]) -> None:
    now, sent, left, filled_at = NOON, [], pace.at_once(20), NOON
    for pause in pauses:
        may = pace.budget(20, left, filled_at, now)
        sent += [now] * int(may)
        left, filled_at = may - int(may), now
        now += timedelta(seconds=pause)
    for first in sent:
        minute = [at for at in sent if first <= at < first + timedelta(minutes=1)]
        assert len(minute) <= 20


def test_a_limit_lets_go_on_in_time() -> None:
    sent, left, filled_at = 0, pace.at_once(20), NOON
    for second in range(600):
        now = NOON + timedelta(seconds=second)
        may = pace.budget(20, left, filled_at, now)
        sent += int(may)
        left, filled_at = may - int(may), now
    assert 100 <= sent <= 110


def test_a_copy_whose_clock_is_behind_adds_nothing() -> None:
    assert pace.budget(20, 3.0, NOON, NOON - timedelta(minutes=5)) == 3.0
