"""An article of the knowledge base: its versions, who may change and approve it, when it expires.

One version at most is published and one is a draft. Whoever wrote a version does not approve it.
What is past its last day is shown as expired and is never quoted: an old rule told to a citizen is
worse than none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from math import log
from typing import Final
from uuid import UUID

from services.intake.domain.terms import name_terms, text_terms, whole_name_terms
from shared.catalogue.rights import Scope, may, scope_of
from shared.contracts.parts import Role
from shared.errors import ConflictError, ForbiddenError

EXPIRES_SOON: Final = timedelta(days=30)
HEAD_WEIGHT: Final = 3.0
CATEGORY_WEIGHT: Final = 4.0
EXCERPT: Final = 120


class ArticleState(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"  # 草稿
    PUBLISHED = "published"  # 已发布
    SUPERSEDED = "superseded"  # 已被新版替代
    WITHDRAWN = "withdrawn"  # 已下架


class Validity(StrEnum):
    """Whether a version may be quoted on a day."""

    VALID = "valid"  # 有效
    EXPIRES_SOON = "expires_soon"  # 即将到期
    EXPIRED = "expired"  # 已过期
    NOT_PUBLISHED = "not_published"  # 未发布


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """What an article says and where it holds."""

    title: str
    body: str
    keywords: tuple[str, ...]
    categories: tuple[str, ...]
    region: str | None
    owner_unit: str
    expires_on: date
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleVersion:
    """One version of an article, as it was or is."""

    article_id: UUID
    version: int
    state: ArticleState
    revision: int
    text: Text
    written_by: str
    writer_name: str
    written_at: datetime
    approved_by: str | None = None
    approver_name: str | None = None
    approved_at: datetime | None = None
    ended_at: datetime | None = None

    def validity(self, today: date) -> Validity:
        if self.state is not ArticleState.PUBLISHED:
            return Validity.NOT_PUBLISHED
        if today > self.text.expires_on:
            return Validity.EXPIRED
        soon = self.text.expires_on - today <= EXPIRES_SOON
        return Validity.EXPIRES_SOON if soon else Validity.VALID

    def is_quotable(self, today: date) -> bool:
        return self.validity(today) in (Validity.VALID, Validity.EXPIRES_SOON)

    @property
    def paragraphs(self) -> list[str]:
        return [part.strip() for part in self.text.body.splitlines() if part.strip()]

    @property
    def excerpt(self) -> str:
        """Its beginning, for a list."""
        flat = " ".join(self.paragraphs)
        return flat if len(flat) <= EXCERPT else f"{flat[: EXCERPT - 1]}…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Who works on articles; a liaison on those of the own unit."""

    role: Role
    unit: str | None
    account: str
    name: str


def may_write(editor: Editor, owner_unit: str) -> bool:
    if is_of_a_unit(editor):
        return editor.unit is not None and editor.unit == owner_unit
    return may(editor.role, "knowledge.write")


def is_of_a_unit(editor: Editor) -> bool:
    """Whether the editor works on one unit's articles alone."""
    return scope_of(editor.role, "knowledge.write") is Scope.UNIT


def demand_writer(editor: Editor, *owner_units: str) -> None:
    """ForbiddenError unless the editor may write articles of all these units."""
    if not all(may_write(editor, unit) for unit in owner_units):
        raise ForbiddenError("只能维护本单位的知识条目", "you write your own unit's articles only")


def demand_approver(editor: Editor, version: ArticleVersion) -> None:
    """ForbiddenError unless the editor may approve this version."""
    if not may(editor.role, "knowledge.approve"):
        raise ForbiddenError(
            "知识条目由班长或督办员审核发布", "a shift lead or supervisor approves"
        )
    if editor.account == version.written_by:
        raise ForbiddenError("不能审核自己编写的版本", "nobody approves what they wrote")


def demand_quotable(version: ArticleVersion | None, today: date) -> ArticleVersion:
    """The version, or ConflictError with why it is not quoted."""
    if version is None or version.state is not ArticleState.PUBLISHED:
        raise ConflictError(
            "该知识条目已更新或未发布，请重新查询后引用",
            "this version of the article is not the published one",
            code="article_not_published",
        )
    if not version.is_quotable(today):
        raise ConflictError(
            f"该知识条目已于 {version.text.expires_on} 过期，不能引用",
            f"the article expired on {version.text.expires_on} and is not quoted",
            code="article_expired",
        )
    return version


def head_terms(text: Text) -> set[int]:
    """The terms of what it is called; found by pinyin too."""
    terms = name_terms(text.title)
    for keyword in text.keywords:
        terms |= name_terms(keyword) | whole_name_terms(keyword)
    return terms


def all_terms(text: Text) -> set[int]:
    return head_terms(text) | text_terms(text.body)


def ranked(
    asked: Collection[int],
    found: Sequence[tuple[ArticleVersion, Collection[int], Collection[int]]],
    *,
    category: str | None,
    today: date,
) -> list[ArticleVersion]:
    """The articles that say most of what is asked first, expired ones last.

    `found` are articles with the terms of their heads and all their terms. A rare word counts more
    than one that is in many, a word of the title more than one of the text.
    """
    weights = _weights(asked, [terms for _, _, terms in found])
    scored = []
    for version, head, terms in found:
        score = sum(
            weight * (HEAD_WEIGHT if term in head else 1.0)
            for term, weight in weights.items()
            if term in terms
        )
        if category is not None and _covers(version.text.categories, category):
            score += CATEGORY_WEIGHT
        scored.append((not version.is_quotable(today), -score, version.text.title, version))
    scored.sort(key=lambda each: each[:3])
    return [version for _, score, _, version in scored if score < 0 or not (asked or category)]


def _weights(asked: Collection[int], many: Sequence[Collection[int]]) -> Mapping[int, float]:
    return {
        term: log(1 + len(many) / (1 + sum(term in terms for terms in many))) + 0.1
        for term in asked
    }


def _covers(categories: Sequence[str], category: str) -> bool:
    return any(category == each or category[:2] == each for each in categories)
