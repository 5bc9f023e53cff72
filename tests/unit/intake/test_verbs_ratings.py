"""Ratings without a server: links, codes, questions as data, what votes add up to."""

import tomllib
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.campaign import (
    CODE_LENGTH,
    QuestionKind,
    RatingTerms,
    answer_of,
    read_answers,
    read_rating_terms,
    shown_code,
    typed_code,
)
from services.intake.domain.rate_link import RateGrant, open_rate_token, rate_token
from services.intake.domain.tally import tally, wilson
from shared.contracts.tickets import Satisfaction
from shared.contracts.units import Score
from shared.errors import InvalidError

KEY = b"k" * 32
PATH = Path(__file__).parents[3] / "services/intake/ratings.toml"


@pytest.fixture(scope="module")
def terms() -> RatingTerms:
    return read_rating_terms(tomllib.loads(PATH.read_text("utf-8")))


@given(st.uuids(), st.integers(1, 255))
def test_a_rate_link_opens_what_it_was_made_for(ticket_id: UUID, round_: int) -> None:
    grant = RateGrant(ticket_id=ticket_id, round=round_)
    assert open_rate_token(KEY, rate_token(KEY, grant)) == grant


def test_an_altered_rate_link_opens_nothing() -> None:
    token = rate_token(KEY, RateGrant(ticket_id=uuid4(), round=1))
    assert len(token) == 34
    for at in range(len(token)):
        other = "A" if token[at] != "A" else "B"
        assert open_rate_token(KEY, token[:at] + other + token[at + 1 :]) is None
    for wrong in ("", "x", "é", token + "AAAA", token[:-4]):
        assert open_rate_token(KEY, wrong) is None
    assert open_rate_token(b"j" * 32, token) is None


def test_each_class_is_asked_its_own_questions(terms: RatingTerms) -> None:
    public = terms.classes["public"].questions
    assert [each.kind for each in public] == [QuestionKind.FOUR]
    street = {each.code for each in terms.classes["street"].questions}
    assert street == {"timely", "present", "effect", "cooperation"}


def test_a_vote_answers_every_question(terms: RatingTerms) -> None:
    street = terms.classes["street"]
    with pytest.raises(InvalidError) as caught:
        read_answers(street, {"timely": "6", "present": "3"})
    assert {e.field for e in caught.value.errors} == {"timely", "effect", "cooperation"}
    given_marks = {"timely": "5", "present": "4", "effect": "3", "cooperation": "1", "phone": "1"}
    answers = read_answers(street, given_marks)
    assert "phone" not in answers
    assert answer_of(street, answers) == (
        Satisfaction.UNKNOWN,
        [
            Score(question="timely", score=5),
            Score(question="present", score=4),
            Score(question="effect", score=3),
            Score(question="cooperation", score=1),
        ],
    )
    public = terms.classes["public"]
    assert answer_of(public, read_answers(public, {"overall": "basically"})) == (
        Satisfaction.BASICALLY,
        [],
    )


def test_wrong_lists_are_refused() -> None:
    good = {"code": "a", "kind": "four", "zh": "甲", "en": "a"}
    for table in (
        {},
        {"most_codes": 0, "class": {}},
        {"most_codes": 5, "class": {"x": {"zh": "甲", "en": "a", "question": []}}},
        {"most_codes": 5, "class": {"x": {"zh": "甲", "en": "a", "question": [good, good]}}},
        {"most_codes": 5, "class": {"x": {"zh": "甲", "en": "a", "question": [{"code": "a"}]}}},
    ):
        with pytest.raises(ValueError):
            read_rating_terms(table)


def test_a_code_is_read_as_people_type_it() -> None:
    code = "ABCDEFGH2345"
    assert len(code) == CODE_LENGTH
    assert shown_code(code) == "ABCD-EFGH-2345"
    for typed in (" abcd-efgh-2345 ", "ABCD EFGH 2345", code):
        assert typed_code(typed) == code
    for wrong in ("", "ABCD-EFGH-234", "ABCD-EFGH-234O", "ABCD-EFGH-23456"):
        assert typed_code(wrong) is None


def test_wilson_bounds_are_the_textbook_s() -> None:
    share = wilson(8, 10)
    assert share.share == 0.8
    assert share.low == pytest.approx(0.4901625, abs=1e-6)
    assert share.high == pytest.approx(0.9433178, abs=1e-6)
    assert wilson(0, 0).share is None


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_bounds_hold_the_share(n: int, part: float) -> None:
    share = wilson(part * n, n)
    assert share.low is not None
    assert share.high is not None
    assert share.share is not None
    assert 0 <= share.low <= share.share + 1e-9
    assert share.share - 1e-9 <= share.high <= 1


def test_those_who_cannot_say_are_counted_and_stay_out_of_the_share(terms: RatingTerms) -> None:
    question = terms.classes["public"].questions[0]
    added = tally(
        question, {"satisfied": 6, "basically": 5, "unsatisfied": 1, "unknown": 8, "other": 9}
    )
    assert (added.n, added.satisfied.n) == (20, 12)
    assert added.satisfied.share == pytest.approx((6 + 0.8 * 5) / 12)
    marks = tally(terms.classes["street"].questions[0], {"5": 2, "4": 1, "1": 1})
    assert (marks.mean, marks.satisfied.share) == (3.75, 0.75)
