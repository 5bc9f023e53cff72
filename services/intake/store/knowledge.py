"""Keeps articles, version by version, and phrases."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from services.intake.domain.article import (
    ArticleState,
    ArticleVersion,
    Text,
    all_terms,
    head_terms,
)
from services.intake.domain.phrase import Phrase, Use
from shared.runtime.database import Connection, queries

SQL = queries(Path(__file__).parents[1] / "sql" / "knowledge.sql")
LOCK: Final = 0x4B4E4F57  # "KNOW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An article with the terms it is ranked by."""

    version: ArticleVersion
    head: frozenset[int]
    terms: frozenset[int]


async def lock_all(connection: Connection) -> None:
    """Until the end of the transaction nobody else begins the knowledge base."""
    await connection.execute(SQL.knowledge_lock, LOCK)


async def has_articles(connection: Connection) -> bool:
    return bool(await connection.fetchval(SQL.article_exists))


async def add_article(connection: Connection, version: ArticleVersion) -> None:
    """A new article with its first version."""
    await connection.execute(SQL.article_add, version.article_id, version.written_at)
    await add_version(connection, version)


async def add_version(connection: Connection, version: ArticleVersion) -> None:
    await connection.execute(
        SQL.article_version_add,
        version.article_id,
        version.version,
        version.state,
        version.revision,
        *_text(version.text),
        version.written_by,
        version.writer_name,
        version.written_at,
        version.approved_by,
        version.approver_name,
        version.approved_at,
    )


async def save_draft(
    connection: Connection,
    article_id: UUID,
    *,
    revision: int,
    text: Text,
    account: str,
    name: str,
    now: datetime,
) -> int | None:
    """The draft's new revision; None where it is not at that revision any more."""
    found: int | None = await connection.fetchval(
        SQL.article_draft_save, article_id, revision, *_text(text), account, name, now
    )
    return found


def _text(text: Text) -> tuple[Any, ...]:
    return (
        text.title,
        text.body,
        list(text.keywords),
        list(text.categories),
        text.region,
        text.owner_unit,
        text.expires_on,
        text.remark,
        sorted(head_terms(text)),
        sorted(all_terms(text)),
    )


async def versions_of(
    connection: Connection, article_id: UUID, *, lock: bool = False
) -> list[ArticleVersion]:
    """All versions, the newest first."""
    if lock:
        await connection.fetchval(SQL.article_lock, article_id)
    return [_version(row) for row in await connection.fetch(SQL.article_versions, article_id)]


async def approve(
    connection: Connection, version: ArticleVersion, *, account: str, name: str, now: datetime
) -> None:
    await connection.execute(
        SQL.article_approve, version.article_id, version.version, account, name, now
    )


async def end(
    connection: Connection, version: ArticleVersion, state: ArticleState, *, now: datetime
) -> None:
    """A published version is superseded or withdrawn."""
    await connection.execute(SQL.article_end, version.article_id, version.version, state, now)


async def forget_draft(connection: Connection, version: ArticleVersion) -> None:
    """The draft, and its article where it was all there was."""
    await connection.execute(SQL.article_forget_draft, version.article_id, version.version)
    await connection.execute(SQL.article_forget, version.article_id)


async def candidates(
    connection: Connection,
    *,
    terms: Collection[int],
    categories: Sequence[str],
    region: str | None,
    limit: int,
) -> list[Candidate]:
    """Published articles that have one of the terms or are about one of the categories."""
    rows = await connection.fetch(SQL.articles_found, list(terms), list(categories), region, limit)
    return [
        Candidate(
            version=_version(row),
            head=frozenset(row["head_terms"]),
            terms=frozenset(row["terms"]),
        )
        for row in rows
    ]


async def published(
    connection: Connection, *, owner_unit: str | None, limit: int
) -> list[ArticleVersion]:
    rows = await connection.fetch(SQL.articles_published, owner_unit, limit)
    return [_version(row) for row in rows]


async def drafted(
    connection: Connection, *, owner_unit: str | None, limit: int
) -> list[ArticleVersion]:
    rows = await connection.fetch(SQL.articles_drafted, owner_unit, limit)
    return [_version(row) for row in rows]


async def expiring(
    connection: Connection, *, until: date, owner_unit: str | None, limit: int
) -> list[ArticleVersion]:
    """Published ones whose last day is `until` or before, the most urgent first."""
    rows = await connection.fetch(SQL.articles_expiring, until, owner_unit, limit)
    return [_version(row) for row in rows]


def _version(row: Mapping[str, Any]) -> ArticleVersion:
    return ArticleVersion(
        article_id=row["article_id"],
        version=row["version"],
        state=ArticleState(row["state"]),
        revision=row["revision"],
        text=Text(
            title=row["title"],
            body=row["body"],
            keywords=tuple(row["keywords"]),
            categories=tuple(row["categories"]),
            region=row["region"],
            owner_unit=row["owner_unit"],
            expires_on=row["expires_on"],
            remark=row["remark"],
        ),
        written_by=row["written_by"],
        writer_name=row["writer_name"],
        written_at=row["written_at"],
        approved_by=row["approved_by"],
        approver_name=row["approver_name"],
        approved_at=row["approved_at"],
        ended_at=row["ended_at"],
    )


async def has_phrases(connection: Connection) -> bool:
    return bool(await connection.fetchval(SQL.phrase_exists))


async def add_phrase(connection: Connection, phrase: Phrase) -> bool:
    """False where the owner has one of that use and title."""
    added = await connection.fetchval(SQL.phrase_add, *_phrase_values(phrase))
    return added is not None


async def save_phrase(connection: Connection, phrase: Phrase) -> bool:
    """False where it is not the owner's, or another has its title."""
    row = await connection.fetchrow(
        SQL.phrase_save,
        phrase.phrase_id,
        phrase.account,
        phrase.use,
        phrase.title,
        phrase.body,
        phrase.category,
        phrase.shared,
        phrase.at,
    )
    return row is not None


async def forget_phrase(connection: Connection, phrase_id: UUID, *, account: str) -> bool:
    return await connection.fetchval(SQL.phrase_forget, phrase_id, account) is not None


async def phrases_of(
    connection: Connection, account: str, *, use: Use | None, category: str | None, limit: int
) -> list[Phrase]:
    rows = await connection.fetch(SQL.phrases_of, account, use, category, limit)
    return [Phrase(**{**dict(row), "use": Use(row["use"])}) for row in rows]


async def phrase_count(connection: Connection, account: str) -> int:
    return int(await connection.fetchval(SQL.phrase_count, account))


def _phrase_values(phrase: Phrase) -> tuple[Any, ...]:
    return (
        phrase.phrase_id,
        phrase.account,
        phrase.owner_name,
        phrase.use,
        phrase.title,
        phrase.body,
        phrase.category,
        phrase.shared,
        phrase.at,
    )
