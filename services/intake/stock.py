"""Fills an empty knowledge base with what the city begins with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.intake.domain.article import ArticleState, ArticleVersion, Text
from services.intake.domain.phrase import Phrase, Use
from services.intake.knowledge import today_of
from services.intake.store import knowledge as store
from shared.contracts.ids import new_id
from shared.runtime.database import Connection

WRITER: Final = "stock"  # no login: nobody signs in as it
APPROVER: Final = "stock-approved"
NAME: Final = "系统初始内容"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """The articles and phrases of `knowledge.toml`."""

    articles: Sequence[Mapping[str, Any]]
    phrases: Sequence[Mapping[str, Any]]


def read_stock(table: Mapping[str, Any]) -> Stock:
    """The tables of the file; KeyError where one is missing."""
    return Stock(articles=table["article"], phrases=table["phrase"])


async def fill(connection: Connection, stock: Stock, *, now: datetime) -> None:
    """Put in what is not there at all; what people made is left alone. Two copies do it once."""
    await store.lock_all(connection)
    if not await store.has_articles(connection):
        for row in stock.articles:
            await store.add_article(connection, _article(row, now))
    if not await store.has_phrases(connection):
        for row in stock.phrases:
            await store.add_phrase(connection, _phrase(row, now))


def _article(row: Mapping[str, Any], now: datetime) -> ArticleVersion:
    return ArticleVersion(
        article_id=new_id(now),
        version=1,
        state=ArticleState.PUBLISHED,
        revision=1,
        text=Text(
            title=row["title"],
            body=row["body"].strip(),
            keywords=tuple(row["keywords"]),
            categories=tuple(row["categories"]),
            region=None,
            owner_unit=row["owner_unit"],
            expires_on=today_of(now) + timedelta(days=row["days"]),
        ),
        written_by=WRITER,
        writer_name=NAME,
        written_at=now,
        approved_by=APPROVER,
        approver_name=NAME,
        approved_at=now,
    )


def _phrase(row: Mapping[str, Any], now: datetime) -> Phrase:
    return Phrase(
        phrase_id=new_id(now),
        account=WRITER,
        owner_name=NAME,
        use=Use(row["use"]),
        title=row["title"],
        body=row["body"],
        category=row.get("category"),
        shared=True,
        at=now,
    )
