"""A campaign of anonymous ratings: who rates what, which questions, from when to when.

What each class of evaluators is asked is data (`ratings.toml`). A code lets one person vote once;
nothing ties a vote to a code, a person or a moment.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from shared.contracts.tickets import Satisfaction
from shared.contracts.units import Score
from shared.errors import FieldError, InvalidError

# None of them looks like another.
CODE_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # pragma: allowlist secret
CODE_LENGTH: Final = 12
LONGEST: Final = timedelta(days=366)
LEAST_SCORE: Final = 1
MOST_SCORE: Final = 5


class SubjectKind(StrEnum):
    """What is rated."""

    UNIT = "unit"  # 单位
    COMPOUND = "compound"  # 小区
    EVENT = "event"  # 活动或事项


class QuestionKind(StrEnum):
    """How a question is answered."""

    FOUR = "four"  # 四种评价
    SCALE = "scale"  # 1 到 5 分


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question of a class; `{subject}` in its words is what is rated."""

    code: str
    kind: QuestionKind
    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluatorClass:
    """Who rates, and what they are asked."""

    code: str
    zh: str
    en: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingTerms:
    """All classes by code, and how many codes may be made at once."""

    most_codes: int
    classes: Mapping[str, EvaluatorClass]


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """`region` None is the whole city's; `codes` how many were made for it so far."""

    campaign_id: UUID
    title: str
    subject_kind: SubjectKind
    subject: str  # a unit's code, a compound's or an event's name
    subject_name: str
    evaluator_class: str
    region: str | None
    starts_at: datetime
    ends_at: datetime
    made_by: str
    made_at: datetime
    codes: int = 0

    def is_open(self, now: datetime) -> bool:
        return self.starts_at <= now < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's answers; `hour` is when, as near as is kept; `vote_id` tells nothing."""

    vote_id: UUID
    campaign_id: UUID
    hour: datetime
    answers: Mapping[str, str]


def read_rating_terms(table: Mapping[str, Any]) -> RatingTerms:
    """The classes of `ratings.toml`; ValueError names what is missing or unknown."""
    try:
        classes = {
            code: EvaluatorClass(
                code=code,
                zh=row["zh"],
                en=row["en"],
                questions=tuple(
                    Question(**{**each, "kind": QuestionKind(each["kind"])})
                    for each in row["question"]
                ),
            )
            for code, row in table["class"].items()
        }
        most = table["most_codes"]
    except (KeyError, TypeError) as error:
        raise ValueError(f"ratings: {error}") from None
    for each in classes.values():
        codes = [question.code for question in each.questions]
        if not codes or len(set(codes)) != len(codes):
            raise ValueError(f"ratings: class {each.code} needs questions, each with its own code")
    if not isinstance(most, int) or most < 1:
        raise ValueError("ratings: most_codes must be a whole number from 1")
    return RatingTerms(most_codes=most, classes=classes)


def check_period(starts_at: datetime, ends_at: datetime) -> None:
    """InvalidError unless it ends after it starts, and within a year."""
    if not starts_at < ends_at <= starts_at + LONGEST:
        raise InvalidError(
            FieldError(
                field="ends_at",
                zh="ends_at：应晚于开始时间，且不超过一年",
                en="ends_at: must be after the start, and within a year of it",
            )
        )


def read_answers(who: EvaluatorClass, given: Mapping[str, str]) -> dict[str, str]:
    """The answers to all questions of the class; InvalidError names each that is missing."""
    wrong = [
        FieldError(
            field=question.code,
            zh=f"{question.code}：请选择",
            en=f"{question.code}: needs an answer",
        )
        for question in who.questions
        if given.get(question.code) not in choices(question)
    ]
    if wrong:
        raise InvalidError(*wrong)
    return {question.code: given[question.code] for question in who.questions}


def choices(question: Question) -> tuple[str, ...]:
    """What may be answered."""
    if question.kind is QuestionKind.FOUR:
        return tuple(each.value for each in Satisfaction)
    return tuple(str(score) for score in range(LEAST_SCORE, MOST_SCORE + 1))


def answer_of(who: EvaluatorClass, answers: Mapping[str, str]) -> tuple[Satisfaction, list[Score]]:
    """A vote as it is told to others: the four answers' one, and the marks."""
    satisfaction, scores = Satisfaction.UNKNOWN, []
    for question in who.questions:
        given = answers[question.code]
        if question.kind is QuestionKind.FOUR:
            satisfaction = Satisfaction(given)
        else:
            scores.append(Score(question=question.code, score=int(given)))
    return satisfaction, scores


def hour_of(now: datetime) -> datetime:
    """The hour's beginning: the finest time that is kept of a vote."""
    return now.replace(minute=0, second=0, microsecond=0)


def shown_code(code: str) -> str:
    """ABCD-EFGH-JKLM, as it stands on paper."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def typed_code(text: str) -> str | None:
    """A code as somebody typed it; None when it cannot be one."""
    code = text.strip().upper().replace("-", "").replace(" ", "")
    fits = len(code) == CODE_LENGTH and set(code) <= set(CODE_LETTERS)
    return code if fits else None
